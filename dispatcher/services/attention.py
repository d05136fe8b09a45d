"""What is put in front of a regulator, and settled by telephone."""

from uuid import UUID

from sqlalchemy import select, update

from dispatcher.domain.errors import TransitionError
from dispatcher.domain.events import PatientReached, RequestAttended, RequestEscalated
from dispatcher.domain.messages import ARRIVED_LATE, NOT_ARRIVED, MessageKind, MessageStatus
from dispatcher.domain.roles import Account
from dispatcher.domain.states import LIVE_REQUESTS, Attention, pressing
from dispatcher.services.house import House
from dispatcher.services.requests import lock_request
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.messages import Message, first_purpose
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Unit

TELL_THE_PATIENT = frozenset(
    {
        MessageKind.CONFIRMATION,
        MessageKind.APPOINTMENT_CHANGED,
        MessageKind.CANCELLED_BY_PRACTITIONER,
        MessageKind.CANCELLED_BY_REGULATOR_PATIENT,
    }
)
"""Without these a patient misses their appointment, or comes to one that is none."""


def put_in_front(unit: Unit, request: CareRequest, why: Attention) -> None:
    """Ask something of the regulator; what is more pressing and asked already stays.

    The caller holds the request's lock.
    """
    request.attention = pressing(request.attention, why)
    request.updated_at = unit.now
    unit.record(RequestEscalated(request_id=request.id, attention=why))


def ask_to_telephone(unit: Unit, kind: str, request_id: UUID | None) -> None:
    """An SMS did not reach its patient: unless something else is asked of the regulator, this is.

    Does nothing for what can wait, and for a request that is over.
    """
    if request_id is None or kind not in TELL_THE_PATIENT:
        return
    asked = unit.session.execute(
        update(CareRequest)
        .where(
            CareRequest.id == request_id,
            CareRequest.status.in_([status.value for status in LIVE_REQUESTS]),
            CareRequest.attention.is_(None),
        )
        .values(attention=Attention.UNDELIVERED, updated_at=unit.now)
    )
    if rows_changed(asked):
        unit.record(RequestEscalated(request_id=request_id, attention=Attention.UNDELIVERED))


def reached_after_all(unit: Unit, kind: str, request_id: UUID | None) -> None:
    """An SMS that had not reached its patient did: if that was all, nobody has to call any more."""
    if request_id is None or kind not in TELL_THE_PATIENT:
        return
    sent = unit.session.execute(
        select(Message.purpose, Message.status, Message.error_code).where(
            Message.request_id == request_id,
            Message.direction == "out",
            Message.kind.in_([each.value for each in TELL_THE_PATIENT]),
        )
    ).all()
    arrived = {
        first_purpose(row.purpose)
        for row in sent
        if row.status == MessageStatus.DELIVERED or row.error_code == ARRIVED_LATE
    }
    if any(row.status in NOT_ARRIVED and first_purpose(row.purpose) not in arrived for row in sent):
        return
    settled = unit.session.execute(
        update(CareRequest)
        .where(CareRequest.id == request_id, CareRequest.attention == Attention.UNDELIVERED)
        .values(attention=None, updated_at=unit.now)
    )
    if rows_changed(settled):
        unit.record(PatientReached(request_id=request_id))


def attend_request(house: House, account: Account, request_id: UUID) -> None:
    """The patient whom an SMS did not reach was called: nothing is asked of the regulator any more.

    Every other kind of attention passes with the request's state or its messages. Raises
    NotFoundError, and TransitionError when nobody has to be called (any more).
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        if request.attention != Attention.UNDELIVERED:
            raise TransitionError("Il n’y a plus personne à appeler pour cette demande.")
        request.attention = None
        request.updated_at = unit.now
        unit.record(RequestAttended(request_id=request_id, attention=Attention.UNDELIVERED))
