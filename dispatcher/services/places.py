"""Giving a place of a slot back when its appointment is cancelled."""

from uuid import UUID

from sqlalchemy import case, select, update

from dispatcher.domain.events import NeighbourPlaceFreed, SlotWithdrawn
from dispatcher.domain.states import SlotStatus
from dispatcher.services.neighbours import match_all_who_see
from dispatcher.storage.requests import Appointment
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Unit


def give_back(unit: Unit, appointment: Appointment, *, to_others: bool) -> None:
    """Free the place of a cancelled appointment for whoever needs it next, or withdraw it.

    A slot that a volunteer made for one patient is withdrawn in any case: they did not offer it to
    everybody.
    Every queue that it may serve is matched, also where it was withdrawn: the request itself may be
    waiting again.
    """
    slot = unit.session.execute(
        select(Slot.territory_id, Slot.shared, Slot.offer_id).where(Slot.id == appointment.slot_id)
    ).one()
    if to_others and slot.offer_id is None:
        _free(unit, appointment.slot_id)
    else:
        _withdraw(unit, appointment.slot_id)
    if slot.territory_id != unit.territory_id:
        unit.record(
            NeighbourPlaceFreed(
                appointment_id=appointment.id,
                slot_id=appointment.slot_id,
                practitioner_id=appointment.practitioner_id,
                start=appointment.start_at,
                neighbour_id=unit.territory_id,
            ),
            territory_id=slot.territory_id,
        )
    match_all_who_see(unit, slot.territory_id, shared=slot.shared)


def _free(unit: Unit, slot_id: UUID) -> None:
    """Give a place back to whoever needs it next."""
    unit.session.execute(
        update(Slot)
        .where(Slot.id == slot_id)
        .values(
            taken=Slot.taken - 1,
            status=case((Slot.status == SlotStatus.FULL, SlotStatus.OPEN.value), else_=Slot.status),
        )
    )


def _withdraw(unit: Unit, slot_id: UUID) -> None:
    """Take a place out of the offer, so that nobody else is sent there; the last one closes it."""
    slot = unit.session.scalars(
        select(Slot)
        .where(Slot.id == slot_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    slot.taken -= 1
    if slot.places > 1:
        slot.places -= 1
    else:
        slot.status = SlotStatus.CLOSED
        slot.closed_at = slot.closed_at or unit.now
    closed = slot.status == SlotStatus.CLOSED
    unit.record(
        SlotWithdrawn(
            slot_id=slot.id,
            practitioner_id=slot.practitioner_id,
            start=slot.start_at,
            places=slot.taken if closed else slot.places,
            closed=closed,
        ),
        territory_id=slot.territory_id,
    )
