"""A slot that is said on the telephone: held while the request is typed, booked as it is saved."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Uuid, bindparam, case, null, select, update

from dispatcher.domain.errors import SlotFullError
from dispatcher.domain.events import SlotHeld, SlotLetGo
from dispatcher.domain.roles import Account
from dispatcher.reads import queue
from dispatcher.reads.roads import roads_between
from dispatcher.reads.wanted import Wanted, need_of
from dispatcher.services.booking import Choice, book, weigh_chosen
from dispatcher.services.commands import OpenRequest
from dispatcher.services.house import House
from dispatcher.services.idempotency import CallKey
from dispatcher.services.neighbours import match_all_who_see
from dispatcher.services.requests import ready_to_open, write_request
from dispatcher.storage.columns import UTCDateTime, table_of
from dispatcher.storage.free_places import HAS_PLACE, HELD_FOR_OTHERS, HOLDER
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

HELD_FOR = timedelta(minutes=2)
RENEWED_BELOW = timedelta(minutes=1)
"""While somebody types, the two minutes begin anew; not at every key."""

_SLOTS = table_of(Slot).c
_NOW = bindparam("now", type_=UTCDateTime())
_UNTIL = bindparam("until", type_=UTCDateTime())
_IS_OURS = HELD_FOR_OTHERS == 0
_HOLD = (
    update(table_of(Slot))
    .where(HAS_PLACE)
    # Of a period with places enough for both, the first who holds one goes on holding it.
    .values(
        held_for=case((_IS_OURS, HOLDER), else_=_SLOTS.held_for),
        held_until=case((_IS_OURS, _UNTIL), else_=_SLOTS.held_until),
    )
    .returning(_SLOTS.held_for, _SLOTS.territory_id, _SLOTS.shared)
)
_LET_GO = (
    update(table_of(Slot))
    .where(_SLOTS.held_for == HOLDER, _SLOTS.id.is_distinct_from(bindparam("slot", type_=Uuid())))
    .values(held_for=null(), held_until=null())
    .returning(_SLOTS.id, _SLOTS.territory_id, _SLOTS.shared)
)
_HELD = select(_SLOTS.id, _SLOTS.held_until).where(
    _SLOTS.held_for == HOLDER, _SLOTS.held_until > _NOW
)


def hold_slot(house: House, account: Account, call: UUID, slot_id: UUID) -> None:
    """Keep a place of the slot for this call, for HELD_FOR; what the call held before is let go.

    Nobody else takes it, the engine neither; the practitioner still may. Raises SlotFullError when
    there is no place left.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        _let_go(unit, call, but=slot_id)
        known = unit.session.execute(_HELD, {"holder": call, "now": unit.now}).one_or_none()
        if known is not None and known.held_until - unit.now > RENEWED_BELOW:
            return
        until = unit.now + HELD_FOR
        kept = unit.session.execute(
            _HOLD,
            {
                "slot": slot_id,
                "territory": unit.territory_id,
                "holder": call,
                "now": unit.now,
                "until": until,
            },
        ).one_or_none()
        if kept is None:
            raise SlotFullError
        if kept.held_for != call:  # room enough for both: nothing has to be kept
            return
        unit.record(SlotHeld(slot_id=slot_id, until=until))
        # Requests that waited for this place look again once it is free.
        match_all_who_see(unit, kept.territory_id, shared=kept.shared, at=until)


def let_go(house: House, account: Account, call: UUID) -> None:
    """Keep nothing for this call any more; who waits is matched at once."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        _let_go(unit, call, but=None)


def held_slot(house: House, call: UUID) -> UUID | None:
    """The slot of which this call holds a place at this moment."""
    with house.db.reading() as session:
        found = session.execute(_HELD, {"holder": call, "now": house.clock()}).one_or_none()
    return None if found is None else found.id


def open_and_book(
    house: House,
    account: Account,
    command: OpenRequest,
    slot_id: UUID,
    holder: UUID | None,
    call: CallKey | None = None,
) -> UUID:
    """Take a request and book the slot that its patient was told, in one commit: both or neither.

    `holder` is the call that holds the place, if one does. Returns the request's id. Raises as
    `open_request`, SlotFullError when the place is gone, and NotFeasibleError when what was typed
    since then rules the slot out.
    """
    with house.db.reading() as session:
        ready = ready_to_open(house, session, account, command)
        now = house.clock()
        rules = queue.rules_of(session.get_one(Territory, account.territory_id), house.communes)
        need = need_of(_wanted(command, ready.checked.age), rules, house.communes, now)
        slots = queue.open_slots(session, rules, now, only=slot_id, holder=holder)
    if not slots:
        raise SlotFullError
    roads = roads_between(house.routing, rules, [need], slots)
    _, pair = weigh_chosen(need, slots[0], rules, now, roads)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request_id = write_request(house, unit, account, ready, call)
        choice = Choice(
            request_id=request_id,
            slot_id=slot_id,
            seen_at=pair.seen_at,
            distance_km=pair.distance_km,
            terms=[term.as_json() for term in pair.terms],
            decided_by=account.role.value,
            held_for=holder,
        )
        book(house, unit, choice)
    return request_id


def _wanted(command: OpenRequest, age: int) -> Wanted:
    """What a request to be opened asks for."""
    need, patient = command.need, command.patient
    return Wanted(
        profession=need.profession,
        specialty=need.specialty,
        modalities=frozenset(need.modalities),
        delay_hours=need.delay_hours,
        commune=patient.commune,
        age=age,
        earliest=need.earliest,
        gp_id=patient.gp,
        excluded_practitioners=frozenset(need.excluded_practitioners),
        sex=patient.sex,
        language=need.language,
        needs_step_free=need.needs_step_free,
        travel_km=need.travel_km,
    )


def _let_go(unit: Unit, call: UUID, but: UUID | None) -> None:
    for freed in unit.session.execute(_LET_GO, {"holder": call, "slot": but}).all():
        unit.record(SlotLetGo(slot_id=freed.id))
        match_all_who_see(unit, freed.territory_id, shared=freed.shared)
