"""Who may be asked to take a request that no published slot fits, and in what order.

The order is that of the services that ask professionals in widening circles: the patient's own
practitioner first, then the nearest and the least asked.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatcher.domain.calendar import local_day
from dispatcher.domain.matching.columns import NeedColumns, SlotColumns
from dispatcher.domain.matching.cost import known_km
from dispatcher.domain.matching.feasibility import Reason, compare, reasons_of
from dispatcher.domain.matching.needs import Need, OpenSlot

ASKED_PERIOD = timedelta(days=28)
"""How far back the times that somebody was asked are counted, as for the fairness of bookings."""
KM_EACH_TIME = 5.0
"""Each time somebody was asked in that period counts like this many kilometres: of two who are
about as near, the one who was left in peace is asked."""
UNKNOWN_KM = 1000.0
"""A distance that is not known comes after all that are."""
HOUR_STEP = timedelta(minutes=15)
"""Hours are proposed in steps of a quarter, as the national platform does beyond published slots
(SAS, « créneaux en sus des disponibilités »)."""
CARE_LASTS = timedelta(minutes=15)
"""How long the slot made for an accepted request is."""

_ABOUT_PEOPLE = frozenset(
    {
        Reason.PROFESSION,
        Reason.SPECIALTY,
        Reason.MODALITY,
        Reason.EXCLUDED,
        Reason.AGE,
        Reason.SEX,
        Reason.LANGUAGE,
        Reason.STEP_FREE,
        Reason.TOO_FAR,
        Reason.CANNOT_TRAVEL,
    }
)
"""The rules of matching that need no hour: there is none yet."""
_MODALITY_ORDER = ("AMB", "HH", "VR")
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Office:
    """A place where a volunteer could see the patient. Degrees (WGS 84), both or none."""

    place_id: UUID
    longitude: float | None
    latitude: float | None
    step_free: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Volunteer:
    """Somebody who accepts to be asked, with their own rules. Codes are national."""

    practitioner_id: UUID
    profession: str
    specialty: str | None
    modalities: frozenset[str]
    offices: tuple[Office, ...]
    min_age: int | None = None
    max_age: int | None = None
    patient_sex: str | None = None
    languages: frozenset[str] = frozenset({"fr"})
    own: int | None = None
    """0 for the patient's médecin traitant, 1 for who saw them last; None for all others."""
    asked_lately: int = 0
    """How often they were asked in the last `ASKED_PERIOD`."""
    has_room: bool = True
    """Whether their caps leave a day before the request is due."""
    is_reachable: bool = True
    """Has a mobile, and did not say STOP."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a volunteer could see the patient, at the nearest of their places.

    `distance_km` is as the crow flies, 0 by teleconsultation, None where it is not known.
    """

    practitioner_id: UUID
    place_id: UUID
    modality: str
    distance_km: float | None


@dataclass(frozen=True, slots=True)
class Wave:
    """Who is asked next, in order, and who would have been but cannot be reached."""

    asked: tuple[Way, ...]
    unreachable: tuple[UUID, ...]


def next_wave(need: Need, volunteers: Sequence[Volunteer], size: int, now: datetime) -> Wave:
    """The next to be asked among those who were not asked yet.

    The patient's own practitioners make a wave of their own, before anybody else. Then come, `size`
    at a time, the nearest and least asked (`KM_EACH_TIME`); ties go to the smaller id.
    """
    ways = ways_of(need, volunteers, now)
    able = [each for each in volunteers if each.practitioner_id in ways and each.has_room]
    reachable = [each for each in able if each.is_reachable]
    own = [each for each in reachable if each.own is not None]

    def rank(each: Volunteer) -> tuple[int, float, UUID]:
        distance = ways[each.practitioner_id].distance_km
        far = UNKNOWN_KM if distance is None else distance
        first = each.own if each.own is not None else len(own)
        return first, far + KM_EACH_TIME * each.asked_lately, each.practitioner_id

    chosen = sorted(own or reachable, key=rank)[:size]
    return Wave(
        asked=tuple(ways[each.practitioner_id] for each in chosen),
        unreachable=tuple(sorted(each.practitioner_id for each in able if not each.is_reachable)),
    )


