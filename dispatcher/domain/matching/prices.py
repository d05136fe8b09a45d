"""What a slot is worth to those who have not called yet, learned from weeks of the past.

The price of a slot is the dual value of its column in the best assignment that could have been made
(`hindsight`): what everybody together would have saved by one more such place, and what they would
have lost by one less. Between the two, every value is a dual of the assignment.
"""

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dispatcher.domain.geography import AS_THE_CROW_FLIES, Floats, Roads
from dispatcher.domain.matching.cost import Weights
from dispatcher.domain.matching.hindsight import look_back
from dispatcher.domain.matching.needs import DEFAULT_LIMITS, Limits, Need, OpenSlot, monday_of
from dispatcher.domain.matching.solver import Market, Numbers

ENOUGH = 1e-6
"""Points: values that change by no more are taken for settled, where no price exceeds
`ENOUGH_UP_TO`; where one does, so many times more, as sums are rounded more coarsely."""
ENOUGH_UP_TO = 1000.0
"""Points."""

SCALE = 2.0
"""How many times its dual a slot is worth: who knew nothing beforehand wastes places, so that each
is worth more than to somebody who wasted none. Measured: once its dual leaves more people unserved,
three times it sends them too far (bench/m_matching.py)."""
CEILING = 150.0
"""Points: the most a price may be."""
AROUND = timedelta(days=2)
"""A week's slots are judged together with those who call and what is offered this long before and
after it: what a Monday is worth depends on the weekend's calls."""

PARTS_BEGIN = (10, 13, 16)
"""Local hours at which a part of the day ends and the next begins: those of a Monday morning are
worth more to the weekend's callers than those of its afternoon."""
SHRINKAGE = 2.0
"""Slots by which a part's own mean counts half, the weekday's mean the other half."""

PriceKey = tuple[UUID, int, int]
"""A practitioner, a weekday (0 for Monday) and a part of the day (0 to 3)."""


Stretch = tuple[Sequence[Need], Sequence[OpenSlot]]
"""Who asked in a stretch of the past, and what was offered in it."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What each practitioner's slots are worth, in points, by weekday and part of the day."""

    zone: ZoneInfo
    points: Mapping[PriceKey, float]

    def of(self, practitioner_id: UUID, start: datetime) -> float:
        """The price of a slot that begins at this instant; 0 where nothing was learned."""
        return self.at(practitioner_id, start.astimezone(self.zone))

    def at(self, practitioner_id: UUID, local: datetime) -> float:
        """The same for a start that the zone's own clocks show."""
        return self.points.get((practitioner_id, local.weekday(), part_of_day(local.hour)), 0.0)


def part_of_day(hour: int) -> int:
    """The part of the day that a local hour lies in."""
    return bisect.bisect_right(PARTS_BEGIN, hour)


@dataclass(frozen=True, slots=True)
class Worth:
    """The ends of the range of duals of each slot, in points. `one_more` is never above `one_less`.

    Both are 0 for a slot of which the best assignment leaves a place empty.
    """

    one_more: Floats
    """What one more place of the slot would save."""
    one_less: Floats
    """What taking one place of it away would cost."""


def worth(market: Market, chosen: Numbers) -> Worth:
    """The duals of the slots in a cheapest assignment without caps.

    A place more is worth the best chain of moves that it sets off: somebody moves into it, somebody
    else into the place they leave, and so on, until a place stays empty or somebody is served who
    was not. A place less costs the cheapest such chain the other way. Values are passed along the
    chains, all slots at once, until none changes: assignments that are cheapest have no chain that
    goes round and saves, so that none is longer than there are slots, and this ends.
    """
    used = np.bincount(market.slots[chosen], minlength=len(market.free))
    is_full = used >= market.free
    rows, slots, price = market.rows, market.slots, market.price
    seat = np.full(len(market.nowhere), -1)
    seat[rows[chosen]] = slots[chosen]
    pays = market.nowhere.copy()
    pays[rows[chosen]] = price[chosen]
    if not len(slots):
        nothing = np.zeros(len(market.free))
        return Worth(nothing, nothing)
    return Worth(
        one_more=_one_more(market, seat, pays, is_full),
        one_less=_one_less(market, seat, pays, is_full),
    )


