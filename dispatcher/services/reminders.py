"""What patients are written at its hour: the reminder, and the word after the visit."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.events import CLOCK
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.policy import Policy
from dispatcher.domain.sms_policy import SmsPolicy
from dispatcher.domain.states import LIVE_APPOINTMENTS, AppointmentStatus
from dispatcher.services.appointment_notices import AppointmentNotices, appointment_link
from dispatcher.services.appointments import lock_appointment
from dispatcher.services.house import House
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.requests import Appointment
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim

FOLLOW_UP_LASTS = timedelta(days=1)
"""Quiet hours included: what has not left by then is not sent any more."""


def remind_patient(house: House, claim: Claim) -> bool:
    """Write a reminder of an appointment that is still to come; True if one was written.

    Whoever cancelled, or was moved, gets none. The row's purpose keeps it from being written twice.
    """
    appointment_id = claim.id("appointment_id")
    territory_id, policy = _around(house, appointment_id)
    with house.db.transaction(territory_id, CLOCK, keeping=claim) as unit:
        appointment = lock_appointment(unit, appointment_id)
        is_to_come = appointment.status in LIVE_APPOINTMENTS and appointment.start_at > unit.now
        if not (is_to_come and policy.remind):
            return False
        # Of an appointment that was booked under another secret only the digest is known.
        appointment.link_digest = digest_token(appointment_link(house, appointment_id))
        unit.session.flush()
        AppointmentNotices(house, unit, appointment_id).to_patient(MessageKind.REMINDER)
    return True


def follow_up_visit(house: House, claim: Claim) -> bool:
    """Ask a patient who came how it was, write to one who did not; True if an SMS was written.

    The mark that counts is the one that stands at that hour.
    """
    appointment_id = claim.id("appointment_id")
    territory_id, policy = _around(house, appointment_id)
    with house.db.transaction(territory_id, CLOCK, keeping=claim) as unit:
        appointment = lock_appointment(unit, appointment_id)
        if appointment.status == AppointmentStatus.FULFILLED and policy.satisfaction:
            kind = MessageKind.SATISFACTION
        elif appointment.status == AppointmentStatus.NO_SHOW and policy.no_show:
            kind = MessageKind.NO_SHOW_FOLLOW_UP
        else:
            return False
        notices = AppointmentNotices(house, unit, appointment_id)
        notices.to_patient(kind, expires_at=unit.now + FOLLOW_UP_LASTS)
    return True


def _around(house: House, appointment_id: UUID) -> tuple[UUID, SmsPolicy]:
    """The appointment's territory, and what it has set about its SMS."""
    with house.db.reading() as session:
        territory = session.scalars(
            select(Territory)
            .join(Appointment, Appointment.territory_id == Territory.id)
            .where(Appointment.id == appointment_id)
        ).one()
    return territory.id, Policy.in_force(territory.settings).sms
