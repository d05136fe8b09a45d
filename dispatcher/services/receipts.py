"""What the provider says of a message after it took it: repeated, late and out of order."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatcher.domain.events import ENGINE
from dispatcher.domain.messages import status_from_twilio
from dispatcher.services.house import House
from dispatcher.services.progress import keep_progress
from dispatcher.storage.messages import Message


def record_receipt(
    house: House, message_id: UUID | None, sid: str, status: str, error_code: str | None
) -> bool:
    """Move a message forward, never backwards; False when it is none of ours.

    The first receipt also settles a send whose answer was lost: it carries our own id.
    """
    with house.db.reading() as session:
        known = _find(session, message_id, sid)
    if known is None:
        return False
    with house.db.transaction(known.territory_id, ENGINE) as unit:
        keep_progress(unit, known.id, status_from_twilio(status), sid=sid, error_code=error_code)
    return True


def _find(session: Session, message_id: UUID | None, sid: str) -> Message | None:
    return session.scalars(
        select(Message)
        .where(or_(Message.id == message_id, Message.provider_sid == sid))
        .order_by((Message.id == message_id).desc())
        .limit(1)
    ).first()
