"""What a practitioner does by the link of an SMS, without signing in."""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dispatcher.domain.errors import NotFoundError, TransitionError
from dispatcher.domain.links import LinkPurpose, closing_span
from dispatcher.services.appointments import (
    cancel_appointment,
    lock_appointment,
    mark_attendance,
)
from dispatcher.services.house import House
from dispatcher.services.occurrences import publish_ahead
from dispatcher.services.practitioner_links import FoundLink, find_link
from dispatcher.services.publication import queue_on
from dispatcher.storage.requests import Appointment
from dispatcher.storage.territories import Territory


def cancel_by_practitioner_link(house: House, secret: str) -> None:
    """The practitioner cannot see the patient of their link; saying it twice changes nothing more.

    The patient is told, and matched again at once. Raises NotFoundError for a link of another
    purpose or that has expired, TransitionError.
    """
    link = find_link(house, secret, LinkPurpose.APPOINTMENT)
    with house.db.transaction(link.territory_id, link.actor) as unit:
        appointment = lock_appointment(unit, _subject(link))
        if appointment.ends_at <= unit.now:
            raise TransitionError("Ce rendez-vous est passé.")
        cancel_appointment(house, unit, appointment, "practitioner")


def mark_by_appointment_link(house: House, secret: str, *, came: bool) -> None:
    """« Venu » or « non venu », by the link to the appointment, from its hour on.

    Raises NotFoundError, TransitionError.
    """
    link = find_link(house, secret, LinkPurpose.APPOINTMENT)
    with house.db.transaction(link.territory_id, link.actor) as unit:
        appointment = lock_appointment(unit, _subject(link))
        if appointment.start_at > unit.now:
            raise TransitionError("Ce rendez-vous n’a pas encore commencé.")
        mark_attendance(unit, appointment, came=came)


def mark_by_closing_link(house: House, secret: str, appointment_id: UUID, *, came: bool) -> None:
    """The same for one of the appointments that the question of a morning is about.

    Raises NotFoundError, also for an appointment that the question is not about, TransitionError.
    """
    link = find_link(house, secret, LinkPurpose.CLOSING)
    with house.db.transaction(_asker(house, link, appointment_id), link.actor) as unit:
        appointment = lock_appointment(unit, appointment_id)
        mark_attendance(unit, appointment, came=came)


def publish_by_link(house: House, secret: str) -> int:
    """Publish what the templates that ask first make of the link's day; how many slots.

    Said again it publishes nothing twice. Raises NotFoundError.
    """
    link = find_link(house, secret, LinkPurpose.PUBLICATION)
    with house.db.transaction(link.territory_id, link.actor) as unit:
        queue_on(unit, link.practitioner_id)
        return publish_ahead(unit, link.practitioner_id, confirmed=link.day)


def _subject(link: FoundLink) -> UUID:
    if link.appointment_id is None:
        raise NotFoundError
    return link.appointment_id


def _asker(house: House, link: FoundLink, appointment_id: UUID) -> UUID:
    """The territory of an appointment that a closing link lists: it may be a neighbour's."""
    if link.day is None:
        raise NotFoundError
    with house.db.reading() as session:
        zone = session.scalars(
            select(Territory.timezone).where(Territory.id == link.territory_id)
        ).one()
        start, end = closing_span(link.day, ZoneInfo(zone))
        found = session.scalar(
            select(Appointment.territory_id).where(
                Appointment.id == appointment_id,
                Appointment.practitioner_id == link.practitioner_id,
                Appointment.start_at >= start,
                Appointment.start_at < end,
            )
        )
    if found is None:
        raise NotFoundError
    return found
