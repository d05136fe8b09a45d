"""Passkeys of accounts, and challenges that have served."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Id, Instant, Record


class Passkey(Record):
    """The public half of a passkey: whoever reads it can check signatures and make none."""

    __tablename__ = "passkeys"

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    credential_id: Mapped[str] = mapped_column(unique=True)
    """Of the authenticator, in base64url."""
    public_key: Mapped[str]
    """COSE, in base64url."""
    sign_count: Mapped[int] = mapped_column(BigInteger())
    """How often it says that it was used; stays 0 with those that do not count."""
    synced: Mapped[bool]
    """Whether it is copied to its owner's other devices."""
    name: Mapped[str]
    """Its owner's word for it, « Téléphone »."""
    created_at: Mapped[Instant]
    used_at: Mapped[datetime | None]


class SpentChallenge(Record):
    """A random number that was answered once; whatever answers it again is a replay."""

    __tablename__ = "spent_challenges"

    digest: Mapped[str] = mapped_column(primary_key=True)
    spent_at: Mapped[Instant] = mapped_column(index=True)
