"""How far a message got: forward only, whoever says it first, the call's answer or a receipt."""

from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.events import MessageProgressed
from dispatcher.domain.messages import NOT_ARRIVED, MessageStatus, moves_forward
from dispatcher.services.attention import ask_to_telephone
from dispatcher.storage.messages import Message
from dispatcher.storage.unit import Unit


def keep_progress(
    unit: Unit,
    message_id: UUID,
    status: MessageStatus | None,
    *,
    sid: str | None,
    error_code: str | None,
) -> None:
    """Note the provider's number for a message, and its state unless that would go backwards.

    A message that will not be read puts its request in front of the regulator.
    """
    message = unit.session.scalars(
        select(Message).where(Message.id == message_id).with_for_update()
    ).one()
    if sid is not None and message.provider_sid is None:
        message.provider_sid = sid
    if status is None or not moves_forward(MessageStatus(message.status), status):
        return
    message.status = status
    message.error_code = error_code
    message.updated_at = unit.now
    unit.record(
        MessageProgressed(
            message_id=message.id,
            request_id=message.request_id,
            status=status.value,
            error_code=error_code,
        )
    )
    if status in NOT_ARRIVED:
        ask_to_telephone(unit, message.kind, message.request_id)
