"""Weekly templates: setting one up, changing it from a day on, stopping it, leaving out a day."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.events import (
    ScheduleDayRestored,
    ScheduleDaySkipped,
    ScheduleEnded,
    ScheduleSetUp,
)
from dispatcher.domain.roles import Account
from dispatcher.domain.schedules import Occurrence
from dispatcher.domain.states import SlotStatus
from dispatcher.reads.occurrences import weekly_of
from dispatcher.services.clearing import Cleared, Decisions, clear, forget, lock_slots
from dispatcher.services.commands import PublishSlot, SetUpSchedule
from dispatcher.services.house import House
from dispatcher.services.occurrences import NOTE_FIELD, publish_ahead
from dispatcher.services.publication import queue_on
from dispatcher.services.schedule_faults import faults_of_schedule, wanted_weekly
from dispatcher.services.slot_changes import apply
from dispatcher.storage.schedules import Schedule
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of a change: the template, and how many slots were published and closed."""

    schedule_id: UUID
    published: int
    cleared: Cleared


def set_up_schedule(house: House, account: Account, command: SetUpSchedule) -> Changed:
    """Offer slots week by week; those of the next weeks are published at once.

    Raises InvalidError by field, a clash with another template among them, NotFoundError for an
    account that is no practitioner's.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        owner = _owner(account)
        queue_on(unit, owner)
        today = calendar.local_day(unit.now, ZoneInfo(account.timezone))
        if command.first_day < today:
            raise InvalidError({"first_day": "Un modèle commence aujourd’hui ou plus tard."})
        schedule_id = _begin(house, unit, owner, command, replaces=None, exceptions=[])
        published = publish_ahead(unit, owner)
    return Changed(schedule_id, published, Cleared((), 0, 0))


def change_schedule(
    house: House,
    account: Account,
    schedule_id: UUID,
    from_day: date,
    command: SetUpSchedule,
    decisions: Decisions,
) -> Changed:
    """Give a template other hours or conditions from a local day on; what was before stays.

    Its slots that the new one makes as well keep their patients and take its conditions; those
    that were changed one by one stay as they are; the others are closed. So are those that nobody
    has booked, where the new one asks before it publishes a day. Raises InvalidError by
    field, NotFoundError, TransitionError, PatientsConcernedError while somebody expected in what
    is to be closed has no decision.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        old, from_day = _own(unit, account, schedule_id, from_day)
        asked = command.model_copy(update={"first_day": max(command.first_day, from_day)})
        zone, department = _clocks(unit)
        was, wanted = weekly_of(old), wanted_weekly(asked, old.exceptions)
        slots = _ahead(unit, old, from_day)
        last = max((slot.schedule_day or from_day for slot in slots), default=from_day)
        before = _by_name(list(was.occurrences(from_day, last, zone, department)))
        after = list(wanted.occurrences(from_day, last, zone, department))
        own = [slot.id for slot in slots if not _is_as_made(slot, before)]
        begins_to_ask = asked.asks_first and not old.asks_first
        fitting = [
            slot.id
            for slot in slots
            if slot.id not in own
            and _holds(slot, after, asked)
            and (slot.taken or not begins_to_ask)
        ]
        going = [slot.id for slot in slots if slot.id not in own and slot.id not in fitting]
        cleared = clear(
            house, unit, old.practitioner_id, Slot.id.in_(going), decisions, forget_template=True
        )
        _end(unit, old, from_day)
        begun = _begin(
            house, unit, old.practitioner_id, asked, replaces=old.id, exceptions=old.exceptions
        )
        standing = lock_slots(unit, old.practitioner_id, Slot.id.in_([*own, *fitting]))
        closed = _closed_ahead(unit, old, from_day)
        _hand_over(unit, begun, [*standing, *closed], fitting, after, asked)
        published = publish_ahead(unit, old.practitioner_id)
    return Changed(begun, published, cleared)


