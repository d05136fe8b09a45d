"""What an iCalendar file says of its owner: when they are busy, and which hours they offer.

No title, place or name leaves this module: of an event remain its hours and, where the title holds
the agreed word, its key. What cannot be read is told with its line, and everything else counts.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event
from icalendar.prop import vBroken

from dispatcher.domain.agendas.rules import is_bounded, plain

MOST_EVENTS = 20_000
"""Events of a file: a busy practice of one year has ten thousand."""
MOST_UNROLLED = 5_000
"""Occurrences of recurring events in the weeks asked for; each costs half a millisecond."""
MOST_FAULTS = 50
KEY_LENGTH = 32
"""128 bits of a digest, in hexadecimal."""
OUR_DOMAIN = "rendez-vous.invalid"
"""Our own calendar files have it in their UIDs: an appointment of ours keeps nobody from it."""
_RECURRENCE = frozenset({"RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
_TIMES = ("DTSTART", "DTEND", "DURATION", *sorted(_RECURRENCE))


class Fault(StrEnum):
    """Why an agenda, or an event of it, could not be read."""

    NOT_A_CALENDAR = "not_a_calendar"
    """A web page, or nothing that begins with BEGIN:VCALENDAR."""
    CUT_OFF = "cut_off"
    """The file ends before END:VCALENDAR."""
    LINE_UNREADABLE = "line_unreadable"
    """A line that is no « NAME:value », or an END without its BEGIN."""
    TOO_MANY = "too_many"
    EVENT_UNREADABLE = "event_unreadable"
    NO_START = "no_start"
    ENDS_BEFORE_START = "ends_before_start"
    ZONE_UNKNOWN = "zone_unknown"
    """The event is read in the territory's zone."""
    RULE_TOO_DENSE = "rule_too_dense"
    """A recurrence by the minute or the second: the event's first hour alone counts."""
    OVERLAPS = "overlaps"
    """An hour that is offered overlaps a slot of the same place."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, with the line of the file (from 1) that it was found in; None for the whole."""

    fault: Fault
    line: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The stored form."""
        return {"fault": self.fault.value, "line": self.line}


class AgendaUnreadableError(ValueError):
    """Nothing of the file can be used."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.fault.value)
        self.finding = finding


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` until before `end`, aware UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, order=True)
class OfferedHour:
    """An event whose title holds the agreed word; `key` stays the same while its hours do."""

    span: Span
    key: str


@dataclass(frozen=True, slots=True)
class AgendaReading:
    """What counts between the two instants that were asked for."""

    busy: Sequence[Span]
    """In order, without overlaps."""
    offered: Sequence[OfferedHour]
    findings: Sequence[Finding]


def read_agenda(
    content: bytes, zone: ZoneInfo, first: datetime, last: datetime, word: str = ""
) -> AgendaReading:
    """Read what an agenda says of the time from `first` to `last`.

    Hours without a zone are wall time in `zone`. An event counts unless it is cancelled, or its
    owner marked it as free; one that lasts whole days does so from local midnight. With a `word`,
    events whose title holds it (whatever the accents and the case) are offered instead of busy.
    Raises AgendaUnreadableError.
    """
    lines = content.decode("utf-8", errors="replace").removeprefix("\ufeff").splitlines()
    events = _events(_parsed(content, lines))
    if len(events) > MOST_EVENTS:
        raise AgendaUnreadableError(Finding(Fault.TOO_MANY))
    findings: list[Finding] = []
    series: dict[str, list[Event]] = defaultdict(list)
    for number, (event, line) in enumerate(zip(events, _lines_of(lines), strict=True)):
        found = _fault_of(event)
        if found is not None:
            findings.append(Finding(found, line))
        if found in _UNUSABLE or not _counts(event):
            continue
        if found is Fault.RULE_TOO_DENSE:
            del event["RRULE"]
        series[str(event.get("UID", number))].append(event)
    busy: list[Span] = []
    offered: list[OfferedHour] = []
    wanted = plain(word)
    for occurrence in _occurrences(series, zone, first, last):
        span = _span(occurrence, zone)
        takes_time = span.start < span.end
        if not takes_time or span.end <= first or span.start >= last or not _counts(occurrence):
            continue
        if wanted and wanted in plain(str(occurrence.get("SUMMARY", ""))):
            offered.append(OfferedHour(span, _key(occurrence, span)))
        else:
            busy.append(span)
    return AgendaReading(_merged(busy), tuple(sorted(offered)), tuple(findings[:MOST_FAULTS]))


_ONCE = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID")
"""What an event may say once; the library makes a list of the repeated."""
_BEYOND = (AttributeError, OverflowError, TypeError, ValueError)
"""What the library, or the calendar's end, raises over values that are none."""
_ANY_ZONE = ZoneInfo("UTC")
_UNUSABLE = frozenset({Fault.EVENT_UNREADABLE, Fault.NO_START, Fault.ENDS_BEFORE_START})


def _parsed(content: bytes, lines: Sequence[str]) -> Calendar:
    written = [line.strip().upper() for line in lines if line.strip()]
    if not written or written[0] != "BEGIN:VCALENDAR":
        raise AgendaUnreadableError(Finding(Fault.NOT_A_CALENDAR, 1))
    if written[-1] != "END:VCALENDAR":
        raise AgendaUnreadableError(Finding(Fault.CUT_OFF, len(lines)))
    line = _misplaced(lines)
    if line is not None:
        raise AgendaUnreadableError(Finding(Fault.LINE_UNREADABLE, line))
    try:
        return Calendar.from_ical(content)
    except (IndexError, KeyError, *_BEYOND) as error:
        raise AgendaUnreadableError(Finding(Fault.LINE_UNREADABLE)) from error


def _misplaced(lines: Sequence[str]) -> int | None:
    """The first line that is not one of a calendar, or that closes what is not open."""
    within: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line[0] in " \t":
            continue
        name, colon, value = line.partition(":")
        if not colon:
            return number
        if name.upper() == "BEGIN":
            within.append(value.strip().upper())
        elif name.upper() == "END" and (not within or within.pop() != value.strip().upper()):
            return number
    return None


def _events(calendar: Calendar) -> list[Event]:
    return [each for each in calendar.walk("VEVENT") if isinstance(each, Event)]


def _lines_of(lines: Sequence[str]) -> list[int]:
    """Where each event begins, in the order of the file, from 1."""
    return [
        number for number, line in enumerate(lines, 1) if line.strip().upper() == "BEGIN:VEVENT"
    ]


def _fault_of(event: Event) -> Fault | None:
    if "DTSTART" not in event:
        return Fault.NO_START
    if any(_is_broken(event.get(name)) for name in _TIMES):
        return Fault.EVENT_UNREADABLE
    if any(isinstance(event.get(name), list) for name in _ONCE):
        return Fault.EVENT_UNREADABLE
    try:
        return _fault_of_hours(event)
    except _BEYOND:
        return Fault.EVENT_UNREADABLE


def _fault_of_hours(event: Event) -> Fault | None:
    start, end = _value(event, "DTSTART"), _end_of(event)
    for edge in (start, end):
        _instant(edge, _ANY_ZONE)
    if (isinstance(start, datetime) != isinstance(end, datetime)) or _before(end, start):
        return Fault.ENDS_BEFORE_START
    written: Any = event["DTSTART"]
    if "TZID" in written.params and isinstance(start, datetime) and not start.tzinfo:
        return Fault.ZONE_UNKNOWN
    if "RRULE" in event and not all(is_bounded(rule) for rule in _several(event["RRULE"])):
        return Fault.RULE_TOO_DENSE
    return None


def _is_broken(value: object) -> bool:
    return any(isinstance(each, vBroken) for each in _several(value))


def _several(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _value(event: Event, name: str) -> Any:  # noqa: ANN401 - a date, an instant or a duration
    """The Python value of a time that was found readable."""
    read: Any = event[name]
    return read.dt


def _end_of(event: Event) -> date:
    if "DTEND" in event:
        end: date = _value(event, "DTEND")
        return end
    start: date = _value(event, "DTSTART")
    if "DURATION" in event:
        lasts: timedelta = _value(event, "DURATION")
        return start + lasts
    return start if isinstance(start, datetime) else start + timedelta(days=1)


def _before(end: date, start: date) -> bool:
    if isinstance(end, datetime) and isinstance(start, datetime):
        if (end.tzinfo is None) != (start.tzinfo is None):
            return end.replace(tzinfo=None) < start.replace(tzinfo=None)
        return end < start
    return end < start


def _counts(event: Event) -> bool:
    """Whether it keeps its owner from seeing a patient."""
    return (
        str(event.get("STATUS", "")).upper() != "CANCELLED"
        and str(event.get("TRANSP", "")).upper() != "TRANSPARENT"
        and str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "FREE"
        and not str(event.get("UID", "")).endswith(f"@{OUR_DOMAIN}")
    )


def _occurrences(
    series: dict[str, list[Event]], zone: ZoneInfo, first: datetime, last: datetime
) -> Iterator[Event]:
    """Each occurrence. Most events happen once: the library unrolls the others alone.

    Raises AgendaUnreadableError.
    """
    unrolled = 0
    # a whole day or a floating hour is asked for in wall time: a day more on each side
    around = (first.astimezone(zone) - timedelta(days=1), last.astimezone(zone) + timedelta(days=1))
    for events in series.values():
        if not any(_RECURRENCE & event.keys() for event in events):
            yield from events  # also those that share a UID, as some agendas write them
            continue
        calendar = Calendar()
        for event in events:
            calendar.add_component(event)
        try:
            found = recurring_ical_events.of(calendar).between(*around)
        except (IndexError, KeyError, *_BEYOND) as error:  # a rule that cannot be unrolled
            raise AgendaUnreadableError(Finding(Fault.EVENT_UNREADABLE)) from error
        unrolled += len(found)
        if unrolled > MOST_UNROLLED:
            raise AgendaUnreadableError(Finding(Fault.TOO_MANY))
        yield from found


def _span(occurrence: Event, zone: ZoneInfo) -> Span:
    return Span(_instant(_value(occurrence, "DTSTART"), zone), _instant(_end_of(occurrence), zone))


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _key(occurrence: Event, span: Span) -> str:
    """Says nothing of the event: a digest of its UID and its hours."""
    written = (str(occurrence.get("UID", "")), span.start.isoformat(), span.end.isoformat())
    return hashlib.sha256("\n".join(written).encode()).hexdigest()[:KEY_LENGTH]


def _merged(busy: Sequence[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(busy):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)
