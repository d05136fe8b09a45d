"""A territory's last weeks, as simulations and the learning of prices see them: no name, no motive.

What people wanted is what they asked for, whatever became of it; what was offered is every slot
that was published, places that were taken included. Slots born of a volunteer's yes were never
published, and are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, load_only

from config.communes import Communes
from dispatcher.domain import calendar
from dispatcher.domain.matching.needs import OpenSlot
from dispatcher.domain.simulation.demand import Call, Demand, Publication
from dispatcher.domain.states import RequestStatus
from dispatcher.reads.queue import Rules, need_of, rules_of
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

WEEKS = 4
"""How far back a territory's habits are looked for."""
MOST_REQUESTS = 5000
"""A territory that asks more than this in so many weeks is judged by its last ones alone."""
DAYS_PER_WEEK = 7
_NOT_WANTED = (RequestStatus.CANCELLED.value, RequestStatus.REDIRECTED.value)
"""Who no longer wanted a place, or needed another answer."""
_MATCHED_BY = load_only(
    CareRequest.id,
    CareRequest.profession,
    CareRequest.specialty,
    CareRequest.modalities,
    CareRequest.age,
    CareRequest.longitude,
    CareRequest.latitude,
    CareRequest.asked_at,
    CareRequest.due_at,
    CareRequest.earliest_at,
    CareRequest.gp_id,
    CareRequest.excluded_practitioners,
    CareRequest.radius_km,
    CareRequest.sex,
    CareRequest.language,
    CareRequest.needs_step_free,
    CareRequest.travel_km,
    CareRequest.status,
    raiseload=True,
)
"""All that is read of a request: nothing of it is sealed."""


@dataclass(frozen=True, slots=True)
class PastWeeks:
    """What was asked and offered on these local days, by the territory's rules of today."""

    days: tuple[date, ...]
    demand: Demand
    rules: Rules


def past_weeks(db: Database, territory_id: UUID, communes: Communes, now: datetime) -> PastWeeks:
    """The last weeks up to yesterday. Raises InvalidError on settings that cannot be read."""
    with db.reading() as session:
        rules = rules_of(session.get_one(Territory, territory_id), communes)
        today = calendar.local_day(now, rules.zone)
        weeks = _weeks(session, territory_id, today, rules)
        first = today - timedelta(days=DAYS_PER_WEEK * weeks)
        days = tuple(first + timedelta(days=each) for each in range((today - first).days))
        span = calendar.period(days[0], days[-1], rules.zone)
        demand = Demand(
            calls=tuple(_calls(session, territory_id, span, rules)),
            publications=tuple(_publications(session, territory_id, span, rules)),
        )
    return PastWeeks(days, demand, rules)


def territories_with_a_past(db: Database, now: datetime) -> Sequence[UUID]:
    """Those in which anybody asked for care in the last weeks."""
    since = now - timedelta(days=DAYS_PER_WEEK * WEEKS)
    with db.reading() as session:
        return session.scalars(
            select(CareRequest.territory_id)
            .where(CareRequest.asked_at >= since)
            .distinct()
            .order_by(CareRequest.territory_id)
        ).all()


def _weeks(session: Session, territory_id: UUID, today: date, rules: Rules) -> int:
    first = today - timedelta(days=DAYS_PER_WEEK * WEEKS)
    since = calendar.local_day_bounds(first, rules.zone)[0]
    asked = session.scalar(
        select(func.count()).where(
            CareRequest.territory_id == territory_id, CareRequest.asked_at >= since
        )
    )
    return max(1, min(WEEKS, WEEKS * MOST_REQUESTS // max(1, asked or 0)))


def _calls(session: Session, territory_id: UUID, span: calendar.Period, rules: Rules) -> list[Call]:
    """Those whose delay had run out by the end: the others may still find something."""
    requests = session.scalars(
        select(CareRequest)
        .options(_MATCHED_BY)
        .where(
            CareRequest.territory_id == territory_id,
            CareRequest.asked_at >= span.start,
            CareRequest.due_at <= span.end,
            CareRequest.status.not_in(_NOT_WANTED),
        )
        .order_by(CareRequest.asked_at, CareRequest.id)
    )
    return [
        Call(need_of(request, rules), comes=request.status != RequestStatus.NO_SHOW)
        for request in requests
    ]


def _publications(
    session: Session, territory_id: UUID, span: calendar.Period, rules: Rules
) -> list[Publication]:
    rows: Sequence[Any] = session.execute(
        select(
            Slot.id,
            Slot.practitioner_id,
            Slot.place_id,
            Slot.modality,
            Slot.visibility,
            Slot.start_at,
            Slot.ends_at,
            Slot.places,
            Slot.taken,
            Slot.published_at,
            Slot.closed_at,
            Practitioner.profession,
            Practitioner.specialty,
            Practitioner.min_age,
            Practitioner.max_age,
            Practitioner.daily_cap,
            Practitioner.weekly_cap,
            Practitioner.patient_sex,
            Practitioner.languages,
            Practitioner.minimum_notice_minutes,
            Place.longitude,
            Place.latitude,
            Place.step_free,
        )
        .join(Practitioner, Practitioner.id == Slot.practitioner_id)
        .join(Place, Place.id == Slot.place_id)
        .where(
            Slot.territory_id == territory_id,
            Slot.start_at >= span.start,
            Slot.start_at < span.end,
            Slot.offer_id.is_(None),
            # withdrawn before its hour, it offered what was taken and no more
            or_(Slot.closed_at.is_(None), Slot.closed_at >= Slot.start_at, Slot.taken > 0),
        )
        .order_by(Slot.start_at, Slot.id)
    ).all()
    return [Publication(_slot(row, rules), row.published_at) for row in rows]


def _slot(row: Any, rules: Rules) -> OpenSlot:  # noqa: ANN401 - a row of the statement above
    withdrawn = row.closed_at is not None and row.closed_at < row.start_at
    outside = not rules.policy.outside_hours and not rules.hours.is_snp(row.start_at)
    return OpenSlot(
        slot_id=row.id,
        practitioner_id=row.practitioner_id,
        place_id=row.place_id,
        profession=row.profession,
        specialty=row.specialty,
        modality=row.modality,
        visibility=frozenset(row.visibility),
        start=row.start_at,
        end=row.ends_at,
        places=row.taken if withdrawn else row.places,
        taken=0,
        longitude=row.longitude,
        latitude=row.latitude,
        min_age=row.min_age,
        max_age=row.max_age,
        day=calendar.local_day(row.start_at, rules.zone),
        daily_cap=row.daily_cap,
        booked_that_day=0,
        load=0.0,
        minimum_notice=timedelta(minutes=row.minimum_notice_minutes),
        patient_sex=row.patient_sex,
        languages=frozenset(row.languages),
        step_free=row.step_free,
        weekly_cap=row.weekly_cap,
        outside_hours=outside,
    )
