"""Taking a place: the guard that lets exactly one of several takers win."""

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, insert, null, or_, select, update

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import (
    BookedAlreadyError,
    NotFeasibleError,
    NotFoundError,
    SlotFullError,
    TransitionError,
)
from dispatcher.domain.events import Actor, AppointmentBooked, BookingLost, NeighbourPlaceTaken
from dispatcher.domain.geography import Roads
from dispatcher.domain.matching import explain
from dispatcher.domain.matching.candidates import Pair, weigh
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.domain.matching.needs import Need, OpenSlot
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.roles import Account
from dispatcher.domain.states import WAITING_REQUESTS, AppointmentStatus, RequestStatus, SlotStatus
from dispatcher.reads import queue
from dispatcher.reads.roads import roads_between
from dispatcher.services.appointment_notices import AppointmentNotices, appointment_link
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from dispatcher.services.idempotency import CallKey
from dispatcher.services.offers import end_offers
from dispatcher.storage.columns import table_of
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.free_places import HAS_PLACE, HOLDER, IS_SEEN
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

NEVER_OVERRIDDEN = frozenset({Reason.FULL, Reason.PAST})
"""Capacity, the one live appointment per request and the clock stand above any regulator."""

_REQUESTS = table_of(CareRequest).c
_BOOK_REQUEST = (
    update(table_of(CareRequest))
    .where(
        _REQUESTS.id == bindparam("request"),
        _REQUESTS.territory_id == bindparam("territory"),
        _REQUESTS.status.in_([status.value for status in WAITING_REQUESTS]),
        # Once a volunteer has said yes the request is theirs, until the hour is chosen or given up.
        or_(
            _REQUESTS.accepted_offer_id.is_(None),
            _REQUESTS.accepted_offer_id == bindparam("offer"),
        ),
    )
    .values(
        status=RequestStatus.BOOKED.value,
        attention=None,
        to_validate=False,
        refused={},
        updated_at=bindparam("now"),
    )
    .returning(_REQUESTS.due_at)
)
_SLOTS = table_of(Slot).c
_HELD_FOR_US = _SLOTS.held_for.is_not_distinct_from(HOLDER)
_TAKE_PLACE = (
    update(table_of(Slot))
    .where(HAS_PLACE)
    .values(
        taken=_SLOTS.taken + 1,
        status=case(
            (_SLOTS.taken + 1 >= _SLOTS.places, SlotStatus.FULL.value), else_=SlotStatus.OPEN.value
        ),
        held_for=case((_HELD_FOR_US, null()), else_=_SLOTS.held_for),
        held_until=case((_HELD_FOR_US, null()), else_=_SLOTS.held_until),
    )
    .returning(_SLOTS.practitioner_id, _SLOTS.ends_at, _SLOTS.territory_id)
)
"""The guard. Tables, not models, and made once: several take the same place at the same moment."""
_SEEN = select(_SLOTS.id).where(IS_SEEN)
_LAST_SEARCH = select(CareRequest.refused).where(CareRequest.id == bindparam("request"))
_WRITE_APPOINTMENT = insert(table_of(Appointment))


@dataclass(frozen=True, slots=True)
class Choice:
    """A pair to be booked, with why: codes and numbers."""

    request_id: UUID
    slot_id: UUID
    seen_at: datetime
    distance_km: float | None
    terms: Sequence[dict[str, Any]]
    decided_by: str
    refused: Mapping[str, Any] = field(default_factory=dict)
    """What stood against the other slots; where a person chose, what the last search found."""
    overridden: Sequence[str] = ()
    override_note: str = ""
    offer_id: UUID | None = None
    """The accepted offer that this booking fulfils."""
    held_for: UUID | None = None
    """The call during which the place was held."""


