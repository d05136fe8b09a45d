"""SMS out and in, and the numbers that said STOP."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record, Sealed

TO_READ = "direction = 'in' AND handled_at IS NULL"

_UNSENT = "status IN ('queued', 'sending')"


_AGAIN = "/"


def purpose_again(purpose: str) -> str:
    """The purpose of the same message sent once more: `confirmation:<id>/2`, then `…/3`."""
    return f"{first_purpose(purpose)}{_AGAIN}{times_sent(purpose) + 1}"


def first_purpose(purpose: str) -> str:
    """What it was when it was sent for the first time."""
    return purpose.partition(_AGAIN)[0]


def times_sent(purpose: str) -> int:
    """How often a message was sent with this one, which is the last."""
    return int(purpose.partition(_AGAIN)[2] or 1)


class Message(Record):
    """One SMS. It is a row before it is sent; number and text are sealed."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("purpose"),
        UniqueConstraint("provider_sid"),
        Index("messages_by_phone", "phone_hash", "created_at"),
        Index("messages_by_request", "request_id"),
        Index("messages_by_territory", "territory_id", "created_at"),
        Index(
            "messages_unsent",
            "created_at",
            sqlite_where=text(_UNSENT),
            postgresql_where=text(_UNSENT),
        ),
        Index(
            "messages_to_read",
            "territory_id",
            sqlite_where=text(TO_READ),
            postgresql_where=text(TO_READ),
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    direction: Mapped[Code]
    kind: Mapped[Code]
    """A `MessageKind`; for a message received, the intent it was understood to have."""
    purpose: Mapped[str | None]
    """What this message is for (`confirmation:<appointment id>`): never queued twice."""
    to_role: Mapped[str | None]
    phone: Mapped[Sealed]
    phone_hash: Mapped[str]
    body: Mapped[Sealed]
    encoding: Mapped[str | None]
    segments: Mapped[int | None]
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("care_requests.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    practitioner_id: Mapped[UUID | None] = mapped_column(ForeignKey("practitioners.id"))
    offer_id: Mapped[UUID | None]
    status: Mapped[Code]
    provider_sid: Mapped[str | None]
    error_code: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    """After this instant the message would only confuse, and is not sent."""
    sending_since: Mapped[datetime | None]
    """When the provider was first called: from here on a lost answer is settled, not repeated."""
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    handled_at: Mapped[datetime | None]
    """For a message received: when somebody or something dealt with it."""


class OptOut(Record):
    """A number that wants no more SMS from a territory."""

    __tablename__ = "opt_outs"

    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), primary_key=True)
    phone_hash: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[Instant]
