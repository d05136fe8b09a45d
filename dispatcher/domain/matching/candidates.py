"""The best slots for one need and what stands against the others, as codes and numbers.

Codes and numbers are what is stored; `explain` puts them into words when somebody looks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import numpy as np

from dispatcher.domain.geography import AS_THE_CROW_FLIES, Floats, Roads
from dispatcher.domain.matching.agenda import Booleans, Integers, instant_of
from dispatcher.domain.matching.columns import NeedColumns, SlotColumns
from dispatcher.domain.matching.cost import Detail, Term, Weights, costs, known_km, terms, total
from dispatcher.domain.matching.feasibility import (
    BIT,
    Bits,
    Comparison,
    Pairs,
    Reason,
    compare,
    reasons_of,
)
from dispatcher.domain.matching.needs import DEFAULT_LIMITS, Limits, Need, OpenSlot

BEST = 5
NEAR = 5
"""How many candidates and near misses are worth a regulator's eyes."""

NEVER_NEAR = frozenset({Reason.PROFESSION, Reason.PAST})
"""What nobody can pass over: another profession is not nearly the right one, nor yesterday today.
Slots refused for one of these alone are counted, and not listed as near misses."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A need with a slot that may be given to it, and the terms of its cost."""

    request_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    seen_at: datetime
    """When the patient would be seen: the slot's start, or later in a walk-in period."""
    distance_km: float | None
    """None when it is not known; 0 by teleconsultation."""
    cost: float
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A slot refused for exactly one reason, with the figures that a person can weigh."""

    slot_id: UUID
    practitioner_id: UUID
    reason: Reason
    seen_at: datetime
    distance_km: float | None
    detail: Detail

    def as_json(self) -> dict[str, Any]:
        """The form that is stored with a request."""
        return {
            "slot": str(self.slot_id),
            "practitioner": str(self.practitioner_id),
            "reason": str(self.reason),
            "seen_at": self.seen_at.isoformat(),
            "distance_km": self.distance_km,
            "detail": dict(self.detail),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `as_json` gave."""
        return cls(
            slot_id=UUID(stored["slot"]),
            practitioner_id=UUID(stored["practitioner"]),
            reason=Reason(stored["reason"]),
            seen_at=datetime.fromisoformat(stored["seen_at"]),
            distance_km=stored["distance_km"],
            detail=stored["detail"],
        )


