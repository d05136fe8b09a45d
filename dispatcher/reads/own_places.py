"""A practitioner's places of practice as they described them, with what is to come at each."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.roles import Account
from dispatcher.domain.states import SlotStatus
from dispatcher.storage.practitioners import Place
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class PlaceCard:
    """A place. `commune` is an INSEE code, `phone` E.164; `upcoming` counts slots not over."""

    id: UUID
    label: str
    address: str
    postcode: str
    commune: str
    commune_name: str
    phone: str | None
    step_free: bool
    access: str
    finess: str | None
    siret: str | None
    closed_at: datetime | None
    upcoming: int


def place_cards(db: Database, account: Account) -> list[PlaceCard]:
    """All places of the practitioner who is signed in, the closed ones last.

    Raises NotFoundError for an account that is no practitioner's.
    """
    if account.practitioner_id is None:
        raise NotFoundError
    with db.reading() as session:
        upcoming: dict[UUID, int] = {
            row.place_id: row.slots
            for row in session.execute(
                select(Slot.place_id, func.count().label("slots"))
                .where(
                    Slot.practitioner_id == account.practitioner_id,
                    Slot.status != SlotStatus.CLOSED,
                    Slot.ends_at > db.clock(),
                )
                .group_by(Slot.place_id)
            )
        }
        places = session.scalars(
            select(Place)
            .where(
                Place.practitioner_id == account.practitioner_id,
                Place.territory_id == account.territory_id,
            )
            .order_by(Place.label, Place.id)
        ).all()
    return [
        PlaceCard(
            id=place.id,
            label=place.label,
            address=place.address,
            postcode=place.postcode,
            commune=place.commune,
            commune_name=place.commune_name,
            phone=place.phone,
            step_free=place.step_free,
            access=place.access,
            finess=place.finess,
            siret=place.siret,
            closed_at=place.closed_at,
            upcoming=upcoming.get(place.id, 0),
        )
        for place in sorted(places, key=lambda place: place.closed_at is not None)
    ]


def place_card(db: Database, account: Account, place_id: UUID) -> PlaceCard:
    """One of them. Raises NotFoundError."""
    found = [card for card in place_cards(db, account) if card.id == place_id]
    if not found:
        raise NotFoundError
    return found[0]
