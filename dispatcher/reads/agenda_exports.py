"""What another calendar may read of a practitioner's appointments, and whether one does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, select

from dispatcher.domain.roles import Account
from dispatcher.domain.states import AppointmentStatus
from dispatcher.reads.agenda import Visit, visits_of
from dispatcher.storage.agenda_exports import AgendaExport
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

PAST = timedelta(days=30)
"""How far back the feed reaches."""


@dataclass(frozen=True, slots=True)
class OwnExport:
    """The practitioner's open address; the address itself is known to nobody any more."""

    with_identity: bool
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Exported:
    """One appointment of a feed. `location` is empty for a home visit or a teleconsultation."""

    visit: Visit
    booked_at: datetime
    location: str


@dataclass(frozen=True, slots=True)
class Feed:
    """What a calendar reads; nobody is to be named unless `with_identity`."""

    practitioner_id: UUID
    practitioner_name: str
    territory_name: str
    timezone: str
    department: str
    with_identity: bool
    appointments: tuple[Exported, ...]


def own_export(db: Database, account: Account) -> OwnExport | None:
    """The open address of the practitioner who is signed in; None when there is none."""
    with db.reading() as session:
        found = session.execute(
            select(AgendaExport.with_identity, AgendaExport.made_at).where(
                AgendaExport.practitioner_id == account.practitioner_id,
                AgendaExport.territory_id == account.territory_id,
                AgendaExport.revoked_at.is_(None),
            )
        ).one_or_none()
    return OwnExport(*found) if found else None


def exported_agenda(db: Database, secret: str) -> Feed | None:
    """The feed of a secret; None when it is unknown or revoked. Writes nothing."""
    with db.reading() as session:
        found = session.execute(
            select(AgendaExport.with_identity, Practitioner, Territory)
            .join(Practitioner, Practitioner.id == AgendaExport.practitioner_id)
            .join(Territory, Territory.id == Practitioner.territory_id)
            .where(
                AgendaExport.digest == digest_token(secret),
                AgendaExport.revoked_at.is_(None),
                Practitioner.active,
            )
        ).one_or_none()
        if found is None:
            return None
        with_identity, practitioner, territory = found
        which = and_(
            Appointment.status != AppointmentStatus.CANCELLED,
            Appointment.start_at > db.clock() - PAST,
        )
        places = {
            row.id: (row.booked_at, _location(row.modality, row.Place))
            for row in session.execute(
                select(Appointment.id, Appointment.booked_at, Slot.modality, Place)
                .join(Slot, Slot.id == Appointment.slot_id)
                .join(Place, Place.id == Slot.place_id)
                .where(Appointment.practitioner_id == practitioner.id, which)
            )
        }
        visits = visits_of(session, db.cipher, practitioner, which)
    return Feed(
        practitioner_id=practitioner.id,
        practitioner_name=practitioner.display_name,
        territory_name=territory.name,
        timezone=territory.timezone,
        department=territory.department,
        with_identity=with_identity,
        appointments=tuple(Exported(visit, *places[visit.id]) for visit in visits),
    )


def _location(modality: str, place: Place) -> str:
    return f"{place.address}, {place.postcode} {place.commune_name}" if modality == "AMB" else ""
