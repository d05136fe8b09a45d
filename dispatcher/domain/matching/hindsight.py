"""The best that could have been done with a stretch of the past, now that all of it is known.

Who asked, and every slot that was offered, in one assignment: the bound that any way of deciding
at once is measured against, and what the prices of slots are learned from (`prices`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from dispatcher.domain.geography import AS_THE_CROW_FLIES, Floats, Roads
from dispatcher.domain.matching.columns import NeedColumns, SlotColumns
from dispatcher.domain.matching.cost import Weights, costs
from dispatcher.domain.matching.feasibility import Pairs, comparisons
from dispatcher.domain.matching.needs import DEFAULT_LIMITS, Limits, Need, OpenSlot
from dispatcher.domain.matching.solver import NO_GROUP, Market, Numbers, cheapest

BEFORE = timedelta(days=1)
"""A moment before anybody asked, from which every slot still lies ahead."""
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Hindsight:
    """Needs and slots with the cheapest assignment between them. Slots are taken as all free."""

    market: Market
    """Its rows are the needs that any slot would have fitted, in their order."""
    chosen: Numbers
    """Positions in the market of the pairs of the cheapest assignment."""
    pairs: Pairs
    """The same pairs, by rows of the needs and of the slots as they were given."""


def look_back(
    needs: Sequence[Need],
    slots: Sequence[OpenSlot],
    weights: Weights,
    limits: Limits = DEFAULT_LIMITS,
    roads: Roads = AS_THE_CROW_FLIES,
) -> Hindsight:
    """Assign a stretch of the past as if everybody had asked before it began.

    A slot may be given to a need from the hour it was asked at, after the practitioner's notice,
    and the wait is counted from that hour. What slots weigh through their practitioner's load or
    their price is left out: it steers decisions and is no part of what they cost. So are caps by
    day and by week. Leaving anybody unserved costs the same, whatever their delay.

    Raises ValueError when nobody asked.
    """
    if not needs:
        raise ValueError("nobody asked")
    steered_by_nothing = replace(weights, fairness=0.0, price=0.0)
    asked_at = np.array([need.asked_at.timestamp() for need in needs])
    queue = NeedColumns([_from_asking_on(need) for need in needs])
    before = min(need.asked_at for need in needs) - BEFORE
    columns = SlotColumns([_all_free(slot) for slot in slots], before, limits, roads)
    counts = [np.empty(0, dtype=np.intp)]
    places = [np.empty(0, dtype=np.int32)]
    prices = [np.empty(0)]
    rivals = np.zeros(len(columns), dtype=np.intp)
    first = 0
    for part, comparison in comparisons(queue, columns):
        since = asked_at[first : first + len(part)]
        first += len(part)
        in_time = columns.is_walk_in | (columns.start >= since[:, None] + columns.notice)
        pairs = comparison.pairs((comparison.against == 0) & in_time)
        waited_before = weights.wait * (since[pairs.needs] - columns.now) / SECONDS_PER_HOUR
        counts.append(np.bincount(pairs.needs, minlength=len(part)))
        places.append(pairs.slots.astype(np.int32))
        prices.append(costs(part, columns, pairs, steered_by_nothing) - waited_before)
        rivals += np.bincount(pairs.slots, minlength=len(columns))
    count, price = np.concatenate(counts), np.concatenate(prices)
    rows = np.flatnonzero(count)
    starts = np.concatenate([[0], np.cumsum(count[rows])])
    market = Market(
        starts=starts,
        slots=np.concatenate(places),
        price=price,
        nowhere=np.maximum(weights.unserved, _dearest(price, starts) + 1),
        free=columns.free,
        rivals=rivals,
        group=np.full(len(columns), NO_GROUP),
        left=np.empty(0, dtype=np.intp),
        week=np.full(len(columns), NO_GROUP),
        left_in_week=np.empty(0, dtype=np.intp),
    )
    chosen = cheapest(market)
    taken = market.slots[chosen].astype(np.intp)
    return Hindsight(market, chosen, Pairs.of(queue, columns, rows[market.rows[chosen]], taken))


def _from_asking_on(need: Need) -> Need:
    earliest = need.asked_at if need.earliest is None else max(need.earliest, need.asked_at)
    return replace(need, earliest=earliest)


def _all_free(slot: OpenSlot) -> OpenSlot:
    return replace(
        slot, taken=0, daily_cap=None, weekly_cap=None, booked_that_day=0, booked_that_week=0
    )


def _dearest(price: Floats, starts: Numbers) -> Floats:
    """The dearest pair of each row; none of them is empty."""
    if len(starts) == 1:
        return np.empty(0)
    dearest: Floats = np.maximum.reduceat(price, starts[:-1])
    return dearest
