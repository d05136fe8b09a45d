"""Since when a number wants no more SMS."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.storage.encryption import Cipher
from dispatcher.storage.messages import OptOut


def stopped_since(
    session: Session, cipher: Cipher, territory_id: UUID, phone: str
) -> datetime | None:
    """When the number (E.164) said STOP to the territory; None while it may be written to."""
    return session.scalars(
        select(OptOut.since)
        .where(OptOut.territory_id == territory_id, OptOut.phone_hash.in_(cipher.hashes(phone)))
        .order_by(OptOut.since)
        .limit(1)
    ).first()
