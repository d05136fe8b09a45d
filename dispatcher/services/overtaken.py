"""What a stored SMS is asked again before it leaves: it may have waited for hours."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatcher.domain.jobs import Job
from dispatcher.domain.messages import (
    CAN_WAIT,
    OF_A_LIVE_APPOINTMENT,
    SUPERSEDED,
    UNSENT,
    MessageKind,
    MessageStatus,
)
from dispatcher.domain.states import LIVE_APPOINTMENTS, LIVE_OFFERS
from dispatcher.services.notices import OPTED_OUT
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.messages import Message, OptOut
from dispatcher.storage.offers import Offer
from dispatcher.storage.promises import Promise
from dispatcher.storage.requests import Appointment

NEXT = timedelta(seconds=1)
"""How long after the SMS before it one looks whether it has left."""


def overtaken(session: Session, cipher: Cipher, message: Message) -> str | None:
    """The code of what makes a message untrue or unwanted by now; None while nothing does.

    Its appointment was cancelled or moved, its question is no longer open, or its number said STOP.
    """
    if _was_never_asked(session, message):
        return SUPERSEDED
    if message.kind in OF_A_LIVE_APPOINTMENT and message.appointment_id is not None:
        status = session.scalar(
            select(Appointment.status).where(Appointment.id == message.appointment_id)
        )
        if status not in LIVE_APPOINTMENTS:
            return SUPERSEDED
    if message.kind == MessageKind.STOP_ACKNOWLEDGED:
        return None
    phone = cipher.open("messages.phone", message.id, message.phone)
    stopped = session.scalar(
        select(OptOut.since).where(
            OptOut.territory_id == message.territory_id,
            OptOut.phone_hash.in_(cipher.hashes(phone)),
        )
    )
    return None if stopped is None else OPTED_OUT


def waits_until(
    session: Session, cipher: Cipher, message: Message, now: datetime
) -> datetime | None:
    """When to look again, while an earlier SMS about the same request to the same number waits.

    Whoever reads « annulé », then « confirmé », believes what came last. What can wait is in
    nobody's way; neither is what is untrue by now, or what nothing will send any more.
    """
    if message.request_id is None:
        return None
    phone = cipher.open("messages.phone", message.id, message.phone)
    before = select(Message).where(
        Message.request_id == message.request_id,
        Message.phone_hash.in_(cipher.hashes(phone)),
        Message.direction == "out",
        Message.status.in_(UNSENT),
        Message.created_at < message.created_at,
        Message.expires_at > now,
    )
    if message.kind not in CAN_WAIT:
        before = before.where(Message.kind.not_in(CAN_WAIT))
    waiting = [each for each in session.scalars(before) if not overtaken(session, cipher, each)]
    if not waiting:
        return None
    due_at = session.scalar(
        select(func.max(Promise.due_at)).where(
            Promise.job.in_([Job.SEND_MESSAGE, Job.SEND_UNHURRIED]),
            Promise.ids["message_id"].as_string().in_([str(each.id) for each in waiting]),
            Promise.done_at.is_(None),
            Promise.dead_at.is_(None),
        )
    )
    return None if due_at is None else max(due_at, now) + NEXT


def _was_never_asked(session: Session, message: Message) -> bool:
    """Whether it asks about an offer that is over, or tells the end of one that never left."""
    if message.kind == MessageKind.OFFER:
        status = session.scalar(select(Offer.status).where(Offer.id == message.offer_id))
        return status not in LIVE_OFFERS
    if message.kind == MessageKind.OFFER_TAKEN:
        asked = session.scalar(
            select(Message.id)
            .where(
                Message.offer_id == message.offer_id,
                Message.kind == MessageKind.OFFER,
                Message.status.not_in([MessageStatus.QUEUED, MessageStatus.REFUSED]),
            )
            .limit(1)
        )
        return asked is None
    return False
