"""Days and hours of a territory: its local days as instants, and how they are said in French.

Instants are aware datetimes. Spaces inside what is said are non-breaking (U+00A0), so that
« 14 h 30 » is never cut at the end of a line; what is meant for an SMS has plain spaces, because
the GSM alphabet has no other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dispatcher.domain.errors import InvalidError

NBSP = "\N{NO-BREAK SPACE}"
MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR

_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_SHORT_WEEKDAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
_MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_RELATIVE_DAYS = {-1: "hier", 0: "aujourd’hui", 1: "demain", 2: "après-demain"}


@dataclass(frozen=True, slots=True)
class Period:
    """Whole local days of one zone, as the half-open span of instants [start, end)."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    def __contains__(self, instant: datetime) -> bool:
        """Whether the instant falls inside; the end does not."""
        return self.start <= instant < self.end

    def days(self) -> Iterator[date]:
        """The local days of the period, in order."""
        current, last = local_day(self.start, self.zone), local_day(self.end, self.zone)
        while current < last:
            yield current
            current += timedelta(days=1)


def time_zone(name: str) -> ZoneInfo:
    """The IANA zone of that name (`Europe/Paris`, `Indian/Reunion` …).

    Raises InvalidError on `timezone` when there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise InvalidError(
            {"timezone": f"Le fuseau horaire «{NBSP}{name}{NBSP}» est inconnu."}
        ) from unknown


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day that the instant falls on in the zone."""
    return instant.astimezone(zone).date()


def local_day_bounds(day_: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First instant of a local day and first instant of the next one, in UTC.

    They are 23 or 25 hours apart on the days when the zone changes its clocks.
    """
    return _midnight(day_, zone), _midnight(day_ + timedelta(days=1), zone)


def period(first: date, last: date, zone: ZoneInfo) -> Period:
    """The local days from `first` to `last`, both included.

    Raises InvalidError on `to` when the last day comes before the first.
    """
    if last < first:
        raise InvalidError({"to": "La fin de la période précède son début."})
    return Period(_midnight(first, zone), _midnight(last + timedelta(days=1), zone), zone)


def wall_instant(day_: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the clocks of the zone show that hour on that day.

    Of an hour that comes twice, in autumn, the first. Raises InvalidError on `start` for an hour
    that the change to summer time skips.
    """
    moment = datetime.combine(day_, at, tzinfo=zone).astimezone(UTC)
    shown = moment.astimezone(zone)
    if shown.time() != at:
        raise InvalidError(
            {
                "start": f"Ce jour-là, cette heure n’existe pas{NBSP}: l’heure d’été commence."
                f" Choisissez par exemple {hour(shown, zone)}."
            }
        )
    return moment


def _midnight(day_: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day_, time(), tzinfo=zone).astimezone(UTC)


def day(instant: datetime, zone: ZoneInfo) -> str:
    """« mardi 24 novembre », « dimanche 1er novembre »."""
    local = instant.astimezone(zone)
    return f"{_WEEKDAYS[local.weekday()]}{NBSP}{_date(local)}"


def span(first: date, last: date) -> str:
    """« du 1er au 23 novembre 2026 », « le 23 novembre 2026 »: what both share is said once."""
    if first == last:
        return f"le{NBSP}{_date(last)}{NBSP}{last.year}"
    begins = _date(first)
    if first.year != last.year:
        begins = f"{begins}{NBSP}{first.year}"
    elif first.month == last.month:
        begins = _number(first)
    return f"du{NBSP}{begins} au{NBSP}{_date(last)}{NBSP}{last.year}"


def month(day_: date) -> str:
    """« novembre 2026 »."""
    return f"{_MONTHS[day_.month - 1]}{NBSP}{day_.year}"


def _number(day_: date) -> str:
    return "1er" if day_.day == 1 else str(day_.day)


def _date(day_: date) -> str:
    return f"{_number(day_)}{NBSP}{_MONTHS[day_.month - 1]}"


def short_day(instant: datetime, zone: ZoneInfo) -> str:
    """« mar. 24/11 »."""
    local = instant.astimezone(zone)
    return f"{_SHORT_WEEKDAYS[local.weekday()]}{NBSP}{local:%d/%m}"


def hour(instant: datetime, zone: ZoneInfo) -> str:
    """« 14 h 30 », « 8 h », « 0 h 05 »."""
    local = instant.astimezone(zone)
    if local.minute == 0:
        return f"{local.hour}{NBSP}h"
    return f"{local.hour}{NBSP}h{NBSP}{local:%M}"


def hours(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """« de 14 h à 17 h 30 », both on the same local day."""
    return f"de{NBSP}{hour(start, zone)} à{NBSP}{hour(end, zone)}"


def day_and_hour(instant: datetime, zone: ZoneInfo) -> str:
    """« mardi 24 novembre à 14 h 30 »."""
    return f"{day(instant, zone)} à{NBSP}{hour(instant, zone)}"


def relative_day(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """« hier », « aujourd’hui », « demain », « après-demain », else « mardi 24 novembre »."""
    distance = local_day(instant, zone) - local_day(now, zone)
    return _RELATIVE_DAYS.get(distance.days) or day(instant, zone)


def relative_day_and_hour(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """« demain à 8 h », « mardi 24 novembre à 14 h 30 »."""
    return f"{relative_day(instant, now, zone)} à{NBSP}{hour(instant, zone)}"


def hour_and_day(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """« 8 h » today, « 8 h demain », else « 8 h le mardi 24 novembre »: goes on after « de »."""
    said = hour(instant, zone)
    distance = (local_day(instant, zone) - local_day(now, zone)).days
    if distance == 0:
        return said
    near = _RELATIVE_DAYS.get(distance)
    return f"{said} {near}" if near else f"{said} le{NBSP}{day(instant, zone)}"


def duration(span: timedelta) -> str:
    """« 35 min », « 11 h 40 », « 2 j 4 h »: cut at the last unit that is said, never rounded up.

    Raises ValueError when the span is negative.
    """
    if span < timedelta():
        message = f"a duration is not negative: {span}"
        raise ValueError(message)
    minutes = span // timedelta(minutes=1)
    if minutes == 0:
        return f"moins d’une{NBSP}minute"
    if minutes < MINUTES_PER_HOUR:
        return f"{minutes}{NBSP}min"
    if minutes < MINUTES_PER_DAY:
        whole, rest = divmod(minutes, MINUTES_PER_HOUR)
        return f"{whole}{NBSP}h{NBSP}{rest:02d}" if rest else f"{whole}{NBSP}h"
    days, rest = divmod(minutes, MINUTES_PER_DAY)
    whole = rest // MINUTES_PER_HOUR
    return f"{days}{NBSP}j{NBSP}{whole}{NBSP}h" if whole else f"{days}{NBSP}j"
