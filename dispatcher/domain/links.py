"""What a practitioner's link out of an SMS is for, and how long it is good for."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from dispatcher.domain import calendar


class LinkPurpose(StrEnum):
    """Each link has one purpose and opens nothing else."""

    APPOINTMENT = "appointment"
    """One appointment: see it, cancel it before its hour, say after it whether somebody came."""
    CLOSING = "closing"
    """The appointments of a day and of the week before it of which nobody said how they ended."""
    PUBLICATION = "publication"
    """Publishing what the templates that ask first make of one day."""


AFTER_THE_END: Final = timedelta(days=1)
"""How long after its end an appointment can still be marked by its link."""
CLOSING_LIFE: Final = timedelta(days=3)
"""How long the question of the next morning may be answered; the agenda asks on."""
CLOSING_REACH: Final = timedelta(days=7)
"""How many days that question looks back on, the last included."""
CLOSING_HOURS: Final = range(8, 12)
"""Local hours at which it may be asked: at eight, and until noon if the clock stood still."""
PUBLICATION_HOURS: Final = range(18, 21)
"""Local hours at which a practitioner may be asked about the next day."""


def appointment_link_ends(ends_at: datetime) -> datetime:
    """When the link to an appointment that ends at `ends_at` leads nowhere any more."""
    return ends_at + AFTER_THE_END


def closing_span(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Between which instants the appointments began that a question about `day` is about."""
    first = day - CLOSING_REACH + timedelta(days=1)
    return calendar.local_day_bounds(first, zone)[0], calendar.local_day_bounds(day, zone)[1]