def book(house: House, unit: Unit, choice: Choice) -> UUID:
    """Take a place for a request within the caller's transaction, and write both SMS.

    Raises SlotFullError or BookedAlreadyError when somebody was faster; the caller's transaction
    must then roll back, since the request may already be marked in it.
    """
    if not choice.refused:
        last = unit.session.scalar(_LAST_SEARCH, {"request": choice.request_id})
        choice = dataclasses.replace(choice, refused=last or {})
    # The request first, then the slot, as everybody who locks both: no two of them deadlock.
    request = unit.session.execute(
        _BOOK_REQUEST,
        {
            "request": choice.request_id,
            "territory": unit.territory_id,
            "now": unit.now,
            "offer": choice.offer_id,
        },
    ).one_or_none()
    if request is None:
        raise BookedAlreadyError
    appointment_id = take_place(house, unit, choice, request.due_at)
    end_offers(house, unit, choice.request_id, keep=choice.offer_id)
    return appointment_id


def take_place(
    house: House,
    unit: Unit,
    choice: Choice,
    due_at: datetime,
    kind: MessageKind = MessageKind.CONFIRMATION,
) -> UUID:
    """Take the place of a choice, and write its appointment and both SMS, the patient's as `kind`.

    The caller holds the request's lock and has seen to it that it may be booked; `due_at` is the
    end of its delay. Raises SlotFullError, and the caller's transaction must then roll back.
    """
    refused = dict(choice.refused)
    if choice.overridden:
        refused["overridden"] = list(choice.overridden)
    slot = unit.session.execute(
        _TAKE_PLACE,
        {
            "slot": choice.slot_id,
            "territory": unit.territory_id,
            "now": unit.now,
            "holder": choice.held_for,
        },
    ).one_or_none()
    if slot is None:
        raise SlotFullError
    appointment_id = uuid.uuid4()
    note = choice.override_note
    unit.session.execute(
        _WRITE_APPOINTMENT,
        {
            "id": appointment_id,
            "territory_id": unit.territory_id,
            "request_id": choice.request_id,
            "slot_id": choice.slot_id,
            "practitioner_id": slot.practitioner_id,
            "status": AppointmentStatus.BOOKED.value,
            "start_at": choice.seen_at,
            "ends_at": slot.ends_at,
            "distance_km": choice.distance_km,
            "terms": list(choice.terms),
            "refused": refused,
            "decided_by": choice.decided_by,
            "override_note": (
                unit.cipher.seal("appointments.override_note", appointment_id, note)
                if note
                else None
            ),
            "link_digest": digest_token(appointment_link(house, appointment_id)),
            "booked_at": unit.now,
        },
    )
    unit.record(
        AppointmentBooked(
            request_id=choice.request_id,
            appointment_id=appointment_id,
            slot_id=choice.slot_id,
            practitioner_id=slot.practitioner_id,
            start=choice.seen_at,
            within_delay=choice.seen_at <= due_at,
            decided_by=choice.decided_by,
            distance_km=choice.distance_km,
            overridden=list(choice.overridden),
            neighbour=slot.territory_id != unit.territory_id,
        )
    )
    if slot.territory_id != unit.territory_id:
        unit.record(
            NeighbourPlaceTaken(
                appointment_id=appointment_id,
                slot_id=choice.slot_id,
                practitioner_id=slot.practitioner_id,
                start=choice.seen_at,
                neighbour_id=unit.territory_id,
            ),
            territory_id=slot.territory_id,
        )
    AppointmentNotices(house, unit, appointment_id).of_booking(kind)
    return appointment_id


def book_by_hand(
    house: House,
    account: Account,
    request_id: UUID,
    command: BookSlot,
    call: CallKey | None = None,
) -> UUID:
    """Book the slot that a regulator chose, through the same guard as the engine.

    Raises NotFoundError, SlotFullError, BookedAlreadyError, TransitionError while a volunteer's yes
    waits for its hour, and NotFeasibleError with the reasons unless `override` says why they are
    passed over. That a place which was proposed is gone is kept in the log.
    """
    try:
        return _book_by_hand(house, account, request_id, command, call)
    except SlotFullError:
        note_lost_booking(house, account.territory_id, account.actor, request_id, command.slot)
        raise


