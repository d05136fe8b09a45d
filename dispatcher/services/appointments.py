"""What happens to an appointment after it was booked, and how a request is closed."""

from typing import Literal
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.events import (
    Actor,
    ActorKind,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentFulfilled,
    AppointmentMissed,
    RequestCancelled,
    RequestRedirected,
    RequestReopened,
    RequestUnfilled,
)
from dispatcher.domain.jobs import Job
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.policy import Policy
from dispatcher.domain.roles import Account, Role
from dispatcher.domain.sms_policy import follow_up_at
from dispatcher.domain.states import (
    APPOINTMENT_TRANSITIONS,
    LIVE_APPOINTMENTS,
    REQUEST_TRANSITIONS,
    AppointmentStatus,
    Attention,
    RequestStatus,
    check_transition,
    in_words,
)
from dispatcher.services.appointment_notices import AppointmentNotices
from dispatcher.services.calling import weigh_calls
from dispatcher.services.commands import CancelRequest, CloseRequest
from dispatcher.services.delays import watch_delay
from dispatcher.services.house import House
from dispatcher.services.idempotency import CallKey
from dispatcher.services.offers import end_acceptance, end_offers
from dispatcher.services.places import give_back
from dispatcher.services.requests import lock_request
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

By = Literal["patient", "practitioner", "regulator"]


def cancel_by_link(house: House, link_token: str) -> None:
    """The patient presses Cancel on their page. Raises NotFoundError, TransitionError."""
    territory_id, appointment_id = appointment_of_link(house, link_token)
    with house.db.transaction(territory_id, Actor(ActorKind.PATIENT)) as unit:
        appointment = _lock(unit, appointment_id)
        _must_not_be_over(unit, appointment)
        cancel_appointment(house, unit, appointment, "patient")


def confirm_by_link(house: House, link_token: str) -> None:
    """The patient says they will come. Raises NotFoundError, TransitionError."""
    territory_id, appointment_id = appointment_of_link(house, link_token)
    with house.db.transaction(territory_id, Actor(ActorKind.PATIENT)) as unit:
        appointment = _lock(unit, appointment_id)
        _must_not_be_over(unit, appointment)
        confirm_appointment(unit, appointment)


def cancel_by_practitioner(house: House, account: Account, appointment_id: UUID) -> None:
    """The practitioner cannot see the patient: the patient is told, and matched again at once."""
    with house.db.transaction(_asker(house, account, appointment_id), account.actor) as unit:
        appointment = _lock(unit, appointment_id)
        _must_be_own(account, appointment)
        cancel_appointment(house, unit, appointment, "practitioner")


def record_attendance(house: House, account: Account, appointment_id: UUID, *, came: bool) -> None:
    """Mark « venu » or « non venu ». Raises NotFoundError, TransitionError."""
    with house.db.transaction(_asker(house, account, appointment_id), account.actor) as unit:
        appointment = _lock(unit, appointment_id)
        _must_be_own(account, appointment)
        mark_attendance(unit, appointment, came=came)


def cancel_request(
    house: House,
    account: Account,
    request_id: UUID,
    command: CancelRequest,
    call: CallKey | None = None,
) -> None:
    """Somebody gives up.

    With an appointment: the patient's giving up frees the place and puts the request back in front
    of the regulator, the practitioner's has it matched again, the regulator's ends the request.
    Without one the request ends, unless the patient only says again what put it in front of the
    regulator. A practitioner gives up their own appointments alone. Raises NotFoundError,
    TransitionError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        if call is not None:
            call.remember(unit, request_id)
        request = lock_request(unit, request_id)
        appointment = live_appointment(unit, request_id)
        if account.role == Role.PRACTITIONER:
            if appointment is None or command.by != "practitioner":
                raise NotFoundError
            _must_be_own(account, appointment)
        if appointment is None and command.by == "practitioner":
            raise TransitionError("Cette demande n’a pas de rendez-vous à annuler.")
        said_before = (
            request.status == RequestStatus.OPEN
            and request.attention == Attention.PATIENT_CANCELLED
        )
        if appointment is None and command.by == "patient" and said_before:
            return
        if appointment is not None:
            cancel_appointment(house, unit, appointment, command.by)
        if appointment is None or command.by == "regulator":
            end_request(house, unit, request, RequestStatus.CANCELLED, command.by, command.reason)
            unit.record(RequestCancelled(request_id=request_id, by=command.by))


def close_request(
    house: House,
    account: Account,
    request_id: UUID,
    command: CloseRequest,
    call: CallKey | None = None,
) -> None:
    """Write down how a request ended. Raises NotFoundError, TransitionError, InvalidError.

    A request that is redirected or unfilled while it has an appointment loses it, and both sides
    are told. `command.reason` may be one of the catalogue's codes, or words. A practitioner only
    says whether the patient of their own appointment came.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        if call is not None:
            call.remember(unit, request_id)
        request = lock_request(unit, request_id)
        status = RequestStatus(command.status)
        appointment = live_appointment(unit, request_id, also_ended=True)
        if account.role == Role.PRACTITIONER:
            if appointment is None:
                raise NotFoundError
            _must_be_own(account, appointment)
            if status not in {RequestStatus.FULFILLED, RequestStatus.NO_SHOW}:
                raise InvalidError({"status": "Dites si le patient est venu ou non."})
        if status in {RequestStatus.FULFILLED, RequestStatus.NO_SHOW}:
            if appointment is None:
                before = in_words(RequestStatus(request.status))
                raise TransitionError(
                    f"Cette demande n’a pas de rendez-vous{NBSP}: son état est"
                    f" «{NBSP}{before}{NBSP}»."
                )
            mark_attendance(unit, appointment, came=status == RequestStatus.FULFILLED)
            return
        check_transition(REQUEST_TRANSITIONS, RequestStatus(request.status), status)
        if appointment is not None:
            cancel_appointment(house, unit, appointment, "regulator")
        catalogue = house.catalogue
        if status == RequestStatus.REDIRECTED:
            code = command.reason if command.reason in catalogue.redirections else "OTHER"
            unit.record(RequestRedirected(request_id=request_id, to=code))
        else:
            code = command.reason if command.reason in catalogue.unfilled_reasons else "OTHER"
            unit.record(RequestUnfilled(request_id=request_id, cause=code))
        end_request(house, unit, request, status, code, command.note or command.reason)


