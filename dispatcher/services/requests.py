"""A care request from the call to its closing."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import (
    DuplicateRequestError,
    InvalidError,
    NotFoundError,
    TransitionError,
)
from dispatcher.domain.events import RequestEnlarged, RequestOpened, RequestSearched
from dispatcher.domain.jobs import Job
from dispatcher.domain.languages import Language, language_of
from dispatcher.domain.payments.majorations import SAS_ORIGINS
from dispatcher.domain.policy import Policy
from dispatcher.domain.roles import Account
from dispatcher.domain.states import (
    LIVE_REQUESTS,
    REQUEST_TRANSITIONS,
    RequestStatus,
    check_transition,
    in_words,
    pressing,
)
from dispatcher.services.commands import OpenRequest
from dispatcher.services.gp_searches import open_gp_search
from dispatcher.services.house import House
from dispatcher.services.idempotency import CallKey
from dispatcher.services.intake import Checked, check
from dispatcher.storage.columns import table_of
from dispatcher.storage.encryption import identity
from dispatcher.storage.engines import queue_on
from dispatcher.storage.patients import Patient
from dispatcher.storage.requests import LIVE, CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

AGE_BAND_YEARS = 10
CODE_DIGITS = 4
CODE_TRIES = 50
FURTHEST_KM = 500.0
"""No request is searched further, as no territory is."""

_LIVE = [status.value for status in LIVE_REQUESTS]
_SETTINGS = select(Territory.settings).where(Territory.id == bindparam("territory"))
# Built once: building a statement costs several times what the database needs to answer it.
_KNOWN = (
    select(Patient.id, Patient.phone_hash, CareRequest.id.label("live_request"))
    .outerjoin(
        CareRequest, and_(CareRequest.patient_id == Patient.id, CareRequest.status.in_(_LIVE))
    )
    .where(
        Patient.territory_id == bindparam("territory"),
        Patient.identity_hash.in_(bindparam("identities", expanding=True)),
    )
    .order_by(CareRequest.asked_at)
)
_INSERT_PATIENT = insert(table_of(Patient))
_SET_LANGUAGE = (
    update(table_of(Patient))
    .where(table_of(Patient).c.id == bindparam("patient"))
    .values(language=bindparam("spoken"))
)
_INSERT_REQUEST = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(table_of(CareRequest))
    .on_conflict_do_nothing(index_elements=["territory_id", "code"], index_where=text(LIVE))
    .returning(table_of(CareRequest).c.id)
    for dialect in (postgresql, sqlite)
}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the territory already holds of a person."""

    patient_id: UUID | None
    """The row of the same identity and telephone."""
    live_requests: Sequence[UUID]
    """Of the same identity, the oldest first."""


@dataclass(frozen=True, slots=True)
class ReadyToOpen:
    """A request that was verified and can be written."""

    command: OpenRequest
    checked: Checked
    look_at: datetime
    """When its delay is in danger."""
    to_validate: bool = False


def open_request(
    house: House, account: Account, command: OpenRequest, call: CallKey | None = None
) -> UUID:
    """Take a request and promise its matching; the web answers at once.

    Raises InvalidError by field, DuplicateRequestError when the patient already has a live
    request and nobody confirmed a second one. Nothing is half-saved.
    """
    with house.db.reading() as session:
        ready = ready_to_open(house, session, account, command)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request_id = write_request(house, unit, account, ready, call)
        unit.promise(
            Job.MATCH_WAITING, {"territory_id": account.territory_id, "request_id": request_id}
        )
    return request_id


def ready_to_open(
    house: House, session: Session, account: Account, command: OpenRequest
) -> ReadyToOpen:
    """Verify what was asked for. Raises InvalidError by field."""
    checked = check(house, session, account, command, house.clock())
    policy = _policy(session, account.territory_id)
    look_at = policy.in_danger_at(checked.due_at, command.need.delay_hours)
    return ReadyToOpen(command, checked, look_at)


