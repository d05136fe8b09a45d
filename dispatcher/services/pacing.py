"""How fast SMS may leave: per telephone, per territory and per sender of the provider's.

A limit puts off, it never drops. The rows behind the limits are in the database, so that several
workers keep them together, and without Redis too.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatcher.domain.messages import CAN_WAIT, UNSENT
from dispatcher.domain.sms_policy import SmsPolicy
from dispatcher.services.house import House
from dispatcher.storage import keeping, lanes
from dispatcher.storage.lanes import Lane, LaneFullError
from dispatcher.storage.messages import Message
from dispatcher.storage.unit import Claim

TOLERANCE = 0.45
"""Seconds by which a sender may be ahead of its rate: what a late moment lost is made up for."""
PATIENCE = 0.25
"""Seconds that a worker waits for a turn that it took; one that is farther off is put off."""
ROOM_FOR_WHAT_CAN_WAIT = 0.8
"""The share of a telephone's and a territory's limits that is not kept for what cannot wait."""
TURN_SHARE = 0.8
"""Of the time until its turn, as reckoned: rather asked once more than left idle."""
MINUTE, HOUR = 60.0, 3600.0


def lanes_of(house: House, message: Message, code: str, policy: SmsPolicy) -> Sequence[Lane]:
    """The limits that a message of the territory `code` is under, the widest last.

    Everybody takes them in this order, so that no two senders wait for each other.
    """
    share = ROOM_FOR_WHAT_CAN_WAIT if message.kind in CAN_WAIT else 1.0
    found = [
        _limit(f"number:{message.phone_hash}", policy.per_number_hour, HOUR, share),
        _limit(f"territory:{message.territory_id}", policy.per_minute, MINUTE, share),
    ]
    rate = house.settings.sms_rate
    if rate > 0:
        sender = house.sms.sender_of(code)
        found.append(Lane(f"sender:{sender}", 1 / rate, TOLERANCE + PATIENCE))
    return found


def take(session: Session, wished: Sequence[Lane], now: datetime) -> float:
    """Take a turn in each; returns how many seconds the provider's rate asks to wait for it.

    Raises LaneFullError, and the transaction must then roll back.
    """
    wait = 0.0
    for lane in wished:
        turn = lanes.take(session, lane, now.timestamp())
        if lane.name.startswith("sender:"):
            wait = max(turn - TOLERANCE - now.timestamp(), 0.0)
    return wait


def put_off(house: House, claim: Claim, message: Message, full: LaneFullError) -> None:
    """Hand a message's promise back until its turn comes: behind those that wait before it.

    What can wait is not counted before what cannot. This is no failure and costs no attempt.
    """
    ahead = select(func.count()).where(
        Message.status.in_(UNSENT),
        Message.territory_id == message.territory_id,
        Message.created_at < message.created_at,
    )
    if full.lane.name.startswith("number:"):
        ahead = ahead.where(Message.phone_hash == message.phone_hash)
    if message.kind not in CAN_WAIT:
        ahead = ahead.where(Message.kind.not_in([kind.value for kind in CAN_WAIT]))
    with house.db.reading() as session:
        before = session.scalar(ahead) or 0
    share = TURN_SHARE + (1 - TURN_SHARE) * random.random()  # noqa: S311 - no secret
    pause = full.wait + full.lane.step * before * share
    due_at = house.clock() + timedelta(seconds=max(pause, full.lane.step))
    keeping.defer(house.db, claim, due_at, str(full))


def _limit(name: str, most: int, seconds: float, share: float) -> Lane:
    """So many in so many seconds, all at once if need be; `share` of it for what can wait."""
    step = seconds / most
    return Lane(name, step, max(most * share - 1, 0.0) * step)
