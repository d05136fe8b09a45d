"""Closing slots in which patients are expected: each is kept or cancelled, and none is lost."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, select

from dispatcher.domain.errors import RefusedError
from dispatcher.domain.events import SlotWithdrawn
from dispatcher.domain.states import LIVE_APPOINTMENTS, SlotStatus
from dispatcher.services.appointments import cancel_appointment, lock_appointment
from dispatcher.services.house import House
from dispatcher.services.publication import queue_on
from dispatcher.storage.requests import Appointment
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Unit


class Fate(StrEnum):
    """What the practitioner decides for a patient whose slot goes."""

    KEEP = "keep"
    """They are still expected at their hour."""
    CANCEL = "cancel"
    """They are told, and their request is matched again."""


Decisions = Mapping[UUID, Fate]
"""By appointment."""


class PatientsConcernedError(RefusedError):
    """Patients are expected there, and nobody has said what becomes of them."""

    def __init__(self, appointment_ids: Iterable[UUID]) -> None:
        super().__init__(
            "patients-concerned",
            "Des patients y sont attendus. Choisissez pour chacun de le garder ou de l’annuler.",
        )
        self.appointment_ids = tuple(appointment_ids)


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was closed, and the patients of it."""

    slots: tuple[UUID, ...]
    kept: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class Expected:
    """A patient who is still to come. `territory_id` is that of their request."""

    appointment_id: UUID
    request_id: UUID
    territory_id: UUID
    slot_id: UUID


def expected(unit: Unit, practitioner_id: UUID, which: ColumnElement[bool]) -> list[Expected]:
    """Patients to come in the practitioner's slots that `which` chooses, by request."""
    rows = unit.session.execute(
        select(
            Appointment.id, Appointment.request_id, Appointment.territory_id, Appointment.slot_id
        )
        .join(Slot, Slot.id == Appointment.slot_id)
        .where(
            Slot.practitioner_id == practitioner_id,
            which,
            Appointment.status.in_(LIVE_APPOINTMENTS),
            Appointment.ends_at > unit.now,
        )
        .order_by(Appointment.request_id)
    )
    return [Expected(*row) for row in rows]


def decided(patients: Sequence[Expected], decisions: Decisions) -> None:
    """Refuse while one of them has no decision. Raises PatientsConcernedError, naming them all."""
    if any(each.appointment_id not in decisions for each in patients):
        raise PatientsConcernedError(each.appointment_id for each in patients)


def hold(
    unit: Unit, practitioner_id: UUID, patients: Sequence[Expected], decisions: Decisions
) -> list[tuple[Unit, Appointment]]:
    """Lock those who are to be cancelled, then the practitioner's slots, as everybody does.

    A request may be a neighbour's: its part of the work is done in its own territory, in the same
    transaction.
    """
    leaving = []
    for each in patients:
        if decisions[each.appointment_id] is Fate.CANCEL:
            there = dataclasses.replace(unit, territory_id=each.territory_id)
            leaving.append((there, lock_appointment(there, each.appointment_id)))
    queue_on(unit, practitioner_id)
    return leaving


def cancel(house: House, leaving: Sequence[tuple[Unit, Appointment]]) -> None:
    """Tell them, and have their requests matched again."""
    for there, appointment in leaving:
        if appointment.status in LIVE_APPOINTMENTS:
            cancel_appointment(house, there, appointment, "practitioner")


def lock_slots(unit: Unit, practitioner_id: UUID, which: ColumnElement[bool]) -> Sequence[Slot]:
    """The practitioner's slots that are not closed, among those, locked in one order."""
    return unit.session.scalars(
        select(Slot)
        .where(Slot.practitioner_id == practitioner_id, Slot.status != SlotStatus.CLOSED, which)
        .order_by(Slot.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def clear(
    house: House,
    unit: Unit,
    practitioner_id: UUID,
    which: ColumnElement[bool],
    decisions: Decisions,
    *,
    forget_template: bool = False,
) -> Cleared:
    """Close slots in the caller's transaction; their patients are kept or cancelled as decided.

    With `forget_template` the hours may be offered by a template again. Raises
    PatientsConcernedError while somebody has no decision, also who was booked a moment ago.
    """
    patients = expected(unit, practitioner_id, which)
    decided(patients, decisions)
    leaving = hold(unit, practitioner_id, patients, decisions)
    slots = lock_slots(unit, practitioner_id, which)
    decided(expected(unit, practitioner_id, which), decisions)
    cancel(house, leaving)
    for slot in slots:
        close(unit, slot)
        if forget_template:
            forget(slot)
    unit.session.flush()  # a template may offer the same hours again in this transaction
    return Cleared(tuple(slot.id for slot in slots), len(patients) - len(leaving), len(leaving))


def close(unit: Unit, slot: Slot) -> None:
    """Take back what is still free of a locked slot; who is expected there stays expected."""
    if slot.status == SlotStatus.CLOSED:  # its only patient was cancelled
        return
    slot.status = SlotStatus.CLOSED
    slot.closed_at = unit.now
    unit.record(
        SlotWithdrawn(
            slot_id=slot.id,
            practitioner_id=slot.practitioner_id,
            start=slot.start_at,
            places=slot.taken,
            closed=True,
        )
    )


def forget(slot: Slot) -> None:
    """It is no occurrence of a template any more."""
    slot.schedule_id = slot.schedule_day = slot.schedule_hour = None