def write_request(
    house: House, unit: Unit, account: Account, ready: ReadyToOpen, call: CallKey | None
) -> UUID:
    """Write the request, its event and the look at it when its delay is in danger.

    Whoever calls promises its matching, or books it. Raises DuplicateRequestError.
    """
    command, checked = ready.command, ready.checked
    request_id = uuid.uuid4()
    if call is not None:
        call.remember(unit, request_id)
    known = _known(unit, command, checked)
    if known.live_requests and not command.confirm_duplicate:
        raise DuplicateRequestError([str(found) for found in known.live_requests])
    patient_id = _patient(unit, command, checked, known)
    request = _new_request(unit, account, command, checked, request_id, patient_id)
    if ready.to_validate:
        request |= {"status": RequestStatus.OPEN.value, "to_validate": True}
    _write(unit, request)
    open_gp_search(unit, request_id, patient_id, command.patient)
    unit.record(
        RequestOpened(
            request_id=request_id,
            profession=request["profession"],
            specialty=request["specialty"],
            modalities=request["modalities"],
            delay_hours=request["delay_hours"],
            due_at=request["due_at"],
            origin=request["origin"],
            regulated=request["regulated_at"] is not None,
            regulated_for_sas=request["regulated_for_sas"],
            has_gp=request["has_gp"],
            commune=request["commune"],
            age_band=_age_band(checked.age),
            duplicate_confirmed=bool(known.live_requests),
            motive_group=_motive_group(house, command.need.motive),
            to_validate=ready.to_validate,
        )
    )
    unit.promise(Job.ESCALATE_REQUEST, {"request_id": request_id}, max(ready.look_at, unit.now))
    return request_id