@dataclass(frozen=True, slots=True)
class Refusals:
    """What stands against the slots that may not be given."""

    refused: Mapping[Reason, int]
    """Slots by reason, of those that start before `Limits.looks_until`. With two reasons a slot
    counts under both; another profession’s only so."""
    near_misses: tuple[NearMiss, ...]
    """The best of the slots refused for one reason only, by what they would cost."""
    contended: int = 0
    """Slots that fitted. For a request that got none of them: they, or what their practitioners
    still took that day, went to other requests of the same run."""

    def as_json(self) -> dict[str, Any]:
        """The form that is stored with a request."""
        return {
            "refused": {str(reason): count for reason, count in self.refused.items()},
            "near_misses": [near.as_json() for near in self.near_misses],
            "contended": self.contended,
        }


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a regulator is shown for one need."""

    best: tuple[Pair, ...]
    feasible: int
    """How many slots could be given in all."""
    refused: Mapping[Reason, int]
    """Slots by reason, of those that start before `Limits.looks_until`. With two reasons a slot
    counts under both; another profession’s only so."""
    near_misses: tuple[NearMiss, ...]


def candidates(
    need: Need,
    slots: Sequence[OpenSlot],
    weights: Weights,
    now: datetime,
    best: int = BEST,
    limits: Limits = DEFAULT_LIMITS,
    roads: Roads = AS_THE_CROW_FLIES,
) -> Candidates:
    """The best slots for one need, cheapest first, and what stands against the others.

    Ties go to the earlier start, then to the smaller slot id, as in `assign`.
    """
    queue, columns = NeedColumns([need]), SlotColumns(slots, now, limits, roads)
    comparison = compare(queue, columns)
    feasible = comparison.pairs(comparison.against == 0)
    shown = _cheapest(columns, feasible, costs(queue, columns, feasible, weights), best)
    (refusals,) = refusals_of(queue, columns, comparison, weights)
    return Candidates(
        best=explained(queue, columns, shown, weights),
        feasible=len(feasible),
        refused=refusals.refused,
        near_misses=refusals.near_misses,
    )


def weigh(
    need: Need,
    slot: OpenSlot,
    weights: Weights,
    now: datetime,
    limits: Limits = DEFAULT_LIMITS,
    roads: Roads = AS_THE_CROW_FLIES,
) -> tuple[tuple[Reason, ...], Pair]:
    """One slot for one need: every reason against it, and what it costs all the same.

    For whoever chooses by hand, and may pass over a reason.
    """
    queue, columns = NeedColumns([need]), SlotColumns([slot], now, limits, roads)
    comparison = compare(queue, columns)
    pairs = comparison.pairs(np.ones_like(comparison.against, dtype=np.bool_))
    (pair,) = explained(queue, columns, pairs, weights)
    return reasons_of(int(comparison.against[0, 0])), pair


def explained(
    queue: NeedColumns, columns: SlotColumns, pairs: Pairs, weights: Weights
) -> tuple[Pair, ...]:
    """The chosen pairs with their terms, in the order of the arrays."""
    return tuple(
        Pair(
            request_id=queue.needs[need].request_id,
            slot_id=columns.slots[slot].slot_id,
            practitioner_id=columns.slots[slot].practitioner_id,
            seen_at=instant_of(arrival),
            distance_km=known_km(distance),
            cost=total(named),
            terms=named,
        )
        for need, slot, arrival, distance, named in zip(
            pairs.needs.tolist(),
            pairs.slots.tolist(),
            pairs.arrival.tolist(),
            pairs.distance_km.tolist(),
            terms(queue, columns, pairs, weights),
            strict=True,
        )
    )


def refusals_of(
    queue: NeedColumns, columns: SlotColumns, comparison: Comparison, weights: Weights
) -> list[Refusals]:
    """For each need of the queue, what stands against the slots that it does not get.

    The slots were read for the whole queue: each need is told of those alone that it would be told
    of if nobody else were waiting. All that fit start soon enough to be among them.
    """
    now = instant_of(columns.now)
    ends = (columns.limits.looks_until(need.due_at, now).timestamp() for need in queue.needs)
    until = np.fromiter(ends, dtype=np.float64, count=len(queue))
    told = np.where(columns.start < until[:, None], comparison.against, np.uint32(0))
    near = comparison.pairs(_is_near(told))
    near_cost = costs(queue, columns, near, weights)
    bounds = np.searchsorted(near.needs, np.arange(len(queue) + 1)).tolist()
    counted = _counted(told, np.searchsorted(columns.elsewhere, until))
    refusals = []
    for row, need in enumerate(queue.needs):
        of_need = slice(bounds[row], bounds[row + 1])
        shown = _cheapest(columns, near[of_need], near_cost[of_need], NEAR)
        against = comparison.against[row]
        refusals.append(
            Refusals(
                refused=counted[row],
                near_misses=tuple(
                    _near_miss(need, columns, comparison, (row, slot))
                    for slot in shown.slots.tolist()
                ),
                contended=len(against) - int(np.count_nonzero(against)),
            )
        )
    return refusals


_NEAR_BITS = np.uint32(sum(BIT[reason] for reason in Reason if reason not in NEVER_NEAR))


def _is_near(against: Bits) -> Booleans:
    """Whether exactly one reason stands against each pair, and one that can be passed over."""
    is_one_at_most = (against & (against - np.uint32(1))) == 0
    is_near: Booleans = is_one_at_most & ((against & _NEAR_BITS) != 0)
    return is_near


def _counted(against: Bits, elsewhere: Integers) -> list[dict[Reason, int]]:
    """For each need, the slots by reason; so many `elsewhere` are of a profession of nobody's."""
    counted: list[dict[Reason, int]] = [
        {Reason.PROFESSION: more} if more else {} for more in elsewhere.tolist()
    ]
    # What else stands against another profession's slot tells a regulator nothing.
    other = np.uint32(BIT[Reason.PROFESSION])
    told = np.where(against & other, other, against)
    for reason in reasons_of(int(np.bitwise_or.reduce(told, axis=None))):
        counts = np.count_nonzero(told & np.uint32(BIT[reason]), axis=1)
        for row in np.flatnonzero(counts).tolist():
            counted[row][reason] = counted[row].get(reason, 0) + int(counts[row])
    return counted