def appointment_of_link(house: House, link_token: str) -> tuple[UUID, UUID]:
    """Territory and appointment behind a patient's link. Raises NotFoundError."""
    with house.db.reading() as session:
        found = session.execute(
            select(Appointment.territory_id, Appointment.id).where(
                Appointment.link_digest == digest_token(link_token)
            )
        ).one_or_none()
    if found is None:
        raise NotFoundError("Ce lien n’est pas ou n’est plus valable.")
    return found.territory_id, found.id


def confirm_appointment(unit: Unit, appointment: Appointment) -> None:
    """Note that the patient will come; saying it twice changes nothing."""
    if appointment.status == AppointmentStatus.CONFIRMED:
        return
    check_transition(
        APPOINTMENT_TRANSITIONS,
        AppointmentStatus(appointment.status),
        AppointmentStatus.CONFIRMED,
    )
    appointment.status = AppointmentStatus.CONFIRMED
    unit.record(
        AppointmentConfirmed(
            request_id=appointment.request_id,
            appointment_id=appointment.id,
            slot_id=appointment.slot_id,
            practitioner_id=appointment.practitioner_id,
        )
    )


def cancel_appointment(house: House, unit: Unit, appointment: Appointment, by: By) -> None:
    """Cancel a locked appointment, free its place, tell the others, and send the request on."""
    check_transition(
        APPOINTMENT_TRANSITIONS,
        AppointmentStatus(appointment.status),
        AppointmentStatus.CANCELLED,
    )
    appointment.status = AppointmentStatus.CANCELLED
    appointment.ended_at = unit.now
    appointment.ended_by = by
    request = unit.session.get_one(CareRequest, appointment.request_id)
    end_acceptance(unit, request, taken_back=by == "practitioner")
    unit.session.flush()  # the notices below read this row
    give_back(unit, appointment, to_others=by != "practitioner")
    unit.record(
        AppointmentCancelled(
            request_id=appointment.request_id,
            appointment_id=appointment.id,
            slot_id=appointment.slot_id,
            practitioner_id=appointment.practitioner_id,
            start=appointment.start_at,
            by=by,
        )
    )
    notices = AppointmentNotices(house, unit, appointment.id)
    if by == "patient":
        notices.to_practitioner(MessageKind.CANCELLED_BY_PATIENT)
        _reopen(unit, appointment, RequestStatus.OPEN, Attention.PATIENT_CANCELLED)
    elif by == "practitioner":
        notices.to_patient(MessageKind.CANCELLED_BY_PRACTITIONER)
        _reopen(unit, appointment, RequestStatus.SEARCHING, "practitioner_cancelled")
    else:
        notices.to_patient(MessageKind.CANCELLED_BY_REGULATOR_PATIENT)
        notices.to_practitioner(MessageKind.CANCELLED_BY_REGULATOR_PRACTITIONER)
    weigh_calls(unit, request.id)  # what did not arrive of it is no longer true


def lock_appointment(unit: Unit, appointment_id: UUID) -> Appointment:
    """The appointment, locked together with its request. Raises NotFoundError."""
    return _lock(unit, appointment_id)


