"""What a territory may set about its SMS, and the hours that follow from it.

Hours are local to the territory. Instants are aware; what is computed is returned in UTC, so that
a change to summer or winter time between now and then changes nothing on the wall.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from dispatcher.domain.setting_rules import Rule, number, optional, read, whole, yes_or_no

BEFORE_QUIET: Final = timedelta(minutes=15)
"""What would be sent in quiet hours and cannot wait for their end leaves this long before them."""
REMINDER_GAP: Final = timedelta(hours=2)
"""Whoever was told less than this long before needs no reminder."""
VISIT_REMEMBERED: Final = timedelta(days=3)
"""Later than this after a visit nobody is asked how it went."""
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SmsPolicy:
    """How a territory sends what can wait, and how fast it may send at all."""

    quiet_from: int = 20
    quiet_until: int = 8
    """Local hours between which nothing is sent that can wait; equal, and there are none."""
    remind: bool = True
    remind_evening: bool = True
    """The evening before, or `remind_hours_before` the appointment."""
    remind_hour: int = 18
    """Local hour of a reminder on the evening before."""
    remind_hours_before: float = 2.0
    satisfaction: bool = True
    """Ask patients who came for a mark from 0 to 10."""
    no_show: bool = True
    """Write to patients who did not come."""
    closing: bool = True
    """Ask practitioners the next morning who came, of what nobody closed."""
    follow_up_hours: float = 2.0
    """Both of these: how long after the appointment's end."""
    per_minute: int = 1200
    """SMS that the territory may send in a minute."""
    segment_cents: float | None = None
    """What one SMS costs, in cents of a euro, by the territory's contract; None while unknown."""
    per_number_hour: int = 60
    """SMS that one telephone may be sent in an hour: two machines that answer each other stop."""

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> Self:
        """Read settings; what is absent keeps its default. Raises InvalidError by field."""
        return cls(**read(settings, _RULES))


_HOUR = whole(0, 23, "Indiquez une heure, de 0 h à 23 h.")
_RULES: Mapping[str, Rule] = {
    "quiet_from": _HOUR,
    "quiet_until": _HOUR,
    "remind": yes_or_no,
    "remind_evening": yes_or_no,
    "remind_hour": _HOUR,
    "remind_hours_before": number(0.5, 24, "Indiquez une durée de 0,5 à 24 heures."),
    "satisfaction": yes_or_no,
    "no_show": yes_or_no,
    "closing": yes_or_no,
    "follow_up_hours": number(0, 48, "Indiquez une durée de 0 à 48 heures."),
    "per_minute": whole(1, 60_000, "Indiquez de 1 à 60 000 SMS par minute."),
    "segment_cents": optional(number(0, 100, "Indiquez un prix de 0 à 100 centimes.")),
    "per_number_hour": whole(3, 1000, "Indiquez de 3 à 1 000 SMS par heure."),
}


def quiet_end(now: datetime, zone: ZoneInfo, policy: SmsPolicy) -> datetime | None:
    """When what can wait may be sent again; None when it may be now."""
    local = now.astimezone(zone)
    if not _is_quiet(local, policy):
        return None
    day = local.date() if local.hour < policy.quiet_until else local.date() + _ONE_DAY
    return datetime.combine(day, time(policy.quiet_until), zone).astimezone(UTC)


def remind_at(
    start: datetime, booked_at: datetime, zone: ZoneInfo, policy: SmsPolicy
) -> datetime | None:
    """When to remind of an appointment; None when nobody is to be, or when it is too near.

    An hour that would be quiet comes forward to before the quiet hours: waiting for their end could
    be too late.
    """
    if not policy.remind:
        return None
    if policy.remind_evening:
        eve = start.astimezone(zone).date() - _ONE_DAY
        moment = datetime.combine(eve, time(policy.remind_hour), zone).astimezone(UTC)
    else:
        moment = start.astimezone(UTC) - timedelta(hours=policy.remind_hours_before)
    moment = _before_quiet(moment, zone, policy)
    return moment if moment - booked_at >= REMINDER_GAP and moment < start else None


def follow_up_at(ends_at: datetime, marked_at: datetime, policy: SmsPolicy) -> datetime | None:
    """When to write after a visit that was marked kept or missed; None when it is too long ago."""
    if marked_at - ends_at > VISIT_REMEMBERED:
        return None
    return max(ends_at, marked_at) + timedelta(hours=policy.follow_up_hours)


def _is_quiet(local: datetime, policy: SmsPolicy) -> bool:
    begin, end = policy.quiet_from, policy.quiet_until
    if begin <= end:
        return begin <= local.hour < end
    return local.hour >= begin or local.hour < end


def _before_quiet(moment: datetime, zone: ZoneInfo, policy: SmsPolicy) -> datetime:
    local = moment.astimezone(zone)
    if not _is_quiet(local, policy):
        return moment
    day = local.date() if local.hour >= policy.quiet_from else local.date() - _ONE_DAY
    begin = datetime.combine(day, time(policy.quiet_from), zone).astimezone(UTC)
    return begin - BEFORE_QUIET
