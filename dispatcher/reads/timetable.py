"""A practitioner's week, templates and absences, and who is expected where something would go."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.roles import Account
from dispatcher.domain.states import LIVE_APPOINTMENTS, SlotStatus
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Place
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.schedules import Absence, Schedule
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class OwnSlot:
    """A slot as its practitioner may change it. `waiting` patients are expected there."""

    id: UUID
    start: datetime
    end: datetime
    place_id: UUID
    place_label: str
    modality: str
    places: int
    taken: int
    status: SlotStatus
    visibility: tuple[str, ...]
    shared: bool
    minimum_notice_minutes: int | None
    note: str
    schedule_id: UUID | None
    schedule_day: date | None
    waiting: int


@dataclass(frozen=True, slots=True)
class OwnAbsence:
    """Instants between which the practitioner offers nothing."""

    id: UUID
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class OwnSchedule:
    """A template as it was set up; `hours` are wall time, ("09:00", "12:00")."""

    id: UUID
    place_id: UUID
    place_label: str
    weekdays: tuple[int, ...]
    hours: tuple[tuple[str, str], ...]
    each_minutes: int | None
    places: int
    modality: str
    visibility: tuple[str, ...]
    shared: bool
    minimum_notice_minutes: int | None
    note: str
    first_day: date
    last_day: date | None
    every_weeks: int
    on_holidays: bool
    asks_first: bool
    exceptions: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Concerned:
    """A patient who is expected where something would go: initials, code and hour."""

    appointment_id: UUID
    initials: str
    code: str
    start: datetime


def week_of(db: Database, account: Account, monday: date) -> list[OwnSlot]:
    """The practitioner's slots of a local week that are open, full, or where somebody is expected.

    Raises NotFoundError for an account that is no practitioner's.
    """
    owner, zone = _owner(account), ZoneInfo(account.timezone)
    start, _ = calendar.local_day_bounds(monday, zone)
    end, _ = calendar.local_day_bounds(monday + timedelta(days=7), zone)
    with db.reading() as session:
        rows = session.execute(
            select(Slot, Place.label)
            .join(Place, Place.id == Slot.place_id)
            .where(Slot.practitioner_id == owner, Slot.ends_at > start, Slot.start_at < end)
            .order_by(Slot.start_at, Slot.id)
        ).all()
        waiting = _waiting(session, [slot.id for slot, _ in rows])
    return [
        _slot(db.cipher, slot, label, waiting.get(slot.id, 0))
        for slot, label in rows
        if slot.id in waiting
        or slot.status != SlotStatus.CLOSED
        or (slot.closed_at is not None and slot.closed_at >= slot.ends_at)
    ]


def own_slot(db: Database, account: Account, slot_id: UUID) -> OwnSlot:
    """One of the practitioner's slots. Raises NotFoundError."""
    with db.reading() as session:
        row = session.execute(
            select(Slot, Place.label)
            .join(Place, Place.id == Slot.place_id)
            .where(Slot.id == slot_id, Slot.practitioner_id == _owner(account))
        ).one_or_none()
        if row is None:
            raise NotFoundError
        waiting = _waiting(session, [slot_id])
    return _slot(db.cipher, row[0], row[1], waiting.get(slot_id, 0))


def own_absences(db: Database, account: Account) -> list[OwnAbsence]:
    """Absences that are not over, in order. Raises NotFoundError."""
    with db.reading() as session:
        rows = session.execute(
            select(Absence.id, Absence.start_at, Absence.ends_at)
            .where(
                Absence.practitioner_id == _owner(account),
                Absence.cancelled_at.is_(None),
                Absence.ends_at > db.clock(),
            )
            .order_by(Absence.start_at, Absence.id)
        )
        return [OwnAbsence(*row) for row in rows]


def own_schedules(db: Database, account: Account) -> list[OwnSchedule]:
    """Templates that still make something, by their first hour. Raises NotFoundError."""
    today = calendar.local_day(db.clock(), ZoneInfo(account.timezone))
    with db.reading() as session:
        rows = session.execute(
            select(Schedule, Place.label)
            .join(Place, Place.id == Schedule.place_id)
            .where(Schedule.practitioner_id == _owner(account), Schedule.ended_at.is_(None))
        ).all()
    found = [
        _schedule(db.cipher, schedule, label)
        for schedule, label in rows
        if schedule.last_day is None or schedule.last_day >= today
    ]
    return sorted(found, key=lambda each: (each.first_day > today, each.weekdays, each.hours))