def ways_of(need: Need, volunteers: Iterable[Volunteer], now: datetime) -> dict[UUID, Way]:
    """For each volunteer whom no rule of theirs or of the patient's excludes, how they could help.

    The rules are those of matching, asked about a place without an hour.
    """
    tried = [
        _as_slot(need, volunteer, office, modality, now)
        for volunteer in volunteers
        for office in volunteer.offices
        for modality in sorted(volunteer.modalities & need.modalities)
    ]
    if not tried:
        return {}
    comparison = compare(NeedColumns([need]), SlotColumns(tried, now))
    found: dict[UUID, Way] = {}
    ranks: dict[UUID, tuple[int, float, UUID]] = {}
    for position, slot in enumerate(tried):
        if _ABOUT_PEOPLE.intersection(reasons_of(int(comparison.against[0, position]))):
            continue
        distance = known_km(float(comparison.distance_km[0, position]))
        far = UNKNOWN_KM if distance is None else distance
        rank = (_MODALITY_ORDER.index(slot.modality), far, slot.slot_id)
        if rank < ranks.get(slot.practitioner_id, (len(_MODALITY_ORDER), 0.0, slot.slot_id)):
            ranks[slot.practitioner_id] = rank
            found[slot.practitioner_id] = Way(
                slot.practitioner_id, slot.slot_id, slot.modality, distance
            )
    return found


def has_room(
    booked: Mapping[date, int],
    now: datetime,
    until: datetime,
    zone: ZoneInfo,
    *,
    daily_cap: int | None,
    weekly_cap: int | None,
) -> bool:
    """Whether a practitioner's caps leave a local day between two instants.

    `booked` counts their live appointments by local day, over the whole weeks (Monday to Sunday)
    that the two instants touch.
    """
    weeks: Counter[date] = Counter()
    for day, count in booked.items():
        weeks[day - timedelta(days=day.weekday())] += count
    day, last = local_day(now, zone), local_day(until, zone)
    while day <= last:
        monday = day - timedelta(days=day.weekday())
        has_day = daily_cap is None or booked.get(day, 0) < daily_cap
        if has_day and (weekly_cap is None or weeks[monday] < weekly_cap):
            return True
        day += timedelta(days=1)
    return False


def weeks_around(now: datetime, until: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The Monday before the first instant's day and the Monday after the second's."""
    first, last = local_day(now, zone), local_day(until, zone)
    return first - timedelta(days=first.weekday()), last - timedelta(days=last.weekday()) + _WEEK


def hours_between(after: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """The quarters of an hour, by the zone's clocks, after one instant and up to another."""
    local = after.astimezone(zone)
    begun = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    hour = after - begun % HOUR_STEP + HOUR_STEP
    found = []
    while hour <= until:
        found.append(hour)
        hour += HOUR_STEP
    return found


def free_span(
    hour: datetime, busy: Iterable[tuple[datetime, datetime]], published: Iterable[datetime]
) -> tuple[datetime, datetime] | None:
    """The slot that begins at `hour`, beside what a practitioner already has.

    None when it would overlap `busy`, appointments with their ends. It is cut short where a slot
    of their own that is still free begins (`published`): somebody may take that one.
    """
    end = min([hour + CARE_LASTS, *(start for start in published if start > hour)])
    if any(start < end and hour < over for start, over in busy):
        return None
    return hour, end


def _as_slot(
    need: Need, volunteer: Volunteer, office: Office, modality: str, now: datetime
) -> OpenSlot:
    """A place without an hour, as the rules of matching read it; only `_ABOUT_PEOPLE` is asked."""
    return OpenSlot(
        slot_id=office.place_id,
        practitioner_id=volunteer.practitioner_id,
        place_id=office.place_id,
        profession=volunteer.profession,
        specialty=volunteer.specialty,
        modality=modality,
        visibility=need.sees,
        start=now,
        end=need.due_at,
        places=1,
        taken=0,
        longitude=office.longitude,
        latitude=office.latitude,
        min_age=volunteer.min_age,
        max_age=volunteer.max_age,
        day=now.date(),
        daily_cap=None,
        booked_that_day=0,
        load=0.0,
        minimum_notice=timedelta(),
        patient_sex=volunteer.patient_sex,
        languages=volunteer.languages,
        step_free=office.step_free,
    )
