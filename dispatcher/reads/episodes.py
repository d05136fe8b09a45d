"""A crisis as its page and its report show it."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from dispatcher.domain.states import WAITING_REQUESTS, AppointmentStatus, SlotStatus
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.episodes import Episode, EpisodeCall
from dispatcher.storage.offers import Offer
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

HOURS_AHEAD = 24
ONE_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """One crisis; `closed_at` is None while it is open."""

    id: UUID
    name: str
    radius_km: float
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallFacts:
    """One professional who was called; `phone` is E.164 or empty, the hours what they opened."""

    practitioner_name: str
    profession: str
    phone: str
    status: str
    answered_at: datetime | None
    start: datetime | None
    end: datetime | None
    places: int


@dataclass(frozen=True, slots=True)
class Hour:
    """What one hour has to give: places, and how many of them are taken."""

    start: datetime
    places: int
    taken: int
    due: int
    """Waiting requests whose delay ends within it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an episode came to; of an open one so far. Minutes are a median, None for no booking."""

    requests: int
    with_appointment: int
    waiting: int
    cancelled: int
    redirected: int
    unfilled: int
    minutes_to_booking: float | None
    places: int
    taken: int
    volunteers_asked: int
    called: int
    comes: int
    stays: int
    by_hour: Mapping[datetime, int]
    """Requests by the hour in which they came."""


@dataclass(frozen=True, slots=True)
class CallPage:
    """What the link of a call opens."""

    practitioner_name: str
    territory_name: str
    territory_phone: str
    department: str
    timezone: str
    is_open: bool
    status: str
    start: datetime | None
    end: datetime | None
    places: int


def episodes(db: Database, territory_id: UUID) -> list[EpisodeFacts]:
    """All of a territory, the last one first."""
    with db.reading() as session:
        rows = session.scalars(
            select(Episode)
            .where(Episode.territory_id == territory_id)
            .order_by(Episode.opened_at.desc(), Episode.id)
        )
        return [_facts(row) for row in rows]


def open_episode(db: Database, territory_id: UUID) -> EpisodeFacts | None:
    """The crisis that is open in the territory, if one is."""
    with db.reading() as session:
        row = session.scalars(
            select(Episode).where(Episode.territory_id == territory_id, Episode.closed_at.is_(None))
        ).one_or_none()
        return None if row is None else _facts(row)


def episode(db: Database, territory_id: UUID, episode_id: UUID) -> EpisodeFacts | None:
    """One; None where the territory has no such episode."""
    with db.reading() as session:
        row = session.scalars(
            select(Episode).where(Episode.id == episode_id, Episode.territory_id == territory_id)
        ).one_or_none()
        return None if row is None else _facts(row)


def calls(db: Database, territory_id: UUID, episode_id: UUID) -> list[CallFacts]:
    """Who was called: those who come first, then those who have not answered."""
    with db.reading() as session:
        rows: Sequence[Row[*tuple[Any, ...]]] = session.execute(
            select(EpisodeCall, Practitioner, Slot)
            .join(Practitioner, Practitioner.id == EpisodeCall.practitioner_id)
            .outerjoin(Slot, Slot.id == EpisodeCall.slot_id)
            .where(EpisodeCall.episode_id == episode_id, EpisodeCall.territory_id == territory_id)
            .order_by(Practitioner.last_name, Practitioner.id)
        ).all()
    order = {"comes": 0, "called": 1, "stays": 2}
    found = [
        CallFacts(
            practitioner_name=row.Practitioner.display_name,
            profession=row.Practitioner.profession,
            phone=row.Practitioner.phone or "",
            status=row.EpisodeCall.status,
            answered_at=row.EpisodeCall.answered_at,
            start=row.Slot.start_at if row.Slot else None,
            end=row.Slot.ends_at if row.Slot else None,
            places=row.Slot.places if row.Slot else 0,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: order[each.status])


def callable_by_profession(db: Database, territory_id: UUID, episode_id: UUID) -> dict[str, int]:
    """How many of each profession were not called yet."""
    called = select(EpisodeCall.practitioner_id).where(EpisodeCall.episode_id == episode_id)
    with db.reading() as session:
        rows = session.execute(
            select(Practitioner.profession, func.count().label("number"))
            .where(
                Practitioner.territory_id == territory_id,
                Practitioner.active,
                Practitioner.id.not_in(called),
            )
            .group_by(Practitioner.profession)
        )
        return {row.profession: row.number for row in rows}


def capacity(db: Database, territory_id: UUID, now: datetime) -> list[Hour]:
    """The next HOURS_AHEAD hours, from the one that runs: each place in the hour it is used in.

    The places of a period are spread evenly over it, those that are taken first.
    """
    first = now.replace(minute=0, second=0, microsecond=0)
    last = first + HOURS_AHEAD * ONE_HOUR
    with db.reading() as session:
        slots = session.execute(
            select(Slot.start_at, Slot.ends_at, Slot.places, Slot.taken, Slot.status).where(
                Slot.territory_id == territory_id,
                Slot.ends_at > first,
                Slot.start_at < last,
                Slot.blocked_since.is_(None),
            )
        ).all()
        due = session.scalars(
            select(CareRequest.due_at).where(
                CareRequest.territory_id == territory_id,
                CareRequest.status.in_([status.value for status in WAITING_REQUESTS]),
                CareRequest.due_at < last,
            )
        ).all()
    places: Counter[datetime] = Counter()
    taken: Counter[datetime] = Counter()
    for slot in slots:
        number = slot.taken if slot.status == SlotStatus.CLOSED else slot.places
        for place in range(number):
            hour = _hour(slot.start_at + (slot.ends_at - slot.start_at) * place / number)
            places[hour] += 1
            taken[hour] += place < slot.taken
    ends = Counter(max(_hour(each), first) for each in due)
    hours = (first + number * ONE_HOUR for number in range(HOURS_AHEAD))
    return [Hour(hour, places[hour], taken[hour], ends[hour]) for hour in hours]


def report(db: Database, territory_id: UUID, found: EpisodeFacts, now: datetime) -> Report:
    """What it came to, from its opening to its closing, or until now."""
    until = found.closed_at or now
    with db.reading() as session:
        asked = session.execute(
            select(CareRequest.id, CareRequest.status, CareRequest.asked_at).where(
                CareRequest.territory_id == territory_id,
                CareRequest.asked_at >= found.opened_at,
                CareRequest.asked_at <= until,
            )
        ).all()
        by_status = Counter(row.status for row in asked)
        places, taken = session.execute(
            select(func.sum(Slot.places), func.sum(Slot.taken)).where(
                Slot.territory_id == territory_id,
                Slot.published_at >= found.opened_at,
                Slot.published_at <= until,
            )
        ).one()
        volunteers = session.scalar(
            select(func.count()).where(
                Offer.territory_id == territory_id,
                Offer.made_at >= found.opened_at,
                Offer.made_at <= until,
            )
        )
        answered = session.execute(
            select(EpisodeCall.status, func.count().label("number"))
            .where(EpisodeCall.episode_id == found.id)
            .group_by(EpisodeCall.status)
        )
        answers = {row.status: row.number for row in answered}
        waits = _minutes_to_booking(session, territory_id, found.opened_at, until)
    return Report(
        requests=len(asked),
        with_appointment=sum(by_status[each] for each in ("booked", "fulfilled", "no_show")),
        waiting=sum(by_status[status.value] for status in WAITING_REQUESTS),
        cancelled=by_status["cancelled"],
        redirected=by_status["redirected"],
        unfilled=by_status["unfilled"],
        minutes_to_booking=statistics.median(waits) if waits else None,
        places=places or 0,
        taken=taken or 0,
        volunteers_asked=volunteers or 0,
        called=sum(answers.values()),
        comes=answers.get("comes", 0),
        stays=answers.get("stays", 0),
        by_hour=dict(sorted(Counter(_hour(row.asked_at) for row in asked).items())),
    )


def call_page(db: Database, secret: str) -> CallPage | None:
    """What the secret of a call opens; None for what opens nothing."""
    with db.reading() as session:
        row = session.execute(
            select(EpisodeCall, Episode, Practitioner, Territory, Slot)
            .join(Episode, Episode.id == EpisodeCall.episode_id)
            .join(Practitioner, Practitioner.id == EpisodeCall.practitioner_id)
            .join(Territory, Territory.id == EpisodeCall.territory_id)
            .outerjoin(Slot, Slot.id == EpisodeCall.slot_id)
            .where(EpisodeCall.link_digest == digest_token(secret), Practitioner.active)
        ).one_or_none()
    if row is None:
        return None
    slot, territory = row.Slot, row.Territory
    return CallPage(
        practitioner_name=row.Practitioner.display_name,
        territory_name=territory.name,
        territory_phone=territory.phone,
        department=territory.department,
        timezone=territory.timezone,
        is_open=row.Episode.closed_at is None,
        status=row.EpisodeCall.status,
        start=slot.start_at if slot else None,
        end=slot.ends_at if slot else None,
        places=slot.places if slot else 0,
    )


def _minutes_to_booking(
    session: Session, territory_id: UUID, start: datetime, until: datetime
) -> list[float]:
    rows = session.execute(
        select(CareRequest.asked_at, func.min(Appointment.booked_at).label("booked_at"))
        .join(Appointment, Appointment.request_id == CareRequest.id)
        .where(
            CareRequest.territory_id == territory_id,
            CareRequest.asked_at >= start,
            CareRequest.asked_at <= until,
            Appointment.status != AppointmentStatus.CANCELLED,
        )
        .group_by(CareRequest.id, CareRequest.asked_at)
    )
    return [(row.booked_at - row.asked_at).total_seconds() / 60 for row in rows]


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _facts(row: Episode) -> EpisodeFacts:
    return EpisodeFacts(row.id, row.name, row.radius_km, row.opened_at, row.closed_at)
