"""iCalendar files (RFC 5545) of our appointments: of a single one, or a feed of many."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from dispatcher.domain import calendar
from dispatcher.domain.agendas.reading import OUR_DOMAIN
from dispatcher.domain.calendar import NBSP

MAKER = "-//Relais SNP//Rendez-vous//FR"
READ_EVERY = timedelta(minutes=15)
"""How often a calendar is asked to read a feed again (RFC 7986, 5.7)."""
A_YEAR = timedelta(days=366)
"""The changes of clock that a file describes, before and after its events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An appointment as a calendar shows it; texts are in the reader's language."""

    appointment_id: UUID
    booked_at: datetime
    start: datetime
    end: datetime
    summary: str
    description: str
    location: str = ""
    is_cancelled: bool = False


def calendar_file(
    entries: Iterable[Entry], zone: ZoneInfo, method: str = "PUBLISH", name: str = ""
) -> bytes:
    """The file, hours in `zone`, whose changes of clock it describes. `name` is that of a feed."""
    file = Calendar()
    file.add("prodid", MAKER)
    file.add("version", "2.0")
    file.add("method", method)
    if name:
        file.add("x-wr-calname", name)
        file.add("refresh-interval", READ_EVERY, parameters={"VALUE": "DURATION"})
        file.add("x-published-ttl", READ_EVERY)
    days = []
    for entry in entries:
        file.add_component(_event(entry, zone))
        days.append(calendar.local_day(entry.start, zone))
    if days:
        file.add_missing_timezones(first_date=min(days) - A_YEAR, last_date=max(days) + A_YEAR)
    return bytes(file.to_ical())


def single_file(entry: Entry, zone: ZoneInfo) -> bytes:
    """The file of one appointment; one that was cancelled takes its entry back."""
    return calendar_file([entry], zone, "CANCEL" if entry.is_cancelled else "PUBLISH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An appointment as its practitioner's calendar shows it: by its number, naming nobody.

    Calendars lie with others, and so do e-mails. `address` is that of the practice, or empty.
    """

    appointment_id: UUID
    code: str
    booked_at: datetime
    start: datetime
    end: datetime
    address: str
    territory_name: str
    is_cancelled: bool


def practitioners_file(expected: Expected, zone: ZoneInfo) -> bytes:
    """The file that goes with a practitioner's notice, and that its link gives."""
    entry = Entry(
        appointment_id=expected.appointment_id,
        booked_at=expected.booked_at,
        start=expected.start,
        end=expected.end,
        summary=f"SNP n°{NBSP}{expected.code}",
        description=f"{expected.territory_name}, demande {expected.code}.",
        location=expected.address,
        is_cancelled=expected.is_cancelled,
    )
    return single_file(entry, zone)


def _event(entry: Entry, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", f"{entry.appointment_id}@{OUR_DOMAIN}")
    event.add("dtstamp", entry.booked_at)
    event.add("dtstart", entry.start.astimezone(zone))
    event.add("dtend", entry.end.astimezone(zone))
    event.add("summary", entry.summary)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("sequence", int(entry.is_cancelled))
    event.add("description", entry.description)
    if entry.location:
        event.add("location", entry.location)
    return event
