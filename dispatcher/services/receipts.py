"""What the provider says of a message after it took it: repeated, late and out of order."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatcher.domain.events import ENGINE, MessageProgressed
from dispatcher.domain.messages import NOT_ARRIVED, MessageStatus, moves_forward, status_from_twilio
from dispatcher.services.attention import ask_to_telephone
from dispatcher.services.house import House
from dispatcher.storage.messages import Message


def record_receipt(
    house: House, message_id: UUID | None, sid: str, status: str, error_code: str | None
) -> bool:
    """Move a message forward, never backwards; False when it is none of ours.

    The first receipt also settles a send whose answer was lost: it carries our own id.
    """
    after = status_from_twilio(status)
    with house.db.reading() as session:
        known = _find(session, message_id, sid)
    if known is None:
        return False
    with house.db.transaction(known.territory_id, ENGINE) as unit:
        message = unit.session.scalars(
            select(Message).where(Message.id == known.id).with_for_update()
        ).one()
        if message.provider_sid is None:
            message.provider_sid = sid
        if after is None or not moves_forward(MessageStatus(message.status), after):
            return True
        message.status = after
        message.error_code = error_code
        message.updated_at = unit.now
        unit.record(
            MessageProgressed(
                message_id=message.id,
                request_id=message.request_id,
                status=after.value,
                error_code=error_code,
            )
        )
        if after in NOT_ARRIVED:
            ask_to_telephone(unit, message.kind, message.request_id)
    return True


def _find(session: Session, message_id: UUID | None, sid: str) -> Message | None:
    return session.scalars(
        select(Message)
        .where(or_(Message.id == message_id, Message.provider_sid == sid))
        .order_by((Message.id == message_id).desc())
        .limit(1)
    ).first()
