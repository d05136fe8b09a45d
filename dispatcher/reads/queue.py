"""What matching decides about, and by which rules: a territory's waiting requests and its slots."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from config.communes import Communes
from dispatcher.domain.geography import Roads
from dispatcher.domain.matching.cost import Weights
from dispatcher.domain.matching.needs import Limits, Need, OpenSlot, monday_of
from dispatcher.domain.matching.prices import Prices
from dispatcher.domain.policy import Policy
from dispatcher.domain.snp_hours import SnpHours
from dispatcher.domain.states import AppointmentStatus, RequestStatus, SlotStatus
from dispatcher.storage.neighbours import sharing_with
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.prices import SlotPrice
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory

LOAD_PERIOD = timedelta(days=28)
"""Fairness looks at what each volunteer offered and was booked over this long."""
HORIZON = timedelta(hours=96)
"""Slots further away than the longest delay, and a day for the near misses, are not looked at."""
OUR_VISIBILITIES = frozenset({"PUBLIC", "PRO", "SNP", "CPTS"})
"""A territory's own regulators see all that its volunteers publish, whatever its visibility."""
MATCHED_REQUESTS = (RequestStatus.SEARCHING, RequestStatus.OFFERING)
"""Volunteers being asked, a slot that is published meanwhile still wins, until one of them accepts.
"""

_OURS = bindparam("territory", type_=Uuid())


