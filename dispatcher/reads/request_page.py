"""One care request with everything a regulator looks at: person, need, appointment, SMS, steps."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from config.communes import Communes
from dispatcher.domain.calling import Whom
from dispatcher.domain.matching.cost import Term
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.domain.states import (
    WAITING_REQUESTS,
    AppointmentStatus,
    Attention,
    RequestStatus,
    SlotStatus,
)
from dispatcher.gateways.routing import Routing
from dispatcher.reads import queue
from dispatcher.reads.board import who_to_call
from dispatcher.reads.in_hand import Viewing, Work, viewers_of, work_on
from dispatcher.reads.offers import OfferFacts, Unreached, offers_of, unreached
from dispatcher.reads.opt_outs import stopped_since
from dispatcher.reads.practices import PracticeFacts, practice_of_user
from dispatcher.reads.request_history import MessageFacts, Step, messages_of, name_of, steps_of
from dispatcher.reads.request_search import (
    Reach,
    SearchFacts,
    SlotFacts,
    reach_of,
    search_of,
    slots_of,
)
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """The patient. `phone` is E.164, `commune` an INSEE code."""

    first_name: str
    last_name: str
    birth_date: date
    phone: str
    stopped_since: datetime | None
    """When that number said STOP; None while it may be written to."""
    language: str
    """ISO 639-1, of their SMS."""
    commune: str
    has_gp: bool
    gp_name: str | None
    """The médecin traitant, where that is one of the territory's practitioners."""


@dataclass(frozen=True, slots=True)
class CareFacts:
    """The need and where it stands; codes are the catalogue's."""

    id: UUID
    code: str
    status: RequestStatus
    attention: str | None
    to_call: tuple[Whom, ...]
    profession: str
    specialty: str | None
    modalities: Sequence[str]
    motive: str | None
    note: str
    delay_hours: int
    asked_at: datetime
    due_at: datetime
    origin: str
    regulated_at: datetime | None
    regulated_by: str
    regulated_for_sas: bool
    closing_code: str | None
    closing_note: str
    sex: str | None
    language: str | None
    needs_step_free: bool
    travel_km: float | None
    practice: PracticeFacts | None
    """Who asked for it, where that was a requester."""
    to_validate: bool
    accepted: bool
    """Whether a volunteer said yes, the hour being still to be chosen."""


@dataclass(frozen=True, slots=True)
class AppointmentFacts:
    """The appointment that was not cancelled, with why this slot."""

    status: AppointmentStatus
    start: datetime
    end: datetime
    distance_km: float | None
    terms: tuple[Term, ...]
    decided_by: str
    override_note: str
    slot_id: UUID
    slot: SlotFacts
    refused: Mapping[Reason, int]
    """What stood against the other slots when this one was booked."""
    fitting: int
    """How many slots fitted then, this one included; 0 where somebody chose it."""


@dataclass(frozen=True, slots=True)
class RequestPage:
    """All of it, of one moment."""

    care: CareFacts
    patient: PersonFacts
    department: str
    appointment: AppointmentFacts | None
    reach: Reach | None
    """Of a request that waits."""
    search: SearchFacts | None
    offers: tuple[OfferFacts, ...]
    """The volunteers who were asked, while the request waits."""
    beyond_sms: tuple[Unreached, ...]
    """Volunteers who fit and whom no SMS can reach."""
    messages: tuple[MessageFacts, ...]
    steps: tuple[Step, ...]
    """In the order of the log."""
    practitioners: Mapping[UUID, str]
    """Names of the practitioners that the steps speak of."""
    work: Work
    """Which regulators are at it, and what they noted."""
    excluded: tuple[str, ...]
    """Names of those who are not to see this patient, or gave them up."""


@dataclass(frozen=True, slots=True)
class RequestState:
    """Where a request stands, without opening a name."""

    digest: str
    """Changes whenever the page does."""
    status: RequestStatus
    is_searched: bool
    """Whether the page shows what could be booked."""
    updated_at: datetime
    viewers: tuple[Viewing, ...]


