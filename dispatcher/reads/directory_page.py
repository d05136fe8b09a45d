"""The directory of a territory: who does what, where, for whom."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select

from dispatcher.domain.states import SlotStatus
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.schedules import Schedule
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Database

LATELY = timedelta(days=30)
"""Who opened a slot since then opens slots."""


@dataclass(frozen=True, slots=True)
class DirectoryPlace:
    """One place; `phone` is E.164."""

    label: str
    address: str
    postcode: str
    commune: str
    commune_name: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One professional; profession TRE_G15, specialty TRE_R38."""

    id: UUID
    rpps: str | None
    title: str
    last_name: str
    first_name: str
    profession: str
    specialty: str | None
    accepts_new_patients: bool | None
    """None where nobody has said."""
    opens_slots: bool
    accepts_offers: bool
    places: tuple[DirectoryPlace, ...]

    @property
    def volunteers(self) -> bool:
        """Whether they take part in unscheduled care: by slots, or when they are asked."""
        return self.opens_slots or self.accepts_offers


def directory_of(db: Database, territory_id: UUID, *, active: bool = True) -> list[DirectoryEntry]:
    """The territory's professionals by name: who is active, or who was taken out."""
    now = db.clock()
    opening = select(Slot.practitioner_id).where(
        Slot.territory_id == territory_id,
        Slot.ends_at >= now - LATELY,
        or_(Slot.status != SlotStatus.CLOSED.value, Slot.ends_at < now),
    )
    by_template = select(Schedule.practitioner_id).where(
        Schedule.territory_id == territory_id, Schedule.ended_at.is_(None)
    )
    with db.reading() as session:
        open_now = set(session.scalars(opening.union(by_template)))
        places: dict[UUID, list[DirectoryPlace]] = {}
        for place in session.scalars(
            select(Place)
            .where(Place.territory_id == territory_id, Place.closed_at.is_(None))
            .order_by(Place.label, Place.id)
        ):
            places.setdefault(place.practitioner_id, []).append(
                DirectoryPlace(
                    place.label,
                    place.address,
                    place.postcode,
                    place.commune,
                    place.commune_name,
                    place.phone,
                )
            )
        people = session.scalars(
            select(Practitioner)
            .where(Practitioner.territory_id == territory_id, Practitioner.active.is_(active))
            .order_by(
                func.lower(Practitioner.last_name),
                func.lower(Practitioner.first_name),
                Practitioner.id,
            )
        ).all()
    return [
        DirectoryEntry(
            id=each.id,
            rpps=each.rpps,
            title=each.title,
            last_name=each.last_name,
            first_name=each.first_name,
            profession=each.profession,
            specialty=each.specialty,
            accepts_new_patients=each.accepts_new_patients,
            opens_slots=each.id in open_now,
            accepts_offers=each.accepts_offers,
            places=tuple(places.get(each.id, ())),
        )
        for each in people
    ]
