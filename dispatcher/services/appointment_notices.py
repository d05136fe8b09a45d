"""The messages around one appointment: to its patient in their language, to its practitioner."""

import dataclasses
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from config.sms_leaks import discreet_address
from dispatcher.domain import languages
from dispatcher.domain.jobs import Job
from dispatcher.domain.languages import Language, language_of
from dispatcher.domain.messages import BEFORE_THE_HOUR, MessageKind
from dispatcher.domain.policy import Policy
from dispatcher.domain.sms_policy import remind_at
from dispatcher.services.house import House
from dispatcher.services.notices import Sms, queue_all, queue_sms, shown_phone, signed_link
from dispatcher.services.practitioner_links import link_to_appointment
from dispatcher.services.practitioner_notices import (
    Notice,
    as_sms,
    left_for_sms,
    tell_practitioners,
)
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

_AROUND_APPOINTMENT = (
    select(
        Appointment.id,
        Appointment.request_id,
        Appointment.practitioner_id,
        Appointment.start_at,
        Appointment.ends_at,
        CareRequest.code,
        CareRequest.patient_id,
        Patient.phone.label("patient_phone"),
        Patient.language.label("patient_language"),
        Practitioner.phone.label("practitioner_phone"),
        Slot.places,
        Slot.modality,
        Place.address,
        Place.commune_name,
        Territory.name.label("sender"),
        Territory.timezone,
        Territory.settings,
        Territory.department,
        Territory.phone.label("territory_phone"),
    )
    .join(CareRequest, CareRequest.id == Appointment.request_id)
    .join(Patient, Patient.id == CareRequest.patient_id)
    .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
    .join(Slot, Slot.id == Appointment.slot_id)
    .join(Place, Place.id == Slot.place_id)
    .join(Territory, Territory.id == Appointment.territory_id)
    .where(Appointment.id == bindparam("appointment"))
)


def appointment_link(house: House, appointment_id: UUID) -> str:
    """The secret of the patient's link to an appointment."""
    return signed_link(house, "appointment-link", appointment_id)


class AppointmentNotices:
    """The messages around one appointment, with what they need read once."""

    def __init__(self, house: House, unit: Unit, appointment_id: UUID) -> None:
        self._house = house
        self._unit = unit
        self._known = unit.session.execute(
            _AROUND_APPOINTMENT, {"appointment": appointment_id}
        ).one()
        self._patient_language = language_of(self._known.patient_language) or Language.FRENCH

    def to_patient(self, kind: MessageKind, *, expires_at: datetime | None = None) -> None:
        """Tell the patient; it is worth nothing any more from `expires_at`, else their hour, on."""
        queue_sms(self._house, self._unit, self._for_patient(kind, expires_at))

    def to_new_number(self) -> None:
        """Confirm it once more to a patient whose number was corrected."""
        sms = self._for_patient(MessageKind.CONFIRMATION)
        purpose = f"{sms.purpose}:{self._unit.now.isoformat()}"
        queue_sms(self._house, self._unit, dataclasses.replace(sms, purpose=purpose))

    def to_practitioner(self, kind: MessageKind, *, by_sms: bool = False) -> None:
        """Tell the practitioner as they wish, or `by_sms` whatever they wish."""
        notice = self._for_practitioner(kind)
        if not by_sms:
            tell_practitioners(self._house, self._unit, [notice])
        elif notice.phone is not None:
            queue_sms(self._house, self._unit, as_sms(notice, notice.phone))

    def of_booking(self, kind: MessageKind = MessageKind.CONFIRMATION) -> None:
        """Tell both that the appointment is booked, and promise its reminder."""
        notice = self._for_practitioner(MessageKind.PRACTITIONER_NOTICE)
        by_sms = left_for_sms(self._house, self._unit, [notice])
        told = queue_all(self._house, self._unit, [self._for_patient(kind), *by_sms])
        known, now = self._known, self._unit.now
        policy = Policy.in_force(known.settings).sms
        moment = remind_at(known.start_at, now, ZoneInfo(known.timezone), policy)
        if moment is not None and told[0] is not None:
            self._unit.promise(Job.REMIND_PATIENT, {"appointment_id": known.id}, moment)

    def of_delay(self, delay: timedelta) -> None:
        """Tell the practitioner that the patient will be late; each time it is announced."""
        notice = self._for_practitioner(MessageKind.LATE_NOTICE)
        minutes = f"{delay // timedelta(minutes=1)} minutes"
        announced = dataclasses.replace(
            notice,
            purpose=f"{notice.purpose}:{self._unit.now.isoformat()}",
            values=notice.values | {"delay": minutes},
        )
        tell_practitioners(self._house, self._unit, [announced])

    def _for_patient(self, kind: MessageKind, expires_at: datetime | None = None) -> Sms:
        known = self._known
        phone = self._unit.cipher.open("patients.phone", known.patient_id, known.patient_phone)
        link = appointment_link(self._house, known.id)
        values = self._said(self._patient_language) | {
            "link": f"{self._house.settings.public_base_url}/r/{link}"
        }
        sms = Sms(
            kind=kind,
            to_role="patient",
            phone=phone,
            purpose=f"{kind.value}:{known.id}",
            values=values,
            request_id=known.request_id,
            appointment_id=known.id,
            expires_at=known.ends_at,
            language=self._patient_language,
        )
        if kind in BEFORE_THE_HOUR and known.places == 1:  # a walk-in patient may still come
            sms = dataclasses.replace(sms, expires_at=known.start_at)
        return sms if expires_at is None else dataclasses.replace(sms, expires_at=expires_at)

    def _for_practitioner(self, kind: MessageKind) -> Notice:
        known = self._known
        link = link_to_appointment(
            self._house, self._unit, known.id, known.practitioner_id, known.ends_at
        )
        return Notice(
            kind=kind,
            practitioner_id=known.practitioner_id,
            phone=known.practitioner_phone,
            purpose=f"{kind.value}:{known.id}",
            values=self._said(Language.FRENCH) | {"link": link},
            request_id=known.request_id,
            appointment_id=known.id,
            expires_at=known.ends_at,
        )

    def _said(self, language: Language) -> dict[str, str]:
        known = self._known
        zone = ZoneInfo(known.timezone)
        if known.places > 1:
            time = languages.between(known.start_at, known.ends_at, zone, language)
        else:
            time = languages.at(known.start_at, zone, language)
        return {
            "sender": known.sender,
            "code": known.code,
            "day": languages.day(known.start_at, zone, language),
            "time": time,
            "address": self._address(language),
            "phone": shown_phone(known.territory_phone, known.department),
        }

    def _address(self, language: Language) -> str:
        if self._known.modality == "HH":
            return languages.at_home(language)
        if self._known.modality == "VR":
            return languages.remotely(language)
        line = discreet_address(self._known.address)
        where = ", ".join(part for part in (line, self._known.commune_name) if part)
        return languages.address(where, language)
