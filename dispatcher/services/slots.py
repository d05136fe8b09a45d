"""Publishing slots and taking them back."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.events import CLOCK, SlotPassed, SlotPublished, SlotWithdrawn
from dispatcher.domain.roles import Account, Role
from dispatcher.domain.states import SLOT_TRANSITIONS, SlotStatus, check_transition
from dispatcher.services.commands import PublishSlot
from dispatcher.services.house import House
from dispatcher.services.idempotency import CallKey
from dispatcher.services.neighbours import match_all_who_see
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Claim, Unit

LONGEST = timedelta(hours=12)
FURTHEST = timedelta(days=366)


def publish_slot(
    house: House, account: Account, command: PublishSlot, call: CallKey | None = None
) -> UUID:
    """Offer a place (or several) and have the waiting queue matched at once.

    A practitioner publishes for themself, the others for anyone of their territory. Raises
    InvalidError by field, also when the slot overlaps another of the same practitioner and place.
    """
    slot_id = uuid.uuid4()
    with house.db.transaction(account.territory_id, account.actor) as unit:
        if call is not None:
            call.remember(unit, slot_id)
        _publish(house, unit, account, command, slot_id)
        match_all_who_see(unit, shared=command.shared)
    return slot_id


def publish_slots(house: House, account: Account, commands: Sequence[PublishSlot]) -> list[UUID]:
    """Offer several slots at once: all of them, or none. Raises InvalidError as `publish_slot`."""
    published = [uuid.uuid4() for _ in commands]
    with house.db.transaction(account.territory_id, account.actor) as unit:
        for slot_id, command in zip(published, commands, strict=True):
            _publish(house, unit, account, command, slot_id)
        if commands:
            match_all_who_see(unit, shared=any(command.shared for command in commands))
    return published


def withdraw_slot(house: House, account: Account, slot_id: UUID) -> None:
    """Take back what is still free of a slot. Appointments already taken there stay.

    Raises NotFoundError, TransitionError when it is closed already.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        slot = unit.session.scalars(
            select(Slot)
            .where(Slot.id == slot_id, Slot.territory_id == account.territory_id)
            .with_for_update()
        ).one_or_none()
        if slot is None or (
            account.role == Role.PRACTITIONER and slot.practitioner_id != account.practitioner_id
        ):
            raise NotFoundError
        check_transition(SLOT_TRANSITIONS, SlotStatus(slot.status), SlotStatus.CLOSED)
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


def close_past_slots(house: House, claim: Claim) -> int:
    """Close the slots whose end went by; returns how many."""
    closed = 0
    with house.db.reading() as session:
        territories = session.scalars(
            select(Slot.territory_id)
            .where(Slot.status != SlotStatus.CLOSED, Slot.ends_at <= house.clock())
            .distinct()
        ).all()
    for territory_id in territories:
        with house.db.transaction(territory_id, CLOCK) as unit:
            passed = unit.session.execute(
                update(Slot)
                .where(
                    Slot.territory_id == territory_id,
                    Slot.status != SlotStatus.CLOSED,
                    Slot.ends_at <= unit.now,
                )
                .values(status=SlotStatus.CLOSED.value, closed_at=unit.now)
                .returning(Slot.id, Slot.practitioner_id, Slot.start_at, Slot.places, Slot.taken)
            ).all()
            for row in passed:
                unit.record(
                    SlotPassed(
                        slot_id=row.id,
                        practitioner_id=row.practitioner_id,
                        start=row.start_at,
                        places=row.places,
                        taken=row.taken,
                    )
                )
            closed += len(passed)
    house.db.keep(claim)
    return closed


def _queue_on(unit: Unit, account: Account, practitioner_id: UUID) -> None:
    """Make two publications of one practitioner wait for each other, on both engines."""
    revised = unit.session.execute(
        update(Practitioner)
        .where(
            Practitioner.id == practitioner_id,
            Practitioner.territory_id == account.territory_id,
            Practitioner.active,
        )
        .values(slot_revision=Practitioner.slot_revision + 1)
        .returning(Practitioner.id)
    ).one_or_none()
    if revised is None:
        raise NotFoundError(field="practitioner")


def _publish(
    house: House, unit: Unit, account: Account, command: PublishSlot, slot_id: UUID
) -> None:
    if account.role == Role.PRACTITIONER and account.practitioner_id != command.practitioner:
        raise NotFoundError(field="practitioner")
    _queue_on(unit, account, command.practitioner)
    faults = _faults(house, command, unit.now) | _faults_of_place(unit, account, command)
    if faults:
        raise InvalidError(faults)
    unit.session.add(
        Slot(
            id=slot_id,
            territory_id=unit.territory_id,
            practitioner_id=command.practitioner,
            place_id=command.place,
            start_at=command.start,
            ends_at=command.end,
            places=command.places,
            taken=0,
            modality=command.modality,
            visibility=list(dict.fromkeys(command.visibility)),
            shared=command.shared,
            status=SlotStatus.OPEN,
            published_at=unit.now,
        )
    )
    unit.session.flush()  # the next slot of the same publication must see this one
    unit.record(
        SlotPublished(
            slot_id=slot_id,
            practitioner_id=command.practitioner,
            start=command.start,
            end=command.end,
            places=command.places,
            modality=command.modality,
            visibility=list(dict.fromkeys(command.visibility)),
        )
    )


def _faults_of_place(unit: Unit, account: Account, command: PublishSlot) -> dict[str, str]:
    faults: dict[str, str] = {}
    place = unit.session.scalar(
        select(Place.id).where(
            Place.id == command.place, Place.practitioner_id == command.practitioner
        )
    )
    if place is None:
        faults["place"] = "Ce lieu n’est pas un lieu d’exercice de ce professionnel."
    other = unit.session.scalars(
        select(Slot)
        .where(
            Slot.practitioner_id == command.practitioner,
            Slot.place_id == command.place,
            Slot.status != SlotStatus.CLOSED,
            Slot.start_at < command.end,
            Slot.ends_at > command.start,
        )
        .order_by(Slot.start_at)
    ).first()
    if other is not None:
        zone = ZoneInfo(account.timezone)
        faults["start"] = (
            "Ce créneau en chevauche un autre au même lieu :"
            f" {calendar.day(other.start_at, zone)}"
            f" {calendar.hours(other.start_at, other.ends_at, zone)}."
        )
    return faults


def _faults(house: House, command: PublishSlot, now: datetime) -> dict[str, str]:
    faults: dict[str, str] = {}
    if command.end <= command.start:
        faults["end"] = "La fin doit venir après le début."
    elif command.end - command.start > LONGEST:
        faults["end"] = "Un créneau dure douze heures au plus."
    if command.start < now and (command.places == 1 or command.end <= now):
        faults["start"] = "Ce créneau est déjà passé."
    elif command.start > now + FURTHEST:
        faults["start"] = "Un créneau se publie un an à l’avance au plus."
    if command.modality not in house.catalogue.modalities:
        faults["modality"] = "Cette modalité est inconnue (AMB, HH ou VR)."
    unknown = set(command.visibility) - set(house.catalogue.visibilities)
    if unknown:
        faults["visibility"] = "La visibilité se choisit parmi PUBLIC, PRO, SNP et CPTS."
    return faults
