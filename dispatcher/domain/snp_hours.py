"""When unscheduled care is a CPTS's to answer, and when it is the permanence des soins (PDSA).

By day: Monday to Friday from 8 h to 20 h, and Saturday morning (Mesnier report, May 2018). PDSA:
every night from 20 h to 8 h, Sundays and public holidays, and Saturday from the hour that the
region's cahier des charges says, noon or 14 h (CSP R6315-1). The same cahiers may add the Monday
before and the Friday and Saturday after a public holiday.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import country_holidays
from holidays.holiday_base import HolidayBase

DAY_BEGINS = time(8)
DAY_ENDS = time(20)
SATURDAY, SUNDAY = 5, 6
LONGEST_CLOSURE_DAYS = 15
"""More days in a row than any calendar of holidays and bridges closes."""

_HOLIDAYS_OF = {
    # Good Friday and St Stephen's Day in Bas-Rhin, Haut-Rhin and Moselle; abolition days overseas.
    "67": "6AE",
    "68": "6AE",
    "57": "57",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "975": "PM",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
"""The calendar of the `holidays` library, by département or overseas territory; elsewhere the
eleven national days."""


class Hours(StrEnum):
    """Which organisation answers at an instant."""

    SNP = "snp"
    NIGHT = "night"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"
    BRIDGE = "bridge"
    """The day between a public holiday and a Sunday, where the region counts it as PDSA."""


@dataclass(frozen=True, slots=True)
class SnpHours:
    """A territory's hours. `department` is an INSEE département, `saturday_until` a local hour."""

    zone: ZoneInfo
    department: str
    saturday_until: int = 12
    bridge_days: bool = False

    def at(self, instant: datetime) -> Hours:
        """Which organisation answers at an aware instant."""
        local = instant.astimezone(self.zone)
        day, hour = local.date(), local.time()
        if is_holiday(day, self.department):
            return Hours.HOLIDAY
        if day.weekday() == SUNDAY:
            return Hours.SUNDAY
        if not DAY_BEGINS <= hour < DAY_ENDS:
            return Hours.NIGHT
        if self.bridge_days and is_bridge(day, self.department):
            return Hours.BRIDGE
        if day.weekday() == SATURDAY and hour >= time(self.saturday_until):
            return Hours.SATURDAY
        return Hours.SNP

    def is_snp(self, instant: datetime) -> bool:
        """Whether the CPTS answers at this instant."""
        return self.at(instant) is Hours.SNP

    def next_opening(self, instant: datetime) -> datetime:
        """When unscheduled care is the CPTS's again, seen from an aware instant outside its hours.

        Always a morning: nothing but a night, a Sunday, a holiday or a bridge comes to an end.
        """
        day = instant.astimezone(self.zone).date()
        for ahead in range(LONGEST_CLOSURE_DAYS):
            opening = datetime.combine(day + timedelta(days=ahead), DAY_BEGINS, tzinfo=self.zone)
            if opening > instant and self.is_snp(opening):
                return opening
        raise ValueError(f"no opening within {LONGEST_CLOSURE_DAYS} days of {instant}")


@lru_cache(maxsize=1024)
def is_holiday(day: date, department: str) -> bool:
    """A public holiday of the département: eleven, more in Alsace-Moselle and overseas."""
    return day in _calendar(_HOLIDAYS_OF.get(department), day.year)


@lru_cache(maxsize=1024)
def is_bridge(day: date, department: str) -> bool:
    """The Monday before a public holiday, the Friday or the Saturday after one."""
    day_before, day_after = day - timedelta(days=1), day + timedelta(days=1)
    match day.weekday():
        case 0:
            return is_holiday(day_after, department)
        case 4:
            return is_holiday(day_before, department)
        case 5:
            thursday = day - timedelta(days=2)
            return is_holiday(day_before, department) or is_holiday(thursday, department)
        case _:
            return False


@lru_cache(maxsize=64)
def _calendar(subdivision: str | None, year: int) -> HolidayBase:
    return country_holidays("FR", subdiv=subdivision, years=year)
