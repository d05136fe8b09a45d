"""Agendas that practitioners keep elsewhere, and when these say that they are busy."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Id, Instant, Record, Sealed


class AgendaFeed(Record):
    """The address of an iCalendar file. Whoever knows it reads the agenda: it is sealed."""

    __tablename__ = "agenda_feeds"
    __table_args__ = (
        UniqueConstraint("practitioner_id", "url_hash"),
        CheckConstraint("slot_minutes IS NULL OR slot_minutes > 0", "slot_minutes"),
        Index("agenda_feeds_due", "next_at"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    url: Mapped[Sealed]
    url_hash: Mapped[str]
    host: Mapped[str]
    """What of the address is shown: its server's name."""
    word: Mapped[str] = mapped_column(default="", server_default="")
    """Events whose title holds it become slots; empty for none."""
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("places.id"))
    """Where these slots are."""
    slot_minutes: Mapped[int | None]
    """Such an event is cut into slots of so many minutes; None: it is one."""
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    unrolled_at: Mapped[datetime | None]
    """When its recurrences were last unrolled: an unchanged file reaches further every day."""
    read_at: Mapped[datetime | None]
    """When the server last gave it, or said that nothing had changed."""
    problem: Mapped[str | None]
    """Why the last reading failed: an `AgendaProblem` or a `Fault`; None when it did not."""
    findings: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    """What could not be read of the last file, each with its line."""
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    """Readings that failed since the last that did not."""
    next_at: Mapped[Instant]
    created_at: Mapped[Instant]


class BusyTime(Record):
    """When an agenda says that its owner is busy: hours, and nothing about what."""

    __tablename__ = "busy_times"
    __table_args__ = (
        CheckConstraint("ends_at > start_at", "order"),
        Index("busy_times_by_practitioner", "practitioner_id", "start_at"),
    )

    feed_id: Mapped[UUID] = mapped_column(
        ForeignKey("agenda_feeds.id", ondelete="CASCADE"), primary_key=True
    )
    start_at: Mapped[Instant] = mapped_column(primary_key=True)
    ends_at: Mapped[Instant]
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
