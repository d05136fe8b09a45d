"""What is put in front of a regulator, and settled by telephone."""

from uuid import UUID

from sqlalchemy import update

from dispatcher.domain.errors import TransitionError
from dispatcher.domain.events import RequestAttended, RequestEscalated
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.roles import Account
from dispatcher.domain.states import LIVE_REQUESTS, Attention, pressing
from dispatcher.services.house import House
from dispatcher.services.requests import lock_request
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Unit

TELL_THE_PATIENT = frozenset(
    {
        MessageKind.CONFIRMATION,
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