def _asker(house: House, account: Account, appointment_id: UUID) -> UUID:
    """The territory that an appointment belongs to: that of the request.

    For a practitioner's own appointment it may be a neighbour's. Raises NotFoundError.
    """
    with house.db.reading() as session:
        found = session.execute(
            select(Appointment.territory_id, Appointment.practitioner_id).where(
                Appointment.id == appointment_id
            )
        ).one_or_none()
    is_own = found is not None and account.practitioner_id == found.practitioner_id
    if found is None or (found.territory_id != account.territory_id and not is_own):
        raise NotFoundError
    territory_id: UUID = found.territory_id
    return territory_id


def _lock(unit: Unit, appointment_id: UUID) -> Appointment:
    request_id = unit.session.scalar(
        select(Appointment.request_id).where(
            Appointment.id == appointment_id, Appointment.territory_id == unit.territory_id
        )
    )
    if request_id is None:
        raise NotFoundError
    lock_request(unit, request_id)  # always the request first: two cancellations cannot deadlock
    return unit.session.scalars(
        select(Appointment).where(Appointment.id == appointment_id).with_for_update()
    ).one()


def _must_be_own(account: Account, appointment: Appointment) -> None:
    if account.role == Role.PRACTITIONER and appointment.practitioner_id != account.practitioner_id:
        raise NotFoundError


def _must_not_be_over(unit: Unit, appointment: Appointment) -> None:
    """A link is kept longer than its appointment; what the patient says counts until its end."""
    if appointment.ends_at <= unit.now:
        raise TransitionError("Ce rendez-vous est passé.")


def live_appointment(
    unit: Unit, request_id: UUID, *, also_ended: bool = False
) -> Appointment | None:
    """The request's appointment that was not cancelled; the caller holds the request's lock."""
    appointment = unit.session.scalars(
        select(Appointment)
        .where(
            Appointment.request_id == request_id,
            Appointment.status != AppointmentStatus.CANCELLED,
        )
        .with_for_update()
    ).one_or_none()
    if appointment is None or also_ended or appointment.status in LIVE_APPOINTMENTS:
        return appointment
    return None


def _reopen(unit: Unit, appointment: Appointment, status: RequestStatus, cause: str) -> None:
    request = unit.session.get_one(CareRequest, appointment.request_id)
    check_transition(REQUEST_TRANSITIONS, RequestStatus(request.status), status)
    request.status = status
    request.updated_at = unit.now
    if status == RequestStatus.OPEN:
        request.attention = cause
    else:
        request.excluded_practitioners = [
            *request.excluded_practitioners,
            str(appointment.practitioner_id),
        ]
        watch_delay(unit, request)
    unit.record(RequestReopened(request_id=request.id, status=status.value, cause=cause))


def mark_attendance(unit: Unit, appointment: Appointment, *, came: bool) -> None:
    """A locked appointment and its request end together; a wrong mark can be corrected.

    Raises TransitionError.
    """
    status = AppointmentStatus.FULFILLED if came else AppointmentStatus.NO_SHOW
    if appointment.status == status:
        return
    check_transition(APPOINTMENT_TRANSITIONS, AppointmentStatus(appointment.status), status)
    request = unit.session.get_one(CareRequest, appointment.request_id)
    ended = RequestStatus(status.value)
    check_transition(REQUEST_TRANSITIONS, RequestStatus(request.status), ended)
    appointment.status = status
    appointment.ended_at = unit.now
    request.status = ended
    request.updated_at = unit.now
    unit.session.flush()  # who has to be called depends on this row
    weigh_calls(unit, request.id)
    _follow_up(unit, appointment, came=came)
    event = AppointmentFulfilled if came else AppointmentMissed
    unit.record(
        event(
            request_id=appointment.request_id,
            appointment_id=appointment.id,
            slot_id=appointment.slot_id,
            practitioner_id=appointment.practitioner_id,
            start=appointment.start_at,
        )
    )


def _follow_up(unit: Unit, appointment: Appointment, *, came: bool) -> None:
    """Promise what the patient is written after their visit, if the territory wishes it."""
    territory = unit.session.get_one(Territory, appointment.territory_id)
    policy = Policy.in_force(territory.settings).sms
    moment = follow_up_at(appointment.ends_at, unit.now, policy)
    if moment is not None and (policy.satisfaction if came else policy.no_show):
        unit.promise(Job.FOLLOW_UP_VISIT, {"appointment_id": appointment.id}, moment)


def end_request(
    house: House, unit: Unit, request: CareRequest, status: RequestStatus, code: str, note: str
) -> None:
    """The request is over: whoever was asked to take it hears that it is.

    The caller holds the request's lock, and records why. Raises TransitionError.
    """
    check_transition(REQUEST_TRANSITIONS, RequestStatus(request.status), status)
    request.status = status
    request.attention = None
    request.to_validate = False
    request.accepted_offer_id = None
    end_offers(house, unit, request.id)
    request.closing_code = code
    request.closing_note = (
        unit.cipher.seal("care_requests.closing_note", request.id, note) if note else None
    )
    request.updated_at = unit.now
