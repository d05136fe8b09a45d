"""E-mails to professionals."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record, Sealed

_UNSENT = "status IN ('queued', 'sending')"


class Email(Record):
    """One e-mail. It is a row before it is sent; address, text and attachment are sealed."""

    __tablename__ = "emails"
    __table_args__ = (
        UniqueConstraint("purpose"),
        Index("emails_by_practitioner", "practitioner_id"),
        Index(
            "emails_unsent",
            "created_at",
            sqlite_where=text(_UNSENT),
            postgresql_where=text(_UNSENT),
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    kind: Mapped[Code]
    """An `EmailKind`."""
    purpose: Mapped[str]
    """What it is for (`invitation:<id>`): never written twice."""
    practitioner_id: Mapped[UUID | None] = mapped_column(ForeignKey("practitioners.id"))
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("care_requests.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    """Of a notice: whom it is about is not told in it."""
    offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offers.id"))
    address: Mapped[Sealed]
    text: Mapped[Sealed]
    """Subject, a line feed, body."""
    attachment_name: Mapped[str | None]
    attachment_type: Mapped[str | None]
    attachment: Mapped[Sealed | None]
    """In base64, until the e-mail has left or was given up."""
    status: Mapped[Code]
    error_code: Mapped[str | None]
    """What the server answered (« 550 »), or why it did not leave."""
    expires_at: Mapped[Instant]
    """After this instant it is not sent."""
    sending_since: Mapped[datetime | None]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
