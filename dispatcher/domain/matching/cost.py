"""What each feasible pair costs: a sum of named terms, in points.

One point is one kilometre. The defaults come from the simulations behind the design: an hour of
waiting is worth half a kilometre, and leaving somebody unserved a thousand.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

import numpy as np

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.geography import Floats
from dispatcher.domain.matching.columns import (
    TELECONSULTATION,
    Booleans,
    NeedColumns,
    SlotColumns,
)
from dispatcher.domain.matching.feasibility import Pairs
from dispatcher.domain.matching.needs import Need

UNKNOWN_DISTANCE_KM = 50.0
"""What a distance that is not known counts for, the radius being larger: the widest of the national
search radii (`config/geo/radius.toml`)."""

SHORTEST_DELAY = timedelta(hours=4)
"""The shortest delay that can be asked; whoever asks for less counts as much."""

DECIMALS = 4
"""Costs are compared to a ten-thousandth of a point (10 cm, 0.7 s), so that what is equal for a
person is equal for the machine, and ties go to the earlier slot."""

MOST = 100_000.0
"""The largest weight that may be set: a hundred times the largest default. Sums of what is far
larger are rounded so coarsely that the other terms no longer count."""

_SECONDS_PER_HOUR = 3600

FADES_OVER = timedelta(hours=4)
"""The last hours before a slot, in which its price goes down to nothing: fewer and fewer of those
who have not called yet could still use it. Measured: four hours cost least, a whole day and less
than two hours clearly more (bench/m_matching.py)."""

Detail = Mapping[str, float | None]
"""Figures by name; None for one that is not known."""


class TermCode(StrEnum):
    """The terms, in the order in which they are told."""

    DISTANCE = "distance"
    ENLARGED = "enlarged"
    WAIT = "wait"
    LATENESS = "lateness"
    GP = "gp"
    FAIRNESS = "fairness"
    PRICE = "price"


ONLY_WHERE_IT_COUNTS = frozenset({TermCode.ENLARGED, TermCode.GP, TermCode.PRICE})
"""Terms that are told of a pair only when they add or take off something."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the cost of one pair: what it adds, and the figures it comes from."""

    code: TermCode
    value: float
    """Points; negative when it speaks for the pair."""
    detail: Detail = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The form that is stored with a booking."""
        return {"term": str(self.code), "value": self.value, "detail": dict(self.detail)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `as_json` gave. Raises ValueError on a term that does not exist."""
        return cls(TermCode(stored["term"]), stored["value"], stored["detail"])


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each term counts, in points; a territory may change each of them."""

    unserved: float = 1000.0
    """For a request left without a slot, before urgency (see `unserved`)."""
    lateness: float = 20.0
    """For each hour after the asked delay, where the territory's grace allows any."""
    gp: float = 120.0
    """Taken off when the slot is the médecin traitant's. The default outweighs the farthest and
    latest place that a request for 72 h and 50 km can get (65 points for 65 km by road, 36 for the
    wait, 5 for fairness): the médecin traitant is first."""
    wait: float = 0.5
    """For each hour from now until the patient is seen."""
    distance: float = 1.0
    """For each kilometre by road."""
    enlarged: float = 300.0
    """For a slot beyond the normal radius. The default is more than all other terms together, so
    that it is given to those alone who find nothing nearer."""
    fairness: float = 5.0
    """Times the practitioner's load: what they were booked over what they offered."""
    price: float = 1.0
    """For each point of the slot's price: what it is worth to those who have not called yet. The
    médecin traitant's own patients do not pay it."""
    price_cap: float = 150.0
    """Points of price at most, whatever was learned."""

    @classmethod
    def from_mapping(cls, settings: Mapping[str, object]) -> Self:
        """The weights of a territory's settings; what is absent keeps its default.

        Raises InvalidError, naming `weights.<name>`, on a weight that does not exist, is no number
        or is not between 0 and `MOST`.
        """
        names = {known.name for known in fields(cls)}
        weights: dict[str, float] = {}
        faults: dict[str, str] = {}
        for name, value in settings.items():
            if name not in names:
                faults[f"weights.{name}"] = "Ce poids n’existe pas."
            elif isinstance(value, bool) or not isinstance(value, int | float):
                faults[f"weights.{name}"] = "Indiquez un nombre."
            elif not 0 <= value <= MOST:  # before float(), which no longer holds the largest
                faults[f"weights.{name}"] = f"Indiquez un nombre de 0 à 100{NBSP}000."
            else:
                weights[name] = float(value)
        if faults:
            raise InvalidError(faults)
        return cls(**weights)


def unserved(need: Need, weights: Weights) -> float:
    """Points for leaving a need without a slot: more, the shorter its delay.

    The base times (1 + 2 h / delay): 1.5 for 4 h, 1.08 for 24 h, 1.03 for 72 h. The most urgent
    request is thus worth clearly less than two others (1500 points against at least 2000), so that
    urgency never leaves two people unserved for one.
    """
    delay = max(need.due_at - need.asked_at, SHORTEST_DELAY)
    return weights.unserved * (1 + SHORTEST_DELAY / delay / 2)


