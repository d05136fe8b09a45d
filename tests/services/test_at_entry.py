"""A slot that was said on the telephone is kept while the request is typed, and booked with it."""

from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest

from dispatcher.domain.errors import (
    DuplicateRequestError,
    InvalidError,
    NotFeasibleError,
    NotFoundError,
    SlotFullError,
)
from dispatcher.domain.roles import Role
from dispatcher.reads.wanted import Wanted, search_for
from dispatcher.services import slots
from dispatcher.services.at_entry import held_slot, hold_slot, let_go, open_and_book
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from dispatcher.services.requests import open_request
from tests.builders import LONS, Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import events, row_counts
from tests.threads import at_once

CALL, OTHER_CALL = uuid4(), uuid4()
WANTED = Wanted(
    profession="10", modalities=frozenset({"AMB"}), delay_hours=24, commune=LONS, age=50
)


def best(town: Town, holder: UUID | None) -> list[UUID]:
    house = town.house
    found = search_for(
        house.db, town.territory_id, WANTED, house.communes, house.clock(), house.routing, holder
    )
    return [pair.slot_id for pair in found.found.best]


def test_a_held_slot_is_nobody_elses_for_two_minutes(
    house: House, town: Town, clock: FakeClock
) -> None:
    slot = town.slot(hours=3)
    hold_slot(house, town.regulator, CALL, slot)
    waiting = town.request()
    keep_promises(house)

    assert held_slot(house, CALL) == slot
    assert best(town, CALL) == [slot]
    assert best(town, OTHER_CALL) == []
    assert town.the_appointment(waiting) is None
    with pytest.raises(SlotFullError):
        book_by_hand(house, town.regulator, waiting, BookSlot(slot=slot))
    with pytest.raises(SlotFullError):
        hold_slot(house, town.regulator, OTHER_CALL, slot)

    clock.advance(seconds=119)
    keep_promises(house)
    assert town.the_appointment(waiting) is None
    clock.advance(seconds=1)
    keep_promises(house)
    assert town.the_appointment(waiting) is not None
    assert held_slot(house, CALL) is None
    check(house.db.engine, clock.now)


def test_saving_the_request_books_the_slot_that_was_held(house: House, town: Town) -> None:
    slot = town.slot(hours=3)
    town.slot(hours=2)
    hold_slot(house, town.regulator, CALL, slot)

    request_id = open_and_book(house, town.regulator, town.asking(), slot, CALL)

    appointment = town.the_appointment(request_id)
    assert appointment is not None
    assert (appointment.slot_id, appointment.decided_by) == (slot, Role.REGULATOR.value)
    assert town.the_request(request_id).status == "booked"
    assert held_slot(house, CALL) is None
    keep_promises(house)
    check(house.db.engine, house.clock(), settled=True)


def test_it_is_booked_as_well_when_its_two_minutes_are_over_and_it_is_free(
    house: House, town: Town, clock: FakeClock
) -> None:
    slot = town.slot(hours=3)
    hold_slot(house, town.regulator, CALL, slot)
    clock.advance(minutes=5)

    request_id = open_and_book(house, town.regulator, town.asking(), slot, CALL)

    assert town.the_appointment(request_id) is not None


def test_a_slot_that_its_practitioner_closed_while_it_was_held_saves_nothing(
    house: House, town: Town
) -> None:
    volunteer = town.volunteer()
    slot = town.slot(volunteer, hours=3)
    hold_slot(house, town.regulator, CALL, slot)
    slots.withdraw_slot(house, town.account(Role.PRACTITIONER, volunteer), slot)
    before = row_counts(house)

    with pytest.raises(SlotFullError):
        open_and_book(house, town.regulator, town.asking(), slot, CALL)

    assert row_counts(house) == before
    assert best(town, CALL) == []
    check(house.db.engine, house.clock())


def test_what_was_typed_since_then_can_rule_the_slot_out(house: House, town: Town) -> None:
    slot = town.slot(hours=30)
    hold_slot(house, town.regulator, CALL, slot)
    before = row_counts(house)

    with pytest.raises(NotFeasibleError) as refused:
        open_and_book(house, town.regulator, town.asking(need={"delay_hours": 4}), slot, CALL)

    assert (
        refused.value.sentence
        == "Ce créneau ne convient pas\N{NO-BREAK SPACE}: après le délai demandé."
    )
    assert row_counts(house) == before


