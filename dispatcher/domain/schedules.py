"""Weekly templates (FHIR Schedule): which slots they make on which days, and where two clash.

A template is written in wall time and read on the territory's clocks. A slot begins when the wall
shows its hour: of an hour that comes twice in autumn, the first time; an hour that spring skips,
at the instant that replaces it (RFC 5545, 3.3.5). It lasts as long as on any other day: its end is
counted from its start (RFC 5545, 3.8.5.3).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.snp_hours import is_holiday

WEEK = timedelta(days=7)
LONGEST_HOURS = timedelta(hours=12)
MOST_WEEKS = 4
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """A piece of a local day, `start` before `end`, both as the wall shows them."""

    start: time
    end: time

    @property
    def minutes(self) -> int:
        """How long it lasts on a day without a change of clock."""
        return _minute(self.end) - _minute(self.start)

    def in_words(self) -> str:
        """« de 9 h à 12 h 30 »."""
        return f"de{NBSP}{_hour(self.start)} à{NBSP}{_hour(self.end)}"

    def overlaps(self, other: "Hours") -> bool:
        """Whether both hold some minute; what ends when the other begins does not."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One slot of a template: its instants in UTC, and the local day and hour that name it."""

    start: datetime
    end: datetime
    day: date
    hour: time


@dataclass(frozen=True, slots=True)
class Weekly:
    """A template. Weekdays count from 0, Monday.

    With `each_minutes` every piece of hours is cut into slots of so many minutes, and what is left
    over is not offered; without, each piece is one slot.
    """

    weekdays: frozenset[int]
    hours: tuple[Hours, ...]
    first_day: date
    last_day: date | None = None
    """Both included; None for no end."""
    every_weeks: int = 1
    """Counted from the week of `first_day`."""
    each_minutes: int | None = None
    on_holidays: bool = False
    exceptions: frozenset[date] = frozenset()
    """Days on which it does not take place."""

    def is_on(self, day: date, department: str) -> bool:
        """Whether it takes place on a local day of that département."""
        return (
            self.recurs_on(day)
            and day not in self.exceptions
            and (self.on_holidays or not is_holiday(day, department))
        )

    def recurs_on(self, day: date) -> bool:
        """The same, holidays and exceptions aside."""
        if day < self.first_day or (self.last_day is not None and day > self.last_day):
            return False
        weeks = (_monday(day) - _monday(self.first_day)) // WEEK
        return day.weekday() in self.weekdays and weeks % self.every_weeks == 0

    def occurrences(
        self, first: date, last: date, zone: ZoneInfo, department: str
    ) -> Iterator[Occurrence]:
        """Its slots on the local days from `first` to `last`, both included, by day and hour."""
        for day in _days(first, last):
            if self.is_on(day, department):
                for hours in sorted(self.hours):
                    yield from self._slots(day, hours, zone)

    def _slots(self, day: date, hours: Hours, zone: ZoneInfo) -> Iterator[Occurrence]:
        begin = datetime.combine(day, hours.start, tzinfo=zone).astimezone(UTC)
        minutes = self.each_minutes or hours.minutes
        for before in range(0, hours.minutes - minutes + 1, minutes):
            start = begin + timedelta(minutes=before)
            wall = (datetime.combine(day, hours.start) + timedelta(minutes=before)).time()
            yield Occurrence(start, start + timedelta(minutes=minutes), day, wall)


@dataclass(frozen=True, slots=True)
class Clash:
    """Two pieces of hours at once: on which weekdays, and which hours the other has."""

    weekdays: tuple[int, ...]
    hours: Hours

    def in_words(self) -> str:
        """« le lundi et le jeudi »."""
        days = [f"le {WEEKDAYS[weekday]}" for weekday in self.weekdays]
        return days[0] if len(days) == 1 else f"{', '.join(days[:-1])} et {days[-1]}"


def clash_within(weekly: Weekly) -> Clash | None:
    """Two pieces of the template's own hours that overlap; None when there are none."""
    pieces = sorted(weekly.hours)
    for number, piece in enumerate(pieces):
        for other in pieces[number + 1 :]:
            if piece.overlaps(other):
                return Clash(tuple(sorted(weekly.weekdays)), other)
    return None


def clash_between(one: Weekly, other: Weekly) -> Clash | None:
    """Where `one` would be at once with `other`; None when no day of both has such hours.

    Holidays and exceptions are left aside: an exception may be taken back.
    """
    hours = next(
        (theirs for theirs in sorted(other.hours) if any(map(theirs.overlaps, one.hours))), None
    )
    if hours is None:
        return None
    weekdays = sorted({day.weekday() for day in _shared_days(one, other)})
    return Clash(tuple(weekdays), hours) if weekdays else None


def _shared_days(one: Weekly, other: Weekly) -> Iterator[date]:
    """Days on which both recur: as many weeks as it takes until the two repeat."""
    first = max(one.first_day, other.first_day)
    last = first + math.lcm(one.every_weeks, other.every_weeks) * WEEK
    ends = [weekly.last_day for weekly in (one, other) if weekly.last_day is not None]
    for day in _days(first, min([last, *ends])):
        if one.recurs_on(day) and other.recurs_on(day):
            yield day


def weekdays_in_words(weekdays: Sequence[int]) -> str:
    """« lundi, mardi et jeudi », « du lundi au vendredi », « tous les jours »."""
    days = sorted(weekdays)
    if len(days) == len(WEEKDAYS):
        return "tous les jours"
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):  # noqa: PLR2004 - two are named
        return f"du {WEEKDAYS[days[0]]} au {WEEKDAYS[days[-1]]}"
    names = [WEEKDAYS[day] for day in days]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} et {names[-1]}"


def _days(first: date, last: date) -> Iterator[date]:
    for ahead in range((last - first).days + 1):
        yield first + timedelta(days=ahead)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _hour(at: time) -> str:
    return f"{at.hour}{NBSP}h" if at.minute == 0 else f"{at.hour}{NBSP}h{NBSP}{at:%M}"


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
