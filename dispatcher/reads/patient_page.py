"""What a patient's link shows: the appointment, and nothing of the reason for care."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.lateness import SAID_AGAIN_AFTER, delay_in_force, may_be_late
from dispatcher.domain.states import LIVE_APPOINTMENTS, AppointmentStatus
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

LINK_LIFE = timedelta(days=7)
"""A link answers this long after the end of its appointment, then as if it had never been."""


@dataclass(frozen=True, slots=True)
class PatientPage:
    """One appointment as its patient sees it. Telephones are E.164, instants aware."""

    appointment_id: UUID
    code: str
    status: AppointmentStatus
    cancelled_by: str | None
    language: str
    """ISO 639-1, in which the patient is written to."""
    is_over: bool
    booked_at: datetime
    start: datetime
    end: datetime
    is_walk_in: bool
    modality: str
    practitioner_name: str
    address: str
    postcode: str
    commune_name: str
    access: str
    """How to get in, in the practitioner's words."""
    step_free: bool
    note: str
    """What the practitioner tells whoever is booked there."""
    phone: str
    """Where the practice answers, else the regulation."""
    territory_id: UUID
    territory_name: str
    territory_phone: str
    timezone: str
    department: str
    late_minutes: int | None
    """The delay that the patient announced, at `late_at`."""
    late_at: datetime | None
    can_be_late: bool
    """Whether a delay can be announced now."""

    @property
    def can_act(self) -> bool:
        """Whether the patient may still confirm or cancel."""
        return self.status in LIVE_APPOINTMENTS and not self.is_over


def patient_page(db: Database, link_token: str) -> PatientPage | None:
    """The page behind a link; None when the link is unknown or used up. Writes nothing."""
    now = db.clock()
    with db.reading() as session:
        found = session.execute(
            select(
                Appointment,
                CareRequest.code,
                Patient.language,
                Practitioner,
                Place,
                Slot,
                Territory,
            )
            .join(CareRequest, CareRequest.id == Appointment.request_id)
            .join(Patient, Patient.id == CareRequest.patient_id)
            .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
            .join(Slot, Slot.id == Appointment.slot_id)
            .join(Place, Place.id == Slot.place_id)
            .join(Territory, Territory.id == Appointment.territory_id)
            .where(
                Appointment.link_digest == digest_token(link_token),
                Appointment.ends_at > now - LINK_LIFE,
            )
        ).one_or_none()
    if found is None:
        return None
    appointment, code, language, practitioner, place, slot, territory = found
    late_minutes = delay_in_force(
        appointment.late_minutes, appointment.late_at, appointment.start_at, appointment.ends_at
    )
    return PatientPage(
        appointment_id=appointment.id,
        code=code,
        status=AppointmentStatus(appointment.status),
        cancelled_by=appointment.ended_by,
        language=language,
        is_over=appointment.ends_at <= now,
        booked_at=appointment.booked_at,
        start=appointment.start_at,
        end=appointment.ends_at,
        is_walk_in=slot.places > 1,
        modality=slot.modality,
        practitioner_name=practitioner.display_name,
        address=place.address,
        postcode=place.postcode,
        commune_name=place.commune_name,
        access=place.access,
        step_free=place.step_free,
        note=db.cipher.open("slots.note", slot.id, slot.note) if slot.note else "",
        phone=place.phone or territory.phone,
        territory_id=territory.id,
        territory_name=territory.name,
        territory_phone=territory.phone,
        timezone=territory.timezone,
        department=territory.department,
        late_minutes=late_minutes,
        late_at=appointment.late_at if late_minutes else None,
        can_be_late=slot.places == 1
        and appointment.status in LIVE_APPOINTMENTS
        and may_be_late(appointment.start_at, appointment.ends_at, now)
        and (appointment.late_at is None or now >= appointment.late_at + SAID_AGAIN_AFTER),
    )
