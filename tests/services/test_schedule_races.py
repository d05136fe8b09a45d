"""Changes of a practitioner's hours while others book, publish and change: nobody is lost."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import pytest

from dispatcher.domain.errors import RefusedError
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.services import schedules, slot_changes
from dispatcher.services.booking import book_by_hand
from dispatcher.services.clearing import Fate, PatientsConcernedError
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from dispatcher.storage import keeping
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import kinds
from tests.services.timetables import account, booked, doctor, mondays, to_be, utc
from tests.threads import at_once

__all__ = ["account", "doctor"]


def outcome(work: Callable[[], object]) -> str:
    try:
        work()
    except RefusedError as refused:
        return refused.code
    return "done"


def test_a_slot_is_closed_empty_or_its_patients_are_asked_about(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    slot = town.slot(doctor, places=4, minutes=120)
    requests = [town.request() for _ in range(4)]

    def book(request: UUID) -> object:
        return book_by_hand(house, town.regulator, request, BookSlot(slot=slot))

    works = [partial(outcome, partial(book, request)) for request in requests]
    close = partial(outcome, partial(slot_changes.close_slot, house, account, slot, {}))
    closed, *taken = at_once([close, *works])

    stands = town.the_slot(slot)
    if closed == "done":
        assert (stands.status, stands.taken) == ("closed", 0)
        assert "done" not in taken
    else:
        assert closed == "patients-concerned"
        assert stands.status != "closed"
    check(house.db.engine, clock.now)


def test_who_is_booked_after_the_question_is_asked_about_as_well(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    slot = town.slot(doctor, places=4, minutes=180)
    first = booked(town)
    decisions = {first.id: Fate.CANCEL}
    second = booked(town)
    with pytest.raises(PatientsConcernedError) as concerned:
        slot_changes.close_slot(house, account, slot, decisions)
    assert set(concerned.value.appointment_ids) == {first.id, second.id}
    assert town.the_appointment(first.request_id) is not None  # nothing was cancelled


def test_moving_and_closing_a_slot_at_once_do_not_wait_for_each_other(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    slot = town.slot(doctor, places=2, minutes=180)
    patients = [booked(town), booked(town)]
    later = to_be(doctor, utc(23, 12), utc(23, 15), places=2)
    decisions = {each.id: Fate.CANCEL for each in patients}
    works: list[Callable[[], object]] = [
        partial(slot_changes.change_slot, house, account, slot, later, decisions),
        partial(slot_changes.close_slot, house, account, slot, decisions),
    ]
    results = at_once([partial(outcome, work) for work in works])
    assert "done" in results
    assert kinds(house).count("appointment_cancelled") == 2
    keep_promises(house)
    check(house.db.engine, clock.now)


def test_of_two_same_templates_at_once_one_is_kept(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    work = partial(outcome, partial(schedules.set_up_schedule, house, account, mondays(doctor)))
    assert sorted(at_once([work] * 4)) == ["done", "invalid", "invalid", "invalid"]
    assert len(town.slots_of(doctor)) == 5


def test_two_clocks_publish_each_occurrence_once(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    schedules.set_up_schedule(house, account, mondays(doctor))
    clock.advance(days=14)
    for number in range(3):
        with house.db.writing() as session:
            keeping.promise_once(
                session, Job.PUBLISH_OCCURRENCES, f"clock:{number}", clock.now, clock.now
            )
    at_once([partial(keep_promises, house)] * 3)
    days = [each.schedule_day for each in town.slots_of(doctor)]
    assert len(days) == len(set(days)) == 7
