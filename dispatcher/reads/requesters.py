"""What a requester may see: what their own practice asked for, and nothing else."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, or_, select

from dispatcher.domain.states import LIVE_REQUESTS, AppointmentStatus, RequestStatus
from dispatcher.storage.accounts import User
from dispatcher.storage.columns import UTCDateTime
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.patients import Patient
from dispatcher.storage.practices import PracticeMember
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Database

CLOSED_SHOWN = timedelta(days=14)
MOST = 200
"""What a practice sees at once: the last that it asked for."""


@dataclass(frozen=True, slots=True)
class AskedAppointment:
    """Where the patient is expected. `phone` is E.164 or empty."""

    start: datetime
    end: datetime
    is_walk_in: bool
    status: AppointmentStatus
    practitioner_name: str
    modality: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class AskedRequest:
    """One request of the practice; codes are the catalogue's, `phone` is E.164."""

    id: UUID
    code: str
    status: RequestStatus
    to_validate: bool
    first_name: str
    last_name: str
    birth_date: date
    phone: str
    profession: str
    motive: str | None
    delay_hours: int
    asked_at: datetime
    due_at: datetime
    asked_by: str
    closing_code: str | None
    appointment: AskedAppointment | None


_OWN = (
    CareRequest.territory_id == bindparam("territory"),
    CareRequest.opened_by.in_(
        select(PracticeMember.user_id).where(PracticeMember.practice_id == bindparam("practice"))
    ),
)
_STANDING = and_(
    Appointment.request_id == CareRequest.id,
    Appointment.status != AppointmentStatus.CANCELLED,
)
_SHOWN: Select[*tuple[Any, ...]] = (
    select(
        CareRequest,
        Patient,
        User.display_name.label("asked_by"),
        Appointment.status.label("appointment_status"),
        Appointment.start_at,
        Appointment.ends_at,
        Slot.places,
        Slot.modality,
        Practitioner,
        Place,
    )
    .join(Patient, Patient.id == CareRequest.patient_id)
    .join(User, User.id == CareRequest.opened_by)
    .outerjoin(Appointment, _STANDING)
    .outerjoin(Slot, Slot.id == Appointment.slot_id)
    .outerjoin(Place, Place.id == Slot.place_id)
    .outerjoin(Practitioner, Practitioner.id == Appointment.practitioner_id)
    .where(*_OWN)
)


def own_requests(
    db: Database, territory_id: UUID, practice_id: UUID, now: datetime
) -> list[AskedRequest]:
    """What the practice asked for and is live, or ended within CLOSED_SHOWN; the last one first."""
    recent = or_(
        CareRequest.status.in_([status.value for status in LIVE_REQUESTS]),
        CareRequest.updated_at > bindparam("since", type_=UTCDateTime()),
    )
    query = _SHOWN.where(recent).order_by(CareRequest.asked_at.desc(), CareRequest.id).limit(MOST)
    whose = {"territory": territory_id, "practice": practice_id, "since": now - CLOSED_SHOWN}
    with db.reading() as session:
        return [_asked(row, db.cipher) for row in session.execute(query, whose)]


def own_request(
    db: Database, territory_id: UUID, practice_id: UUID, request_id: UUID
) -> AskedRequest | None:
    """One of them; None for what the practice did not ask for."""
    whose = {"territory": territory_id, "practice": practice_id}
    with db.reading() as session:
        row = session.execute(_SHOWN.where(CareRequest.id == request_id), whose).one_or_none()
        return None if row is None else _asked(row, db.cipher)


def _asked(row: Row[Any], cipher: Cipher) -> AskedRequest:
    request, patient = row.CareRequest, row.Patient
    return AskedRequest(
        id=request.id,
        code=request.code,
        status=RequestStatus(request.status),
        to_validate=request.to_validate,
        first_name=cipher.open("patients.first_name", patient.id, patient.first_name),
        last_name=cipher.open("patients.last_name", patient.id, patient.last_name),
        birth_date=date.fromisoformat(
            cipher.open("patients.birth_date", patient.id, patient.birth_date)
        ),
        phone=cipher.open("patients.phone", patient.id, patient.phone),
        profession=request.profession,
        motive=request.motive,
        delay_hours=request.delay_hours,
        asked_at=request.asked_at,
        due_at=request.due_at,
        asked_by=row.asked_by,
        closing_code=request.closing_code,
        appointment=_appointment(row) if row.appointment_status is not None else None,
    )


def _appointment(row: Row[Any]) -> AskedAppointment:
    place = row.Place
    return AskedAppointment(
        start=row.start_at,
        end=row.ends_at,
        is_walk_in=row.places > 1,
        status=AppointmentStatus(row.appointment_status),
        practitioner_name=row.Practitioner.display_name,
        modality=row.modality,
        address=f"{place.address}, {place.postcode} {place.commune_name}" if place else "",
        phone=(place.phone or "") if place else "",
    )
