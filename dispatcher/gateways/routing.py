"""How far it is by road, asked of a routing server of one's own: OSRM's table service.

A patient's commune and a practice are all that leaves, as coordinates; nobody's identity does.
"""

import http.client
import json
import math
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Protocol
from urllib.parse import urlsplit

from config.logging import get_logger
from dispatcher.domain.geography import Point

log = get_logger(__name__)

TIMEOUT = 2.0
"""Seconds for each answer: a patient is on the telephone."""
BUDGET = 4.0
"""Seconds for all questions of one call; what is not known by then is estimated."""
PAUSE = 60.0
"""Seconds in which a server that failed is not asked again."""
MOST_POINTS = 50
"""Origins, and destinations, of one question: OSRM's default limit is 100 together."""
MOST_PAIRS = 200_000
"""Pairs that are remembered: two hundred bytes each."""
MOST_BYTES = 4 << 20
METRES_PER_KM = 1000.0

Route = tuple[Point, Point]


class Routing(Protocol):
    """Knows road distances."""

    def road_km(
        self, origins: Collection[Point], destinations: Collection[Point]
    ) -> Mapping[Route, float]:
        """Kilometres by road of each pair that could be found out in time. Never raises."""
        ...


class OsrmRouting:
    """A server that answers `/table/v1/driving` (OSRM 5.16 or later, Valhalla's and others' twins).

    Each pair is asked once in the life of a process. Whatever goes wrong is logged, and the pairs
    concerned are missing from the answer.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`base_url` is what stands before `/table/v1/…`; `timeout` in seconds.

        Raises ValueError on an address that is not http or https.
        """
        address = urlsplit(base_url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError("ROUTING_URL must be http(s)://host[:port][/path]")
        self._is_tls = address.scheme == "https"
        self._server = address.netloc.rpartition("@")[2]
        self._path = address.path.rstrip("/")
        self._timeout = timeout
        self._clock = clock
        self._known: dict[Route, float | None] = {}
        """None for a pair between which the server knows no road."""
        self._silent_until = -math.inf
        self._lock = threading.Lock()

    def road_km(
        self, origins: Collection[Point], destinations: Collection[Point]
    ) -> Mapping[Route, float]:
        """Kilometres by road of each pair that could be found out in time."""
        wanted = list(product(dict.fromkeys(origins), dict.fromkeys(destinations)))
        missing = [route for route in wanted if route not in self._known]
        if missing and self._clock() >= self._silent_until:
            self._find_out(missing)
        # One read of each: another thread may be forgetting them.
        found = {route: self._known.get(route) for route in wanted}
        return {route: km for route, km in found.items() if km is not None}

    def _find_out(self, missing: Sequence[Route]) -> None:
        deadline = self._clock() + BUDGET
        for sources, targets in _questions(missing):
            if self._clock() >= deadline:
                log.warning("routing_out_of_time", pairs=len(missing))
                return
            try:
                answer = _distances(self._ask(sources, targets), len(sources), len(targets))
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._silent_until = self._clock() + PAUSE
                log.warning("routing_failed", error=type(error).__name__, pairs=len(missing))
                return
            self._remember(dict(zip(product(sources, targets), answer, strict=True)))

    def _ask(self, sources: Sequence[Point], targets: Sequence[Point]) -> object:
        """One question; raises OSError, HTTPException or ValueError."""
        points = ";".join(f"{lon:.5f},{lat:.5f}" for lon, lat in (*sources, *targets))
        first, second = (
            ";".join(map(str, part))
            for part in (range(len(sources)), range(len(sources), len(sources) + len(targets)))
        )
        kind = http.client.HTTPSConnection if self._is_tls else http.client.HTTPConnection
        connection = kind(self._server, timeout=self._timeout)
        try:
            connection.request(
                "GET",
                f"{self._path}/table/v1/driving/{points}"
                f"?sources={first}&destinations={second}&annotations=distance",
                headers={"Accept": "application/json"},
            )
            answer = connection.getresponse()
            body = answer.read(MOST_BYTES)
            if answer.status != http.client.OK:
                raise ValueError(f"status {answer.status}")
            return json.loads(body)
        finally:
            connection.close()

    def _remember(self, found: Mapping[Route, float | None]) -> None:
        unknown = sum(km is None for km in found.values())
        if unknown:
            log.info("routing_pairs_unknown", pairs=unknown)
        with self._lock:
            if len(self._known) + len(found) > MOST_PAIRS:
                # Communes and practices are few: this is a server that sees strange coordinates.
                self._known.clear()
            self._known.update(found)


def _questions(missing: Sequence[Route]) -> Iterator[tuple[list[Point], list[Point]]]:
    """Origins and destinations that between them cover the missing pairs."""
    by_origin: dict[Point, list[Point]] = {}
    for origin, destination in missing:
        by_origin.setdefault(origin, []).append(destination)
    # Origins that miss the same destinations, as those of a first run do, are asked together.
    alike: dict[tuple[Point, ...], list[Point]] = {}
    for origin, destinations in by_origin.items():
        alike.setdefault(tuple(destinations), []).append(origin)
    for targets, origins in alike.items():
        for first in range(0, len(origins), MOST_POINTS):
            for second in range(0, len(targets), MOST_POINTS):
                yield (
                    origins[first : first + MOST_POINTS],
                    list(targets[second : second + MOST_POINTS]),
                )


def _distances(answer: object, rows: int, columns: int) -> list[float | None]:
    """Kilometres row by row, None where there is no road. Raises ValueError on nonsense."""
    if not isinstance(answer, dict) or answer.get("code") != "Ok":
        raise ValueError("no table")
    table: Any = answer.get("distances")
    if not isinstance(table, list) or len(table) != rows:
        raise ValueError("another table than asked for")
    kilometres: list[float | None] = []
    for row in table:
        if not isinstance(row, list) or len(row) != columns:
            raise ValueError("another table than asked for")
        kilometres += [None if metres is None else _km(metres) for metres in row]
    return kilometres


def _km(metres: object) -> float:
    if isinstance(metres, int | float) and not isinstance(metres, bool) and 0 <= metres < math.inf:
        return metres / METRES_PER_KM
    raise ValueError("a distance that cannot be")
