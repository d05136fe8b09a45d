"""Slots that a practitioner's own agenda closes, and opens again when it changes its mind.

They keep their state: a blocked slot is one that nobody can be booked in for now.
"""

from uuid import UUID

from sqlalchemy import exists, update

from dispatcher.domain.events import SlotBlocked, SlotUnblocked
from dispatcher.domain.states import SlotStatus
from dispatcher.storage.agendas import BusyTime
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Unit

_OVERLAPS = exists().where(
    BusyTime.practitioner_id == Slot.practitioner_id,
    BusyTime.start_at < Slot.ends_at,
    BusyTime.ends_at > Slot.start_at,
)


def follow_agendas(unit: Unit, practitioner_id: UUID) -> bool:
    """Block the slots that overlap a busy hour, free those that do not any more.

    What the practitioner said in so many words stands: « libre maintenant », and the hour that
    they chose for a patient. Appointments that were booked stay. Returns whether a slot became
    free. The caller has the practitioner's slots to itself (`publication.queue_on`).
    """
    theirs = (
        Slot.practitioner_id == practitioner_id,
        Slot.ends_at > unit.now,
        Slot.status != SlotStatus.CLOSED.value,
    )
    told = (Slot.id, Slot.start_at, Slot.places, Slot.taken)
    blocked = unit.session.execute(
        update(Slot)
        .where(
            *theirs,
            Slot.blocked_since.is_(None),
            Slot.free_now.is_(False),
            Slot.offer_id.is_(None),
            _OVERLAPS,
        )
        .values(blocked_since=unit.now)
        .returning(*told)
    ).all()
    freed = unit.session.execute(
        update(Slot)
        .where(*theirs, Slot.blocked_since.is_not(None), ~_OVERLAPS)
        .values(blocked_since=None)
        .returning(*told)
    ).all()
    for row in sorted(blocked, key=lambda row: row.start_at):
        unit.record(
            SlotBlocked(
                slot_id=row.id,
                practitioner_id=practitioner_id,
                start=row.start_at,
                places=row.taken,
            )
        )
    for row in sorted(freed, key=lambda row: row.start_at):
        unit.record(
            SlotUnblocked(
                slot_id=row.id,
                practitioner_id=practitioner_id,
                start=row.start_at,
                places=row.places,
            )
        )
    return any(row.taken < row.places for row in freed)
