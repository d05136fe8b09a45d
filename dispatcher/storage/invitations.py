"""Invitations of practitioners: a link that makes them an account of their own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record


class Invitation(Record):
    """One link, of which only the digest is kept. It ends by being accepted, revoked, or by age."""

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("digest"),
        Index("invitations_by_practitioner", "practitioner_id", "created_at"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    channel: Mapped[Code]
    """`email` or `sms`."""
    digest: Mapped[str]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
