"""A territory's volunteers and the places where they see patients."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """`commune` is an INSEE code."""

    id: UUID
    commune: str


@dataclass(frozen=True, slots=True)
class PractitionerFacts:
    """A volunteer: profession TRE_G15, specialty TRE_R38."""

    id: UUID
    rpps: str | None
    profession: str
    specialty: str | None
    display_name: str
    places: tuple[PlaceFacts, ...]


def active_practitioners(
    db: Database, territory_id: UUID, profession: str | None = None
) -> list[PractitionerFacts]:
    """The territory's active volunteers by name, of one profession or of all."""
    which = select(Practitioner).where(
        Practitioner.territory_id == territory_id, Practitioner.active
    )
    if profession is not None:
        which = which.where(Practitioner.profession == profession)
    with db.reading() as session:
        practitioners = session.scalars(
            which.order_by(Practitioner.last_name, Practitioner.first_name, Practitioner.id)
        ).all()
        places: dict[UUID, list[PlaceFacts]] = {}
        for row in session.execute(
            select(Place.practitioner_id, Place.id, Place.commune)
            .where(Place.territory_id == territory_id, Place.closed_at.is_(None))
            .order_by(Place.label, Place.id)
        ):
            places.setdefault(row.practitioner_id, []).append(PlaceFacts(row.id, row.commune))
    return [
        PractitionerFacts(
            id=practitioner.id,
            rpps=practitioner.rpps,
            profession=practitioner.profession,
            specialty=practitioner.specialty,
            display_name=practitioner.display_name,
            places=tuple(places.get(practitioner.id, ())),
        )
        for practitioner in practitioners
    ]
