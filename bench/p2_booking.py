"""P2: the booking service against hand-written SQL that writes the same rows, 8 clients."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from bench.clients import Client, Step, work_together
from bench.figures import Figure, percentile, run
from bench.raw_booking import Pattern, RawClient
from bench.rows import FIRST_CODE, copy_requests, copy_slots
from bench.stage import ENGINES, database, environment, house_of
from dispatcher.domain.events import ENGINE
from dispatcher.services.booking import Choice, book
from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.clock import FakeClock

TARGET = 0.5
TERMS = [
    {"code": "wait", "value": 2.0, "cost": 1.0},
    {"code": "distance", "value": 2.3, "cost": 2.3},
    {"code": "in_time", "value": 1, "cost": 0.0},
]
"""As many as the engine writes beside a booking."""


@dataclass(frozen=True)
class ServiceClient:
    """A client that books its pairs through the service, as the engine does."""

    url: str
    territory_id: UUID
    pairs: Sequence[tuple[UUID, UUID]]

    def steps(self) -> Iterator[Step]:
        """One booking a step. The first ones, untimed, fill SQLAlchemy's caches."""
        with house_of(environment(self.url)) as house:
            for request_id, slot_id in self.pairs[:5]:
                book_pair(house, self.territory_id, request_id, slot_id)
            for request_id, slot_id in self.pairs[5:]:
                yield lambda request_id=request_id, slot_id=slot_id: book_pair(  # type: ignore[misc]
                    house, self.territory_id, request_id, slot_id
                )


def book_pair(house: House, territory_id: UUID, request_id: UUID, slot_id: UUID) -> UUID:
    """One booking in a transaction of its own, as a matching run makes it."""
    choice = Choice(
        request_id=request_id,
        slot_id=slot_id,
        seen_at=house.clock(),
        distance_km=2.3,
        terms=TERMS,
        decided_by="engine",
    )
    with house.db.transaction(territory_id, ENGINE) as unit:
        return book(house, unit, choice)


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Raw and service in turn, twice, on each engine; the better of each counts."""
    for engine in arguments.engines:
        with database(engine) as url, house_of(environment(url)) as house:
            pairs = _Pairs(house, arguments.clients, arguments.pairs)
            pattern = Pattern.of(house, pairs.book_one())
            raw: list[Client] = [
                RawClient(url, pattern, pairs.take()) for _ in range(arguments.clients)
            ]
            limit = work_together(raw, arguments.seconds)
            ours = work_together(
                [
                    ServiceClient(url, pairs.territory_id, pairs.take())
                    for _ in range(arguments.clients)
                ],
                arguments.seconds,
            )
        ratio = ours.rate / limit.rate
        worst = percentile(ours.durations, 0.99)
        yield Figure(
            number="P2",
            what=f"booking, {engine}, {arguments.clients} clients (p99 {worst * 1000:.0f} ms)",
            unit="/s",
            ours=ours.rate,
            limit=limit.rate,
            limit_is="raw SQL, the same rows",
            ratio=ratio,
            target=f"ratio ≥ {TARGET}",
            holds=ratio >= TARGET,
        )


class _Pairs:
    """Requests that wait and slots that are free, in pairs, `size` for each client."""

    def __init__(self, house: House, clients: int, size: int) -> None:
        self._house = house
        town = Town.found(house, FakeClock(datetime.now(UTC)))
        self.territory_id = town.territory_id
        self._size = size
        count = 2 * clients * size + 1
        requests = copy_requests(house, town.request(), count, FIRST_CODE)
        slots = copy_slots(house, town.slot(), count)
        self._pairs = list(zip(requests, slots, strict=True))

    def book_one(self) -> UUID:
        return book_pair(self._house, self.territory_id, *self._pairs.pop())

    def take(self) -> list[tuple[UUID, UUID]]:
        taken, self._pairs = self._pairs[: self._size], self._pairs[self._size :]
        return taken


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--pairs", type=int, default=2500, help="at most, for each client")


if __name__ == "__main__":
    run(__doc__, measure, declare)
