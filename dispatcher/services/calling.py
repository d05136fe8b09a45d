"""Telephoning where no SMS told: asked of the regulator, taken back, and noted as done."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from dispatcher.domain.calling import (
    AT_ONCE,
    LATE,
    MUST_BE_KNOWN,
    NEAR,
    Copy,
    Whom,
    has_to_be_called,
)
from dispatcher.domain.errors import TransitionError
from dispatcher.domain.events import CLOCK, PatientReached, RequestAttended, RequestEscalated
from dispatcher.domain.messages import UNSENT, MessageKind, MessageStatus
from dispatcher.domain.roles import Account
from dispatcher.domain.states import LIVE_APPOINTMENTS, Attention, RequestStatus
from dispatcher.services.house import House
from dispatcher.services.requests import lock_request
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message, first_purpose
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.unit import Claim, Unit

ASKS: Mapping[Whom, Attention] = {
    Whom.PATIENT: Attention.UNDELIVERED,
    Whom.PRACTITIONER: Attention.NOTICE_UNDELIVERED,
}
"""How the log says who is to be called."""
_SINCE: Mapping[Whom, "InstrumentedAttribute[datetime | None]"] = {
    Whom.PATIENT: CareRequest.call_patient_since,
    Whom.PRACTITIONER: CareRequest.call_practitioner_since,
}
_SEEN = (RequestStatus.FULFILLED, RequestStatus.NO_SHOW)
"""The hour is past, and somebody said what came of it: there is nothing left to tell."""


def weigh_calls(unit: Unit, request_id: UUID) -> None:
    """Ask the regulator to telephone, or no more, as the request's messages stand now.

    A request that is over is asked about as well: its patient may still believe in the appointment
    that was cancelled with it.
    """
    now = unit.now
    request = unit.session.execute(
        select(
            CareRequest.status, CareRequest.call_patient_since, CareRequest.call_practitioner_since
        ).where(CareRequest.id == request_id)
    ).one()
    called = called_at(unit, request_id)
    copies = [] if request.status in _SEEN else _copies(unit, request_id)
    for whom, since in _SINCE.items():
        has_to = has_to_be_called(whom, copies, called.get(whom), now)
        if has_to == (getattr(request, since.key) is not None):
            continue
        changed = unit.session.execute(
            update(CareRequest)
            .where(CareRequest.id == request_id, since.is_(None) if has_to else since.is_not(None))
            .values({since.key: now if has_to else None, "updated_at": now})
        )
        if rows_changed(changed) and has_to:
            unit.record(RequestEscalated(request_id=request_id, attention=ASKS[whom]))


def reached(unit: Unit, request_id: UUID) -> None:
    """An SMS got further than one thought: if that was all, nobody has to call any more."""
    asked = select(CareRequest.call_patient_since, CareRequest.call_practitioner_since).where(
        CareRequest.id == request_id
    )
    patient, practitioner = unit.session.execute(asked).one()
    if patient is None and practitioner is None:
        return
    weigh_calls(unit, request_id)
    if patient is not None and unit.session.execute(asked).one()[0] is None:
        unit.record(PatientReached(request_id=request_id))


def attend_request(
    house: House, account: Account, request_id: UUID, whom: Whom = Whom.PATIENT
) -> None:
    """They were told by telephone what an SMS did not tell them.

    Raises NotFoundError, and TransitionError when nobody has to be called (any more).
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        since = _SINCE[whom].key
        if getattr(request, since) is None:
            raise TransitionError("Il n’y a plus personne à appeler pour cette demande.")
        setattr(request, since, None)
        request.updated_at = unit.now
        unit.record(RequestAttended(request_id=request_id, attention=ASKS[whom]))


def watch_unsent(house: House, claim: Claim) -> int:
    """Ask to telephone where an SMS has not left for too long; returns for how many requests.

    Whatever keeps it: the provider, a limit, an earlier one, workers that are away.
    """
    now = house.clock()
    with house.db.reading() as session:
        waiting = session.execute(
            select(CareRequest.id, CareRequest.territory_id)
            .join(Message, Message.request_id == CareRequest.id)
            .join(Appointment, Appointment.id == Message.appointment_id)
            .where(
                Message.status.in_(UNSENT),
                Message.kind.in_(
                    [kind for kind, whom in MUST_BE_KNOWN.items() if whom is Whom.PATIENT]
                ),
                Message.created_at <= now - AT_ONCE,
                or_(Message.created_at <= now - LATE, Appointment.start_at <= now + NEAR),
                CareRequest.call_patient_since.is_(None),
            )
            .distinct()
        ).all()
    for row in waiting:
        with house.db.transaction(row.territory_id, CLOCK) as unit:
            lock_request(unit, row.id)
            weigh_calls(unit, row.id)
    house.db.keep(claim)
    return len(waiting)


def called_at(unit: Unit, request_id: UUID) -> dict[Whom, datetime]:
    """When a regulator last told each of them by telephone."""
    rows = unit.session.execute(
        select(LoggedEvent.data, LoggedEvent.at)
        .where(LoggedEvent.request_id == request_id, LoggedEvent.kind == RequestAttended.kind())
        .order_by(LoggedEvent.id)
    ).all()
    by_code = {row.data["attention"]: row.at for row in rows}
    return {whom: by_code[code] for whom, code in ASKS.items() if code in by_code}


def _copies(unit: Unit, request_id: UUID) -> list[Copy]:
    rows = unit.session.execute(
        select(
            Message.kind,
            Message.purpose,
            Message.status,
            Message.error_code,
            Message.created_at,
            Message.appointment_id,
            Appointment.start_at,
            Appointment.status.label("appointment_status"),
        )
        .join(Appointment, Appointment.id == Message.appointment_id)
        .where(
            Message.request_id == request_id,
            Message.direction == "out",
            Message.kind.in_(list(MUST_BE_KNOWN)),
        )
    )
    return [
        Copy(
            kind=MessageKind(row.kind),
            purpose=first_purpose(row.purpose),
            status=MessageStatus(row.status),
            error_code=row.error_code,
            written_at=row.created_at,
            appointment_id=row.appointment_id,
            starts_at=row.start_at,
            is_live=row.appointment_status in LIVE_APPOINTMENTS,
        )
        for row in rows
    ]
