"""A practitioner's own figures: what they offered, what came of it, and what it opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.calendar import Period, local_day
from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.payments.majorations import MajorationWeek, monday_of
from dispatcher.domain.practice import (
    FORFAIT_HOURS,
    Given,
    GivenSlot,
    GivenVisit,
    given,
    opened_by_week,
)
from dispatcher.domain.roles import Account
from dispatcher.domain.states import AppointmentStatus, SlotStatus
from dispatcher.reads.majorations import weeks_of_majorations
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Database

A_WEEK = timedelta(days=7)
PHYSICIAN = "10"
"""TRE_G15: majorations and forfait are doctors'."""


@dataclass(frozen=True, slots=True)
class OwnWeek:
    """One week, from Monday to Sunday."""

    monday: date
    opened: timedelta
    majorations: int
    beyond: int
    """Visits that would open a majoration if the week were not full."""
    is_full: bool
    is_to_come: bool

    @property
    def is_enough(self) -> bool:
        """Whether the forfait's hours were opened."""
        return self.opened >= FORFAIT_HOURS


@dataclass(frozen=True, slots=True)
class OwnFigures:
    """Those of a period; the weeks are all that it touches, whole ones, the newest first."""

    is_doctor: bool
    given: Given
    weeks: tuple[OwnWeek, ...]


def own_figures(db: Database, account: Account, period: Period) -> OwnFigures:
    """The figures of the practitioner who is signed in.

    Raises NotFoundError for an account that is no practitioner's.
    """
    if account.practitioner_id is None:
        raise NotFoundError
    first = monday_of(local_day(period.start, period.zone))
    last = monday_of(local_day(period.end - timedelta(microseconds=1), period.zone))
    whole = calendar.period(first, last + A_WEEK - timedelta(days=1), period.zone)
    with db.reading() as session:
        practitioner = session.get_one(Practitioner, account.practitioner_id)
        is_doctor = practitioner.profession == PHYSICIAN
        slots = _slots(session, practitioner, whole)
        visits = _visits(session, practitioner, period)
    counted = {
        week.monday: week
        for week in weeks_of_majorations(db, account.territory_id, whole, account.practitioner_id)
    }
    opened = opened_by_week(slots, period.zone)
    mondays = [last - number * A_WEEK for number in range((last - first) // A_WEEK + 1)]
    today = local_day(db.clock(), period.zone)
    return OwnFigures(
        is_doctor=is_doctor,
        given=given((slot for slot in slots if slot.start in period), visits),
        weeks=tuple(
            _week(monday, opened.get(monday, timedelta()), counted.get(monday), today)
            for monday in mondays
        ),
    )


def _week(monday: date, opened: timedelta, counted: MajorationWeek | None, today: date) -> OwnWeek:
    return OwnWeek(
        monday=monday,
        opened=opened,
        majorations=len(counted.due) if counted else 0,
        beyond=len(counted.beyond) if counted else 0,
        is_full=counted is not None and counted.is_full,
        is_to_come=monday > today,
    )


def _slots(session: Session, practitioner: Practitioner, period: Period) -> Sequence[GivenSlot]:
    """Of a slot that was taken back, or that an agenda closed, what was booked there remains."""
    rows = session.scalars(
        select(Slot).where(
            Slot.practitioner_id == practitioner.id,
            Slot.start_at >= period.start,
            Slot.start_at < period.end,
        )
    )
    return [
        GivenSlot(
            start=slot.start_at,
            end=slot.ends_at,
            places=slot.taken if _was_taken_back(slot) else slot.places,
        )
        for slot in rows
    ]


def _was_taken_back(slot: Slot) -> bool:
    is_withdrawn = (
        slot.status == SlotStatus.CLOSED
        and slot.closed_at is not None
        and slot.closed_at < slot.ends_at
    )
    return is_withdrawn or slot.blocked_since is not None


def _visits(session: Session, practitioner: Practitioner, period: Period) -> Sequence[GivenVisit]:
    rows = session.execute(
        select(
            Appointment.start_at,
            Appointment.status,
            CareRequest.patient_id,
            Slot.modality,
            Appointment.distance_km,
        )
        .join(CareRequest, CareRequest.id == Appointment.request_id)
        .join(Slot, Slot.id == Appointment.slot_id)
        .where(
            Appointment.practitioner_id == practitioner.id,
            Appointment.status != AppointmentStatus.CANCELLED,
            Appointment.start_at >= period.start,
            Appointment.start_at < period.end,
        )
    )
    return [
        GivenVisit(
            start=row.start_at,
            status=AppointmentStatus(row.status),
            patient=str(row.patient_id),
            modality=row.modality,
            distance_km=row.distance_km,
        )
        for row in rows
    ]