def end_schedule(
    house: House, account: Account, schedule_id: UUID, from_day: date, decisions: Decisions
) -> Cleared:
    """Stop a template from a local day on; its slots from then on are closed.

    Raises NotFoundError, TransitionError, PatientsConcernedError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        schedule, from_day = _own(unit, account, schedule_id, from_day)
        ids = [slot.id for slot in _ahead(unit, schedule, from_day)]
        cleared = clear(house, unit, schedule.practitioner_id, Slot.id.in_(ids), decisions)
        _end(unit, schedule, from_day)
    return cleared


def skip_day(
    house: House, account: Account, schedule_id: UUID, day: date, decisions: Decisions
) -> Cleared:
    """Leave a template out on one local day. Raises as `end_schedule`, InvalidError on `day`."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        schedule, _ = _own(unit, account, schedule_id, day)
        if not weekly_of(schedule).recurs_on(day):
            raise InvalidError({"day": "Ce modèle n’a pas lieu ce jour-là."})
        ids = [slot.id for slot in _ahead(unit, schedule, day) if slot.schedule_day == day]
        cleared = clear(
            house,
            unit,
            schedule.practitioner_id,
            Slot.id.in_(ids),
            decisions,
            forget_template=True,
        )
        if day.isoformat() not in schedule.exceptions:
            schedule.exceptions = sorted([*schedule.exceptions, day.isoformat()])
            unit.record(
                ScheduleDaySkipped(
                    schedule_id=schedule.id,
                    practitioner_id=schedule.practitioner_id,
                    day=day.isoformat(),
                )
            )
    return cleared


def restore_day(house: House, account: Account, schedule_id: UUID, day: date) -> int:
    """Let a template take place on a day that was left out; how many slots were published.

    Raises NotFoundError, TransitionError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        schedule, _ = _own(unit, account, schedule_id, day)
        queue_on(unit, schedule.practitioner_id)
        if day.isoformat() not in schedule.exceptions:
            return 0
        schedule.exceptions = [each for each in schedule.exceptions if each != day.isoformat()]
        unit.session.flush()
        unit.record(
            ScheduleDayRestored(
                schedule_id=schedule.id,
                practitioner_id=schedule.practitioner_id,
                day=day.isoformat(),
            )
        )
        return publish_ahead(unit, schedule.practitioner_id)


def confirm_day(house: House, account: Account, day: date) -> int:
    """Publish what the templates that ask first make of a local day; how many slots.

    Said again it publishes nothing twice. Raises NotFoundError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        owner = _owner(account)
        queue_on(unit, owner)
        return publish_ahead(unit, owner, confirmed=day)


def _owner(account: Account) -> UUID:
    if account.practitioner_id is None:
        raise NotFoundError
    return account.practitioner_id


def _own(unit: Unit, account: Account, schedule_id: UUID, from_day: date) -> tuple[Schedule, date]:
    """The account's own template that still makes something, and the day, today at the earliest."""
    schedule = unit.session.scalars(
        select(Schedule)
        .where(Schedule.id == schedule_id, Schedule.practitioner_id == _owner(account))
        .with_for_update()
    ).one_or_none()
    if schedule is None:
        raise NotFoundError
    today = calendar.local_day(unit.now, ZoneInfo(account.timezone))
    if schedule.ended_at is not None or (
        schedule.last_day is not None and schedule.last_day < today
    ):
        raise TransitionError("Ce modèle est arrêté ou remplacé par un autre.")
    return schedule, max(from_day, today)


def _clocks(unit: Unit) -> tuple[ZoneInfo, str]:
    territory = unit.session.get_one(Territory, unit.territory_id)
    return ZoneInfo(territory.timezone), territory.department


def _begin(
    house: House,
    unit: Unit,
    owner: UUID,
    command: SetUpSchedule,
    *,
    replaces: UUID | None,
    exceptions: Sequence[str],
) -> UUID:
    faults = faults_of_schedule(house, unit, owner, command)
    if faults:
        raise InvalidError(faults)
    schedule_id = uuid.uuid4()
    weekdays = "".join(map(str, sorted(set(command.weekdays))))
    unit.session.add(
        Schedule(
            id=schedule_id,
            territory_id=unit.territory_id,
            practitioner_id=owner,
            place_id=command.place,
            weekdays=weekdays,
            hours=[
                {"start": f"{each.start:%H:%M}", "end": f"{each.end:%H:%M}"}
                for each in sorted(command.hours, key=lambda each: each.start)
            ],
            each_minutes=command.each_minutes,
            places=1 if command.each_minutes else command.places,
            modality=command.modality,
            visibility=list(dict.fromkeys(command.visibility)),
            shared=command.shared,
            minimum_notice_minutes=command.minimum_notice_minutes,
            note=unit.cipher.seal(NOTE_FIELD, schedule_id, command.note) if command.note else None,
            first_day=command.first_day,
            last_day=command.last_day,
            every_weeks=command.every_weeks,
            on_holidays=command.on_holidays,
            asks_first=command.asks_first,
            exceptions=list(exceptions),
            created_at=unit.now,
        )
    )
    unit.session.flush()  # it is published from what the database holds
    unit.record(
        ScheduleSetUp(
            schedule_id=schedule_id,
            practitioner_id=owner,
            weekdays=weekdays,
            first_day=command.first_day.isoformat(),
            last_day=command.last_day.isoformat() if command.last_day else None,
            replaces=replaces,
        )
    )
    return schedule_id


