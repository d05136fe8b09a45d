"""How a request that waits is searched for: what fits, what nearly does, and what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.communes import Communes
from dispatcher.domain.matching.candidates import Candidates
from dispatcher.domain.states import RequestStatus
from dispatcher.gateways.routing import Routing
from dispatcher.reads import queue
from dispatcher.reads.candidates import candidates_of
from dispatcher.reads.offers import OfferFacts
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """A slot with whom and where: for appointments, candidates and near misses."""

    practitioner_name: str
    profession: str
    specialty: str | None
    modality: str
    places: int
    taken: int
    start: datetime
    end: datetime
    address: str
    postcode: str
    commune_name: str
    longitude: float | None
    latitude: float | None
    phone: str | None
    """The place's number, else the practitioner's own: for the regulation."""
    lender: str
    """Name of the neighbouring territory that shares the slot; empty for one's own."""


@dataclass(frozen=True, slots=True)
class SearchFacts:
    """What could be booked at this moment, and what stands against the rest."""

    found: Candidates
    slots: Mapping[UUID, SlotFacts]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a request that waits is searched for by itself, and what comes next and when."""

    radius_km: float
    """As the crow flies; `math.inf` where the département has none."""
    enlarged_km: float
    """The same when nothing nearer fits."""
    escalates_at: datetime
    """When it returns to the regulator."""
    asks_at: datetime | None
    """When volunteers, or more of them, are asked; None where nobody will be by itself."""
    hour_by: datetime | None
    """Until when the volunteer who said yes may choose the hour before the regulator is told."""


def search_of(
    db: Database,
    territory_id: UUID,
    request_id: UUID,
    communes: Communes,
    now: datetime,
    routing: Routing | None,
) -> SearchFacts | None:
    """What could be booked at this moment, cheapest first, and what stands against the rest.

    None where the territory has no such request. The routing server is asked between two readings.
    """
    found = candidates_of(db, territory_id, request_id, communes, now, routing)
    if found is None:
        return None
    shown = [pair.slot_id for pair in found.best]
    shown += [near.slot_id for near in found.near_misses]
    with db.reading() as session:
        return SearchFacts(found, slots_of(session, shown, territory_id))


def reach_of(request: CareRequest, rules: queue.Rules, offers: Sequence[OfferFacts]) -> Reach:
    """How far the search goes and what comes next; `offers` are those made so far."""
    patience = timedelta(minutes=rules.policy.offers.hour_minutes)
    awaited = [offer.answered_at for offer in offers if offer.is_hour_awaited]
    return Reach(
        radius_km=rules.radius_km(request.radius_km),
        enlarged_km=rules.enlarged_km(request.radius_km),
        escalates_at=rules.policy.in_danger_at(request.due_at, request.delay_hours),
        asks_at=None if awaited else _asks_at(request, rules, offers),
        hour_by=awaited[0] + patience if awaited and awaited[0] else None,
    )


def _asks_at(
    request: CareRequest, rules: queue.Rules, offers: Sequence[OfferFacts]
) -> datetime | None:
    """When the next wave is due; nobody is disturbed outside the hours that the territory works."""
    policy = rules.policy.offers
    if request.status == RequestStatus.OFFERING and offers:
        at = max(offer.made_at for offer in offers) + policy.widen_after(request.delay_hours)
    elif request.status == RequestStatus.SEARCHING and policy.automatic and not request.waves:
        at = request.asked_at + timedelta(minutes=policy.after_minutes)
    else:
        return None
    is_open = rules.policy.outside_hours or rules.hours.is_snp(at)
    return at if is_open else rules.hours.next_opening(at)


def slots_of(
    session: Session, slot_ids: Sequence[UUID], territory_id: UUID
) -> dict[UUID, SlotFacts]:
    """These slots with whom and where, as a territory sees them: its own and its neighbours'."""
    rows = session.execute(
        select(Slot, Practitioner, Place, Territory.name)
        .join(Practitioner, Practitioner.id == Slot.practitioner_id)
        .join(Place, Place.id == Slot.place_id)
        .join(Territory, Territory.id == Slot.territory_id)
        .where(Slot.id.in_(slot_ids))
    )
    return {
        slot.id: SlotFacts(
            practitioner_name=practitioner.display_name,
            profession=practitioner.profession,
            specialty=practitioner.specialty,
            modality=slot.modality,
            places=slot.places,
            taken=slot.taken,
            start=slot.start_at,
            end=slot.ends_at,
            address=place.address,
            postcode=place.postcode,
            commune_name=place.commune_name,
            longitude=place.longitude,
            latitude=place.latitude,
            phone=place.phone or practitioner.phone,
            lender="" if slot.territory_id == territory_id else name,
        )
        for slot, practitioner, place, name in rows
    }
