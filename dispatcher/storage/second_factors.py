"""What somebody proves beside their password: an application's codes, and codes on paper."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Id, Instant, Record, Sealed


class SecondFactor(Record):
    """The secret that an account shares with an application (TOTP, RFC 6238)."""

    __tablename__ = "second_factors"

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), unique=True)
    secret: Mapped[Sealed]
    created_at: Mapped[Instant]
    confirmed_at: Mapped[datetime | None]
    """None until the application has shown one right code: it is not asked for before."""
    last_step: Mapped[int] = mapped_column(default=0)
    """The step of 30 seconds whose code was taken last; none up to it is taken again."""


class RecoveryCode(Record):
    """A code for the day when the application is lost; good once."""

    __tablename__ = "recovery_codes"

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    hashed: Mapped[str]
    """argon2id, as a password's."""
    used_at: Mapped[datetime | None]
