"""Which slots may be given to a need, and for which reasons the others may not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dispatcher.domain.geography import Floats
from dispatcher.domain.matching.columns import (
    OFFICE,
    Booleans,
    Integers,
    Kind,
    NeedColumns,
    SlotColumns,
)
from dispatcher.domain.matching.needs import DEFAULT_LIMITS, Limits, Need, OpenSlot

Bits = NDArray[np.uint32]


class Reason(StrEnum):
    """Why a slot may not be given to a need. The order is that in which they are told."""

    PROFESSION = "profession"
    SPECIALTY = "specialty"
    MODALITY = "modality"
    VISIBILITY = "visibility"
    EXCLUDED = "excluded"
    AGE = "age"
    SEX = "sex"
    LANGUAGE = "language"
    STEP_FREE = "step_free"
    TOO_FAR = "too_far"
    CANNOT_TRAVEL = "cannot_travel"
    TOO_LATE = "too_late"
    TOO_EARLY = "too_early"
    PAST = "past"
    OUTSIDE_HOURS = "outside_hours"
    TOO_SOON = "too_soon"
    FULL = "full"
    PRACTITIONER_CAP = "practitioner_cap"
    WEEKLY_CAP = "weekly_cap"


CELLS_AT_ONCE = 50_000
"""Needs times slots compared at a time: few enough for the processor's cache, many enough for
numpy."""

BIT: Mapping[Reason, int] = {reason: 1 << position for position, reason in enumerate(Reason)}

GENERALISTS: Mapping[str, frozenset[str]] = {
    "10": frozenset({"SM26", "SM53", "SM54"}),
    "40": frozenset({"SCD03"}),
}
"""Professions in which a specialty narrows what one is asked for, with the specialties that are
general practice (TRE_R38: qualifié, spécialiste en médecine générale, médecine générale; médecine
bucco-dentaire). Elsewhere a specialty adds to a general practice: an advanced practice nurse is
still a nurse."""


def feasibility(
    need: Need, slot: OpenSlot, now: datetime, limits: Limits = DEFAULT_LIMITS
) -> tuple[Reason, ...]:
    """Every reason against giving this slot to this need; none means that it may be given."""
    comparison = compare(NeedColumns([need]), SlotColumns([slot], now, limits))
    return reasons_of(int(comparison.against[0, 0]))


@cache
def reasons_of(bits: int) -> tuple[Reason, ...]:
    """The reasons that a set of bits stands for, in their order."""
    return tuple(reason for reason in Reason if bits & BIT[reason])


@dataclass(frozen=True, slots=True)
class Pairs:
    """Chosen pairs of needs and slots, one element for each in every array."""

    needs: Integers
    """Rows of the needs."""
    slots: Integers
    """Rows of the slots."""
    arrival: Floats
    """When the patient would be seen, in seconds since 1970."""
    distance_km: Floats
    """0 by teleconsultation, NaN where it is not known."""

    def __len__(self) -> int:
        return len(self.needs)

    def __getitem__(self, chosen: Integers | slice) -> Self:
        """Some of the pairs, in the order asked for."""
        return type(self)(
            self.needs[chosen], self.slots[chosen], self.arrival[chosen], self.distance_km[chosen]
        )

    @classmethod
    def of(cls, queue: NeedColumns, columns: SlotColumns, needs: Integers, slots: Integers) -> Self:
        """The pairs of these rows of needs with these rows of slots."""
        arrival = _arrival(queue.earliest[needs], columns.arrival[slots], columns.latest[slots])
        return cls(needs, slots, arrival, columns.distances_km(queue, needs, slots))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every need (a row) against every slot (a column)."""

    against: Bits
    """The reasons against each pair, as bits; 0 where the slot may be given."""
    arrival: Floats
    distance_km: Floats

    def pairs(self, mask: Booleans) -> Pairs:
        """The pairs that the mask, of the same shape, chooses."""
        positions = np.flatnonzero(mask)
        needs, slots = np.divmod(positions, mask.shape[1] or 1)
        return Pairs(
            needs, slots, self.arrival.ravel()[positions], self.distance_km.ravel()[positions]
        )


