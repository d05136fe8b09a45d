"""What a stored SMS is asked again before it leaves: it may have waited for hours."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.domain.messages import OF_A_LIVE_APPOINTMENT, MessageKind
from dispatcher.domain.states import LIVE_APPOINTMENTS
from dispatcher.services.notices import OPTED_OUT
from dispatcher.services.progress import SUPERSEDED
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.messages import Message, OptOut
from dispatcher.storage.requests import Appointment


def overtaken(session: Session, cipher: Cipher, message: Message) -> str | None:
    """The code of what makes a message untrue or unwanted by now; None while nothing does.

    Its appointment was cancelled or moved, or its number said STOP.
    """
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
