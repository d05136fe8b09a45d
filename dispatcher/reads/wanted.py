"""What a request would find that nobody has opened yet: its patient is still on the telephone."""

import math
import uuid
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from config.communes import Communes
from dispatcher.domain.matching.candidates import BEST, candidates
from dispatcher.domain.matching.needs import Need
from dispatcher.gateways.routing import Routing
from dispatcher.reads import queue
from dispatcher.reads.request_search import SearchFacts, slots_of
from dispatcher.reads.roads import roads_between
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is known of the need so far. Codes as in `Need`; `commune` is an INSEE code."""

    profession: str
    modalities: AbstractSet[str]
    delay_hours: int
    commune: str
    specialty: str | None = None
    age: int | None = None
    earliest: datetime | None = None
    gp_id: UUID | None = None
    excluded_practitioners: AbstractSet[UUID] = frozenset()
    sex: str | None = None
    language: str | None = None
    needs_step_free: bool = False
    travel_km: float | None = None
    """None where the patient goes anywhere."""


def need_of(wanted: Wanted, rules: queue.Rules, communes: Communes, now: datetime) -> Need:
    """The need as matching would see it, were it asked at `now`."""
    commune = communes.get(wanted.commune)
    return Need(
        request_id=uuid.UUID(int=0),
        profession=wanted.profession,
        specialty=wanted.specialty,
        modalities=frozenset(wanted.modalities),
        age=wanted.age,
        longitude=commune.longitude if commune else None,
        latitude=commune.latitude if commune else None,
        asked_at=now,
        due_at=now + timedelta(hours=wanted.delay_hours),
        earliest=wanted.earliest,
        gp_id=wanted.gp_id,
        excluded_practitioners=frozenset(wanted.excluded_practitioners),
        sees=queue.OUR_VISIBILITIES,
        radius_km=rules.radius_km(None),
        enlarged_km=rules.enlarged_km(None),
        sex=wanted.sex,
        language=wanted.language,
        needs_step_free=wanted.needs_step_free,
        travel_km=math.inf if wanted.travel_km is None else wanted.travel_km,
    )


def search_for(
    db: Database,
    territory_id: UUID,
    wanted: Wanted,
    communes: Communes,
    now: datetime,
    routing: Routing | None,
    holder: UUID | None,
) -> SearchFacts:
    """The best slots at this moment, cheapest first; what `holder` holds counts as free."""
    with db.reading() as session:
        rules = queue.rules_of(session.get_one(Territory, territory_id), communes)
        need = need_of(wanted, rules, communes, now)
        slots = queue.open_slots(session, rules, now, needs=[need], holder=holder)
    roads = roads_between(routing, rules, [need], slots)
    found = candidates(need, slots, rules.weights, now, BEST, rules.limits, roads)
    with db.reading() as session:
        shown = [pair.slot_id for pair in found.best]
        return SearchFacts(found, slots_of(session, shown, territory_id))
