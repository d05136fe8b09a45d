"""People who sign in, and their API tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record


class User(Record):
    """A local account of one territory. `session_epoch` grows to end all its sessions."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role <> 'practitioner' OR practitioner_id IS NOT NULL", "practitioner"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), index=True)
    login: Mapped[str] = mapped_column(unique=True)
    """Lower case."""
    password_hash: Mapped[str]
    role: Mapped[Code]
    display_name: Mapped[str]
    practitioner_id: Mapped[UUID | None] = mapped_column(ForeignKey("practitioners.id"))
    active: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Instant]
    national_id: Mapped[str | None] = mapped_column(index=True)
    """By which Pro Santé Connect names its owner; a practitioner's RPPS needs not stand here."""


class ApiToken(Record):
    """A bearer token, of which only the digest is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    created_at: Mapped[Instant]
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(Record):
    """What an API call with an `Idempotency-Key` made, so that its repetition makes nothing."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    """Digest of method, path and body: the same key for another call is an error."""
    resource_id: Mapped[UUID]
    created_at: Mapped[Instant]
