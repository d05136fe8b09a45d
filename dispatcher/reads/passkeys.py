"""The passkeys of an account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from dispatcher.storage.passkeys import Passkey
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class PasskeyFacts:
    """One passkey as its owner knows it."""

    id: UUID
    name: str
    synced: bool
    created_at: datetime
    used_at: datetime | None


def own_passkeys(db: Database, user_id: UUID) -> list[PasskeyFacts]:
    """In the order in which they were added."""
    with db.reading() as session:
        rows = session.scalars(
            select(Passkey)
            .where(Passkey.user_id == user_id)
            .order_by(Passkey.created_at, Passkey.id)
        ).all()
    return [PasskeyFacts(row.id, row.name, row.synced, row.created_at, row.used_at) for row in rows]
