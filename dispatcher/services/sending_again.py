"""Once more to a telephone that was off or out of reach, while the message is still worth it."""

from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.calling import Whom
from dispatcher.domain.events import CLOCK
from dispatcher.domain.messages import ARRIVED_LATE, NOT_ARRIVED
from dispatcher.services.calling import called_at
from dispatcher.services.house import House
from dispatcher.services.notices import queue_again
from dispatcher.services.overtaken import overtaken
from dispatcher.storage.messages import Message
from dispatcher.storage.unit import Claim, Unit


def send_again(house: House, claim: Claim) -> UUID | None:
    """Write the same message once more, as a row of its own; None when there is no use in it.

    None: the operator said after all that it arrived, its hour has come, its appointment is off, or
    a regulator has told the patient by telephone.
    """
    message_id = claim.id("message_id")
    with house.db.reading() as session:
        territory_id = session.scalars(
            select(Message.territory_id).where(Message.id == message_id)
        ).one()
    with house.db.transaction(territory_id, CLOCK, keeping=claim) as unit:
        message = unit.session.scalars(
            select(Message).where(Message.id == message_id).with_for_update()
        ).one()
        if message.status not in NOT_ARRIVED or message.error_code == ARRIVED_LATE:
            return None
        if message.expires_at is not None and message.expires_at <= unit.now:
            return None
        if overtaken(unit.session, unit.cipher, message) or _was_told(unit, message):
            return None
        return queue_again(unit, message)


def _was_told(unit: Unit, message: Message) -> bool:
    """Whether a regulator has telephoned since."""
    if message.request_id is None or message.to_role not in set(Whom):
        return False
    called = called_at(unit, message.request_id).get(Whom(message.to_role))
    return called is not None and called >= message.created_at