def learn_prices(
    stretches: Iterable[Stretch],
    zone: ZoneInfo,
    weights: Weights,
    limits: Limits = DEFAULT_LIMITS,
    roads: Roads = AS_THE_CROW_FLIES,
    *,
    between_weeks: Callable[[], None] = lambda: None,
) -> Prices:
    """The prices of a territory from stretches of its past that have nothing to do with each other.

    Judged week by week: the mean over the slots that a practitioner offered on that weekday in that
    part of the day, drawn towards the whole weekday's mean where there are few. Nobody asked, or
    nothing offered: no prices, and the engine does without. `between_weeks` is called after each
    week, of which a large one takes seconds.
    """
    values: defaultdict[PriceKey, list[float]] = defaultdict(list)
    for needs, slots in stretches:
        for monday in sorted({monday_of(slot.day) for slot in slots}):
            for slot, value in _worth_in_week(monday, needs, slots, (weights, limits, roads)):
                part = part_of_day(slot.start.astimezone(zone).hour)
                key = slot.practitioner_id, slot.day.weekday(), part
                values[key].append(min(SCALE * value, CEILING))
            between_weeks()
    return Prices(zone, _means(values))


def _worth_in_week(
    monday: date,
    needs: Sequence[Need],
    slots: Sequence[OpenSlot],
    rules: tuple[Weights, Limits, Roads],
) -> Iterator[tuple[OpenSlot, float]]:
    """Each slot of the week, and the middle of the range of its duals."""
    of_week = [slot for slot in slots if monday_of(slot.day) == monday]
    first = min(slot.start for slot in of_week)
    last = max(slot.end for slot in of_week)
    around = [slot for slot in slots if first - AROUND <= slot.start <= last + AROUND]
    callers = [need for need in needs if need.due_at >= first - AROUND and need.asked_at <= last]
    if not callers:
        return
    seen = look_back(callers, around, *rules)
    found = worth(seen.market, seen.chosen)
    middle = (found.one_more + found.one_less) / 2
    for slot, value in zip(around, middle.tolist(), strict=True):
        if monday_of(slot.day) == monday:
            yield slot, value


def _means(values: Mapping[PriceKey, Sequence[float]]) -> dict[PriceKey, float]:
    whole_days: defaultdict[tuple[UUID, int], list[float]] = defaultdict(list)
    for (practitioner_id, weekday, _), of_part in values.items():
        whole_days[practitioner_id, weekday] += of_part
    means = {}
    for (practitioner_id, weekday, part), of_part in values.items():
        whole_day = whole_days[practitioner_id, weekday]
        pull = SHRINKAGE * sum(whole_day) / len(whole_day)
        mean = (sum(of_part) + pull) / (len(of_part) + SHRINKAGE)
        if mean > ENOUGH:
            means[practitioner_id, weekday, part] = mean
    return means


def _one_more(market: Market, seat: Numbers, pays: Floats, is_full: NDArray[np.bool_]) -> Floats:
    by_slot = np.argsort(market.slots, kind="stable")
    row_of = market.rows[by_slot]
    asked, firsts = np.unique(market.slots[by_slot], return_index=True)
    saves = (pays[market.rows] - market.price)[by_slot]
    # The last is that of whoever is nowhere: nobody moves up when they are served.
    value = np.zeros(len(market.free) + 1)
    enough = _enough(market)
    for _ in range(_rounds(market)):
        best = np.maximum.reduceat(saves + value[seat][row_of], firsts)
        passed = np.zeros_like(value)
        passed[asked] = np.where(is_full[asked], np.maximum(best, 0.0), 0.0)
        has_settled = np.max(np.abs(passed - value)) <= enough
        value = passed
        if has_settled:
            break
    return value[:-1]


def _one_less(market: Market, seat: Numbers, pays: Floats, is_full: NDArray[np.bool_]) -> Floats:
    # Nobody has been asked to move yet: more than anybody could lose.
    ceiling = float(np.max(market.nowhere)) * 2 + float(np.max(np.abs(market.price)))
    value = np.where(is_full & np.isin(np.arange(len(market.free)), seat), ceiling, 0.0)
    seated = seat >= 0
    enough = _enough(market)
    for _ in range(_rounds(market)):
        elsewhere = np.minimum.reduceat(market.price + value[market.slots], market.starts[:-1])
        loses = (np.minimum(market.nowhere, elsewhere) - pays)[seated]
        passed = value.copy()
        np.minimum.at(passed, seat[seated], np.where(is_full[seat[seated]], loses, 0.0))
        has_settled = np.max(np.abs(passed - value)) <= enough
        value = passed
        if has_settled:
            break
    return np.maximum(value, 0.0)


def _rounds(market: Market) -> int:
    """How often values are passed along at most: the longest chain, and once to see it settled."""
    return len(market.free) + 1


def _enough(market: Market) -> float:
    largest = max(float(np.max(np.abs(market.price))), float(np.max(market.nowhere)))
    return ENOUGH * max(1.0, largest / ENOUGH_UP_TO)
