"""The hour that a volunteer chooses: whether it can be taken, and the booking that follows."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update

from dispatcher.domain import calendar
from dispatcher.domain.events import SlotPublished
from dispatcher.domain.matching.candidates import weigh
from dispatcher.domain.offers import CARE_LASTS, free_span
from dispatcher.domain.states import SlotStatus
from dispatcher.reads import queue
from dispatcher.reads.volunteers import modality_at
from dispatcher.services.booking import Choice, book
from dispatcher.services.house import House
from dispatcher.services.offers import by_practitioner
from dispatcher.services.publication import kept_spans
from dispatcher.storage.offers import Offer
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

DECIDED_BY = "practitioner"
VISIBILITY = ("SNP", "CPTS")
PAST = "elle est passée"
TOO_EARLY = "la personne est disponible à partir de {}"
TOO_LATE = "elle vient après le délai demandé"
TAKEN = "vous avez déjà un créneau à ce moment"
_PROFESSION = select(Practitioner.profession).where(Practitioner.id == bindparam("practitioner"))


class HourRefusedError(Exception):
    """The hour cannot be taken; nothing was changed.

    `reason` goes on where « cette heure ne convient pas » stops.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Room:
    """Where the hour fits: a place of a slot that they published, or a slot made for it."""

    slot_id: UUID | None
    start: datetime
    end: datetime
    modality: str


def find_room(house: House, unit: Unit, request: CareRequest, offer: Offer, hour: datetime) -> Room:
    """Make sure that the practitioner can see the patient at `hour`. Raises HourRefusedError.

    The caller holds the locks of the request and the offer. Locks the practitioner, so that two
    patients are not given the same hour, and the slots around it, so that nobody takes their
    places before `book_room`.
    """
    rules = _rules(house, unit)
    if hour <= unit.now:
        raise HourRefusedError(PAST)
    if request.earliest_at is not None and hour < request.earliest_at:
        available = calendar.hour_and_day(request.earliest_at, unit.now, rules.zone)
        raise HourRefusedError(TOO_EARLY.format(available))
    if hour > request.due_at + timedelta(hours=rules.policy.grace_hours):
        raise HourRefusedError(TOO_LATE)
    unit.session.execute(
        update(Practitioner)
        .where(Practitioner.id == offer.practitioner_id)
        .values(slot_revision=Practitioner.slot_revision + 1)
    )
    own = unit.session.scalars(
        select(Slot)
        .where(
            Slot.practitioner_id == offer.practitioner_id,
            Slot.status != SlotStatus.CLOSED,
            Slot.start_at < hour + CARE_LASTS,
            Slot.ends_at > hour,
        )
        .order_by(Slot.start_at, Slot.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    modality = modality_at(unit.session, request, rules, offer.practitioner_id, offer.place_id)
    for slot in own:
        if _holds(slot, hour, modality, unit.now):
            return Room(slot.id, hour, slot.ends_at, modality)
    # one that has begun and was not taken is nobody's any more
    standing = [each for each in own if each.taken or each.places > 1 or each.start_at > unit.now]
    busy = [
        (each.start_at, each.ends_at) for each in standing if each.taken or each.start_at <= hour
    ]
    busy += [
        (kept.start, kept.end)
        for kept in kept_spans(unit.session, offer.practitioner_id, hour, hour + CARE_LASTS)
    ]
    span = free_span(hour, busy, [each.start_at for each in standing if not each.taken])
    if span is None:
        raise HourRefusedError(TAKEN)
    return Room(None, *span, modality)


def book_room(house: House, unit: Unit, request: CareRequest, offer: Offer, room: Room) -> UUID:
    """Book the hour that `find_room` found, in the same transaction; both sides are told.

    Returns the appointment. Raises what `booking.book` does.
    """
    slot_id = room.slot_id or _publish(unit, offer, room)
    rules = _rules(house, unit)
    slots = queue.open_slots(unit.session, rules, unit.now, only=slot_id)
    distance, terms = offer.distance_km, []
    if slots:
        need = queue.need_of(request, rules)
        _, pair = weigh(need, slots[0], rules.weights, unit.now, rules.limits, rules.roads)
        distance, terms = pair.distance_km, [term.as_json() for term in pair.terms]
    return book(
        house,
        unit,
        Choice(
            request_id=request.id,
            slot_id=slot_id,
            seen_at=room.start,
            distance_km=distance,
            terms=terms,
            decided_by=DECIDED_BY,
            offer_id=offer.id,
        ),
    )


def _rules(house: House, unit: Unit) -> queue.Rules:
    return queue.rules_of(unit.session.get_one(Territory, unit.territory_id), house.communes)


def _holds(slot: Slot, hour: datetime, modality: str, now: datetime) -> bool:
    """Whether a place of a published slot is that very hour: then it is taken there."""
    return (
        slot.start_at <= hour
        and slot.status == SlotStatus.OPEN
        and slot.blocked_since is None
        and slot.modality == modality
        and (slot.places > 1 or slot.start_at > now)
    )


def _publish(unit: Unit, offer: Offer, room: Room) -> UUID:
    """The slot of an accepted offer: one place, taken in the same commit."""
    slot_id = uuid.uuid4()
    unit.session.add(
        Slot(
            id=slot_id,
            territory_id=unit.territory_id,
            practitioner_id=offer.practitioner_id,
            place_id=offer.place_id,
            start_at=room.start,
            ends_at=room.end,
            places=1,
            taken=0,
            modality=room.modality,
            visibility=list(VISIBILITY),
            status=SlotStatus.OPEN,
            published_at=unit.now,
            offer_id=offer.id,
        )
    )
    unit.session.flush()  # its place is taken by a statement that reads this row
    unit.record(
        SlotPublished(
            slot_id=slot_id,
            practitioner_id=offer.practitioner_id,
            start=room.start,
            end=room.end,
            places=1,
            modality=room.modality,
            visibility=list(VISIBILITY),
            profession=unit.session.scalar(_PROFESSION, {"practitioner": offer.practitioner_id}),
        ),
        actor=by_practitioner(offer),
    )
    return slot_id
