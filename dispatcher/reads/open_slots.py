"""A territory's open slots as the engine sees them, and its neighbours' that are shared with it.

Twenty thousand of them are read for every search that a regulator looks at, so that of each only a
few numbers come out of the database; what they have in common is read once (`Agenda`).
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Self
from uuid import UUID

import numpy as np
from sqlalchemy import BindParameter, Uuid, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from dispatcher.domain.geography import Floats
from dispatcher.domain.matching.agenda import Agenda, Booleans, Integers, instant_of
from dispatcher.domain.matching.columns import Coded
from dispatcher.domain.matching.needs import Need, OpenSlot, monday_of
from dispatcher.domain.matching.prices import Prices, part_of_day
from dispatcher.domain.states import AppointmentStatus, SlotStatus
from dispatcher.reads.load import LONGEST, load_of
from dispatcher.reads.rules import Rules
from dispatcher.storage.bulk import as_number, as_text, seconds_of
from dispatcher.storage.columns import table_of
from dispatcher.storage.free_places import HELD_FOR_OTHERS
from dispatcher.storage.neighbours import sharing_with
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.prices import SlotPrice
from dispatcher.storage.requests import Appointment
from dispatcher.storage.slots import Slot

HORIZON = timedelta(hours=96)
"""Slots further away than the longest delay, and a day for the near misses, are not looked at."""

_OURS = bindparam("territory", type_=Uuid())
_AROUND: BindParameter[Any] = bindparam("around", expanding=True)
"""Our territory and those that share their marked slots with it."""
_SHARING = sharing_with(_OURS)
_SLOTS = table_of(Slot).c
# A few numbers of each of thousands of slots: no Python object is made for any of them.
_OPEN = and_(
    # Those of practitioners of ours or of our neighbours: their territory need not be asked for.
    _SLOTS.practitioner_id.in_(bindparam("by", expanding=True)),
    or_(_SLOTS.territory_id == _OURS, _SLOTS.shared),
    _SLOTS.status.in_([SlotStatus.OPEN.value, SlotStatus.FULL.value]),
    _SLOTS.blocked_since.is_(None),
    _SLOTS.ends_at > bindparam("now"),
)
_AHEAD = and_(_OPEN, _SLOTS.start_at > bindparam("begun"), _SLOTS.start_at < bindparam("horizon"))
_COLUMNS = select(
    as_text(_SLOTS.id),
    as_text(_SLOTS.practitioner_id),
    as_text(_SLOTS.place_id),
    _SLOTS.modality,
    as_text(_SLOTS.visibility),
    _SLOTS.minimum_notice_minutes,
    as_number(_SLOTS.start_at),
    as_number(_SLOTS.ends_at),
    _SLOTS.places,
    _SLOTS.taken + HELD_FOR_OTHERS,  # a place that is held for somebody else cannot be had
)
_SLOTS_AHEAD = _COLUMNS.where(_AHEAD)
_THE_SLOT = _COLUMNS.where(_OPEN, _SLOTS.id == bindparam("slot"))
# Many slots start at the same instant: it comes out once, with how many they are.
_STARTS_AHEAD = (
    select(as_number(_SLOTS.start_at), func.count())
    .where(_AHEAD)
    .group_by(_SLOTS.start_at)
    .order_by(_SLOTS.start_at)
)
_PRACTITIONERS = select(
    as_text(Practitioner.id).label("key"),
    Practitioner.id,
    Practitioner.territory_id,
    Practitioner.profession,
    Practitioner.specialty,
    Practitioner.min_age,
    Practitioner.max_age,
    Practitioner.daily_cap,
    Practitioner.weekly_cap,
    Practitioner.patient_sex,
    Practitioner.languages,
    Practitioner.minimum_notice_minutes,
).where(Practitioner.territory_id.in_(_AROUND), Practitioner.active)
_PLACES = select(
    as_text(Place.id).label("key"), Place.id, Place.longitude, Place.latitude, Place.step_free
).where(Place.territory_id.in_(_AROUND))
# By practitioner: what is booked for a neighbour's patient counts in their caps as well.
_BOOKED_SINCE = select(Appointment.practitioner_id, Appointment.start_at).where(
    Appointment.practitioner_id.in_(bindparam("capped", expanding=True)),
    Appointment.status != AppointmentStatus.CANCELLED.value,
    Appointment.start_at > bindparam("since"),
)
_PRICES = select(
    SlotPrice.practitioner_id, SlotPrice.weekday, SlotPrice.part, SlotPrice.price
).where(SlotPrice.territory_id.in_(_AROUND))


def open_slots(
    session: Session,
    rules: Rules,
    now: datetime,
    only: UUID | None = None,
    needs: Sequence[Need] = (),
    holder: UUID | None = None,
) -> Agenda:
    """Published slots that are not over, full ones included: a refusal has to be counted.

    Those of neighbours that are marked for sharing are among them. Where `needs` are given, those
    that start too late to matter to any are left out, and of those of professions that none of them
    asks for only the start is read. What is too late for one need may be read for another: whoever
    counts for a need leaves it out (`Limits.looks_until`).
    With `only`, that slot if it is one of them, however far away: somebody chose it. A place that
    is held during a call is taken, unless `holder` is that call.
    """
    around = [rules.territory_id, *session.scalars(_SHARING, {"territory": rules.territory_id})]
    practitioners = session.execute(_PRACTITIONERS, {"around": around}).all()
    asked_for = {need.profession for need in needs} or {row.profession for row in practitioners}
    looked_at = [row for row in practitioners if row.profession in asked_for]
    others = [row.id for row in practitioners if row.profession not in asked_for]
    wish: dict[str, Any] = {
        "territory": rules.territory_id,
        "now": now,
        "by": [row.id for row in looked_at],
        "holder": holder,
    }
    if only is None:
        wish |= {"begun": now - LONGEST, "horizon": _horizon(needs, rules, now)}
        rows = session.execute(_SLOTS_AHEAD, wish).all()
    else:
        rows = session.execute(_THE_SLOT, wish | {"slot": only}).all()
    elsewhere = session.execute(_STARTS_AHEAD, wish | {"by": others}).all() if others else ()
    holders = _Holders.read(session, rules, now, around, looked_at)
    return _agenda(rows, holders, _starts(elsewhere))


def _horizon(needs: Sequence[Need], rules: Rules, now: datetime) -> datetime:
    if not needs:
        return now + HORIZON
    last = max(rules.limits.looks_until(need.due_at, now) for need in needs)
    return min(last, now + HORIZON)


def _starts(counted: Sequence[Any]) -> Floats:
    """Each start as often as there are slots with it."""
    starts, counts = zip(*counted, strict=True) if counted else ((), ())
    return np.repeat(seconds_of(starts), np.array(counts, dtype=np.intp))


def _agenda(rows: Sequence[Any], holders: "_Holders", elsewhere: Floats) -> Agenda:
    """The rows as columns, what they have in common told once."""
    ids, *of_kind, starts, ends, places, taken = zip(*rows, strict=True) if rows else ((),) * 9
    kinds: Coded[_Kind] = Coded(zip(*of_kind, strict=True))
    start = seconds_of(starts)
    moments = _Moments.of(start, holders.rules)
    # Days are told apart for those alone of whom something hangs on them.
    depends = np.array([holders.depends_on_day(kind) for kind in kinds.distinct], dtype=np.intp)
    step = max(1, len(moments.distinct))
    numbers, pattern = np.unique(
        kinds.codes * step + moments.codes * depends[kinds.codes], return_inverse=True
    )
    return Agenda(
        patterns=[
            holders.slot(kinds.distinct[number // step], moments.distinct[number % step])
            for number in numbers.tolist()
        ],
        pattern=pattern,
        ids=ids,
        start=start,
        end=seconds_of(ends),
        places=np.array(places, dtype=np.float64),
        taken=np.array(taken, dtype=np.float64),
        outside_hours=moments.outside_hours,
        zone=holders.rules.zone,
        elsewhere=elsewhere,
    )


_Kind = tuple[str, str, str, str, int | None]
"""Practitioner, place, modality and visibility, as the database writes them, and the notice."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """A local day and part of it: what prices and caps depend on."""

    day: date
    hour: int
    """One of the part's hours."""


