"""Correcting a live request: a misspelt name, a wrong number, a delay that was misheard.

Two people may have the same form open. Each sends what they were shown along with what they typed:
whoever comes second is shown the difference, and nothing of either is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, RefusedError, TransitionError
from dispatcher.domain.events import RequestCorrected
from dispatcher.domain.figures import whole_number
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.domain.states import LIVE_REQUESTS, Attention, RequestStatus
from dispatcher.reads.correction import Texts, last_correction, texts_of
from dispatcher.services.appointment_notices import AppointmentNotices
from dispatcher.services.appointments import live_appointment
from dispatcher.services.calling import weigh_calls
from dispatcher.services.commands import OpenRequest
from dispatcher.services.delays import in_danger_at
from dispatcher.services.house import House
from dispatcher.services.intake import Checked, check
from dispatcher.services.moving import withdraw_unsent
from dispatcher.services.parsing import parse
from dispatcher.services.requests import lock_request, resume_search
from dispatcher.storage.encryption import identity
from dispatcher.storage.patients import Patient
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Unit

WHILE_WAITING = frozenset({"patient.commune", "need.delay_hours"})
"""An appointment was chosen by these: once there is one, they stay as they are."""
BOOKED_BY_IT = f"Un rendez-vous est pris{NBSP}: annulez-le d’abord, ou gardez cette valeur."
SEARCHED_BY = WHILE_WAITING | {"patient.birth_date"}


@dataclass(frozen=True, slots=True)
class Correction:
    """What was typed, and what the form had shown; both complete (`reads.correction.Texts`).

    A telephone may be typed as people write it; `by_telephone` where it need not be a mobile.
    """

    typed: Texts
    shown: Texts
    by_telephone: bool


class CorrectedMeanwhileError(RefusedError):
    """A colleague corrected the request after the form was shown; it says `standing` now."""

    def __init__(self, by: str, at: datetime, standing: Texts) -> None:
        super().__init__(
            "corrected-meanwhile",
            f"{by} a corrigé cette demande pendant votre saisie. Rien n’a été enregistré.",
        )
        self.by, self.at, self.standing = by, at, standing


def correct_request(
    house: House, account: Account, request_id: UUID, correction: Correction
) -> frozenset[str]:
    """Correct a live request and return the fields that changed; it is searched again if need be.

    A patient with an appointment whose number changes gets their confirmation at the new one.
    Raises InvalidError by field, CorrectedMeanwhileError, NotFoundError, TransitionError for a
    request that is closed.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        if request.status not in LIVE_REQUESTS:
            raise TransitionError(f"Cette demande est close{NBSP}: elle ne se corrige plus.")
        patient = unit.session.get_one(Patient, request.patient_id, with_for_update=True)
        standing = texts_of(unit.cipher, request, patient)
        if standing != dict(correction.shown):
            last = last_correction(unit.session, request_id)
            by, at = ("Un collègue", unit.now) if last is None else (last.by, last.at)
            raise CorrectedMeanwhileError(by, at, standing)
        command, checked = _checked(house, unit, account, request, correction)
        given = _given(command, checked)
        changed = frozenset(name for name, text in given.items() if text != standing[name])
        if request.status == RequestStatus.BOOKED and changed & WHILE_WAITING:
            raise InvalidError(dict.fromkeys(changed & WHILE_WAITING, BOOKED_BY_IT))
        if not changed:
            return changed
        _write_patient(unit, patient, command, checked)
        _write_need(unit, request, command, checked)
        unit.record(RequestCorrected(request_id=request_id, fields=sorted(changed)))
        unit.session.flush()
        if request.status != RequestStatus.BOOKED and changed & SEARCHED_BY:
            _search(unit, request)
        if "patient.phone" in changed:
            _tell_anew(house, unit, request)
    return changed


def _checked(
    house: House, unit: Unit, account: Account, request: CareRequest, correction: Correction
) -> tuple[OpenRequest, Checked]:
    """The corrected request, verified as one that is opened when this one was."""
    texts = correction.typed
    hours = texts["need.delay_hours"]
    body: dict[str, Any] = {
        "territory": account.territory_code,
        "patient": {
            name.removeprefix("patient."): text
            for name, text in texts.items()
            if name.startswith("patient.")
        }
        | {
            "has_gp": request.has_gp,
            "by_telephone": correction.by_telephone
            or texts["patient.phone"] == correction.shown["patient.phone"],
        },
        "need": {
            "profession": request.profession,
            "specialty": request.specialty,
            "modalities": request.modalities,
            "motive": texts["need.motive"] or None,
            "note": texts["need.note"],
            "delay_hours": whole_number(hours) or hours,
            "earliest": request.earliest_at,
        },
        "origin": request.origin,
    }
    command = parse(OpenRequest, body)
    return command, check(house, unit.session, account, command, request.asked_at)


def _given(command: OpenRequest, checked: Checked) -> Mapping[str, str]:
    patient, need = command.patient, command.need
    return {
        "patient.last_name": patient.last_name,
        "patient.first_name": patient.first_name,
        "patient.birth_date": patient.birth_date.isoformat(),
        "patient.phone": checked.phone,
        "patient.commune": patient.commune,
        "need.motive": need.motive or "",
        "need.note": need.note,
        "need.delay_hours": str(need.delay_hours),
    }


def _write_patient(unit: Unit, patient: Patient, command: OpenRequest, checked: Checked) -> None:
    cipher, said = unit.cipher, command.patient
    born: date = said.birth_date
    patient.last_name = cipher.seal("patients.last_name", patient.id, said.last_name)
    patient.first_name = cipher.seal("patients.first_name", patient.id, said.first_name)
    patient.birth_date = cipher.seal("patients.birth_date", patient.id, born.isoformat())
    patient.phone = cipher.seal("patients.phone", patient.id, checked.phone)
    patient.phone_hash = cipher.hash(checked.phone)
    patient.identity_hash = cipher.hash(identity(said.last_name, said.first_name, born))


def _write_need(unit: Unit, request: CareRequest, command: OpenRequest, checked: Checked) -> None:
    need = command.need
    request.motive = need.motive
    request.note = (
        unit.cipher.seal("care_requests.note", request.id, need.note) if need.note else None
    )
    request.delay_hours = need.delay_hours
    request.due_at = checked.due_at
    request.commune = command.patient.commune
    request.longitude, request.latitude = checked.longitude, checked.latitude
    request.age = checked.age
    request.updated_at = unit.now


def _search(unit: Unit, request: CareRequest) -> None:
    """Match it again by what it says now, and look at it when its new delay is in danger."""
    look_at = in_danger_at(unit, request)
    if request.attention == Attention.DEADLINE and look_at > unit.now:
        request.attention = None
    unit.promise(Job.ESCALATE_REQUEST, {"request_id": request.id}, max(look_at, unit.now))
    if request.accepted_offer_id is None and not request.to_validate:
        resume_search(unit, request)


def _tell_anew(house: House, unit: Unit, request: CareRequest) -> None:
    """Nothing more leaves for the old number; the new one is told of the appointment to come."""
    appointment = live_appointment(unit, request.id)
    if appointment is None or appointment.ends_at <= unit.now:
        return
    withdraw_unsent(unit, appointment)
    AppointmentNotices(house, unit, appointment.id).to_new_number()
    unit.session.flush()
    weigh_calls(unit, request.id)
