"""Changing or closing one slot; whoever is expected there is kept or cancelled, never forgotten."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.events import SlotChanged
from dispatcher.domain.roles import Account
from dispatcher.domain.states import SlotStatus
from dispatcher.services.agenda_busy import follow_agendas
from dispatcher.services.clearing import (
    Cleared,
    Decisions,
    Expected,
    Fate,
    cancel,
    clear,
    close,
    decided,
    expected,
    forget,
    hold,
    lock_slots,
)
from dispatcher.services.commands import ChangeSlot, PublishSlot
from dispatcher.services.house import House
from dispatcher.services.neighbours import match_all_who_see
from dispatcher.services.publication import (
    NOTE_FIELD,
    Origin,
    faults_of,
    faults_of_place,
    must_be_own,
    sealed_note,
    write,
)
from dispatcher.storage.requests import Appointment
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Unit


def close_slot(house: House, account: Account, slot_id: UUID, decisions: Decisions) -> Cleared:
    """Close a slot. Raises NotFoundError, TransitionError, PatientsConcernedError."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        slot = _own_slot(unit, account, slot_id)
        return clear(house, unit, slot.practitioner_id, Slot.id == slot_id, decisions)


def change_slot(
    house: House, account: Account, slot_id: UUID, command: ChangeSlot, decisions: Decisions
) -> UUID:
    """Give a slot other hours, another place or other conditions; returns the slot that results.

    Patients whose hour is still within it stay in it. For the others a decision is needed: who is
    kept stays expected at their hour, at the old place. Raises NotFoundError, TransitionError,
    InvalidError by field, PatientsConcernedError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        slot = _own_slot(unit, account, slot_id)
        practitioner_id, which = slot.practitioner_id, Slot.id == slot_id
        asked = PublishSlot(practitioner=practitioner_id, **command.model_dump())
        _refuse_what_is_wrong(house, unit, account, slot, asked)
        patients = expected(unit, practitioner_id, which)
        unfit = [each for each in patients if not _fits(unit, each, slot, command)]
        decided(unfit, decisions)
        leaving = hold(unit, practitioner_id, unfit, decisions)
        locked = lock_slots(unit, practitioner_id, which)
        if not locked:
            raise TransitionError("Ce créneau vient d’être fermé.")
        slot = locked[0]
        patients = expected(unit, practitioner_id, which)
        unfit = [each for each in patients if not _fits(unit, each, slot, command)]
        decided(unfit, decisions)
        _refuse_what_is_wrong(house, unit, account, slot, asked)
        cancel(house, leaving)
        unit.session.flush()
        kept = [each for each in unfit if decisions[each.appointment_id] is Fate.KEEP]
        staying = [each for each in patients if each not in unfit]
        if asked.places < len(staying):
            few = f"{len(staying)} patients y restent attendus{NBSP}: gardez au moins ces places."
            raise InvalidError({"places": few})
        zone = ZoneInfo(account.timezone)
        is_same_day = calendar.local_day(slot.start_at, zone) == calendar.local_day(
            asked.start, zone
        )
        if is_same_day and not kept and slot.status != SlotStatus.CLOSED:
            apply(unit, slot, asked)
            result = slot.id
        else:
            result = _replace(unit, slot, asked, staying)
        match_all_who_see(unit, shared=asked.shared)
    return result


def apply(unit: Unit, slot: Slot, asked: PublishSlot) -> None:
    """Change a locked slot where it stands; its patients stay in it. Writes nothing if it is so."""
    note = unit.cipher.open(NOTE_FIELD, slot.id, slot.note) if slot.note else ""
    wished: Mapping[str, Any] = {
        "place_id": asked.place,
        "start_at": asked.start,
        "ends_at": asked.end,
        "places": max(asked.places, slot.taken),
        "modality": asked.modality,
        "visibility": list(dict.fromkeys(asked.visibility)),
        "shared": asked.shared,
        "minimum_notice_minutes": asked.minimum_notice_minutes,
    }
    changed = [name for name, value in wished.items() if getattr(slot, name) != value]
    for name in changed:
        setattr(slot, name, wished[name])
    if note != asked.note:
        slot.note = sealed_note(unit, slot.id, asked.note)
        changed.append("note")
    if not changed:
        return
    slot.status = SlotStatus.FULL if slot.taken >= slot.places else SlotStatus.OPEN
    slot.blocked_since = None  # the agenda is asked again, about the new hours
    unit.session.flush()
    if slot.places > 1:  # who walks in may come until its end
        unit.session.execute(
            update(Appointment).where(Appointment.slot_id == slot.id).values(ends_at=slot.ends_at)
        )
    unit.record(
        SlotChanged(
            slot_id=slot.id,
            practitioner_id=slot.practitioner_id,
            start=slot.start_at,
            end=slot.ends_at,
            places=slot.places,
            visibility=list(slot.visibility),
            changed=changed,
        )
    )
    follow_agendas(unit, slot.practitioner_id)


def _replace(unit: Unit, slot: Slot, asked: PublishSlot, staying: list[Expected]) -> UUID:
    """Publish the slot anew, with those who fit in it; who does not stays in the old one."""
    origin = None
    if slot.schedule_id and slot.schedule_day and slot.schedule_hour:
        origin = Origin(slot.schedule_id, slot.schedule_day, slot.schedule_hour)
    slot.taken -= len(staying)
    close(unit, slot)
    forget(slot)
    unit.session.flush()  # the new one takes its place in the template
    slot_id = uuid.uuid4()
    write(unit, asked, slot_id, origin=origin)
    if staying:
        unit.session.execute(
            update(Appointment)
            .where(Appointment.id.in_([each.appointment_id for each in staying]))
            .values(slot_id=slot_id, ends_at=asked.end)
        )
        successor = unit.session.get_one(Slot, slot_id)
        successor.taken = len(staying)
        if successor.taken >= successor.places:
            successor.status = SlotStatus.FULL
    return slot_id


def _own_slot(unit: Unit, account: Account, slot_id: UUID) -> Slot:
    slot = unit.session.scalars(
        select(Slot).where(Slot.id == slot_id, Slot.territory_id == account.territory_id)
    ).one_or_none()
    if slot is None:
        raise NotFoundError
    must_be_own(account, slot.practitioner_id)
    if slot.status == SlotStatus.CLOSED or slot.ends_at <= unit.now:
        raise TransitionError("Ce créneau est déjà fermé ou passé.")
    return slot


def _fits(unit: Unit, each: Expected, slot: Slot, command: ChangeSlot) -> bool:
    """Whether what the patient was told still holds in the changed slot."""
    told: datetime = unit.session.get_one(Appointment, each.appointment_id).start_at
    if slot.place_id != command.place or slot.modality != command.modality:
        return False
    if (slot.places == 1) != (command.places == 1):
        return False
    if command.places == 1:
        return told == command.start
    return command.start <= told < command.end


def _refuse_what_is_wrong(
    house: House, unit: Unit, account: Account, slot: Slot, asked: PublishSlot
) -> None:
    zone = ZoneInfo(account.timezone)
    faults = faults_of(house, asked, unit.now) | faults_of_place(unit, asked, zone, slot.id)
    if faults:
        raise InvalidError(faults)