def _is_around(territory: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Of the territory itself, or of a neighbour that shares its marked slots with it."""
    return or_(territory == _OURS, territory.in_(sharing_with(_OURS)))


_WAITING = (
    select(CareRequest)
    .where(
        CareRequest.territory_id == bindparam("territory"),
        CareRequest.status.in_([status.value for status in MATCHED_REQUESTS]),
        CareRequest.accepted_offer_id.is_(None),
    )
    .order_by(CareRequest.asked_at, CareRequest.id)
)
_AROUND = bindparam("around", expanding=True)
_SHARING = sharing_with(_OURS)
# A few numbers of each of thousands of slots: no Python object is made for any of them.
_OPEN_SLOTS = (
    select(
        cast(Slot.id, String),
        cast(Slot.practitioner_id, String),
        cast(Slot.place_id, String),
        Slot.modality,
        cast(Slot.visibility, String),
        instant_number(Slot.start_at),
        instant_number(Slot.ends_at),
        Slot.places,
        Slot.taken,
    )
    .where(
        Slot.territory_id.in_(_AROUND),
        or_(Slot.territory_id == _OURS, Slot.shared),
        Slot.status.in_([SlotStatus.OPEN.value, SlotStatus.FULL.value]),
        Slot.ends_at > bindparam("now"),
    )
)
_SLOTS_AHEAD = _OPEN_SLOTS.where(Slot.start_at < bindparam("horizon"))
_THE_SLOT = _OPEN_SLOTS.where(Slot.id == bindparam("slot"))
_PRACTITIONERS = select(
    cast(Practitioner.id, String).label("key"),
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
    cast(Place.id, String).label("key"),
    Place.id,
    Place.longitude,
    Place.latitude,
    Place.step_free,
).where(Place.territory_id.in_(_AROUND))
# By practitioner: what is booked for a neighbour's patient counts in their caps as well.
_BOOKED_SINCE = (
    select(Appointment.practitioner_id, Appointment.start_at)
    .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
    .where(
        _is_around(Practitioner.__table__.c.territory_id),
        Appointment.status != AppointmentStatus.CANCELLED.value,
        Appointment.start_at > bindparam("since"),
    )
)
_LOAD_SINCE = (
    select(
        Slot.practitioner_id,
        func.sum(Slot.taken).label("taken"),
        func.sum(Slot.places).label("places"),
    )
    .where(_is_around(Slot.__table__.c.territory_id), Slot.ends_at > bindparam("since"))
    .group_by(Slot.practitioner_id)
)
_PRICES = select(
    SlotPrice.practitioner_id, SlotPrice.weekday, SlotPrice.part, SlotPrice.price
).where(_is_around(SlotPrice.__table__.c.territory_id))


@dataclass(frozen=True, slots=True)
class Rules:
    """How a territory matches: its own settings, with the national table and calendar."""

    territory_id: UUID
    zone: ZoneInfo
    policy: Policy
    national_km: float
    """Search radius of the département; `math.inf` where the table gives none."""
    national_enlargement: float
    """Kilometres added to it when nothing nearer fits."""
    hours: SnpHours

    @property
    def weights(self) -> Weights:
        return self.policy.weights

    @property
    def limits(self) -> Limits:
        return Limits(grace=timedelta(hours=self.policy.grace_hours))

    @property
    def roads(self) -> Roads:
        """By the territory's factor; a routing server's table comes on top (services/routes.py)."""
        return Roads(self.policy.road_factor)

    def radius_km(self, own: float | None = None) -> float:
        """How far a search goes: the request's own radius, else the territory's, else the table's.

        Two overseas départements have a radius of 0 in the national table, which stands for none.
        """
        return own or self.policy.radius_km or self.national_km

    def enlarged_km(self, own: float | None = None) -> float:
        """How far it goes when nothing nearer fits; half more of a radius that somebody set."""
        enlargement = 0.0 if own else self.national_enlargement
        return self.policy.limit_km(self.radius_km(own), enlargement)


def rules_of(territory: Territory, communes: Communes) -> Rules:
    """The territory's rules. Raises InvalidError on stored settings that cannot be read."""
    zone, policy = ZoneInfo(territory.timezone), Policy.from_mapping(territory.settings)
    return Rules(
        territory_id=territory.id,
        zone=zone,
        policy=policy,
        national_km=communes.radius_km.get(territory.department) or math.inf,
        national_enlargement=communes.enlarge_km.get(territory.department) or 0.0,
        hours=SnpHours(zone, territory.department, policy.saturday_until, policy.bridge_days),
    )


def need_of(request: CareRequest, rules: Rules) -> Need:
    """A request as matching sees it: no name, no motive."""
    return Need(
        request_id=request.id,
        profession=request.profession,
        specialty=request.specialty,
        modalities=frozenset(request.modalities),
        age=request.age,
        longitude=request.longitude,
        latitude=request.latitude,
        asked_at=request.asked_at,
        due_at=request.due_at,
        earliest=request.earliest_at,
        gp_id=request.gp_id,
        excluded_practitioners=frozenset(UUID(known) for known in request.excluded_practitioners),
        sees=OUR_VISIBILITIES,
        radius_km=rules.radius_km(request.radius_km),
        enlarged_km=rules.enlarged_km(request.radius_km),
        sex=request.sex,
        language=request.language,
        needs_step_free=request.needs_step_free,
        travel_km=math.inf if request.travel_km is None else request.travel_km,
    )


def waiting_needs(session: Session, rules: Rules) -> list[Need]:
    """The waiting queue, the longest waiting first."""
    requests = session.scalars(_WAITING, {"territory": rules.territory_id})
    return [need_of(request, rules) for request in requests]


def open_slots(
    session: Session,
    rules: Rules,
    now: datetime,
    only: UUID | None = None,
    needs: Sequence[Need] = (),
) -> Agenda:
    """Published slots that are not over, full ones included: a refusal has to be counted.

    Those of neighbours that are marked for sharing are among them; no farther ahead than could
    matter to `needs`, where they are given.
    With `only`, that slot if it is one of them, however far away: somebody chose it.
    """
    around = [rules.territory_id, *session.scalars(_SHARING, {"territory": rules.territory_id})]
    asked: dict[str, Any] = {"territory": rules.territory_id, "around": around, "now": now}
    wish = {"horizon": _horizon(needs, rules, now)} if only is None else {"slot": only}
    rows = session.execute(_SLOTS_AHEAD if only is None else _THE_SLOT, asked | wish).all()
    ids, practitioners, places, modalities, visibilities, starts, ends, offered, taken = (
        zip(*rows, strict=True) if rows else ((),) * 9
    )
    holders = _Holders.read(session, rules, now, around)
    kinds = Coded(zip(practitioners, places, modalities, visibilities, strict=True))
    start = seconds_of(starts)
    moments = _Moments.of(start, rules, holders.prices)
    number = kinds.codes * len(moments.distinct) + moments.codes
    patterns, pattern = np.unique(number, return_inverse=True)
    found = [
        holders.slot(kinds.distinct[kind], *moments.distinct[moment])
        for kind, moment in zip(*np.divmod(patterns, max(1, len(moments.distinct))), strict=True)
    ]
    agenda = Agenda(
        patterns=[slot for slot in found if slot is not None],
        pattern=pattern,
        ids=ids,
        start=start,
        end=seconds_of(ends),
        places=np.array(offered, dtype=np.float64),
        taken=np.array(taken, dtype=np.float64),
        outside_hours=moments.outside_hours,
    )
    return agenda


class _OutsideHours(dict[datetime, bool]):
    """By start: many slots begin at the same instant."""

    def __init__(self, rules: Rules) -> None:
        super().__init__()
        self.rules = rules

    def __missing__(self, start: datetime) -> bool:
        outside = not self.rules.policy.outside_hours and not self.rules.hours.is_snp(start)
        self[start] = outside
        return outside


def _booked(
    session: Session, rules: Rules, now: datetime
) -> tuple[Counter[tuple[UUID, date]], Counter[tuple[UUID, date]]]:
    """Live appointments by practitioner and local day, and by practitioner and week's Monday."""
    starts = session.execute(
        # a week before: the current one's Monday, and the appointments of a period that goes on
        _BOOKED_SINCE,
        {"territory": rules.territory_id, "since": now - timedelta(days=8)},
    ).all()
    by_day = Counter(
        (row.practitioner_id, row.start_at.astimezone(rules.zone).date()) for row in starts
    )
    by_week: Counter[tuple[UUID, date]] = Counter()
    for (practitioner_id, day), booked in by_day.items():
        by_week[practitioner_id, monday_of(day)] += booked
    return by_day, by_week


def _load(session: Session, rules: Rules, now: datetime) -> dict[UUID, float]:
    rows: Sequence[Any] = session.execute(
        _LOAD_SINCE, {"territory": rules.territory_id, "since": now - LOAD_PERIOD}
    ).all()
    return {row.practitioner_id: row.taken / row.places for row in rows if row.places}


def _prices(session: Session, rules: Rules) -> Prices:
    rows = session.execute(_PRICES, {"territory": rules.territory_id})
    points = {(row.practitioner_id, row.weekday, row.part): row.price for row in rows}
    return Prices(rules.zone, points)
