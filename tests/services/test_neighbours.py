"""Two territories share marked slots once both have agreed, until one of them ends it."""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from dispatcher.domain.calendar import Period
from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.indicators import Indicators
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.activity import activity
from dispatcher.reads.agenda import agenda
from dispatcher.reads.neighbours import neighbours
from dispatcher.services import appointments, booking, slots
from dispatcher.services.at_entry import hold_slot, let_go
from dispatcher.services.commands import BookSlot, CancelRequest, PublishSlot
from dispatcher.services.house import House
from dispatcher.services.neighbours import agree, end_agreement
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.promises import Promise
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises

DOLE = "39198"


@pytest.fixture
def next_door(house: House, clock: FakeClock) -> Town:
    return Town.found(house, clock, code="plaine", phone="03 84 00 00 01")


@pytest.fixture
def ours(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


@pytest.fixture
def theirs(next_door: Town) -> Account:
    return next_door.account(Role.COORDINATOR)


@pytest.fixture
def sharing(house: House, ours: Account, theirs: Account) -> None:
    agree(house, ours, "plaine")
    agree(house, theirs, "jura")


def kinds(town: Town) -> list[str]:
    """The kinds of a territory's events about neighbours, in order."""
    with town.house.db.reading() as session:
        found = session.scalars(
            select(LoggedEvent.kind)
            .where(
                LoggedEvent.territory_id == town.territory_id,
                LoggedEvent.kind.startswith("neighbour_"),
            )
            .order_by(LoggedEvent.id)
        )
        return list(found)


def state(house: House, town: Town) -> tuple[bool, bool]:
    """Of the only other territory: whether we agreed, and whether they did."""
    (other,) = neighbours(house.db, town.territory_id, house.clock())
    return other.we_agreed_at is not None, other.they_agreed_at is not None


def figures(town: Town) -> Indicators:
    now = town.clock.now
    days = Period(now - timedelta(days=2), now + timedelta(days=2), ZoneInfo("Europe/Paris"))
    return activity(town.house.db, town.territory_id, days)


# Agreements


def test_an_agreement_is_in_force_once_both_sides_have_agreed(
    house: House, town: Town, next_door: Town, ours: Account, theirs: Account
) -> None:
    assert agree(house, ours, "plaine") is False
    assert (state(house, town), state(house, next_door)) == ((True, False), (False, True))

    assert agree(house, theirs, "jura") is True
    assert state(house, town) == (True, True)
    assert (kinds(town), kinds(next_door)) == (["neighbour_agreed"], ["neighbour_agreed"])


def test_agreeing_twice_changes_nothing(
    house: House, town: Town, ours: Account, sharing: None
) -> None:
    assert agree(house, ours, "plaine") is True
    assert kinds(town) == ["neighbour_agreed"]


@pytest.mark.parametrize("who", ["ours", "theirs"])
def test_each_side_can_end_it_and_both_logs_say_so(
    house: House,
    town: Town,
    next_door: Town,
    sharing: None,
    who: str,
    request: pytest.FixtureRequest,
) -> None:
    account: Account = request.getfixturevalue(who)
    other = "plaine" if who == "ours" else "jura"

    end_agreement(house, account, other)

    assert state(house, town) == state(house, next_door) == (False, False)
    assert kinds(town)[-1] == kinds(next_door)[-1] == "neighbour_agreement_ended"
    with pytest.raises(TransitionError):
        end_agreement(house, account, other)


def test_an_agreement_that_ended_can_be_made_again(
    house: House, town: Town, ours: Account, theirs: Account, sharing: None
) -> None:
    end_agreement(house, ours, "plaine")
    assert agree(house, theirs, "jura") is False  # the old word of ours does not count again
    assert agree(house, ours, "plaine") is True


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("nulle-part", "Ce territoire n’existe pas."),
        ("jura", "Choisissez un autre territoire que le vôtre."),
        ("", "Ce territoire n’existe pas."),
    ],
)
def test_a_territory_that_cannot_be_a_neighbour_is_refused(
    house: House, town: Town, ours: Account, code: str, sentence: str
) -> None:
    for act in (agree, end_agreement):
        with pytest.raises(InvalidError) as refused:
            act(house, ours, code)
        assert refused.value.fields == {"neighbour": sentence}
    assert kinds(town) == []


