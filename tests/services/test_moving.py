"""Moving an appointment: one place for another at once, told once as « déplacé »."""

import functools
from uuid import UUID, uuid4

import pytest

from dispatcher.domain.errors import (
    InvalidError,
    NotFeasibleError,
    NotFoundError,
    RefusedError,
    SlotFullError,
    TransitionError,
)
from dispatcher.gateways.sms import SmsRetry
from dispatcher.services import appointments
from dispatcher.services.commands import BookSlot, CancelRequest
from dispatcher.services.house import House
from dispatcher.services.moving import move_appointment
from dispatcher.storage.requests import Appointment
from tests.builders import Town, Volunteer, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import events, kinds, messages, row_counts, text_of
from tests.threads import at_once

PATIENT = "+33639980042"


@pytest.fixture
def holder(town: Town) -> Volunteer:
    return town.volunteer()


@pytest.fixture
def asked(house: House, town: Town, holder: Volunteer) -> UUID:
    """A request booked in four hours with the holder; all SMS have left."""
    town.slot(holder, hours=4)
    request_id = town.request(patient={"phone": mobile(42)})
    keep_promises(house)
    return request_id


def live(town: Town, request_id: UUID) -> Appointment:
    found = town.the_appointment(request_id)
    assert found is not None
    return found


def move(house: House, town: Town, request_id: UUID, slot: UUID, why: str | None = None) -> UUID:
    return move_appointment(house, town.regulator, request_id, BookSlot(slot=slot, override=why))


def test_the_new_place_is_taken_and_the_old_one_free_for_others(
    house: House, town: Town, clock: FakeClock, asked: UUID
) -> None:
    before = live(town, asked)
    other = town.slot(hours=6)

    moved = move(house, town, asked, other)

    after = live(town, asked)
    assert (after.id, after.slot_id, after.status) == (moved, other, "booked")
    assert (town.the_slot(other).taken, town.the_slot(before.slot_id).taken) == (1, 0)
    assert town.the_slot(before.slot_id).status == "open"
    assert town.the_request(asked).status == "booked"
    keep_promises(house)
    check(house.db.engine, clock.now, settled=True)


def test_the_patient_is_told_once_and_both_practitioners_are(
    house: House, town: Town, sms: FakeSms, holder: Volunteer, asked: UUID
) -> None:
    newcomer = town.volunteer()
    moved = move(house, town, asked, town.slot(newcomer, hours=6))

    keep_promises(house)

    told = sms.bodies_to(PATIENT)
    assert len(told) == 2  # the confirmation of before, and the change
    (change,) = messages(house, "appointment_changed")
    assert told[-1] == text_of(house, change)
    assert "15 h" in told[-1]  # six hours after 9 h
    assert change.appointment_id == moved
    link = told[-1].partition("/r/")[2].split()[0]
    assert appointments.appointment_of_link(house, link)[1] == moved
    assert len(sms.bodies_to(f"+33{holder.phone[1:]}")) == 2
    assert len(sms.bodies_to(f"+33{newcomer.phone[1:]}")) == 1


def test_the_log_says_cancelled_by_the_move_then_booked(
    house: House, town: Town, asked: UUID
) -> None:
    before = live(town, asked)
    move(house, town, asked, town.slot(hours=6))

    said = [name for name in kinds(house, asked) if name.startswith("appointment")]
    assert said == ["appointment_booked", "appointment_cancelled", "appointment_booked"]
    assert ("appointment_cancelled", "move") in [
        (kind, data.get("by")) for kind, data in events(house, asked)
    ]
    with house.db.reading() as session:
        assert session.get_one(Appointment, before.id).ended_by == "move"


