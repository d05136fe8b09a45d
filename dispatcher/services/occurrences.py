"""The slots that weekly templates make, published weeks ahead by the clock."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.events import CLOCK
from dispatcher.domain.schedules import Occurrence
from dispatcher.reads.occurrences import live_schedules, made_slots, name_of, weekly_of
from dispatcher.services.commands import PublishSlot
from dispatcher.services.house import House
from dispatcher.services.neighbours import match_all_who_see
from dispatcher.services.publication import Origin, Span, busy_spans, queue_on, write
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.schedules import Absence, Schedule
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim, Unit

AHEAD = timedelta(days=28)
"""How far ahead templates are published: four weeks, more than any asked delay."""
NOTE_FIELD = "schedules.note"


def publish_occurrences(house: House, claim: Claim) -> int:
    """Publish what the templates of every territory make within the next weeks; how many slots.

    Run twice it publishes nothing twice: each slot is unique by template, local day and hour.
    """
    published = 0
    with house.db.reading() as session:
        owed = _with_something_missing(session, house.clock())
    for territory_id, practitioner_id in owed:
        with house.db.transaction(territory_id, CLOCK) as unit:
            queue_on(unit, practitioner_id)
            published += publish_ahead(unit, practitioner_id)
    house.db.keep(claim)
    return published


def publish_ahead(unit: Unit, practitioner_id: UUID, confirmed: date | None = None) -> int:
    """Publish what the practitioner's templates make and is not there yet; how many slots.

    Of a template that asks first, the `confirmed` day alone. Left out are hours that overlap
    another slot or a patient who kept theirs, at any place, and absences. The caller holds
    `queue_on`.
    """
    territory = unit.session.get_one(Territory, unit.territory_id)
    zone, now = ZoneInfo(territory.timezone), unit.now
    schedules = live_schedules(unit.session, practitioner_id)
    horizon = now + AHEAD + timedelta(days=1)
    busy = [
        *absence_spans(unit.session, practitioner_id, now, horizon),
        *busy_spans(unit, practitioner_id, now, horizon),
    ]
    known = made_slots(unit.session, [schedule.id for schedule in schedules])
    count, shared = 0, False
    for schedule in schedules:
        note = opened_note(unit.cipher, schedule)
        for each in ahead(schedule, now, zone, territory.department):
            is_wanted = not schedule.asks_first or each.day == confirmed
            name = name_of(schedule, each)
            if not is_wanted or name in known or _overlaps(each, busy):
                continue
            slot_id = uuid.uuid4()
            write(unit, _publication(schedule, each, note), slot_id, origin=Origin(*name))
            busy.append(Span(each.start, each.end, schedule.place_id))
            count, shared = count + 1, shared or schedule.shared
    if count:
        match_all_who_see(unit, shared=shared)
    return count


def ahead(
    schedule: Schedule, now: datetime, zone: ZoneInfo, department: str
) -> Iterable[Occurrence]:
    """What a template makes from now until the horizon, exceptions and holidays left out."""
    today = calendar.local_day(now, zone)
    made = weekly_of(schedule).occurrences(today, today + AHEAD, zone, department)
    return (each for each in made if each.start > now)


def absence_spans(
    session: Session, practitioner_id: UUID, start: datetime, end: datetime
) -> list[Span]:
    """The practitioner's absences between two instants."""
    rows = session.execute(
        select(Absence.start_at, Absence.ends_at, Absence.practitioner_id).where(
            Absence.practitioner_id == practitioner_id,
            Absence.cancelled_at.is_(None),
            Absence.start_at < end,
            Absence.ends_at > start,
        )
    )
    return [Span(*row) for row in rows]


def opened_note(cipher: Cipher, schedule: Schedule) -> str:
    """The note for the patients of a template."""
    return cipher.open(NOTE_FIELD, schedule.id, schedule.note) if schedule.note else ""


def _with_something_missing(session: Session, now: datetime) -> list[tuple[UUID, UUID]]:
    """Territory and practitioner of templates that have made less than they should have.

    What overlaps something is looked at again each time: the hour may have become free.
    """
    rows = session.execute(
        select(Schedule, Territory)
        .join(Territory, Territory.id == Schedule.territory_id)
        .join(Practitioner, Practitioner.id == Schedule.practitioner_id)
        .where(
            Practitioner.active,
            Schedule.ended_at.is_(None),
            Schedule.asks_first.is_(False),
            or_(Schedule.last_day.is_(None), Schedule.last_day >= now.date() - timedelta(days=1)),
        )
        .order_by(Schedule.id)
    ).all()
    known = made_slots(session, [schedule.id for schedule, _ in rows])
    return sorted(
        {
            (territory.id, schedule.practitioner_id)
            for schedule, territory in rows
            if any(
                name_of(schedule, each) not in known
                for each in ahead(schedule, now, ZoneInfo(territory.timezone), territory.department)
            )
        }
    )


def _overlaps(each: Occurrence, busy: Iterable[Span]) -> bool:
    return any(span.start < each.end and span.end > each.start for span in busy)


def _publication(schedule: Schedule, each: Occurrence, note: str) -> PublishSlot:
    return PublishSlot(
        practitioner=schedule.practitioner_id,
        place=schedule.place_id,
        start=each.start,
        end=each.end,
        places=schedule.places,
        modality=schedule.modality,
        visibility=schedule.visibility,
        shared=schedule.shared,
        minimum_notice_minutes=schedule.minimum_notice_minutes,
        note=note,
    )
