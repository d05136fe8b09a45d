"""The append-only log and the seals of its days. Triggers refuse any change (see migrations)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.domain.events import Actor, Event
from dispatcher.storage.columns import LOG_POSITION, Code, Instant, Record


class LoggedEvent(Record):
    """One event as it is kept. No foreign keys: erasing a person never touches the log."""

    __tablename__ = "event_log"
    __table_args__ = (
        Index("events_by_territory", "territory_id", "at"),
        Index("events_by_occurrence", "territory_id", "occurs_at"),
        Index("events_by_request", "request_id"),
        Index("events_by_instant", "at"),
    )

    id: Mapped[int] = mapped_column(LOG_POSITION, primary_key=True, autoincrement=True)
    territory_id: Mapped[UUID]
    kind: Mapped[Code]
    at: Mapped[Instant]
    occurs_at: Mapped[datetime | None]
    actor_kind: Mapped[Code]
    actor_id: Mapped[UUID | None]
    request_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID | None]
    slot_id: Mapped[UUID | None]
    practitioner_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]


def log_row(event: Event, territory_id: UUID, at: datetime, actor: Actor) -> dict[str, object]:
    """The row of an event, for an insert."""
    references = event.references()
    return {
        "territory_id": territory_id,
        "kind": event.kind(),
        "at": at,
        "occurs_at": event.occurs_at(),
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "data": event.data(),
    } | {name: references.get(name) for name in Event.REFERENCES}


class DaySeal(Record):
    """The hash over one UTC day's rows and the seal before."""

    __tablename__ = "day_seals"

    day: Mapped[date] = mapped_column(primary_key=True)
    last_event_id: Mapped[int] = mapped_column(LOG_POSITION)
    events: Mapped[int]
    digest: Mapped[str]
    sealed_at: Mapped[Instant]
