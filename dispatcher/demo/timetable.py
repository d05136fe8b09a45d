"""When the demonstration's volunteers offer places: timetables in wall time, from today on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_AHEAD = 4
"""Today and the days that the longest delay reaches."""
SOON = timedelta(minutes=45)
ON_CALL_SPAN = timedelta(hours=5)
QUARTER_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Offer:
    """Places of one timetable: start and end as instants of the territory's zone."""

    start: datetime
    end: datetime
    places: int = 1
    modality: str = "AMB"


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a timetable, in wall time."""

    at: time
    minutes: int
    places: int = 1
    modality: str = "AMB"


def _singles(modality: str, minutes: int, *hours: tuple[int, int]) -> tuple[_Line, ...]:
    return tuple(_Line(time(*hour), minutes, 1, modality) for hour in hours)


TIMETABLES: Mapping[str, tuple[_Line, ...]] = {
    "morning": _singles("AMB", 20, (8, 20), (9, 40), (11, 0), (11, 40), (13, 40), (17, 20)),
    "afternoon": _singles("AMB", 20, (10, 20), (14, 0), (14, 40), (16, 0), (18, 0), (18, 40)),
    "walk_in": (_Line(time(8, 0), 150, 6), _Line(time(16, 30), 120, 5)),
    "remote": (
        *_singles("VR", 15, (12, 30), (12, 45), (19, 0), (19, 15)),
        *_singles("AMB", 20, (9, 0), (15, 20)),
    ),
    "visits": _singles("HH", 30, (9, 30), (11, 30), (14, 30), (17, 0)),
}


def offers(timetable: str, now: datetime, zone: ZoneInfo) -> Iterator[Offer]:
    """What a volunteer with that timetable offers from now on, for DAYS_AHEAD days.

    `on_call` sits there from soon on, whatever the hour, so that a demonstration started at night
    has somebody to send a patient to. `asked` offers nothing: they answer when they are asked.
    """
    if timetable == "on_call":
        yield _on_call(now, zone)
    today = now.astimezone(zone).date()
    for ahead in range(DAYS_AHEAD):
        yield from _of_day(timetable, today + timedelta(days=ahead), now, zone)


def of_day(timetable: str, day: date, zone: ZoneInfo) -> Iterator[Offer]:
    """What that timetable offers on a day."""
    for line in TIMETABLES.get(timetable, ()):
        start = datetime.combine(day, line.at, zone)
        yield Offer(start, start + timedelta(minutes=line.minutes), line.places, line.modality)


def _of_day(timetable: str, day: date, now: datetime, zone: ZoneInfo) -> Iterator[Offer]:
    for offer in of_day(timetable, day, zone):
        if offer.start > now + SOON:
            yield offer


def _on_call(now: datetime, zone: ZoneInfo) -> Offer:
    local = (now + SOON).astimezone(zone).replace(second=0, microsecond=0)
    start = local - timedelta(minutes=local.minute % QUARTER_MINUTES)
    return Offer(start, start + ON_CALL_SPAN, places=8)
