"""Road kilometres between those who wait and where they could be seen."""

from collections.abc import Iterable

from dispatcher.domain.geography import Point, Roads
from dispatcher.domain.matching.columns import TELECONSULTATION
from dispatcher.domain.matching.needs import Need, OpenSlot
from dispatcher.gateways.routing import Routing
from dispatcher.reads.queue import Rules


def roads_between(
    routing: Routing | None, rules: Rules, needs: Iterable[Need], slots: Iterable[OpenSlot]
) -> Roads:
    """What the routing server knows, elsewhere the territory's factor; the factor alone without it.

    May ask another machine: never to be called while a transaction is open.
    """
    if routing is None:
        return rules.roads
    origins = _points((need.longitude, need.latitude) for need in needs)
    destinations = _points(
        (slot.longitude, slot.latitude) for slot in slots if slot.modality != TELECONSULTATION
    )
    return Roads(rules.policy.road_factor, routing.road_km(origins, destinations))


def _points(coordinates: Iterable[tuple[float | None, float | None]]) -> list[Point]:
    """Each known point once, in an order of its own."""
    return sorted(
        {
            (longitude, latitude)
            for longitude, latitude in coordinates
            if longitude is not None and latitude is not None
        }
    )
