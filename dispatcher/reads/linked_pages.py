"""What the links show that practitioners are sent: each what it is about, and nothing else."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from dispatcher.domain.links import LinkPurpose, closing_span
from dispatcher.domain.states import AppointmentStatus
from dispatcher.reads.agenda import Visit, visits_of
from dispatcher.reads.occurrences import Proposed, proposed_on
from dispatcher.storage.encryption import Cipher, digest_token
from dispatcher.storage.links import PractitionerLink
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class LinkedVisit:
    """The appointment that a link is about, and where it is."""

    visit: Visit
    cancelled_by: str | None
    booked_at: datetime
    is_walk_in: bool
    modality: str
    place_label: str
    address: str
    postcode: str
    commune_name: str


@dataclass(frozen=True, slots=True)
class LinkedPage:
    """What a link opens, by its purpose; the territory is the practitioner's own.

    `territory_phone` is E.164.
    """

    purpose: LinkPurpose
    practitioner_id: UUID
    practitioner_name: str
    territory_name: str
    territory_phone: str
    timezone: str
    department: str
    day: date | None
    """The local day that it asks about."""
    linked: LinkedVisit | None
    """Of a link to one appointment."""
    to_close: tuple[Visit, ...]
    """Of the question of a morning: what was not cancelled, by hour, marked or not."""
    proposed: tuple[Proposed, ...]
    """Of the question of an evening: what would be published, by hour, there or not."""


def linked_page(db: Database, secret: str) -> LinkedPage | None:
    """The page behind a secret; None when it is unknown or has expired. Writes nothing."""
    with db.reading() as session:
        found = session.execute(
            select(PractitionerLink, Practitioner, Territory)
            .join(Practitioner, Practitioner.id == PractitionerLink.practitioner_id)
            .join(Territory, Territory.id == Practitioner.territory_id)
            .where(
                PractitionerLink.digest == digest_token(secret),
                PractitionerLink.expires_at > db.clock(),
                Practitioner.active,
            )
        ).one_or_none()
        if found is None:
            return None
        link, practitioner, territory = found
        return LinkedPage(
            purpose=LinkPurpose(link.purpose),
            practitioner_id=practitioner.id,
            practitioner_name=practitioner.display_name,
            territory_name=territory.name,
            territory_phone=territory.phone,
            timezone=territory.timezone,
            department=territory.department,
            day=link.day,
            linked=_linked(session, db.cipher, practitioner, link.appointment_id),
            to_close=_to_close(session, db.cipher, practitioner, link, territory.timezone),
            proposed=_proposed(session, link, territory, db.clock()),
        )


def _linked(
    session: Session, cipher: Cipher, practitioner: Practitioner, appointment_id: UUID | None
) -> LinkedVisit | None:
    if appointment_id is None:
        return None
    appointment, slot, place = session.execute(
        select(Appointment, Slot, Place)
        .join(Slot, Slot.id == Appointment.slot_id)
        .join(Place, Place.id == Slot.place_id)
        .where(Appointment.id == appointment_id)
    ).one()
    (visit,) = visits_of(session, cipher, practitioner, Appointment.id == appointment_id)
    return LinkedVisit(
        visit=visit,
        cancelled_by=appointment.ended_by,
        booked_at=appointment.booked_at,
        is_walk_in=slot.places > 1,
        modality=slot.modality,
        place_label=place.label,
        address=place.address,
        postcode=place.postcode,
        commune_name=place.commune_name,
    )


def _to_close(
    session: Session,
    cipher: Cipher,
    practitioner: Practitioner,
    link: PractitionerLink,
    timezone: str,
) -> tuple[Visit, ...]:
    """The open ones, and those that were marked since the question was written."""
    if link.purpose != LinkPurpose.CLOSING or link.day is None:
        return ()
    start, end = closing_span(link.day, ZoneInfo(timezone))
    which = and_(
        Appointment.start_at >= start,
        Appointment.start_at < end,
        Appointment.status != AppointmentStatus.CANCELLED,
        Appointment.ended_at.is_(None) | (Appointment.ended_at >= link.made_at),
    )
    return tuple(visits_of(session, cipher, practitioner, which))


def _proposed(
    session: Session, link: PractitionerLink, territory: Territory, now: datetime
) -> tuple[Proposed, ...]:
    if link.purpose != LinkPurpose.PUBLICATION or link.day is None:
        return ()
    zone = ZoneInfo(territory.timezone)
    found = proposed_on(session, link.practitioner_id, link.day, now, zone, territory.department)
    return tuple(found)