def note_lost_booking(
    house: House, territory_id: UUID, actor: Actor, request_id: UUID, slot_id: UUID
) -> None:
    """Keep in the log that somebody else was faster, once the attempt has rolled back.

    A slot that the territory does not see was nothing to lose.
    """
    with house.db.transaction(territory_id, actor) as unit:
        seen = {"slot": slot_id, "territory": territory_id}
        if unit.session.scalar(_SEEN, seen) is not None:
            unit.record(BookingLost(request_id=request_id, slot_id=slot_id))


def _book_by_hand(
    house: House,
    account: Account,
    request_id: UUID,
    command: BookSlot,
    call: CallKey | None,
) -> UUID:
    choice = choose(house, account, request_id, command)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        appointment_id = book(house, unit, choice)
        if call is not None:
            call.remember(unit, appointment_id)
    return appointment_id


def choose(house: House, account: Account, request_id: UUID, command: BookSlot) -> Choice:
    """What booking a slot by hand would be, weighed like any other. Raises as `book_by_hand`."""
    with house.db.reading() as session:
        territory = session.get_one(Territory, account.territory_id)
        request = session.scalars(
            select(CareRequest).where(
                CareRequest.id == request_id, CareRequest.territory_id == account.territory_id
            )
        ).one_or_none()
        if request is None:
            raise NotFoundError
        if request.accepted_offer_id is not None and request.status in WAITING_REQUESTS:
            raise TransitionError(
                f"Un professionnel a accepté cette demande{NBSP}: attendez l’heure qu’il choisit,"
                " ou reprenez d’abord la main."
            )
        now = house.clock()
        rules = queue.rules_of(territory, house.communes)
        slots = queue.open_slots(session, rules, now, only=command.slot)
        if not slots:
            raise _why_not_open(session.get(Slot, command.slot), account)
        need = queue.need_of(request, rules)
    roads = roads_between(house.routing, rules, [need], slots)
    reasons, pair = weigh_chosen(need, slots[0], rules, now, roads, override=command.override)
    return Choice(
        request_id=request_id,
        slot_id=command.slot,
        seen_at=pair.seen_at,
        distance_km=pair.distance_km,
        terms=[term.as_json() for term in pair.terms],
        decided_by=account.role.value,
        overridden=[reason.value for reason in reasons],
        override_note=command.override or "",
    )


def weigh_chosen(
    need: Need,
    slot: OpenSlot,
    rules: queue.Rules,
    now: datetime,
    roads: Roads,
    override: str | None = None,
) -> tuple[Sequence[Reason], Pair]:
    """What stands against a slot that a person chose, and what it costs like any other.

    Raises SlotFullError, and NotFeasibleError for what `override` does not pass over.
    """
    reasons, pair = weigh(need, slot, rules.weights, now, rules.limits, roads)
    if Reason.FULL in reasons:
        raise SlotFullError
    blocking = [reason for reason in reasons if reason in NEVER_OVERRIDDEN or not override]
    if blocking:
        words = ", ".join(explain.REASON_IN_WORDS[reason] for reason in blocking)
        raise NotFeasibleError(
            [reason.value for reason in reasons], f"Ce créneau ne convient pas{NBSP}: {words}."
        )
    return reasons, pair


def _why_not_open(slot: Slot | None, account: Account) -> NotFoundError | SlotFullError:
    """A slot that is over or closed is gone; one of another territory does not exist.

    Unless it is one that a neighbour shares: then it was there a moment ago, or the agreement was.
    """
    if slot is None or (slot.territory_id != account.territory_id and not slot.shared):
        return NotFoundError("Ce créneau n’existe pas dans votre territoire.", field="slot")
    return SlotFullError()