@dataclass(frozen=True, slots=True)
class _Moments:
    """When slots start, by row."""

    distinct: Sequence[_Moment]
    codes: Integers
    outside_hours: Booleans

    @classmethod
    def of(cls, start: Floats, rules: Rules) -> Self:
        """Many slots start at the same instant: each is looked at once."""
        starts, row = np.unique(start, return_inverse=True)
        instants = [instant_of(each) for each in starts.tolist()]
        local = [each.astimezone(rules.zone) for each in instants]
        moments = Coded(_Moment(each.date(), _first_hour(each.hour)) for each in local)
        if rules.policy.outside_hours:
            outside = np.zeros(len(starts), dtype=np.bool_)
        else:
            outside = np.array([not rules.hours.is_snp(each) for each in instants], dtype=np.bool_)
        return cls(moments.distinct, moments.codes[row], outside[row])


@cache
def _first_hour(hour: int) -> int:
    """The first local hour with the same price."""
    return next(each for each in range(24) if part_of_day(each) == part_of_day(hour))


@dataclass(frozen=True, slots=True)
class _Holders:
    """Who offers slots and where, with all that the engine knows of them beside the slots."""

    rules: Rules
    practitioners: Mapping[str, Any]
    """By their id as the database writes it; so are places."""
    places: Mapping[str, Any]
    booked_by_day: Mapping[tuple[UUID, date], int]
    booked_by_week: Mapping[tuple[UUID, date], int]
    load: Mapping[UUID, float]
    prices: Prices

    @classmethod
    def read(
        cls,
        session: Session,
        rules: Rules,
        now: datetime,
        around: Sequence[UUID],
        practitioners: Sequence[Any],
    ) -> Self:
        by_day, by_week = _booked(session, rules, now, practitioners)
        return cls(
            rules=rules,
            practitioners={row.key: row for row in practitioners},
            places={row.key: row for row in session.execute(_PLACES, {"around": around})},
            booked_by_day=by_day,
            booked_by_week=by_week,
            load=load_of(session, now, around, [row.id for row in practitioners]),
            prices=_prices(session, rules, around),
        )

    def depends_on_day(self, kind: _Kind) -> bool:
        """Whether caps or prices make a slot of this kind another one on another day."""
        return bool(self.prices.points) or _is_capped(self.practitioners[kind[0]])

    def slot(self, kind: _Kind, moment: _Moment) -> OpenSlot:
        """A pattern: a slot of that kind at that moment, its own columns being anybody's."""
        practitioner, place = self.practitioners[kind[0]], self.places[kind[1]]
        day, notice = moment.day, kind[4]
        if notice is None:
            notice = practitioner.minimum_notice_minutes
        local = datetime(day.year, day.month, day.day, moment.hour, tzinfo=self.rules.zone)
        return OpenSlot(
            slot_id=practitioner.id,
            practitioner_id=practitioner.id,
            place_id=place.id,
            profession=practitioner.profession,
            specialty=practitioner.specialty,
            modality=kind[2],
            visibility=frozenset(json.loads(kind[3])),
            start=local,
            end=local,
            places=1,
            taken=0,
            longitude=place.longitude,
            latitude=place.latitude,
            min_age=practitioner.min_age,
            max_age=practitioner.max_age,
            day=day,
            daily_cap=practitioner.daily_cap,
            booked_that_day=self.booked_by_day.get((practitioner.id, day), 0),
            load=self.load.get(practitioner.id, 0.0),
            minimum_notice=timedelta(minutes=notice),
            patient_sex=practitioner.patient_sex,
            languages=frozenset(practitioner.languages),
            step_free=place.step_free,
            weekly_cap=practitioner.weekly_cap,
            booked_that_week=self.booked_by_week.get((practitioner.id, monday_of(day)), 0),
            price=self.prices.at(practitioner.id, local),
            neighbour=practitioner.territory_id != self.rules.territory_id,
        )