# Slots


@pytest.fixture
def lender(next_door: Town) -> Volunteer:
    """A doctor of the other territory, in the same town."""
    return next_door.volunteer()


@pytest.mark.usefixtures("sharing")
def test_a_request_gets_a_marked_slot_of_the_neighbour(
    house: House, town: Town, next_door: Town, lender: Volunteer
) -> None:
    slot = next_door.slot(lender, shared=True)
    request = town.request()
    keep_promises(house)

    booked = town.the_appointment(request)
    assert booked is not None
    assert (booked.slot_id, booked.territory_id) == (slot, town.territory_id)
    assert kinds(next_door)[-1] == "neighbour_place_taken"
    here, there = figures(town), figures(next_door)
    assert (here.requests, here.booked, here.slots_opened, here.slots_used) == (1, 1, 0, 0)
    assert (there.requests, there.booked, there.slots_opened, there.slots_used) == (0, 0, 1, 1)


@pytest.mark.usefixtures("sharing")
def test_a_slot_that_is_not_marked_is_never_lent(
    house: House, town: Town, next_door: Town, lender: Volunteer
) -> None:
    slot = next_door.slot(lender)
    request = town.request()
    keep_promises(house)

    assert town.the_appointment(request) is None
    with pytest.raises(NotFoundError):
        booking.book_by_hand(house, town.regulator, request, BookSlot(slot=slot, override="x"))
    assert next_door.the_slot(slot).taken == 0


def test_without_the_other_side_s_word_nothing_is_lent(
    house: House, town: Town, next_door: Town, lender: Volunteer, ours: Account
) -> None:
    agree(house, ours, "plaine")
    next_door.slot(lender, shared=True)
    request = town.request()
    keep_promises(house)
    assert town.the_appointment(request) is None


@pytest.mark.usefixtures("sharing")
def test_once_ended_nothing_is_lent_and_what_was_booked_stands(
    house: House, town: Town, next_door: Town, lender: Volunteer, ours: Account
) -> None:
    next_door.slot(lender, shared=True, hours=2)
    first = town.request()
    keep_promises(house)
    end_agreement(house, ours, "plaine")
    next_door.slot(lender, shared=True, hours=4)
    second = town.request()
    keep_promises(house)

    assert town.the_request(first).status == "booked"
    assert town.the_appointment(second) is None


@pytest.mark.usefixtures("sharing")
def test_a_marked_slot_serves_whoever_waits_next_door_at_once(
    house: House, town: Town, next_door: Town, lender: Volunteer
) -> None:
    request = town.request()
    keep_promises(house)
    assert town.the_request(request).attention == "no_slot"

    next_door.slot(lender, shared=True)
    keep_promises(house)

    assert town.the_request(request).status == "booked"


@pytest.mark.usefixtures("sharing")
def test_what_is_promised_to_the_neighbour_is_the_neighbours_to_take_up_again(
    house: House, town: Town, next_door: Town, lender: Volunteer
) -> None:
    next_door.slot(lender, shared=True)
    with house.db.reading() as session:
        owners = {
            (each.territory_id, each.ids["territory_id"])
            for each in session.scalars(select(Promise).where(Promise.job == "match_waiting"))
        }
    assert owners == {(each.territory_id, str(each.territory_id)) for each in (town, next_door)}


@pytest.mark.usefixtures("sharing")
@pytest.mark.parametrize("let_go_at_once", [True, False])
def test_a_slot_that_was_held_for_a_telephone_call_serves_next_door_once_it_is_free(
    house: House,
    town: Town,
    next_door: Town,
    lender: Volunteer,
    clock: FakeClock,
    *,
    let_go_at_once: bool,
) -> None:
    call = uuid4()
    hold_slot(house, next_door.regulator, call, next_door.slot(lender, shared=True, hours=3))
    request = town.request()
    keep_promises(house)
    assert town.the_appointment(request) is None

    if let_go_at_once:
        let_go(house, next_door.regulator, call)
    else:
        clock.advance(seconds=120)
    keep_promises(house)

    assert town.the_appointment(request) is not None


