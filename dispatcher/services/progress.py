"""How far a message got: forward only, whoever says it first, the call's answer or a receipt."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update

from dispatcher.domain.calling import MUST_BE_KNOWN
from dispatcher.domain.events import MessageProgressed
from dispatcher.domain.jobs import Job
from dispatcher.domain.messages import (
    ARRIVED_LATE,
    NOT_ARRIVED,
    SUPERSEDED,
    MessageKind,
    MessageStatus,
    again_after,
    moves_forward,
)
from dispatcher.domain.states import OfferStatus
from dispatcher.services.calling import reached, weigh_calls
from dispatcher.storage.columns import table_of
from dispatcher.storage.messages import Message, times_sent
from dispatcher.storage.offers import Offer
from dispatcher.storage.unit import Unit

_GIVEN_UP = frozenset({MessageStatus.UNDELIVERED, MessageStatus.FAILED})
_MESSAGES = table_of(Message)
_NOW = (
    select(
        _MESSAGES.c.status,
        _MESSAGES.c.provider_sid,
        _MESSAGES.c.kind,
        _MESSAGES.c.purpose,
        _MESSAGES.c.appointment_id,
        _MESSAGES.c.expires_at,
        _MESSAGES.c.request_id,
        _MESSAGES.c.offer_id,
    )
    .where(_MESSAGES.c.id == bindparam("message"))
    .with_for_update()
)
_OF_MESSAGE = update(_MESSAGES).where(_MESSAGES.c.id == bindparam("message"))
_NOTE_ARRIVAL = _OF_MESSAGE.values(error_code=bindparam("error"))
_NOTE_NUMBER = _OF_MESSAGE.values(provider_sid=bindparam("sid"))
_MOVE = _OF_MESSAGE.values(
    provider_sid=bindparam("sid"),
    status=bindparam("reached"),
    error_code=bindparam("error"),
    updated_at=bindparam("now"),
)
_OFFERS = table_of(Offer)
_OFFER_LEFT = (
    update(_OFFERS)
    .where(_OFFERS.c.id == bindparam("offer"), _OFFERS.c.status == OfferStatus.PROMISED.value)
    .values(status=OfferStatus.SENT.value)
)


def keep_progress(
    unit: Unit,
    message_id: UUID,
    status: MessageStatus | None,
    *,
    sid: str | None,
    error_code: str | None,
) -> None:
    """Note the provider's number for a message, and its state unless that would go backwards.

    A message that will not be read puts its request in front of the regulator; a volunteer whom
    theirs does not reach is not waited for.
    """
    message = unit.session.execute(_NOW, {"message": message_id}).one()
    number = sid if message.provider_sid is None else message.provider_sid
    if status is None or not moves_forward(MessageStatus(message.status), status):
        if number != message.provider_sid:
            unit.session.execute(_NOTE_NUMBER, {"message": message_id, "sid": number})
        if message.status in _GIVEN_UP and status == MessageStatus.DELIVERED:
            # A state never changes once it is final, but what arrived is not sent again.
            unit.session.execute(_NOTE_ARRIVAL, {"message": message_id, "error": ARRIVED_LATE})
            _weigh(unit, message.kind, message.request_id, further=True)
        return
    unit.session.execute(
        _MOVE,
        {
            "message": message_id,
            "sid": number,
            "reached": status.value,
            "error": error_code,
            "now": unit.now,
        },
    )
    unit.record(
        MessageProgressed(
            message_id=message_id,
            request_id=message.request_id,
            status=status.value,
            error_code=error_code,
        )
    )
    if status in NOT_ARRIVED and error_code != SUPERSEDED:
        _weigh(unit, message.kind, message.request_id, further=False)
        if message.appointment_id is not None:  # a conversation is not taken up hours later
            _try_again(unit, message_id, message.purpose, message.expires_at, error_code)
    if status in {MessageStatus.SENT, MessageStatus.DELIVERED}:
        _weigh(unit, message.kind, message.request_id, further=True)
    if message.kind == MessageKind.OFFER:
        _follow_offer(unit, status, message.offer_id, message.request_id)


def _weigh(unit: Unit, kind: str, request_id: UUID | None, *, further: bool) -> None:
    """Whether somebody has to telephone now that it failed, or no more that it got `further`."""
    if request_id is not None and kind in MUST_BE_KNOWN:
        (reached if further else weigh_calls)(unit, request_id)


def _try_again(
    unit: Unit,
    message_id: UUID,
    purpose: str | None,
    expires_at: datetime | None,
    error_code: str | None,
) -> None:
    """Promise another attempt where the telephone was only off and the message is still of use."""
    pause = again_after(error_code, times_sent(purpose or ""))
    if purpose is None or pause is None:
        return
    if expires_at is None or unit.now + pause < expires_at:
        unit.promise(Job.SEND_AGAIN, {"message_id": message_id}, unit.now + pause)


def _follow_offer(unit: Unit, status: MessageStatus, offer_id: UUID, request_id: UUID) -> None:
    """The volunteer was reached, or somebody else has to be asked in their place."""
    if status in NOT_ARRIVED:
        unit.promise(Job.ASK_VOLUNTEERS, {"request_id": request_id})
    elif status in {MessageStatus.SENT, MessageStatus.DELIVERED}:
        unit.session.execute(_OFFER_LEFT, {"offer": offer_id})
