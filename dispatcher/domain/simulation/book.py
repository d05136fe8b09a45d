"""The published slots as they stand at a moment of a replay, quick to ask."""

import bisect
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from dispatcher.domain.geography import distances_km
from dispatcher.domain.matching.columns import TELECONSULTATION
from dispatcher.domain.matching.needs import Need, OpenSlot, monday_of
from dispatcher.domain.matching.prices import Prices
from dispatcher.domain.simulation.demand import Publication


class Book:
    """Every slot of a replay, published or not yet; what is taken shows in all that it changes.

    The engine is only shown slots that could fit as far as profession, hour, distance and free
    places go: it would refuse the others, and a replay asks it thousands of times.
    """

    def __init__(self, publications: Sequence[Publication], prices: Prices) -> None:
        ordered = sorted(publications, key=lambda each: (each.slot.start, each.slot.slot_id))
        self._slots = [
            replace(
                each.slot,
                taken=0,
                load=0.0,
                booked_that_day=0,
                booked_that_week=0,
                price=prices.of(each.slot.practitioner_id, each.slot.start),
            )
            for each in ordered
        ]
        self._row = {slot.slot_id: row for row, slot in enumerate(self._slots)}
        self._starts = [slot.start.timestamp() for slot in self._slots]
        self._ends = np.array([slot.end.timestamp() for slot in self._slots])
        longest = max((slot.end - slot.start for slot in self._slots), default=None)
        self._longest = longest.total_seconds() if longest else 0.0
        self._is_open = np.zeros(len(self._slots), dtype=np.bool_)
        self._is_known = np.zeros(len(self._slots), dtype=np.bool_)
        self._profession = np.array([slot.profession for slot in self._slots], dtype=np.str_)
        points = [(slot.longitude, slot.latitude) for slot in self._slots]
        self._longitudes = np.array([p[0] for p in points], dtype=np.float64)
        self._latitudes = np.array([p[1] for p in points], dtype=np.float64)
        is_remote = [slot.modality == TELECONSULTATION for slot in self._slots]
        self._anywhere = np.array(is_remote, dtype=np.bool_)
        self._of_practitioner: dict[UUID, list[int]] = defaultdict(list)
        for row, slot in enumerate(self._slots):
            self._of_practitioner[slot.practitioner_id].append(row)
        numbers = {who: number for number, who in enumerate(self._of_practitioner)}
        self._holder = np.array([numbers[slot.practitioner_id] for slot in self._slots], dtype=int)
        self._load = np.zeros(len(numbers))
        self._shown_load = np.zeros(len(self._slots))
        self.offered: Counter[UUID] = Counter()
        """Places published so far, by practitioner."""
        self.taken: Counter[UUID] = Counter()

    def publish(self, slot_id: UUID) -> OpenSlot:
        """Show a slot from now on."""
        row = self._row[slot_id]
        slot = self._slots[row]
        self._is_open[row] = self._is_known[row] = True
        self.offered[slot.practitioner_id] += slot.places
        self._weigh(row)
        return slot

    def fitting(self, need: Need, now: datetime) -> list[OpenSlot]:
        """The known slots with a free place that may fit the need as far as can be seen here."""
        return self._shown(need, now, self._is_open)

    def known(self, need: Need, now: datetime) -> list[OpenSlot]:
        """The same, full ones and those that come too late included."""
        return self._shown(need, now, self._is_known, until=float("inf"))

    def take(self, slot_id: UUID) -> None:
        """Take one place of a slot that was published."""
        row = self._row[slot_id]
        slot = self._slots[row]
        self.taken[slot.practitioner_id] += 1
        has_cap = slot.daily_cap is not None or slot.weekly_cap is not None
        for other in self._of_practitioner[slot.practitioner_id] if has_cap else [row]:
            each = self._slots[other]
            is_that_week = monday_of(each.day) == monday_of(slot.day)
            self._slots[other] = replace(
                each,
                taken=each.taken + (other == row),
                booked_that_day=each.booked_that_day + (each.day == slot.day),
                booked_that_week=each.booked_that_week + is_that_week,
            )
        self._is_open[row] = self._slots[row].taken < slot.places
        self._weigh(row)

    def _shown(
        self, need: Need, now: datetime, mask: NDArray[np.bool_], until: float | None = None
    ) -> list[OpenSlot]:
        since = now.timestamp()
        latest = need.due_at.timestamp() if until is None else until
        first = bisect.bisect_left(self._starts, since - self._longest)
        last = bisect.bisect_right(self._starts, latest)
        window = slice(first, last)
        fits = mask[window] & (self._ends[window] > since)
        fits &= self._profession[window] == need.profession
        if until is None and need.longitude is not None and need.latitude is not None:
            # What is not known is no reason against a slot.
            km = distances_km(
                np.array(need.longitude),
                np.array(need.latitude),
                self._longitudes[window],
                self._latitudes[window],
            )
            fits &= ~(km > need.limit_km) | self._anywhere[window]
        rows = first + np.flatnonzero(fits)
        stale = rows[self._shown_load[rows] != self._load[self._holder[rows]]]
        for row in stale.tolist():
            load = float(self._load[self._holder[row]])
            self._slots[row] = replace(self._slots[row], load=load)
            self._shown_load[row] = load
        return [self._slots[row] for row in rows.tolist()]

    def _weigh(self, row: int) -> None:
        """Note how much of what they offered so far a practitioner was given."""
        holder = self._slots[row].practitioner_id
        self._load[self._holder[row]] = self.taken[holder] / self.offered[holder]