def request_state(
    db: Database, territory_id: UUID, request_id: UUID, now: datetime
) -> RequestState | None:
    """The state, cheaply; None where the territory has no such request."""
    with db.reading() as session:
        row = session.execute(
            select(
                CareRequest.status,
                CareRequest.attention,
                CareRequest.call_patient_since,
                CareRequest.call_practitioner_since,
                CareRequest.updated_at,
                select(func.count()).where(LoggedEvent.request_id == request_id).scalar_subquery(),
                select(func.count()).where(Message.request_id == request_id).scalar_subquery(),
                select(func.max(Message.updated_at))
                .where(Message.request_id == request_id)
                .scalar_subquery(),
            ).where(CareRequest.id == request_id, CareRequest.territory_id == territory_id)
        ).one_or_none()
        if row is None:
            return None
        status = RequestStatus(row.status)
        is_searched = _is_searched(status, row.attention)
        offered = _offered(session, territory_id, now) if is_searched else ()
        viewers = viewers_of(session, request_id, now)
    digest = hashlib.sha256(repr((tuple(row), offered)).encode()).hexdigest()
    return RequestState(digest, status, is_searched, row.updated_at, viewers)


def request_page(
    db: Database,
    territory_id: UUID,
    request_id: UUID,
    communes: Communes,
    now: datetime,
    routing: Routing | None = None,
) -> RequestPage | None:
    """The whole page; None where the territory has no such request."""
    cipher = db.cipher
    with db.reading() as session:
        gp = aliased(Practitioner)
        found = session.execute(
            select(CareRequest, Patient, gp, Territory)
            .join(Patient, Patient.id == CareRequest.patient_id)
            .join(Territory, Territory.id == CareRequest.territory_id)
            .outerjoin(gp, gp.id == CareRequest.gp_id)
            .where(CareRequest.id == request_id, CareRequest.territory_id == territory_id)
        ).one_or_none()
        if found is None:
            return None
        request, patient, own_gp, territory = found
        appointment = _appointment(session, cipher, request_id)
        reach = None
        offers: tuple[OfferFacts, ...] = ()
        beyond_sms: tuple[Unreached, ...] = ()
        status = RequestStatus(request.status)
        if status in WAITING_REQUESTS:
            rules = queue.rules_of(territory, communes)
            offers = offers_of(session, cipher, request_id)
            reach = reach_of(request, rules, offers)
            if offers or request.attention == Attention.NOBODY_ANSWERED:
                beyond_sms = unreached(session, cipher, request, rules, now)
        messages = messages_of(session, cipher, request_id)
        phone = cipher.open("patients.phone", patient.id, patient.phone)
        stopped = stopped_since(session, cipher, territory_id, phone)
        practice = practice_of_user(session, request.opened_by)
        steps = steps_of(session, request_id)
        spoken_of = {step.event.references().get("practitioner_id") for step in steps} - {None}
        excluded = [UUID(each) for each in request.excluded_practitioners]
        people = spoken_of.union(excluded)
        practitioners = {
            row.id: row.display_name
            for row in session.scalars(select(Practitioner).where(Practitioner.id.in_(people)))
        }
        work = work_on(session, cipher, request, steps, now)
    search = None
    if _is_searched(status, request.attention):
        search = search_of(db, territory_id, request_id, communes, now, routing)
    return RequestPage(
        care=_care(request, practice, cipher),
        patient=_person(request, patient, own_gp, cipher, stopped),
        department=territory.department,
        appointment=appointment,
        reach=reach,
        search=search,
        offers=offers,
        beyond_sms=beyond_sms,
        messages=messages,
        steps=steps,
        practitioners=practitioners,
        work=work,
        excluded=tuple(practitioners[each] for each in excluded if each in practitioners),
    )


