"""Needs and open slots as arrays, so that many are compared with many at once.

Codes become small integers, instants become seconds since 1970, what is not known becomes NaN.
What only depends on the kind of a slot or on its place is worked out once for each kind and place.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from dispatcher.domain.geography import AS_THE_CROW_FLIES, Floats, Point, Roads, distances_km
from dispatcher.domain.matching.agenda import Agenda, Booleans, Integers, instant_of, numbers
from dispatcher.domain.matching.needs import DEFAULT_LIMITS, Limits, Need, OpenSlot

__all__ = [
    "OFFICE",
    "TELECONSULTATION",
    "Booleans",
    "Coded",
    "Integers",
    "Kind",
    "NeedColumns",
    "SlotColumns",
    "instant_of",
]

TELECONSULTATION, OFFICE = "VR", "AMB"
"""HL7 v3 ActCode: the one modality in which nobody travels, and the one in which the patient does.
"""


class Kind(NamedTuple):
    """What a slot is, whoever holds it."""

    profession: str
    specialty: str | None
    modality: str
    visibility: frozenset[str]
    patient_sex: str | None
    languages: frozenset[str]
    step_free: bool


_Place = tuple[float | None, float | None, str]
_KIND = attrgetter(*Kind._fields)
_PLACE = attrgetter("longitude", "latitude", "modality")
_NOWHERE = (math.nan, math.nan)

K = TypeVar("K", bound=Hashable)


class Coded(Generic[K]):
    """A column of hashable values: the distinct ones, and for each row the number of its own."""

    def __init__(self, values: Iterable[K], rows: Integers | None = None) -> None:
        """`rows` gives for each row which of the values is its own; without it, each its own."""
        numbers: defaultdict[K, int] = defaultdict()
        numbers.default_factory = numbers.__len__
        codes: Integers = np.fromiter(map(numbers.__getitem__, values), dtype=np.intp)
        self.codes = codes if rows is None else codes[rows]
        numbers.default_factory = None
        self._numbers = numbers

    @cached_property
    def distinct(self) -> tuple[K, ...]:
        return tuple(self._numbers)

    def number(self, value: K) -> int:
        """The number of a value, -1 when no row has it."""
        return self._numbers.get(value, -1)


class NeedColumns:
    """Needs, one row each, in the order given."""

    def __init__(self, needs: Sequence[Need]) -> None:
        self.needs = needs
        count = len(needs)
        self.due = _floats((need.due_at.timestamp() for need in needs), count)
        self.earliest = _floats(
            (-math.inf if need.earliest is None else need.earliest.timestamp() for need in needs),
            count,
        )
        self.radius_km = _floats((need.radius_km for need in needs), count)
        self.limit_km = _floats((need.limit_km for need in needs), count)
        self.travel_km = _floats((need.travel_km for need in needs), count)
        self.age = _floats((math.nan if need.age is None else need.age for need in needs), count)
        self.points = [_point(need.longitude, need.latitude) for need in needs]
        self.longitudes = _floats((longitude for longitude, _ in self.points), count)
        self.latitudes = _floats((latitude for _, latitude in self.points), count)

    def __len__(self) -> int:
        return len(self.needs)


class SlotColumns:
    """Slots as seen at `now`, one row each, in the order given.

    Twenty thousand of them are judged for every search that a regulator looks at: of an `Agenda`,
    what slots have in common is drawn out of its patterns, without a line of Python for each row.
    """

    def __init__(
        self,
        slots: Sequence[OpenSlot],
        now: datetime,
        limits: Limits = DEFAULT_LIMITS,
        roads: Roads = AS_THE_CROW_FLIES,
    ) -> None:
        agenda = slots if isinstance(slots, Agenda) else Agenda.of(slots)
        self.slots = slots
        self.patterns, self.pattern = agenda.patterns, agenda.pattern
        self.elsewhere = agenda.elsewhere
        self.now = now.timestamp()
        self.limits = limits
        self.roads = roads
        self.kind: Coded[tuple[Any, ...]] = Coded(map(_KIND, self.patterns), self.pattern)
        self._place: Coded[_Place] = Coded(map(_PLACE, self.patterns), self.pattern)
        # A walk-in period takes patients until shortly before its end, an appointment only at
        # its start: with the latest hour of arrival known, both obey the same rules.
        self.start = agenda.start
        self.is_walk_in: Booleans = agenda.places > 1
        last_call = agenda.end - limits.walk_in_margin.total_seconds()
        self.latest: Floats = np.where(
            self.is_walk_in, np.maximum(self.start, last_call), self.start
        )
        self.arrival: Floats = np.maximum(self.start, self.now)
        notice = map(timedelta.total_seconds, map(attrgetter("minimum_notice"), self.patterns))
        self.notice = _floats(notice, len(self.patterns))[self.pattern]
        self.free: Integers = (agenda.places - agenda.taken).astype(np.intp)
        # No cap and no limit of age are NaN: nothing compares with it.
        self.is_capped: Booleans = self._numbers("booked_that_day") >= self._numbers("daily_cap")
        self.is_capped_that_week: Booleans = self._numbers("booked_that_week") >= self._numbers(
            "weekly_cap"
        )
        self.is_outside_hours = agenda.outside_hours
        self.price = self._numbers("price")
        self.min_age = self._numbers("min_age")
        self.max_age = self._numbers("max_age")
        self.load = self._numbers("load")

    def __len__(self) -> int:
        return len(self.slots)

    def _numbers(self, name: str) -> Floats:
        column: Floats = numbers(self.patterns, name)[self.pattern]
        return column

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The distinct kinds; `kind` numbers them."""
        return tuple(map(Kind._make, self.kind.distinct))

    @cached_property
    def practitioner(self) -> Coded[int]:
        """Practitioners by the integer of their id, which is quicker to tell apart."""
        return Coded(map(attrgetter("practitioner_id.int"), self.patterns), self.pattern)

    @cached_property
    def _points(self) -> tuple[Floats, Floats, Booleans]:
        """Of each distinct place: longitude, latitude, whether nobody travels there."""
        places = self._place.distinct
        points = [_point(longitude, latitude) for longitude, latitude, _ in places]
        return (
            _floats((longitude for longitude, _ in points), len(points)),
            _floats((latitude for _, latitude in points), len(points)),
            np.array([modality == TELECONSULTATION for _, _, modality in places], dtype=np.bool_),
        )

    def all_distances_km(self, queue: NeedColumns) -> Floats:
        """Kilometres from each need to each slot: 0 by teleconsultation, NaN when not known."""
        longitudes, latitudes, is_remote = self._points
        by_place = distances_km(
            queue.longitudes[:, None], queue.latitudes[:, None], longitudes, latitudes
        )
        by_place[:, is_remote] = 0.0
        distances: Floats = by_place[:, self._place.codes]
        return distances

    def distances_km(self, queue: NeedColumns, needs: Integers, slots: Integers) -> Floats:
        """The same for chosen pairs of rows."""
        longitudes, latitudes, is_remote = self._points
        places = self._place.codes[slots]
        distances = distances_km(
            queue.longitudes[needs], queue.latitudes[needs], longitudes[places], latitudes[places]
        )
        distances[is_remote[places]] = 0.0
        return distances

    @property
    def is_office(self) -> Booleans:
        """Where the patient is the one to travel."""
        is_office = [modality == OFFICE for _, _, modality in self._place.distinct]
        offices: Booleans = np.array(is_office, dtype=np.bool_)[self._place.codes]
        return offices

    def road_km(
        self, queue: NeedColumns, needs: Integers, slots: Integers, distance_km: Floats
    ) -> Floats:
        """Road kilometres of chosen pairs of rows, `distance_km` apart as the crow flies."""
        by_road: Floats = distance_km * self.roads.factor
        if not self.roads.known:
            return by_road
        routes = np.array(
            [
                [self._route(origin, place) for place in self._place.distinct]
                for origin in queue.points
            ]
        )
        known = routes[needs, self._place.codes[slots]]
        return np.where(np.isnan(known), by_road, known)

    def _route(self, origin: Point, place: _Place) -> float:
        longitude, latitude, modality = place
        if modality == TELECONSULTATION:
            return math.nan
        return self.roads.known.get((origin, _point(longitude, latitude)), math.nan)


def _floats(values: Iterable[float], count: int) -> Floats:
    return np.fromiter(values, dtype=np.float64, count=count)


def _point(longitude: float | None, latitude: float | None) -> Point:
    return _NOWHERE if longitude is None or latitude is None else (longitude, latitude)