def _cheapest(columns: SlotColumns, pairs: Pairs, cost: Floats, count: int) -> Pairs:
    """At most `count` of one need's pairs, by cost, start and slot id."""
    positions = np.arange(len(pairs))
    if len(pairs) > count:
        positions = np.flatnonzero(cost <= np.partition(cost, count - 1)[count - 1])

    def rank(position: int) -> tuple[float, datetime, UUID]:
        slot = columns.slots[int(pairs.slots[position])]
        return float(cost[position]), slot.start, slot.slot_id

    ordered = sorted(positions.tolist(), key=rank)[:count]
    return pairs[np.array(ordered, dtype=np.intp)]


@dataclass(frozen=True, slots=True)
class _Refused:
    """A slot that is refused to a need, with what the figures of its reason come from."""

    need: Need
    slot: OpenSlot
    arrival: float
    latest: float
    """When the slot takes its last patient; both in seconds since 1970."""
    km: float | None


_FIGURES: Mapping[Reason, Callable[[_Refused], Detail]] = {
    Reason.TOO_FAR: lambda it: {"km": it.km, "radius_km": it.need.limit_km},
    Reason.CANNOT_TRAVEL: lambda it: {"km": it.km, "travel_km": it.need.travel_km},
    Reason.TOO_LATE: lambda it: {"minutes": _minutes(it.arrival - it.need.due_at.timestamp())},
    Reason.TOO_EARLY: lambda it: {"minutes": _minutes(_too_early(it))},
    Reason.TOO_SOON: lambda it: {"minutes": _minutes(it.slot.minimum_notice.total_seconds())},
    Reason.SEX: lambda it: {"female": it.slot.patient_sex == "female"},
    Reason.AGE: lambda it: {"min_age": it.slot.min_age, "max_age": it.slot.max_age},
    Reason.PRACTITIONER_CAP: lambda it: {"cap": it.slot.daily_cap},
    Reason.WEEKLY_CAP: lambda it: {"cap": it.slot.weekly_cap},
    Reason.FULL: lambda it: {"places": it.slot.places},
}
"""What a person can weigh; the other reasons say all there is to say."""


def _near_miss(
    need: Need, columns: SlotColumns, comparison: Comparison, pair: tuple[int, int]
) -> NearMiss:
    (reason,) = reasons_of(int(comparison.against[pair]))
    refused = _Refused(
        need=need,
        slot=columns.slots[pair[1]],
        arrival=float(comparison.arrival[pair]),
        latest=float(columns.latest[pair[1]]),
        km=known_km(comparison.distance_km[pair]),
    )
    figures = _FIGURES.get(reason)
    return NearMiss(
        slot_id=refused.slot.slot_id,
        practitioner_id=refused.slot.practitioner_id,
        reason=reason,
        seen_at=instant_of(refused.arrival),
        distance_km=refused.km,
        detail=figures(refused) if figures else {},
    )


def _too_early(refused: _Refused) -> float:
    earliest = refused.need.earliest
    return 0.0 if earliest is None else earliest.timestamp() - refused.latest


def _minutes(span: float) -> int:
    return int(span // 60)