def _end(unit: Unit, schedule: Schedule, from_day: date) -> None:
    if schedule.first_day >= from_day:
        schedule.ended_at = unit.now
    else:
        schedule.last_day = from_day - timedelta(days=1)
    unit.session.flush()
    unit.record(
        ScheduleEnded(
            schedule_id=schedule.id,
            practitioner_id=schedule.practitioner_id,
            from_day=from_day.isoformat(),
        )
    )


def _ahead(unit: Unit, schedule: Schedule, from_day: date) -> Sequence[Slot]:
    """The template's slots from a day on that have not begun and are not closed."""
    return unit.session.scalars(
        select(Slot)
        .where(
            Slot.schedule_id == schedule.id,
            Slot.schedule_day >= from_day,
            Slot.start_at > unit.now,
            Slot.status != SlotStatus.CLOSED,
        )
        .order_by(Slot.start_at, Slot.id)
    ).all()


def _closed_ahead(unit: Unit, schedule: Schedule, from_day: date) -> Sequence[Slot]:
    """Those that were closed one by one: the next template does not offer them again."""
    return unit.session.scalars(
        select(Slot).where(
            Slot.schedule_id == schedule.id,
            Slot.schedule_day >= from_day,
            Slot.start_at > unit.now,
            Slot.status == SlotStatus.CLOSED,
        )
    ).all()


Name = tuple[date, str]


def _by_name(made: Sequence[Occurrence]) -> dict[Name, Occurrence]:
    return {(each.day, f"{each.hour:%H:%M}"): each for each in made}


def _is_as_made(slot: Slot, before: dict[Name, Occurrence]) -> bool:
    """Whether a slot still has the hours that its template gave it."""
    if slot.schedule_day is None or slot.schedule_hour is None:
        return False
    made = before.get((slot.schedule_day, slot.schedule_hour))
    return made is not None and (made.start, made.end) == (slot.start_at, slot.ends_at)


def _holds(slot: Slot, after: Sequence[Occurrence], asked: SetUpSchedule) -> bool:
    """Whether the new template makes a slot that whoever is expected in this one may stay in."""
    is_single = bool(asked.each_minutes) or asked.places == 1
    return (
        slot.place_id == asked.place
        and slot.modality == asked.modality
        and (slot.places == 1) == is_single
        and any((each.start, each.end) == (slot.start_at, slot.ends_at) for each in after)
    )


def _hand_over(
    unit: Unit,
    schedule_id: UUID,
    standing: Sequence[Slot],
    fitting: Sequence[UUID],
    after: Sequence[Occurrence],
    asked: SetUpSchedule,
) -> None:
    """Make what stands slots of the new template; what it does not make is nobody's."""
    by_name = _by_name(after)
    by_hours = {(each.start, each.end): name for name, each in by_name.items()}
    for slot in standing:
        name = by_hours.get((slot.start_at, slot.ends_at))
        if name is None and slot.schedule_day and slot.schedule_hour:
            name = (slot.schedule_day, slot.schedule_hour)
        if name is None or name not in by_name:
            forget(slot)
            continue
        slot.schedule_id, (slot.schedule_day, slot.schedule_hour) = schedule_id, name
        if slot.id in fitting:
            apply(unit, slot, _conditions(slot, asked))
    unit.session.flush()


def _conditions(slot: Slot, asked: SetUpSchedule) -> PublishSlot:
    return PublishSlot(
        practitioner=slot.practitioner_id,
        place=slot.place_id,
        start=slot.start_at,
        end=slot.ends_at,
        places=1 if asked.each_minutes else asked.places,
        modality=slot.modality,
        visibility=asked.visibility,
        shared=asked.shared,
        minimum_notice_minutes=asked.minimum_notice_minutes,
        note=asked.note,
    )
