"""Give the waiting queue its slots, all at once and at the least total cost.

The sum of what the pairs cost, and of what leaving the others unserved costs, is made as small as
it can be, exactly (`solver`), within free places and practitioners' caps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import compress
from uuid import UUID

import numpy as np

from dispatcher.domain.geography import AS_THE_CROW_FLIES, Floats, Roads
from dispatcher.domain.matching.agenda import in_order
from dispatcher.domain.matching.candidates import Pair, Refusals, explained, refusals_of
from dispatcher.domain.matching.columns import Integers, NeedColumns, SlotColumns
from dispatcher.domain.matching.cost import Weights, costs, unserved
from dispatcher.domain.matching.feasibility import Pairs, comparisons
from dispatcher.domain.matching.needs import (
    DEFAULT_LIMITS,
    Limits,
    Need,
    OpenSlot,
    monday_of,
)
from dispatcher.domain.matching.solver import NO_GROUP, Market, cheapest

TIE_STEP = 1e-9
"""Points by which a later slot is dearer, all else equal. Costs are multiples of 1e-4 points, so
up to 100,000 slots this decides ties and nothing else."""

PRIORITY_STEP = 1e-6
"""Points by which a need that is due earlier is worth more, all else equal."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The result of one run over a territory's waiting queue."""

    pairs: tuple[Pair, ...]
    """By due time of the request."""
    unmatched: Mapping[UUID, Refusals]
    """What stands in the way of each request that got nothing."""


def assign(
    needs: Sequence[Need],
    slots: Sequence[OpenSlot],
    weights: Weights,
    now: datetime,
    limits: Limits = DEFAULT_LIMITS,
    roads: Roads = AS_THE_CROW_FLIES,
) -> Assignment:
    """Match the whole queue.

    No pair is infeasible, no slot gets more than its free places, no practitioner more than their
    day's and their week's cap, and nobody is left out for whom a place is left. Nothing is left to
    chance, and the order of the arguments does not matter: between equal solutions the earlier
    start wins, then the smaller slot id, and between equal needs the one due earlier, then asked
    earlier, then the smaller request id.
    """
    queue = NeedColumns(sorted(needs, key=lambda n: (n.due_at, n.asked_at, n.request_id)))
    columns = SlotColumns(in_order(slots), now, limits, roads)
    chosen = _chosen(queue, columns, weights)
    return Assignment(
        pairs=explained(queue, columns, chosen, weights),
        unmatched=_unmatched(queue, columns, chosen, weights),
    )


def why_not(
    needs: Sequence[Need],
    slots: Sequence[OpenSlot],
    weights: Weights,
    now: datetime,
    limits: Limits = DEFAULT_LIMITS,
    roads: Roads = AS_THE_CROW_FLIES,
) -> dict[UUID, Refusals]:
    """What stood against the other slots, for each need; for those that were given one."""
    return _refusals(NeedColumns(needs), SlotColumns(in_order(slots), now, limits, roads), weights)


def _chosen(queue: NeedColumns, columns: SlotColumns, weights: Weights) -> Pairs:
    counts = [np.empty(0, dtype=np.intp)]
    slots = [np.empty(0, dtype=np.int32)]
    prices = [np.empty(0)]
    rivals = np.zeros(len(columns), dtype=np.intp)
    for part, comparison in comparisons(queue, columns):
        pairs = comparison.pairs(comparison.against == 0)
        counts.append(np.bincount(pairs.needs, minlength=len(part)))
        slots.append(pairs.slots.astype(np.int32))
        prices.append(costs(part, columns, pairs, weights) + TIE_STEP * pairs.slots)
        rivals += np.bincount(pairs.slots, minlength=len(columns))
    count, price = np.concatenate(counts), np.concatenate(prices)
    rows = np.flatnonzero(count)
    starts = np.concatenate([[0], np.cumsum(count[rows])])
    group, left = _capped(columns, _day_cap)
    week, left_in_week = _capped(columns, _week_cap)
    market = Market(
        starts=starts,
        slots=np.concatenate(slots),
        price=price,
        nowhere=_nowhere([queue.needs[row] for row in rows.tolist()], weights, price, starts),
        free=columns.free,
        rivals=rivals,
        group=group,
        left=left,
        week=week,
        left_in_week=left_in_week,
    )
    chosen = cheapest(market)
    return Pairs.of(queue, columns, rows[market.rows[chosen]], market.slots[chosen].astype(np.intp))


def _nowhere(needs: Sequence[Need], weights: Weights, price: Floats, starts: Integers) -> Floats:
    """What leaving each need unserved costs: more than any slot it could get.

    Being served beats being left out even where a territory's weights would say otherwise: then
    everybody's cost is raised alike.
    """
    nowhere = np.array([unserved(need, weights) for need in needs])
    nowhere += PRIORITY_STEP * np.arange(len(needs), 0, -1)
    if len(needs):
        dearest = np.maximum.reduceat(price, starts[:-1])
        nowhere += max(0.0, float(np.max(dearest - nowhere)) + 1)
    return nowhere


_Cap = tuple[date, int]
"""The day, or the Monday of the week, that a cap counts in, and what is left of it."""


def _day_cap(slot: OpenSlot) -> _Cap | None:
    cap = slot.daily_cap
    return None if cap is None else (slot.day, cap - slot.booked_that_day)


def _week_cap(slot: OpenSlot) -> _Cap | None:
    cap = slot.weekly_cap
    return None if cap is None else (monday_of(slot.day), cap - slot.booked_that_week)


def _capped(
    columns: SlotColumns, cap_of: Callable[[OpenSlot], _Cap | None]
) -> tuple[Integers, Integers]:
    """Number the practitioners' days, or weeks, that have a cap, by slot; what is left of each.

    Those of which nothing is left are not numbered: their slots may not be given at all.
    """
    numbers: dict[tuple[UUID, date], int] = {}
    left: list[int] = []
    group = np.full(len(columns.patterns), NO_GROUP)
    for row, slot in enumerate(columns.patterns):
        cap = cap_of(slot)
        if cap is not None and cap[1] > 0:
            key = (slot.practitioner_id, cap[0])
            if key not in numbers:
                numbers[key] = len(left)
                left.append(cap[1])
            group[row] = numbers[key]
    return group[columns.pattern], np.array(left, dtype=np.intp)


def _unmatched(
    queue: NeedColumns, columns: SlotColumns, chosen: Pairs, weights: Weights
) -> dict[UUID, Refusals]:
    is_left_out = np.ones(len(queue), dtype=np.bool_)
    is_left_out[chosen.needs] = False
    return _refusals(NeedColumns(list(compress(queue.needs, is_left_out))), columns, weights)


def _refusals(queue: NeedColumns, columns: SlotColumns, weights: Weights) -> dict[UUID, Refusals]:
    found: dict[UUID, Refusals] = {}
    for part, comparison in comparisons(queue, columns):
        refusals = refusals_of(part, columns, comparison, weights)
        found |= zip((need.request_id for need in part.needs), refusals, strict=True)
    return found
