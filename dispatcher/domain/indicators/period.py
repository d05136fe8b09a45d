"""The activity of a period, added up from the facts of its days.

What cannot be known is None, which is not zero: a share of nothing, the median of nothing.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatcher.domain.calendar import Period
from dispatcher.domain.indicators.definition import Dimension
from dispatcher.domain.indicators.facts import DayFacts, facts_of, part_key, summed
from dispatcher.domain.indicators.registry import (
    DURATIONS,
    INDICATORS,
    OUTCOMES,
    PEOPLE,
    PLACES,
    RATIOS,
    REQUESTS,
)
from dispatcher.domain.indicators.stories import Ledger, LoggedEvent

_PER_SECOND = 1_000_000
_PER_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Counts of requests.

    `requests` is the sum of `booked`, `cancelled`, `redirected`, `unfilled` and `live`; `honoured`,
    `no_show` and `within_delay` are parts of `booked`.
    """

    requests: int
    booked: int
    """With an appointment that was not cancelled: to come, honoured or missed."""
    honoured: int
    no_show: int
    cancelled: int
    redirected: int
    unfilled: int
    live: int
    within_delay: int
    """Booked, the patient being seen within the delay that was asked for."""

    @property
    def within_delay_share(self) -> float | None:
        """`within_delay` over `booked`, 0 to 1; None when nothing was booked."""
        return self.within_delay / self.booked if self.booked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures(Outcomes):
    """One local day: the requests opened on it, and the places of slots that start on it."""

    day: date
    slots_opened: int
    slots_used: int
    slots_lost: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took. `p90` is the shortest time that nine of ten did not exceed."""

    count: int
    median_s: float
    p90_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An indicator of a period. `value` is None when it cannot be known.

    Of a duration it is the median in seconds, and `spread` has the rest.
    """

    code: str
    value: float | None
    parts: Mapping[str, Mapping[str, int]]
    """By dimension, by part."""
    spread: Spread | None = None

    def as_json(self) -> dict[str, Any]:
        """With what the registry says of it."""
        what = INDICATORS[self.code]
        return {
            "code": self.code,
            "label": what.label,
            "formula": what.formula,
            "events": list(what.events),
            "unit": what.unit.value,
            "additive": what.additive,
            "value": _rounded(self.value, 4),
            "p90": None if self.spread is None else _rounded(self.spread.p90_s, 4),
            "parts": {dimension: dict(parts) for dimension, parts in self.parts.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators(Outcomes):
    """The activity of a period."""

    median_time_to_appointment_minutes: float | None
    """From asking to being seen, over `booked`."""
    median_time_to_booking_s: float | None
    """From asking to the first appointment given, over the requests that ever got one."""
    volunteers_active: int
    """Practitioners with a place open, or an appointment that stands, in the period."""
    slots_opened: int
    """Places published and not withdrawn."""
    slots_used: int
    """Of these places, those with an appointment that was not cancelled; a no-show used one."""
    slots_lost: int
    """Of these places, those whose hour went by with nobody in them."""
    satisfaction_answers: int
    """Appointments of these requests that the patient gave a mark from 0 to 10, the last one."""
    satisfaction_mean: float | None
    satisfaction_nps: float | None
    """Net promoter score: the share of 9 and 10 less that of 0 to 6, from -100 to 100."""
    by_day: Sequence[DayFigures]
    """Every day of the period, in order."""
    by_profession: Mapping[str, Outcomes]
    by_origin: Mapping[str, Outcomes]
    figures: Mapping[str, Figure]
    """Every indicator of the registry, by code and in its order."""

    def as_json(self) -> dict[str, Any]:
        """The figures as the API and the command line print them."""
        return _with_share(self) | {
            "median_time_to_appointment_minutes": _rounded(
                self.median_time_to_appointment_minutes, 1
            ),
            "median_time_to_booking_s": _rounded(self.median_time_to_booking_s, 1),
            "satisfaction_mean": _rounded(self.satisfaction_mean, 2),
            "satisfaction_nps": _rounded(self.satisfaction_nps, 1),
            "by_day": [
                _with_share(figures) | {"day": figures.day.isoformat()} for figures in self.by_day
            ],
            "by_profession": {code: _with_share(each) for code, each in self.by_profession.items()},
            "by_origin": {code: _with_share(each) for code, each in self.by_origin.items()},
            "figures": [each.as_json() for each in self.figures.values()],
        }


def fold(events: Iterable[LoggedEvent], period: Period) -> Indicators:
    """The indicators of a period, from a territory's events in the order of the log.

    Give it the events from before the period too: a slot may have been published, and a request
    may be answered, on another day.
    """
    days = list(period.days())
    return added_up(facts_of(Ledger.of(events), days, period.zone), days)


def added_up(facts: Mapping[date, DayFacts], days: Sequence[date]) -> Indicators:
    """The indicators of those days; a day without facts is one on which nothing happened."""
    nothing = DayFacts()
    total = summed(facts[day] for day in days if day in facts)
    figures = _figures(total)
    wait, booking = figures["time_to_appointment"].value, figures["time_to_booking"].value
    return Indicators(
        **_outcomes(total),
        median_time_to_appointment_minutes=None if wait is None else wait / _PER_MINUTE,
        median_time_to_booking_s=booking,
        volunteers_active=len(total.there("volunteers_active")),
        **_places(total),
        satisfaction_answers=total.counts["satisfaction_answers"],
        satisfaction_mean=figures["satisfaction_mean"].value,
        satisfaction_nps=figures["satisfaction_nps"].value,
        by_day=[
            DayFigures(**_outcomes(each), **_places(each), day=day)
            for day in days
            for each in (facts.get(day, nothing),)
        ],
        by_profession=_grouped(total, Dimension.PROFESSION),
        by_origin=_grouped(total, Dimension.ORIGIN),
        figures=figures,
    )


def _figures(total: DayFacts) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for counted in REQUESTS:
        parts = {by.value: total.parts(counted.code, by) for by in counted.by}
        found[counted.code] = Figure(
            code=counted.code, value=total.counts[counted.code], parts=parts
        )
    for place in PLACES:
        found[place.code] = Figure(code=place.code, value=total.counts[place.code], parts={})
    for people in PEOPLE:
        there = total.there(people.code)
        found[people.code] = Figure(
            code=people.code, value=len(there), parts=_professions(total, people.code)
        )
    for timed in DURATIONS:
        spread = _spread(total.duration(timed.code))
        median = None if spread is None else spread.median_s
        found[timed.code] = Figure(code=timed.code, value=median, parts={}, spread=spread)
    for ratio in RATIOS:
        part, whole = (total.counts[code] for code in ratio.over)
        found[ratio.code] = Figure(
            code=ratio.code, value=ratio.factor * part / whole if whole else None, parts={}
        )
    return found


def _professions(total: DayFacts, code: str) -> dict[str, Mapping[str, int]]:
    start = part_key(code, Dimension.PROFESSION, "")
    parts = {
        key.removeprefix(start): len(people)
        for key, people in sorted(total.people.items())
        if key.startswith(start)
    }
    return {Dimension.PROFESSION.value: parts} if parts else {}


def _spread(microseconds: NDArray[np.int64]) -> Spread | None:
    """None of nothing. The median of an even number lies between the two in the middle."""
    count = microseconds.size
    if not count:
        return None
    low, high, ninth = (count - 1) // 2, count // 2, -(-9 * count // 10) - 1
    placed = np.partition(microseconds, sorted({low, high, ninth}))
    middle = (int(placed[low]) + int(placed[high])) / 2
    return Spread(count, middle / _PER_SECOND, int(placed[ninth]) / _PER_SECOND)


def _outcomes(facts: DayFacts) -> dict[str, int]:
    return {code: facts.counts[code] for code in OUTCOMES}


def _places(facts: DayFacts) -> dict[str, int]:
    return {place.code: facts.counts[place.code] for place in PLACES}


def _grouped(total: DayFacts, dimension: Dimension) -> dict[str, Outcomes]:
    return {
        part: Outcomes(**{code: total.counts[part_key(code, dimension, part)] for code in OUTCOMES})
        for part in total.parts("requests", dimension)
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _with_share(outcomes: Outcomes) -> dict[str, Any]:
    told = {
        each.name: getattr(outcomes, each.name)
        for each in dataclasses.fields(outcomes)
        if each.name not in {"by_day", "by_profession", "by_origin", "figures"}
    }
    return told | {"within_delay_share": _rounded(outcomes.within_delay_share, 4)}
