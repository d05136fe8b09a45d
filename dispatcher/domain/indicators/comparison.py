"""The days that those of a period are compared with."""

from datetime import date, timedelta
from enum import StrEnum

LEAP_DAY = (2, 29)


class Comparison(StrEnum):
    """With what."""

    PREVIOUS = "previous"
    """As many days, just before."""
    YEAR = "year"
    """The same days a year earlier; for 29 February the day before."""


def compared_with(first: date, last: date, how: Comparison) -> tuple[date, date]:
    """First and last day, both included, of the other period."""
    if how is Comparison.YEAR:
        return _year_before(first), _year_before(last)
    before = first - timedelta(days=1)
    return before - (last - first), before


def _year_before(day: date) -> date:
    if (day.month, day.day) == LEAP_DAY:
        day -= timedelta(days=1)
    return day.replace(year=day.year - 1)
