"""Weekly templates as the domain knows them, and what one that asks first makes of a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.roles import Account
from dispatcher.domain.schedules import Hours, Occurrence, Weekly
from dispatcher.storage.practitioners import Place
from dispatcher.storage.schedules import Schedule
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Database

CONFIRMED_AHEAD = timedelta(days=13)
"""How far ahead a template that asks first can be confirmed by hand."""
Name = tuple[UUID, date, str]
"""What names a slot among all that templates make: template, local day and wall hour."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a template that asks first makes of one day. `published` of its `slots` are there."""

    schedule_id: UUID
    place_label: str
    start: datetime
    end: datetime
    slots: int
    published: int
    to_come: int
    """Neither there nor begun."""


def weekly_of(schedule: Schedule) -> Weekly:
    """The template as the domain knows it."""
    return Weekly(
        weekdays=frozenset(map(int, schedule.weekdays)),
        hours=tuple(
            Hours(time.fromisoformat(each["start"]), time.fromisoformat(each["end"]))
            for each in schedule.hours
        ),
        first_day=schedule.first_day,
        last_day=schedule.last_day,
        every_weeks=schedule.every_weeks,
        each_minutes=schedule.each_minutes,
        on_holidays=schedule.on_holidays,
        exceptions=frozenset(map(date.fromisoformat, schedule.exceptions)),
    )


def live_schedules(session: Session, practitioner_id: UUID) -> Sequence[Schedule]:
    """Templates that were neither stopped nor replaced before they began, by their making."""
    return session.scalars(
        select(Schedule)
        .where(Schedule.practitioner_id == practitioner_id, Schedule.ended_at.is_(None))
        .order_by(Schedule.created_at, Schedule.id)
    ).all()


def name_of(schedule: Schedule, each: Occurrence) -> Name:
    """The name of one of a template's slots."""
    return schedule.id, each.day, f"{each.hour:%H:%M}"


def made_slots(session: Session, schedules: Sequence[UUID]) -> frozenset[Name]:
    """The hours that templates have made slots of, open or closed since."""
    rows = session.execute(
        select(Slot.schedule_id, Slot.schedule_day, Slot.schedule_hour).where(
            Slot.schedule_id.in_(schedules)
        )
    )
    return frozenset(
        (schedule_id, day, hour)
        for schedule_id, day, hour in rows
        if schedule_id is not None and day is not None and hour is not None
    )


def proposed_on(
    session: Session,
    practitioner_id: UUID,
    day: date,
    now: datetime,
    zone: ZoneInfo,
    department: str,
) -> list[Proposed]:
    """What the practitioner's templates that ask first make of a local day, by hour."""
    schedules = [each for each in live_schedules(session, practitioner_id) if each.asks_first]
    made = made_slots(session, [schedule.id for schedule in schedules])
    labels = {
        row.id: row.label
        for row in session.execute(
            select(Place.id, Place.label).where(Place.practitioner_id == practitioner_id)
        )
    }
    found = []
    for schedule in schedules:
        slots = list(weekly_of(schedule).occurrences(day, day, zone, department))
        there = [name_of(schedule, each) in made for each in slots]
        if slots:
            found.append(
                Proposed(
                    schedule_id=schedule.id,
                    place_label=labels[schedule.place_id],
                    start=min(each.start for each in slots),
                    end=max(each.end for each in slots),
                    slots=len(slots),
                    published=sum(there),
                    to_come=sum(
                        not known and each.start > now
                        for known, each in zip(there, slots, strict=True)
                    ),
                )
            )
    return sorted(found, key=lambda each: (each.start, each.schedule_id))


def days_to_confirm(db: Database, account: Account, schedule_id: UUID) -> list[date]:
    """The days of the next two weeks on which a template makes something, in order.

    Raises NotFoundError for a template of somebody else.
    """
    zone = ZoneInfo(account.timezone)
    today = calendar.local_day(db.clock(), zone)
    with db.reading() as session:
        schedule = session.scalars(
            select(Schedule).where(
                Schedule.id == schedule_id, Schedule.practitioner_id == account.practitioner_id
            )
        ).one_or_none()
    if schedule is None:
        raise NotFoundError
    made = weekly_of(schedule).occurrences(today, today + CONFIRMED_AHEAD, zone, account.department)
    return sorted({each.day for each in made if each.start > db.clock()})