def contributions(
    queue: NeedColumns, columns: SlotColumns, pairs: Pairs, weights: Weights
) -> dict[TermCode, Floats]:
    """Each term for every pair. Pairs that are not feasible get what they would cost if they were.

    Waiting is counted from now, not from when the patient asked: the hours already gone are the
    same for every slot, and counting them would rank those who have waited longest last.
    """
    distance = pairs.distance_km
    is_unknown = np.isnan(distance)
    if is_unknown.any():
        assumed = np.minimum(queue.radius_km, UNKNOWN_DISTANCE_KM)
        distance = np.where(is_unknown, assumed[pairs.needs], distance)
    waiting = np.maximum(pairs.arrival - columns.now, 0.0)
    late = np.maximum(pairs.arrival - queue.due[pairs.needs], 0.0)
    with_gp = is_with_gp(queue, columns, pairs)
    by_road = columns.road_km(queue, pairs.needs, pairs.slots, distance)
    return {
        TermCode.DISTANCE: weights.distance * by_road,
        TermCode.ENLARGED: np.where(_is_enlarged(queue, pairs), weights.enlarged, 0.0),
        TermCode.WAIT: weights.wait / _SECONDS_PER_HOUR * waiting,
        TermCode.LATENESS: weights.lateness / _SECONDS_PER_HOUR * late,
        TermCode.GP: np.where(with_gp, -weights.gp, 0.0),
        TermCode.FAIRNESS: weights.fairness * columns.load[pairs.slots],
        TermCode.PRICE: np.where(with_gp, 0.0, _prices(columns, weights)[pairs.slots]),
    }


def _is_enlarged(queue: NeedColumns, pairs: Pairs) -> Booleans:
    """Whether each pair lies beyond the normal radius and within the enlarged one."""
    limit = queue.limit_km[pairs.needs]
    is_enlarged: Booleans = (pairs.distance_km > queue.radius_km[pairs.needs]) & (
        pairs.distance_km <= limit
    )
    return is_enlarged


def _prices(columns: SlotColumns, weights: Weights) -> Floats:
    """Points of each slot's price at this moment."""
    left = np.clip((columns.start - columns.now) / FADES_OVER.total_seconds(), 0.0, 1.0)
    prices: Floats = np.minimum(weights.price * columns.price * left, weights.price_cap)
    return prices


def is_with_gp(queue: NeedColumns, columns: SlotColumns, pairs: Pairs) -> Booleans:
    """Whether the slot of each pair is that of the patient's médecin traitant."""
    if all(need.gp_id is None for need in queue.needs):
        return np.zeros(len(pairs), dtype=np.bool_)
    gps = [
        -1 if need.gp_id is None else columns.practitioner.number(need.gp_id.int)
        for need in queue.needs
    ]
    is_gp: Booleans = columns.practitioner.codes[pairs.slots] == np.array(gps)[pairs.needs]
    return is_gp


def costs(queue: NeedColumns, columns: SlotColumns, pairs: Pairs, weights: Weights) -> Floats:
    """The sum of the terms of every pair, to DECIMALS."""
    sums: Floats = np.zeros(len(pairs))
    for contribution in contributions(queue, columns, pairs, weights).values():
        sums += contribution
    return np.round(sums, DECIMALS)


def terms(
    queue: NeedColumns, columns: SlotColumns, pairs: Pairs, weights: Weights
) -> list[tuple[Term, ...]]:
    """The terms of every pair with their figures, some `ONLY_WHERE_IT_COUNTS`."""
    values = {
        code: np.round(contribution, DECIMALS).tolist()
        for code, contribution in contributions(queue, columns, pairs, weights).items()
    }
    return [
        tuple(
            Term(code, values[code][position], detail)
            for code, detail in _details(queue, columns, pairs, position).items()
            if code not in ONLY_WHERE_IT_COUNTS or values[code][position]
        )
        for position in range(len(pairs))
    ]


def total(named: Iterable[Term]) -> float:
    """The cost that these terms make up."""
    return round(sum(term.value for term in named), DECIMALS)


def known_km(distance_km: float) -> float | None:
    """A distance to the metre; None when it is not known."""
    return None if math.isnan(distance_km) else round(float(distance_km), 3)


def _details(
    queue: NeedColumns, columns: SlotColumns, pairs: Pairs, position: int
) -> dict[TermCode, Detail]:
    slot = columns.slots[pairs.slots[position]]
    need = queue.needs[pairs.needs[position]]
    arrival = pairs.arrival[position]
    pair = pairs[position : position + 1]
    (by_road,) = columns.road_km(queue, pair.needs, pair.slots, pair.distance_km).tolist()
    return {
        TermCode.DISTANCE: {
            "km": known_km(pairs.distance_km[position]),
            "road_km": known_km(by_road),
            "travel": slot.modality != TELECONSULTATION,
        },
        TermCode.ENLARGED: {"radius_km": known_km(need.radius_km)},
        TermCode.WAIT: {"minutes": _minutes(arrival - columns.now)},
        TermCode.LATENESS: {"minutes": _minutes(arrival - queue.due[pairs.needs[position]])},
        TermCode.GP: {},
        TermCode.FAIRNESS: {"load": slot.load},
        TermCode.PRICE: {
            "price": slot.price,
            "minutes": _minutes(slot.start.timestamp() - columns.now),
        },
    }


def _minutes(span: float) -> int:
    return max(0, int(span // 60))
