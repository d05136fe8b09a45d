"""The best slots for one request, and what stands against the others."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from config.communes import Communes
from dispatcher.domain.matching.candidates import BEST, Candidates, candidates
from dispatcher.gateways.routing import Routing
from dispatcher.reads import queue
from dispatcher.reads.roads import roads_between
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database


def candidates_of(
    db: Database,
    territory_id: UUID,
    request_id: UUID,
    communes: Communes,
    now: datetime,
    routing: Routing | None = None,
    best: int = BEST,
) -> Candidates | None:
    """The `best` slots at this moment, cheapest first; None where there is no such request."""
    with db.reading() as session:
        territory = session.get_one(Territory, territory_id)
        request = session.scalars(
            select(CareRequest).where(
                CareRequest.id == request_id, CareRequest.territory_id == territory_id
            )
        ).one_or_none()
        if request is None:
            return None
        rules = queue.rules_of(territory, communes)
        need = queue.need_of(request, rules)
        slots = queue.open_slots(session, rules, now, needs=[need])
    roads = roads_between(routing, rules, [need], slots)
    return candidates(need, slots, rules.weights, now, best, rules.limits, roads)