def search_again(house: House, account: Account, request_id: UUID) -> None:
    """Put an open request back into the waiting queue.

    Raises NotFoundError, and TransitionError for one that has its appointment or is closed, or
    that a volunteer has just accepted.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        unit.record(RequestSearched(request_id=request_id))
        resume_search(unit, request)


def enlarge_search(house: House, account: Account, request_id: UUID, radius_km: float) -> None:
    """Search this request within `radius_km` as the crow flies, its territory's setting aside.

    It is searched again at once. Raises InvalidError on `radius_km`, NotFoundError, and
    TransitionError as `search_again`.
    """
    if not 0 < radius_km <= FURTHEST_KM:
        raise InvalidError(
            {"radius_km": f"Indiquez un rayon de plus de 0 km, et de {FURTHEST_KM:.0f} km au plus."}
        )
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        request.radius_km = radius_km
        unit.record(RequestEnlarged(request_id=request_id, radius_km=radius_km))
        resume_search(unit, request)


def lock_request(unit: Unit, request_id: UUID) -> CareRequest:
    """The request, locked until the transaction ends. Raises NotFoundError."""
    request = unit.session.scalars(
        select(CareRequest)
        .where(CareRequest.id == request_id, CareRequest.territory_id == unit.territory_id)
        .with_for_update()
    ).one_or_none()
    if request is None:
        raise NotFoundError
    return request


def resume_search(unit: Unit, request: CareRequest) -> None:
    """Back into the waiting queue; volunteers who were asked stay asked.

    The caller holds the request's lock. Raises TransitionError as `search_again`.
    """
    before = RequestStatus(request.status)
    if before == RequestStatus.BOOKED:
        raise TransitionError(
            f"L’état actuel est «{NBSP}{in_words(before)}{NBSP}»{NBSP}:"
            " annulez d’abord le rendez-vous."
        )
    if request.accepted_offer_id is not None:
        raise TransitionError(
            f"Un professionnel a accepté cette demande{NBSP}: attendez l’heure qu’il choisit,"
            " ou reprenez d’abord la main."
        )
    if before not in {RequestStatus.SEARCHING, RequestStatus.OFFERING}:
        check_transition(REQUEST_TRANSITIONS, before, RequestStatus.SEARCHING)
        request.status = RequestStatus.SEARCHING
    request.attention = pressing(request.attention, None)
    request.to_validate = False
    request.updated_at = unit.now
    unit.promise(Job.MATCH_WAITING, {"territory_id": unit.territory_id, "request_id": request.id})


def _policy(session: Session, territory_id: UUID) -> Policy:
    settings = session.scalars(_SETTINGS, {"territory": territory_id}).one()
    return Policy.in_force(settings)


def _known(unit: Unit, command: OpenRequest, checked: Checked) -> _Known:
    """Look the person up: same names and birth date.

    A form that was sent twice at the same moment finds the first one's request.
    """
    patient, cipher = command.patient, unit.cipher
    name = identity(patient.last_name, patient.first_name, patient.birth_date)
    queue_on(unit.session, f"{unit.territory_id}/{cipher.hash(name)}")
    rows = unit.session.execute(
        _KNOWN, {"territory": unit.territory_id, "identities": cipher.hashes(name)}
    ).all()
    phones = cipher.hashes(checked.phone)
    return _Known(
        next((row.id for row in rows if row.phone_hash in phones), None),
        [row.live_request for row in rows if row.live_request is not None],
    )


def _patient(unit: Unit, command: OpenRequest, checked: Checked, known: _Known) -> UUID:
    """The row of who needs care, in the language that was asked for or follows from the need."""
    language = language_of(command.patient.language) or language_of(command.need.language)
    if known.patient_id is None:
        return _new_patient(unit, command, checked, language or Language.FRENCH)
    if language is not None:
        unit.session.execute(_SET_LANGUAGE, {"patient": known.patient_id, "spoken": language.value})
    return known.patient_id


def _new_patient(unit: Unit, command: OpenRequest, checked: Checked, language: Language) -> UUID:
    patient, cipher = command.patient, unit.cipher
    row = uuid.uuid4()
    unit.session.execute(
        _INSERT_PATIENT,
        {
            "id": row,
            "territory_id": unit.territory_id,
            "last_name": cipher.seal("patients.last_name", row, patient.last_name),
            "first_name": cipher.seal("patients.first_name", row, patient.first_name),
            "birth_date": cipher.seal("patients.birth_date", row, patient.birth_date.isoformat()),
            "phone": cipher.seal("patients.phone", row, checked.phone),
            "phone_hash": cipher.hash(checked.phone),
            "identity_hash": cipher.hash(
                identity(patient.last_name, patient.first_name, patient.birth_date)
            ),
            "language": language.value,
            "created_at": unit.now,
        },
    )
    return row


def _is_for_sas(command: OpenRequest) -> bool:
    said = command.regulated.sas
    return command.origin in SAS_ORIGINS if said is None else said


def _new_request(
    unit: Unit,
    account: Account,
    command: OpenRequest,
    checked: Checked,
    request_id: UUID,
    patient_id: UUID,
) -> dict[str, Any]:
    need, regulated = command.need, command.regulated
    regulated_at = regulated.at or (unit.now if regulated.by else None)
    return {
        "id": request_id,
        "territory_id": unit.territory_id,
        "patient_id": patient_id,
        "status": RequestStatus.SEARCHING.value,
        "profession": need.profession,
        "specialty": need.specialty,
        "modalities": list(dict.fromkeys(need.modalities)),
        "motive": need.motive,
        "note": unit.cipher.seal("care_requests.note", request_id, need.note)
        if need.note
        else None,
        "delay_hours": need.delay_hours,
        "asked_at": unit.now,
        "earliest_at": need.earliest,
        "due_at": checked.due_at,
        "origin": command.origin,
        "regulated_by": regulated.by,
        "regulated_at": regulated_at,
        "regulated_for_sas": _is_for_sas(command) if regulated_at else None,
        "commune": command.patient.commune,
        "longitude": checked.longitude,
        "latitude": checked.latitude,
        "age": checked.age,
        "sex": command.patient.sex,
        "language": need.language,
        "needs_step_free": need.needs_step_free,
        "travel_km": need.travel_km,
        "radius_km": need.radius_km,
        "has_gp": command.patient.has_gp or command.patient.gp is not None,
        "gp_id": command.patient.gp,
        "excluded_practitioners": [
            str(each) for each in dict.fromkeys(need.excluded_practitioners)
        ],
        "refused": {},
        "opened_by": account.user_id,
        "updated_at": unit.now,
    }


def _write(unit: Unit, request: Mapping[str, Any]) -> None:
    """Write the request under digits that no live one of the territory uses: the index decides."""
    insert_request = _INSERT_REQUEST[unit.session.get_bind().dialect.name]
    for attempt in range(CODE_TRIES):
        if unit.session.scalar(insert_request, {**request, "code": _code(attempt)}) is not None:
            return
    raise RuntimeError("no free request code was found")


def _code(attempt: int) -> str:
    """Digits by chance; after each ten tries there is one more of them."""
    least = 10 ** (CODE_DIGITS + attempt // 10 - 1)
    return str(secrets.randbelow(9 * least) + least)


def _motive_group(house: House, motive: str | None) -> str | None:
    return None if motive is None else house.catalogue.motives[motive].group


def _age_band(age: int) -> str:
    low = age // AGE_BAND_YEARS * AGE_BAND_YEARS
    return f"{low}-{low + AGE_BAND_YEARS - 1}"