@pytest.mark.usefixtures("sharing")
def test_the_lender_sees_marks_and_cancels_a_neighbour_s_patient(
    house: House, town: Town, next_door: Town, lender: Volunteer, clock: FakeClock
) -> None:
    account = next_door.account(Role.PRACTITIONER, lender)
    next_door.slot(lender, shared=True, hours=2)
    next_door.slot(lender, shared=True, hours=4)
    first, second = town.request(), town.request()
    keep_promises(house)
    shown = [visit.id for slot in agenda(house.db, account).slots for visit in slot.visits]
    booked = {town.the_appointment(each) for each in (first, second)}
    assert {each.id for each in booked if each} == set(shown)

    one, other = shown
    appointments.record_attendance(house, account, one, came=True)
    appointments.cancel_by_practitioner(house, account, other)
    keep_promises(house)

    statuses = sorted(town.the_request(each).status for each in (first, second))
    assert statuses == ["fulfilled", "searching"]
    assert kinds(next_door)[-1] == "neighbour_place_freed"
    assert figures(next_door).slots_used == 1


@pytest.mark.usefixtures("sharing")
def test_a_practitioner_of_a_third_territory_can_touch_nothing(
    house: House, town: Town, next_door: Town, lender: Volunteer, clock: FakeClock
) -> None:
    far = Town.found(house, clock, code="loin", phone="03 84 00 00 02")
    stranger = far.account(Role.PRACTITIONER, far.volunteer())
    next_door.slot(lender, shared=True)
    request = town.request()
    keep_promises(house)
    booked = town.the_appointment(request)
    assert booked is not None

    with pytest.raises(NotFoundError):
        appointments.cancel_by_practitioner(house, stranger, booked.id)
    assert town.the_request(request).status == "booked"


@pytest.mark.usefixtures("sharing")
def test_a_place_that_the_patient_gives_back_serves_the_lender_s_own_queue(
    house: House, town: Town, next_door: Town, lender: Volunteer
) -> None:
    next_door.slot(lender, shared=True)
    request = town.request()
    keep_promises(house)
    waiting = next_door.request()
    keep_promises(house)
    assert next_door.the_request(waiting).status == "searching"

    booked = town.the_appointment(request)
    assert booked is not None
    appointments.cancel_request(
        house, town.regulator, request, CancelRequest(by="regulator", reason="essai")
    )
    keep_promises(house)

    assert next_door.the_request(waiting).status == "booked"


@pytest.mark.usefixtures("sharing")
def test_a_lender_s_daily_cap_counts_the_neighbour_s_patients(
    house: House, town: Town, next_door: Town
) -> None:
    lender = next_door.volunteer(daily_cap=1)
    next_door.slot(lender, shared=True, hours=2)
    next_door.slot(lender, shared=True, hours=4)
    first, second = town.request(), next_door.request()
    keep_promises(house)

    statuses = sorted([town.the_request(first).status, next_door.the_request(second).status])
    assert statuses == ["booked", "searching"]


def test_both_territories_at_the_same_slot_have_one_winner(
    house: House, town: Town, next_door: Town, lender: Volunteer, sharing: None
) -> None:
    slot = slots.publish_slot(
        house,
        next_door.regulator,
        PublishSlot(
            practitioner=lender.id,
            place=lender.place,
            start=town.in_hours(3),
            end=town.in_hours(3.5),
            shared=True,
        ),
    )
    first, second = town.request(), next_door.request()
    keep_promises(house)

    statuses = sorted([town.the_request(first).status, next_door.the_request(second).status])
    assert statuses == ["booked", "searching"]
    assert next_door.the_slot(slot).taken == 1
