"""Many open slots as columns: what slots have in common is kept once.

Whoever looks for the best of twenty thousand slots needs a few numbers of each and all of five: the
numbers are arrays, and a slot is only made when somebody asks for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Self, overload
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dispatcher.domain.geography import Floats
from dispatcher.domain.matching.needs import OpenSlot

Booleans = NDArray[np.bool_]
Integers = NDArray[np.intp]


def instant_of(since_1970: float) -> datetime:
    """The UTC instant of a number of seconds since 1970."""
    return datetime.fromtimestamp(since_1970, UTC)


@dataclass(frozen=True, slots=True)
class Agenda(Sequence[OpenSlot]):
    """Open slots by row. Every array has one element for each; instants are seconds since 1970."""

    patterns: Sequence[OpenSlot]
    """Slots that stand for others: equal to them in all that is not among these columns, but for
    the day, where no cap and no price hangs on it."""
    pattern: Integers
    """The pattern of each slot."""
    ids: Sequence[str]
    """In hexadecimal, all with hyphens or all without: they sort as the ids themselves do."""
    start: Floats
    end: Floats
    places: Floats
    taken: Floats
    outside_hours: Booleans
    zone: ZoneInfo | None = None
    """In which a slot has its day; None where each is its own pattern."""
    elsewhere: Floats = field(default_factory=lambda: np.empty(0))
    """When those of professions that nobody asks for start, in order: they are only counted."""

    @classmethod
    def of(cls, slots: Sequence[OpenSlot]) -> Self:
        """The columns of slots that have been made already, each its own pattern."""
        return cls(
            patterns=slots,
            pattern=np.arange(len(slots)),
            ids=[slot.slot_id.hex for slot in slots],
            start=_times(slots, "start"),
            end=_times(slots, "end"),
            places=numbers(slots, "places"),
            taken=numbers(slots, "taken"),
            outside_hours=numbers(slots, "outside_hours") > 0,
        )

    def __len__(self) -> int:
        return len(self.pattern)

    @overload
    def __getitem__(self, row: int) -> OpenSlot: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[OpenSlot]: ...
    def __getitem__(self, row: int | slice) -> OpenSlot | Sequence[OpenSlot]:
        if isinstance(row, slice):
            return [self[each] for each in range(*row.indices(len(self)))]
        pattern: OpenSlot = self.patterns[int(self.pattern[row])]
        start = instant_of(self.start[row])
        return replace(
            pattern,
            day=start.astimezone(self.zone).date() if self.zone else pattern.day,
            slot_id=UUID(self.ids[row]),
            start=start,
            end=instant_of(self.end[row]),
            places=int(self.places[row]),
            taken=int(self.taken[row]),
            outside_hours=bool(self.outside_hours[row]),
        )

    def in_order(self) -> Self:
        """The same by start, then by id."""
        order = np.lexsort((np.array(self.ids), self.start))
        return replace(
            self,
            pattern=self.pattern[order],
            ids=[self.ids[row] for row in order.tolist()],
            start=self.start[order],
            end=self.end[order],
            places=self.places[order],
            taken=self.taken[order],
            outside_hours=self.outside_hours[order],
        )


def in_order(slots: Sequence[OpenSlot]) -> Sequence[OpenSlot]:
    """Slots by start, then by id."""
    if isinstance(slots, Agenda):
        return slots.in_order()
    return sorted(slots, key=lambda slot: (slot.start, slot.slot_id))


def numbers(slots: Iterable[OpenSlot], name: str) -> Floats:
    """A column of numbers; None is NaN, with which nothing compares."""
    return np.array(list(map(attrgetter(name), slots)), dtype=np.float64)


def _times(slots: Sequence[OpenSlot], name: str) -> Floats:
    times = map(datetime.timestamp, map(attrgetter(name), slots))
    return np.fromiter(times, dtype=np.float64, count=len(slots))