def own_schedule(db: Database, account: Account, schedule_id: UUID) -> OwnSchedule:
    """One of them. Raises NotFoundError."""
    found = [each for each in own_schedules(db, account) if each.id == schedule_id]
    if not found:
        raise NotFoundError
    return found[0]


def published_days(db: Database, account: Account, schedule_id: UUID) -> dict[date, int]:
    """The days to come on which a template has slots that are not closed, and how many."""
    with db.reading() as session:
        rows = session.execute(
            select(Slot.schedule_day, func.count())
            .where(
                Slot.schedule_id == schedule_id,
                Slot.practitioner_id == _owner(account),
                Slot.status != SlotStatus.CLOSED,
                Slot.start_at > db.clock(),
            )
            .group_by(Slot.schedule_day)
            .order_by(Slot.schedule_day)
        )
        return {day: count for day, count in rows if day is not None}


def concerned(db: Database, account: Account, appointment_ids: Collection[UUID]) -> list[Concerned]:
    """Who they are, by hour; the practitioner's own patients alone. Raises NotFoundError."""
    with db.reading() as session:
        rows = session.execute(
            select(Appointment, CareRequest.code, Patient)
            .join(CareRequest, CareRequest.id == Appointment.request_id)
            .join(Patient, Patient.id == CareRequest.patient_id)
            .where(
                Appointment.id.in_(appointment_ids),
                Appointment.practitioner_id == _owner(account),
            )
            .order_by(Appointment.start_at, Appointment.id)
        ).all()
    return [
        Concerned(appointment.id, _initials(db.cipher, patient), code, appointment.start_at)
        for appointment, code, patient in rows
    ]


def _owner(account: Account) -> UUID:
    if account.practitioner_id is None:
        raise NotFoundError
    return account.practitioner_id


def _initials(cipher: Cipher, patient: Patient) -> str:
    names = (
        cipher.open("patients.first_name", patient.id, patient.first_name),
        cipher.open("patients.last_name", patient.id, patient.last_name),
    )
    return "\N{NO-BREAK SPACE}".join(f"{name[:1].upper()}." for name in names)


def _waiting(session: Session, slot_ids: Collection[UUID]) -> dict[UUID, int]:
    rows = session.execute(
        select(Appointment.slot_id, func.count())
        .where(Appointment.slot_id.in_(slot_ids), Appointment.status.in_(LIVE_APPOINTMENTS))
        .group_by(Appointment.slot_id)
    )
    return {slot_id: count for slot_id, count in rows}  # noqa: C416 - rows are not pairs to mypy


def _slot(cipher: Cipher, slot: Slot, place_label: str, waiting: int) -> OwnSlot:
    return OwnSlot(
        id=slot.id,
        start=slot.start_at,
        end=slot.ends_at,
        place_id=slot.place_id,
        place_label=place_label,
        modality=slot.modality,
        places=slot.places,
        taken=slot.taken,
        status=SlotStatus(slot.status),
        visibility=tuple(slot.visibility),
        shared=slot.shared,
        minimum_notice_minutes=slot.minimum_notice_minutes,
        note=cipher.open("slots.note", slot.id, slot.note) if slot.note else "",
        schedule_id=slot.schedule_id,
        schedule_day=slot.schedule_day,
        waiting=waiting,
    )


def _schedule(cipher: Cipher, schedule: Schedule, place_label: str) -> OwnSchedule:
    note = cipher.open("schedules.note", schedule.id, schedule.note) if schedule.note else ""
    return OwnSchedule(
        id=schedule.id,
        place_id=schedule.place_id,
        place_label=place_label,
        weekdays=tuple(map(int, schedule.weekdays)),
        hours=tuple((each["start"], each["end"]) for each in schedule.hours),
        each_minutes=schedule.each_minutes,
        places=schedule.places,
        modality=schedule.modality,
        visibility=tuple(schedule.visibility),
        shared=schedule.shared,
        minimum_notice_minutes=schedule.minimum_notice_minutes,
        note=note,
        first_day=schedule.first_day,
        last_day=schedule.last_day,
        every_weeks=schedule.every_weeks,
        on_holidays=schedule.on_holidays,
        asks_first=schedule.asks_first,
        exceptions=tuple(map(date.fromisoformat, schedule.exceptions)),
    )