def _is_searched(status: RequestStatus, attention: str | None) -> bool:
    """A request that the engine is about to serve is left to it; the others show their slots."""
    shown = status in {RequestStatus.OPEN, RequestStatus.OFFERING} or attention is not None
    return status in WAITING_REQUESTS and shown


def _offered(session: Session, territory_id: UUID, now: datetime) -> tuple[object, ...]:
    """Changes whenever a slot is published, taken, freed or closed."""
    row = session.execute(
        select(func.count(), func.sum(Slot.taken), func.max(Slot.published_at)).where(
            Slot.territory_id == territory_id,
            Slot.status.in_([SlotStatus.OPEN.value, SlotStatus.FULL.value]),
            Slot.blocked_since.is_(None),
            Slot.ends_at > now,
        )
    ).one()
    return tuple(row)


def _care(request: CareRequest, practice: PracticeFacts | None, cipher: Cipher) -> CareFacts:
    note, closing = request.note, request.closing_note
    return CareFacts(
        id=request.id,
        code=request.code,
        status=RequestStatus(request.status),
        attention=request.attention,
        to_call=who_to_call(request.call_patient_since, request.call_practitioner_since),
        profession=request.profession,
        specialty=request.specialty,
        modalities=tuple(request.modalities),
        motive=request.motive,
        note=cipher.open("care_requests.note", request.id, note) if note else "",
        delay_hours=request.delay_hours,
        asked_at=request.asked_at,
        due_at=request.due_at,
        origin=request.origin,
        regulated_at=request.regulated_at,
        regulated_by=request.regulated_by or "",
        regulated_for_sas=bool(request.regulated_for_sas),
        closing_code=request.closing_code,
        closing_note=(
            cipher.open("care_requests.closing_note", request.id, closing) if closing else ""
        ),
        sex=request.sex,
        language=request.language,
        needs_step_free=request.needs_step_free,
        travel_km=request.travel_km,
        practice=practice,
        to_validate=request.to_validate,
        accepted=request.accepted_offer_id is not None and request.status in WAITING_REQUESTS,
    )


def _person(
    request: CareRequest,
    patient: Patient,
    gp: Practitioner | None,
    cipher: Cipher,
    stopped: datetime | None,
) -> PersonFacts:
    return PersonFacts(
        stopped_since=stopped,
        first_name=cipher.open("patients.first_name", patient.id, patient.first_name),
        last_name=cipher.open("patients.last_name", patient.id, patient.last_name),
        birth_date=date.fromisoformat(
            cipher.open("patients.birth_date", patient.id, patient.birth_date)
        ),
        phone=cipher.open("patients.phone", patient.id, patient.phone),
        language=patient.language,
        commune=request.commune,
        has_gp=request.has_gp,
        gp_name=name_of(gp),
    )


def _appointment(session: Session, cipher: Cipher, request_id: UUID) -> AppointmentFacts | None:
    appointment = session.scalars(
        select(Appointment).where(
            Appointment.request_id == request_id,
            Appointment.status != AppointmentStatus.CANCELLED,
        )
    ).one_or_none()
    if appointment is None:
        return None
    note = appointment.override_note
    return AppointmentFacts(
        status=AppointmentStatus(appointment.status),
        start=appointment.start_at,
        end=appointment.ends_at,
        distance_km=appointment.distance_km,
        terms=tuple(Term.from_json(stored) for stored in appointment.terms),
        decided_by=appointment.decided_by,
        override_note=(
            cipher.open("appointments.override_note", appointment.id, note) if note else ""
        ),
        slot_id=appointment.slot_id,
        slot=slots_of(session, [appointment.slot_id], appointment.territory_id)[
            appointment.slot_id
        ],
        refused={
            Reason(reason): count
            for reason, count in appointment.refused.get("refused", {}).items()
        },
        fitting=appointment.refused.get("contended", 0),
    )
