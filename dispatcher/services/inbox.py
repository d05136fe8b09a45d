"""The inbox: what was received and not understood, until a regulator has dealt with it."""

from uuid import UUID

from sqlalchemy import select, update

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.events import MessageHandled
from dispatcher.domain.roles import Account
from dispatcher.domain.states import Attention
from dispatcher.services.house import House
from dispatcher.services.requests import lock_request
from dispatcher.storage.messages import Message
from dispatcher.storage.unit import Unit

BY_MESSAGE = (Attention.MESSAGE, Attention.CALL_BACK)
"""Why a request stands in front of the regulator while one of its messages is not dealt with."""


def handle_messages(house: House, account: Account, message_id: UUID) -> int:
    """Note that a message and those before it from the same number were dealt with.

    What came from there since stays in the inbox. Returns how many were still waiting: none when
    somebody else was faster. Raises NotFoundError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        message = unit.session.scalars(
            select(Message).where(
                Message.id == message_id,
                Message.territory_id == account.territory_id,
                Message.direction == "in",
            )
        ).one_or_none()
        if message is None:
            raise NotFoundError
        handled = unit.session.execute(
            update(Message)
            .where(
                Message.territory_id == account.territory_id,
                Message.direction == "in",
                Message.phone_hash == message.phone_hash,
                Message.handled_at.is_(None),
                Message.created_at <= message.created_at,
            )
            .values(handled_at=unit.now, updated_at=unit.now)
            .returning(Message.id, Message.request_id)
        ).all()
        for row in handled:
            unit.record(MessageHandled(message_id=row.id, request_id=row.request_id))
        for request_id in sorted({row.request_id for row in handled if row.request_id}):
            _calm(unit, request_id)
    return len(handled)


def _calm(unit: Unit, request_id: UUID) -> None:
    """Nothing is asked of the regulator any more, unless another message waits."""
    request = lock_request(unit, request_id)
    waiting = unit.session.scalar(
        select(Message.id)
        .where(
            Message.request_id == request_id,
            Message.direction == "in",
            Message.handled_at.is_(None),
        )
        .limit(1)
    )
    if request.attention in BY_MESSAGE and waiting is None:
        request.attention = None
        request.updated_at = unit.now