def comparisons(
    queue: NeedColumns, columns: SlotColumns
) -> Iterator[tuple[NeedColumns, Comparison]]:
    """Compare a long queue part by part, in its order."""
    at_once = max(1, CELLS_AT_ONCE // max(1, len(columns)))
    for first in range(0, len(queue), at_once):
        part = NeedColumns(queue.needs[first : first + at_once])
        yield part, compare(part, columns)


def compare(queue: NeedColumns, columns: SlotColumns) -> Comparison:
    """Judge every pair by every rule.

    - An appointment takes place at its start, and not before the practitioner's minimum notice has
      run. In a walk-in period the patient is seen when they come: from its start on, from now on,
      from their earliest availability on, and no later than half an hour before its end. Notice
      does not concern it: the practitioner sits there for whoever comes.
    - `too_late` is measured at the hour the patient would be seen, against the asked delay plus the
      territory's grace.
    - A distance that is not known (a few overseas communes have no coordinates) is no refusal: a
      patient must not go unserved because of a gap in a table, and slots never leave the territory
      anyway. Its cost is that of a slot far away, so any slot known to be near goes first.
    - An age or a sex that is not known does not fit a slot that is limited to some: the limit is
      the practitioner's own, only a person may pass over it.
    - What the patient can travel, and steps, stand against offices alone; the radius against home
      visits too. The radius is the enlarged one: `cost` keeps what lies beyond the normal one for
      whoever finds nothing nearer.
    - Outside the hours of unscheduled care stands what starts outside them.
    """
    earliest = queue.earliest[:, None]
    latest_due = queue.due[:, None] + columns.limits.grace.total_seconds()
    distance = columns.all_distances_km(queue)
    arrival = _arrival(earliest, columns.arrival, columns.latest)
    against = _against_kinds(queue, columns)
    against |= _against_anyone(columns)
    against |= _bits(earliest > columns.latest, Reason.TOO_EARLY)
    against |= _bits(arrival > latest_due, Reason.TOO_LATE)
    against |= _bits(distance > queue.limit_km[:, None], Reason.TOO_FAR)
    if not np.isinf(queue.travel_km).all():
        against |= _bits(_out_of_reach(queue, columns, distance), Reason.CANNOT_TRAVEL)
    against |= _bits(_wrong_age(queue, columns), Reason.AGE)
    for row, need in enumerate(queue.needs):
        for practitioner in need.excluded_practitioners:
            number = columns.practitioner.number(practitioner.int)
            against[row, columns.practitioner.codes == number] |= BIT[Reason.EXCLUDED]
    return Comparison(against, arrival, distance)


def _arrival(earliest: Floats, arrival: Floats, latest: Floats) -> Floats:
    """When a patient would be seen who can come from `earliest` on; never after the last call."""
    seen: Floats = np.minimum(np.maximum(arrival, earliest), latest)
    return seen


def _bits(mask: Booleans, reason: Reason) -> Bits:
    bits: Bits = np.multiply(mask, BIT[reason], dtype=np.uint32)
    return bits


def _against_anyone(columns: SlotColumns) -> Bits:
    """What stands against a slot whatever the need."""
    past = columns.arrival > columns.latest
    within_notice = columns.start < columns.now + columns.notice
    return (
        _bits(past, Reason.PAST)
        | _bits(within_notice & ~past & ~columns.is_walk_in, Reason.TOO_SOON)
        | _bits(columns.free <= 0, Reason.FULL)
        | _bits(columns.is_capped, Reason.PRACTITIONER_CAP)
        | _bits(columns.is_capped_that_week, Reason.WEEKLY_CAP)
        | _bits(columns.is_outside_hours, Reason.OUTSIDE_HOURS)
    )


def _out_of_reach(queue: NeedColumns, columns: SlotColumns, distance: Floats) -> Booleans:
    travel = queue.travel_km[:, None]
    # Distances are from commune to commune: none at all is no way to the office next door either.
    out_of_reach: Booleans = columns.is_office & ((distance > travel) | (travel <= 0))
    return out_of_reach


def _wrong_age(queue: NeedColumns, columns: SlotColumns) -> Booleans:
    has_youngest, has_oldest = ~np.isnan(columns.min_age), ~np.isnan(columns.max_age)
    age = queue.age[:, None]
    wrong: Booleans = has_youngest & ~(age >= columns.min_age)
    wrong |= has_oldest & ~(age <= columns.max_age)
    return wrong


def _against_kinds(queue: NeedColumns, columns: SlotColumns) -> Bits:
    """What stands against each kind of slot, asked once for each kind that occurs."""
    by_kind = np.array(
        [[_against_kind(need, kind) for kind in columns.kinds] for need in queue.needs],
        dtype=np.uint32,
    ).reshape(len(queue), -1)
    bits: Bits = by_kind[:, columns.kind.codes]
    return bits


def _against_kind(need: Need, kind: Kind) -> int:
    against = 0
    if kind.profession != need.profession:
        against |= BIT[Reason.PROFESSION]
    elif not _is_asked_specialty(need, kind.specialty):
        against |= BIT[Reason.SPECIALTY]
    if kind.modality not in need.modalities:
        against |= BIT[Reason.MODALITY]
    if need.sees.isdisjoint(kind.visibility):
        against |= BIT[Reason.VISIBILITY]
    if kind.patient_sex is not None and kind.patient_sex != need.sex:
        against |= BIT[Reason.SEX]
    if need.language is not None and need.language not in kind.languages:
        against |= BIT[Reason.LANGUAGE]
    if need.needs_step_free and kind.modality == OFFICE and not kind.step_free:
        against |= BIT[Reason.STEP_FREE]
    return against


def _is_asked_specialty(need: Need, specialty: str | None) -> bool:
    """Whether the specialty of a slot of the right profession is what was asked for.

    Asking for no specialty, or for a general one, asks for general practice: any of its codes or
    none at all will do, and a specialist is not proposed. A specialist is asked for by name.
    """
    general = GENERALISTS.get(need.profession)
    if need.specialty is None or (general and need.specialty in general):
        return general is None or specialty is None or specialty in general
    return specialty == need.specialty
