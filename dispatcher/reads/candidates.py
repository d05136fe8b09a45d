"""The best slots for one request, and what stands against the others."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.matching.candidates import BEST, Candidates, candidates
from dispatcher.reads import queue
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database


def candidates_of(
    db: Database,
    territory_id: UUID,
    request_id: UUID,
    radius_km: Mapping[str, float],
    now: datetime,
    best: int = BEST,
) -> Candidates | None:
    """The `best` slots at this moment, cheapest first; None where there is no such request.

    `radius_km` is the search radius by département (`House.communes.radius_km`).
    """
    with db.reading() as session:
        territory = session.get_one(Territory, territory_id)
        request = session.scalars(
            select(CareRequest).where(
                CareRequest.id == request_id, CareRequest.territory_id == territory_id
            )
        ).one_or_none()
        if request is None:
            return None
        need = queue.need_of(request, queue.radius_km(territory, radius_km))
        slots = queue.open_slots(session, territory, now)
        weights, limits = queue.weights_of(territory), queue.limits_of(territory)
    return candidates(need, slots, weights, now, best, limits)
