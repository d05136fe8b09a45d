"""Runs of one territory never overlap, and none of them holds the others up."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from dispatcher.domain.matching.assign import Assignment, assign
from dispatcher.services import matching, slots
from dispatcher.services.booking import Choice, book
from dispatcher.services.house import House
from dispatcher.storage.territories import MatchingLease
from dispatcher.storage.unit import Unit
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.runs import a_run, booked_slot
from tests.services.tables import promises


def lease_of(town: Town) -> MatchingLease:
    with town.house.db.reading() as session:
        return session.get_one(MatchingLease, town.territory_id)


def test_a_run_that_finds_another_at_work_asks_it_to_go_round_again(
    house: House, town: Town, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request came while the first run was deciding: the same run serves it."""
    town.slot(places=4, minutes=240)
    first = a_run(town)
    run = matching._run
    came: list[UUID] = []

    def interrupted(house: House, territory_id: UUID) -> tuple[int, int]:
        result = run(house, territory_id)
        if not came:
            came.append(town.request())
            other = a_run(town, request_id=came[0])
            assert matching.match_waiting(house, other) == 0
        return result

    monkeypatch.setattr(matching, "_run", interrupted)

    assert matching.match_waiting(house, first) == 1

    assert town.the_request(came[0]).status == "booked"
    lease = lease_of(town)
    assert (lease.token, lease.lease_until, lease.again) == (None, None, 1)
    later = [promise.due_at for promise in promises(house, "match_waiting")][-1]
    assert later == clock.now + timedelta(seconds=5)  # comes back only to see that it was done


def test_a_run_that_finds_the_lease_handed_back_a_moment_ago_takes_it(
    house: House, town: Town
) -> None:
    """Between its look and its wish the other run ended: who would go round again?"""
    if house.db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: nothing comes between")
    held = matching._take_lease(house, town.territory_id)
    assert held is not None
    looks = []

    def hand_back_meanwhile(*arguments: object) -> None:
        if "matching_leases" in str(arguments[2]):
            looks.append(arguments[2])
            if len(looks) == 2:
                matching._give_up(house, held)

    event.listen(house.db.engine, "before_cursor_execute", hand_back_meanwhile)
    taken = matching._take_lease(house, town.territory_id)
    event.remove(house.db.engine, "before_cursor_execute", hand_back_meanwhile)

    assert taken is not None
    assert lease_of(town).token == taken.token


def test_a_run_that_fails_leaves_the_territory_free_and_the_promise_owed(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.slot()
    request_id = town.request()
    with monkeypatch.context() as patched:
        patched.setattr(matching, "assign", lambda *_: 1 / 0)
        keep_promises(house)

    assert lease_of(town).lease_until is None
    owed = promises(house, "match_waiting")
    assert {promise.last_error for promise in owed} == {"builtins.ZeroDivisionError"}
    assert town.the_request(request_id).status == "searching"


def test_one_request_that_cannot_be_booked_does_not_keep_a_territory_waiting(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of ours strikes one pair: the others are served, its promise fails and is seen."""
    town.slot(places=9, minutes=240)
    asked = [town.request() for _ in range(4)]
    poisoned = asked[0]

    def book_all_but_one(house: House, unit: Unit, choice: Choice) -> UUID:
        if choice.request_id == poisoned:
            raise ZeroDivisionError
        return book(house, unit, choice)

    monkeypatch.setattr(matching, "book", book_all_but_one)

    with pytest.raises(ZeroDivisionError):
        matching.match_waiting(house, a_run(town))

    assert [town.the_request(each).status for each in asked] == ["searching"] + 3 * ["booked"]
    assert lease_of(town).lease_until is None
    check(house.db.engine, house.clock())


def test_a_run_that_was_killed_keeps_the_others_waiting_no_longer_than_its_lease(
    house: House, town: Town, clock: FakeClock
) -> None:
    assert matching._take_lease(house, town.territory_id) is not None
    town.slot()
    request_id = town.request()

    keep_promises(house)
    assert town.the_request(request_id).status == "searching"
    for _ in range(5):
        clock.advance(seconds=5)
        keep_promises(house)

    assert town.the_request(request_id).status == "booked"


def test_runs_of_different_territories_do_not_wait_for_each_other(
    house: House, town: Town, clock: FakeClock
) -> None:
    neighbours = Town.found(house, clock, "ain", department="01")
    assert matching._take_lease(house, neighbours.territory_id) is not None
    town.slot()
    request_id = town.request()

    keep_promises(house)

    assert town.the_request(request_id).status == "booked"


def test_a_pair_lost_to_somebody_faster_is_matched_again_in_the_same_run(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the decision and the booking a regulator withdraws the chosen slot."""
    chosen, next_best = town.slot(hours=1), town.slot(hours=2)
    request_id = town.request()

    def slow(*arguments: Any) -> Assignment:
        decision = assign(*arguments)
        if town.the_slot(chosen).status == "open":
            slots.withdraw_slot(house, town.regulator, chosen)
        return decision

    monkeypatch.setattr(matching, "assign", slow)

    assert matching.match_waiting(house, a_run(town)) == 1
    assert booked_slot(town, request_id) == next_best
    check(house.db.engine, house.clock())
