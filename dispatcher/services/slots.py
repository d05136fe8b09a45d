"""Publishing slots and taking them back."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.events import CLOCK, SlotPassed, SlotWithdrawn
from dispatcher.domain.roles import Account, Role
from dispatcher.domain.states import SLOT_TRANSITIONS, SlotStatus, check_transition
from dispatcher.services.commands import AnnounceFree, PublishSlot
from dispatcher.services.house import House
from dispatcher.services.idempotency import CallKey
from dispatcher.services.neighbours import match_all_who_see
from dispatcher.services.publication import busy_spans, publish, queue_on
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Claim

WORTH_ANNOUNCING = timedelta(minutes=60)
"""Nobody is sent to the last half hour of a period: with less than this there is no time."""
AT_THE_PRACTICE = "AMB"


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
        publish(house, unit, account, command, slot_id)
        match_all_who_see(unit, shared=command.shared)
    return slot_id


def publish_slots(house: House, account: Account, commands: Sequence[PublishSlot]) -> list[UUID]:
    """Offer several slots at once: all of them, or none. Raises InvalidError as `publish_slot`."""
    published = [uuid.uuid4() for _ in commands]
    with house.db.transaction(account.territory_id, account.actor) as unit:
        for slot_id, command in zip(published, commands, strict=True):
            publish(house, unit, account, command, slot_id)
        if commands:
            match_all_who_see(unit, shared=any(command.shared for command in commands))
    return published


def announce_free(house: House, account: Account, command: AnnounceFree) -> UUID:
    """« Libre maintenant »: a walk-in period from now on, which ends by itself.

    It stops short of the next slot, so that nobody is expected twice. Raises NotFoundError for an
    account that is no practitioner's, InvalidError when they are taken now or too soon.
    """
    practitioner_id, slot_id = account.practitioner_id, uuid.uuid4()
    if practitioner_id is None:
        raise NotFoundError
    with house.db.transaction(account.territory_id, account.actor) as unit:
        queue_on(unit, practitioner_id)
        zone, end = ZoneInfo(account.timezone), unit.now + timedelta(minutes=command.minutes)
        spans = busy_spans(unit, practitioner_id, unit.now, end)
        if spans and spans[0].start <= unit.now:
            until = calendar.hour(max(span.end for span in spans if span.start <= unit.now), zone)
            raise InvalidError({"start": f"Un créneau est déjà en cours, jusqu’à {until}."})
        if spans:
            end = spans[0].start
        if end - unit.now < WORTH_ANNOUNCING:
            then = calendar.hour(end, zone)
            raise InvalidError(
                {"start": f"Votre prochain créneau commence à {then}{NBSP}: il reste trop peu."}
            )
        asked = PublishSlot(
            practitioner=practitioner_id,
            place=command.place,
            start=unit.now,
            end=end,
            places=command.places,
            modality=AT_THE_PRACTICE,
        )
        publish(house, unit, account, asked, slot_id, free_now=True)
        match_all_who_see(unit, shared=asked.shared)
    return slot_id


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