def test_a_second_live_request_of_the_patient_is_still_asked_about(
    house: House, town: Town
) -> None:
    asked = town.asking()
    open_request(house, town.regulator, asked)
    slot = town.slot(hours=3)
    hold_slot(house, town.regulator, CALL, slot)
    before = row_counts(house)

    with pytest.raises(DuplicateRequestError):
        open_and_book(house, town.regulator, asked, slot, CALL)

    assert row_counts(house) == before
    assert held_slot(house, CALL) == slot


def test_a_fault_of_the_form_books_nothing(house: House, town: Town) -> None:
    slot = town.slot(hours=3)

    with pytest.raises(InvalidError):
        open_and_book(house, town.regulator, town.asking(patient={"phone": "12"}), slot, CALL)

    assert best(town, None) == [slot]


def test_a_call_holds_one_slot_and_choosing_another_lets_the_first_go(
    house: House, town: Town
) -> None:
    first, second = town.slot(hours=3), town.slot(hours=4)
    hold_slot(house, town.regulator, CALL, first)
    waiting = town.request()
    hold_slot(house, town.regulator, CALL, second)
    keep_promises(house)

    assert held_slot(house, CALL) == second
    appointment = town.the_appointment(waiting)
    assert appointment is not None
    assert appointment.slot_id == first
    let_go(house, town.regulator, CALL)
    assert held_slot(house, CALL) is None
    assert [kind for kind, _ in events(house) if kind.startswith("slot_")][-2:] == [
        "slot_held",
        "slot_let_go",
    ]


def test_typing_on_renews_the_two_minutes_but_not_at_every_key(
    house: House, town: Town, clock: FakeClock
) -> None:
    slot = town.slot(hours=3)
    hold_slot(house, town.regulator, CALL, slot)
    clock.advance(seconds=30)
    hold_slot(house, town.regulator, CALL, slot)
    clock.advance(seconds=45)
    hold_slot(house, town.regulator, CALL, slot)

    held = [payload for kind, payload in events(house) if kind == "slot_held"]
    assert len(held) == 2
    clock.advance(seconds=119)
    assert held_slot(house, CALL) == slot
    clock.advance(seconds=1)
    assert held_slot(house, CALL) is None


def test_a_period_with_room_for_both_is_there_for_a_second_call(house: House, town: Town) -> None:
    period = town.slot(hours=3, minutes=180, places=2)
    hold_slot(house, town.regulator, CALL, period)
    hold_slot(house, town.regulator, OTHER_CALL, period)

    assert held_slot(house, CALL) == period
    open_and_book(house, town.regulator, town.asking(), period, OTHER_CALL)
    with pytest.raises(SlotFullError):
        hold_slot(house, town.regulator, OTHER_CALL, period)
    other = town.asking()
    open_and_book(house, town.regulator, other, period, CALL)
    check(house.db.engine, house.clock())


def test_of_two_who_want_the_last_place_at_once_one_holds_it(house: House, town: Town) -> None:
    slot = town.slot(hours=3)

    def hold(call: UUID) -> bool:
        try:
            hold_slot(house, town.regulator, call, slot)
        except SlotFullError:
            return False
        return True

    won = at_once([partial(hold, uuid4()) for _ in range(4)])

    assert sum(won) == 1


def test_holding_and_booking_at_once_leave_one_winner(house: House, town: Town) -> None:
    slot = town.slot(hours=3)
    waiting = town.request()

    def attempt(work: object) -> bool:
        try:
            work()  # type: ignore[operator]
        except SlotFullError:
            return False
        return True

    won = at_once(
        [
            lambda: attempt(lambda: hold_slot(house, town.regulator, CALL, slot)),
            lambda: attempt(
                lambda: book_by_hand(house, town.regulator, waiting, BookSlot(slot=slot))
            ),
        ]
    )

    assert sum(won) == 1
    assert (held_slot(house, CALL) == slot) == won[0]
    assert (town.the_appointment(waiting) is not None) == won[1]
    check(house.db.engine, house.clock())


def test_a_slot_of_another_territory_cannot_be_held(house: House, town: Town) -> None:
    with pytest.raises((SlotFullError, NotFoundError)):
        hold_slot(house, town.regulator, CALL, uuid4())


def test_the_clock_of_a_hold_is_the_houses(house: House, town: Town, clock: FakeClock) -> None:
    slot = town.slot(hours=3)
    hold_slot(house, town.regulator, CALL, slot)

    held = next(payload for kind, payload in events(house) if kind == "slot_held")
    assert held["until"] == (clock.now + timedelta(minutes=2)).isoformat()
