"""Ways of giving places to those who ask: the engine's, and what it is compared with."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import numpy as np

from dispatcher.domain.geography import Floats, Roads
from dispatcher.domain.matching.assign import assign
from dispatcher.domain.matching.columns import NeedColumns, SlotColumns
from dispatcher.domain.matching.feasibility import Pairs, compare
from dispatcher.domain.matching.needs import Limits, Need, OpenSlot
from dispatcher.domain.policy import Policy


class PolicyName(StrEnum):
    """The policies, in the order in which they are compared."""

    ENGINE = "engine"
    """The engine as it runs, prices learned from the weeks before included."""
    FIXED_LIST = "fixed-list"
    """A list of telephone numbers, called from the top until somebody has a place today, and once
    more for tomorrow: the usual way by hand."""
    EARLIEST = "earliest"
    """Whoever can see the patient first."""
    NEAREST = "nearest"
    """Whoever is nearest."""
    SCORE = "score"
    """The engine without prices: what it does in a territory with no past."""
    OPTIMUM = "optimum"
    """The best of all assignments, by somebody who knew beforehand who would call: a bound."""


@dataclass(frozen=True, slots=True)
class Given:
    """A place given to a request."""

    request_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    seen_at: datetime
    distance_km: float
    """As the crow flies; 0 where it is not known."""


Decide = Callable[[Sequence[Need], Sequence[OpenSlot], datetime], list[Given]]
"""Who of these gets which of these, at this moment. Everybody else goes on waiting."""
Rank = Callable[[SlotColumns, Pairs], Sequence[Floats]]
"""What one need's feasible slots are chosen by: the least of the first, between equals of the
next."""


def limits_of(policy: Policy) -> Limits:
    """What a territory tolerates, from its settings."""
    return Limits(grace=timedelta(hours=policy.grace_hours))


def by_engine(policy: Policy) -> Decide:
    """The engine with a territory's settings."""
    limits, roads = limits_of(policy), Roads(policy.road_factor)

    def decide(needs: Sequence[Need], slots: Sequence[OpenSlot], now: datetime) -> list[Given]:
        found = assign(needs, slots, policy.weights, now, limits, roads)
        return [
            Given(
                pair.request_id,
                pair.slot_id,
                pair.practitioner_id,
                pair.seen_at,
                pair.distance_km or 0.0,
            )
            for pair in found.pairs
        ]

    return decide


def by_engine_without_prices(policy: Policy) -> Decide:
    """The engine in a territory that nothing is known of."""
    return by_engine(replace(policy, weights=replace(policy.weights, price=0.0)))


def earliest(policy: Policy) -> Decide:
    """The first hour; of equal ones the nearest."""
    return _one_by_one(policy, lambda _, pairs: (pairs.arrival, pairs.distance_km))


def nearest(policy: Policy) -> Decide:
    """The shortest way; of equal ones the first hour."""
    return _one_by_one(policy, lambda _, pairs: (pairs.distance_km, pairs.arrival))


def fixed_list(policy: Policy, practitioners: Sequence[UUID], seed: int) -> Decide:
    """The first on a list who has a place that day, whatever the way; else the next day."""
    names = sorted(set(practitioners))
    random.Random(seed).shuffle(names)  # noqa: S311 - a list's order is no secret
    place = {name: float(position) for position, name in enumerate(names)}

    def rank(columns: SlotColumns, pairs: Pairs) -> Sequence[Floats]:
        chosen = [columns.slots[row] for row in pairs.slots.tolist()]
        days = np.array([float(slot.day.toordinal()) for slot in chosen])
        places = np.array([place[slot.practitioner_id] for slot in chosen])
        return days, places, pairs.arrival

    return _one_by_one(policy, rank)


def _one_by_one(policy: Policy, rank: Rank) -> Decide:
    """Serve in the order of asking, each with the best by `rank` of what the engine allows."""
    limits = limits_of(policy)

    def decide(needs: Sequence[Need], slots: Sequence[OpenSlot], now: datetime) -> list[Given]:
        left = {slot.slot_id: slot.places - slot.taken for slot in slots}
        given: list[Given] = []
        for need in sorted(needs, key=lambda each: (each.asked_at, each.request_id)):
            open_slots = [slot for slot in slots if left[slot.slot_id] > 0]
            chosen = _best(need, open_slots, rank, now, limits)
            if chosen:
                given.append(chosen)
                left[chosen.slot_id] -= 1
        return given

    return decide


def _best(
    need: Need, slots: Sequence[OpenSlot], rank: Rank, now: datetime, limits: Limits
) -> Given | None:
    queue, columns = NeedColumns([need]), SlotColumns(slots, now, limits)
    comparison = compare(queue, columns)
    pairs = comparison.pairs(comparison.against == 0)
    if not len(pairs):
        return None
    best = int(np.lexsort([pairs.slots, *reversed(rank(columns, pairs))])[0])
    slot = slots[int(pairs.slots[best])]
    distance = float(pairs.distance_km[best])
    return Given(
        need.request_id,
        slot.slot_id,
        slot.practitioner_id,
        datetime.fromtimestamp(float(pairs.arrival[best]), UTC),
        0.0 if np.isnan(distance) else distance,
    )