def test_what_had_not_left_about_the_old_hour_never_does(
    house: House, town: Town, sms: FakeSms, clock: FakeClock
) -> None:
    town.slot(town.volunteer(phone=None), hours=4)
    asked = town.request(patient={"phone": mobile(42)})
    sms.fail_next(SmsRetry("away"))
    keep_promises(house)

    move(house, town, asked, town.slot(town.volunteer(phone=None), hours=6))
    clock.advance(minutes=1)
    keep_promises(house)

    (confirmation,) = messages(house, "confirmation")
    (change,) = messages(house, "appointment_changed")
    assert (confirmation.status, confirmation.error_code) == ("refused", "superseded")
    assert sms.bodies_to(PATIENT) == [text_of(house, change)]
    assert town.the_request(asked).attention is None


def test_only_what_is_booked_and_to_come_can_be_moved(
    house: House, town: Town, clock: FakeClock, asked: UUID
) -> None:
    other = town.slot(hours=30)
    waiting = town.request(need={"profession": "50"})
    with pytest.raises(RefusedError):
        move(house, town, waiting, other, "il le faut")

    clock.advance(hours=5)
    before = row_counts(house)
    with pytest.raises(TransitionError):
        move(house, town, asked, other, "il le faut")
    assert row_counts(house) == before


def test_to_its_own_slot_nowhere_and_elsewhere_it_does_not_move(
    house: House, town: Town, clock: FakeClock, asked: UUID
) -> None:
    other = Town.found(house, clock, code="nord")
    full = town.slot(hours=5)
    taken = town.request()
    move_there = [
        (live(town, asked).slot_id, InvalidError),
        (uuid4(), NotFoundError),
        (other.slot(hours=6), NotFoundError),
        (town.slot(town.volunteer(profession="60", specialty=None), hours=6), NotFeasibleError),
    ]
    keep_promises(house)
    assert live(town, taken).slot_id == full
    before = live(town, asked).id

    for slot, error in [*move_there, (full, SlotFullError)]:
        with pytest.raises(error):
            move(house, town, asked, slot)

    assert live(town, asked).id == before


def test_of_two_who_move_to_the_last_place_one_does_and_the_other_stays(
    house: House, town: Town, clock: FakeClock
) -> None:
    town.slot(hours=4, places=2, minutes=240)
    both = [town.request(), town.request()]
    keep_promises(house)
    last = town.slot(hours=10)

    def attempt(request_id: UUID) -> bool:
        try:
            move(house, town, request_id, last)
        except SlotFullError:
            return False
        return True

    done = at_once([functools.partial(attempt, each) for each in both])

    assert sorted(done) == [False, True]
    assert town.the_slot(last).taken == 1
    keep_promises(house)
    check(house.db.engine, clock.now, settled=True)


def test_two_that_change_places_do_not_block_each_other(
    house: House, town: Town, clock: FakeClock
) -> None:
    first, second = (town.slot(hours=hours, places=2, minutes=240) for hours in (4, 9))
    requests = [town.request(), town.request()]
    keep_promises(house)
    move(house, town, requests[1], second)

    at_once(
        [
            lambda: move(house, town, requests[0], second),
            lambda: move(house, town, requests[1], first),
        ]
    )

    assert live(town, requests[0]).slot_id == second
    assert live(town, requests[1]).slot_id == first
    check(house.db.engine, clock.now)


def test_a_reminder_follows_the_new_hour_alone(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, asked: UUID
) -> None:
    move(house, town, asked, town.slot(hours=23.5))
    keep_promises(house)
    clock.advance(hours=9)  # 18 h

    keep_promises(house)

    (reminder,) = messages(house, "reminder")
    assert reminder.appointment_id == live(town, asked).id


def test_it_can_still_be_cancelled_afterwards(
    house: House, town: Town, clock: FakeClock, asked: UUID
) -> None:
    other = town.slot(hours=6)
    move(house, town, asked, other)

    appointments.cancel_request(house, town.regulator, asked, CancelRequest(by="regulator"))

    assert town.the_slot(other).taken == 0
    keep_promises(house)
    check(house.db.engine, clock.now, settled=True)
