"""« Je suis en retard »: the practitioner is told, and sees it in the agenda."""

from datetime import timedelta

from dispatcher.domain.errors import InvalidError, TransitionError
from dispatcher.domain.events import Actor, ActorKind, PatientLate
from dispatcher.domain.lateness import LATE_MINUTES, SAID_AGAIN_AFTER, may_be_late
from dispatcher.domain.states import LIVE_APPOINTMENTS
from dispatcher.services.appointment_notices import AppointmentNotices
from dispatcher.services.appointments import appointment_of_link, lock_appointment
from dispatcher.services.house import House
from dispatcher.storage.slots import Slot


def announce_delay(house: House, link_token: str, minutes: int) -> None:
    """The patient will be `minutes` late. Raises NotFoundError, InvalidError, TransitionError.

    Refused before it can be known, after the end, of a walk-in period, and twice within minutes.
    """
    if minutes not in LATE_MINUTES:
        raise InvalidError({"minutes": "Choisissez l’une des durées proposées."})
    territory_id, appointment_id = appointment_of_link(house, link_token)
    with house.db.transaction(territory_id, Actor(ActorKind.PATIENT)) as unit:
        appointment = lock_appointment(unit, appointment_id)
        places = unit.session.get_one(Slot, appointment.slot_id).places
        if (
            appointment.status not in LIVE_APPOINTMENTS
            or places > 1
            or not may_be_late(appointment.start_at, appointment.ends_at, unit.now)
        ):
            raise TransitionError("Un retard ne peut pas être annoncé pour ce rendez-vous.")
        if appointment.late_at is not None and unit.now < appointment.late_at + SAID_AGAIN_AFTER:
            raise TransitionError("Ce retard vient d’être annoncé.")
        appointment.late_minutes = minutes
        appointment.late_at = unit.now
        unit.session.flush()
        unit.record(
            PatientLate(
                request_id=appointment.request_id,
                appointment_id=appointment.id,
                slot_id=appointment.slot_id,
                practitioner_id=appointment.practitioner_id,
                minutes=minutes,
            )
        )
        AppointmentNotices(house, unit, appointment.id).of_delay(timedelta(minutes=minutes))