def _is_capped(practitioner: Any) -> bool:  # noqa: ANN401 - a row
    return practitioner.daily_cap is not None or practitioner.weekly_cap is not None


def _booked(
    session: Session, rules: Rules, now: datetime, practitioners: Sequence[Any]
) -> tuple[Counter[tuple[UUID, date]], Counter[tuple[UUID, date]]]:
    """Live appointments by practitioner and local day, and by practitioner and week's Monday."""
    by_day: Counter[tuple[UUID, date]] = Counter()
    by_week: Counter[tuple[UUID, date]] = Counter()
    if capped := [row.id for row in practitioners if _is_capped(row)]:
        # a week before: the current one's Monday, and the appointments of a period that goes on
        since = now - timedelta(days=8)
        for row in session.execute(_BOOKED_SINCE, {"capped": capped, "since": since}):
            day = row.start_at.astimezone(rules.zone).date()
            by_day[row.practitioner_id, day] += 1
            by_week[row.practitioner_id, monday_of(day)] += 1
    return by_day, by_week


def _prices(session: Session, rules: Rules, around: Sequence[UUID]) -> Prices:
    rows = session.execute(_PRICES, {"around": around})
    points = {(row.practitioner_id, row.weekday, row.part): row.price for row in rows}
    return Prices(rules.zone, points)
