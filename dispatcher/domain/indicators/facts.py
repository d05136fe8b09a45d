"""The facts of a local day: what all figures of a period are added up from.

A day's facts are exact: counts, the durations themselves, and who was there. So a median over a
year of days is the median, and somebody active on two days is one person.
"""

import base64
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dispatcher.domain.calendar import local_day
from dispatcher.domain.indicators.definition import PART_OF, Dimension
from dispatcher.domain.indicators.openings import Opening, openings
from dispatcher.domain.indicators.registry import DURATIONS, PEOPLE, PLACES, REQUESTS
from dispatcher.domain.indicators.stories import Ledger, Request

DEFINITIONS = 3
"""Counted up when a figure's rule changes: facts of another number are counted anew."""
_MICROSECOND = timedelta(microseconds=1)
_WIRE = np.dtype("<i8")


def part_key(figure: str, dimension: Dimension | str, part: str) -> str:
    """Under which a figure's part is kept."""
    return f"{figure}.{dimension}.{part}"


@dataclass(slots=True)
class DayFacts:
    """What happened to the requests opened on a day, and to the places that start on it.

    Facts of several days are facts too: see `add`.
    """

    counts: Counter[str] = field(default_factory=Counter)
    """By figure, and by figure and part as `part_key` has it."""
    durations: defaultdict[str, list[NDArray[np.int64]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Microseconds, by indicator."""
    people: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Practitioners' ids as hexadecimal text, by indicator and by profession as its part."""

    def add(self, other: "DayFacts") -> None:
        """Count the other's facts too."""
        counts = self.counts
        for key, count in other.counts.items():  # half of what Counter.update takes
            counts[key] = counts.get(key, 0) + count
        for code, durations in other.durations.items():
            self.durations[code].extend(durations)
        for code, people in other.people.items():
            self.people[code] |= people

    def parts(self, figure: str, dimension: Dimension | str) -> dict[str, int]:
        """A figure told apart, by part."""
        start = part_key(figure, dimension, "")
        return {
            key.removeprefix(start): count
            for key, count in sorted(self.counts.items())
            if key.startswith(start)
        }

    def there(self, indicator: str) -> set[str]:
        """Everybody who counts for an indicator, whatever their profession."""
        return set().union(
            *(
                people
                for key, people in self.people.items()
                if key == indicator or key.startswith(f"{indicator}.")
            )
        )

    def duration(self, code: str) -> NDArray[np.int64]:
        """Every duration of an indicator, in microseconds."""
        parts = self.durations.get(code)
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def as_json(self) -> dict[str, Any]:
        """For keeping: zeros left out, durations as base64 of little-endian 64-bit integers."""
        return {
            "counts": {key: count for key, count in sorted(self.counts.items()) if count},
            "durations": {
                code: base64.b64encode(np.sort(values).astype(_WIRE).tobytes()).decode("ascii")
                for code in sorted(self.durations)
                if (values := self.duration(code)).size
            },
            "people": {
                code: sorted(people) for code, people in sorted(self.people.items()) if people
            },
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "DayFacts":
        """What `as_json` gave."""
        facts = cls(Counter(kept["counts"]))
        for code, packed in kept["durations"].items():
            values = np.frombuffer(base64.b64decode(packed), _WIRE).astype(np.int64, copy=False)
            facts.durations[code].append(values)
        for code, people in kept["people"].items():
            facts.people[code] = set(people)
        return facts


def facts_of(ledger: Ledger, days: Collection[date], zone: ZoneInfo) -> dict[date, DayFacts]:
    """The facts of those local days; what belongs to other days is passed over."""
    found = {day: DayFacts() for day in days}
    spans: defaultdict[date, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for request in ledger.requests:
        day = local_day(request.opened_at, zone)
        if day in found:
            _count_request(request, found[day].counts, spans[day])
    for day, by_code in spans.items():
        for code, values in by_code.items():
            found[day].durations[code].append(np.array(values, np.int64))
    for opening in openings(ledger):
        if (facts := found.get(local_day(opening.start, zone))) is not None:
            _count_opening(opening, facts)
    return found


def summed(facts: Iterable[DayFacts]) -> DayFacts:
    """The facts of all of these together."""
    total = DayFacts()
    for each in facts:
        total.add(each)
    return total


def _count_request(request: Request, counts: Counter[str], spans: Mapping[str, list[int]]) -> None:
    parts = {dimension: part_of(request) for dimension, part_of in PART_OF.items()}
    for figure in REQUESTS:
        if count := int(figure.count(request)):
            counts[figure.code] += count
            for dimension in figure.by:
                counts[part_key(figure.code, dimension, parts[dimension])] += count
    for timed in DURATIONS:
        for span in timed.durations(request):
            spans[timed.code].append(span // _MICROSECOND)


def _count_opening(opening: Opening, facts: DayFacts) -> None:
    for figure in PLACES:
        facts.counts[figure.code] += figure.count(opening)
    if opening.practitioner_id is None:
        return
    for people in PEOPLE:
        if people.counts(opening):
            key = people.code
            if people.by_profession:
                key = part_key(key, Dimension.PROFESSION, opening.profession)
            facts.people[key].add(opening.practitioner_id.hex)
