"""Volunteers who were told that a request is taken, when it is not taken any more."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import update

from dispatcher.reads.offers import offers_of
from dispatcher.services.answers import accept_by_link, release_acceptance
from dispatcher.services.appointments import cancel_by_practitioner
from dispatcher.services.asking import ask_now
from dispatcher.services.house import House
from dispatcher.storage.practitioners import Practitioner
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.offering import (
    answers,
    asked_volunteer,
    code_of,
    everything_told,
    link_in,
    offer_to,
    settings,
    statuses,
    told,
    waits,
)
from tests.services.tables import events, kinds, messages

Winner = Volunteer
GivingUp = Callable[[Town, Winner, UUID], None]


def says_no(town: Town, winner: Winner, request: UUID) -> None:
    answers(town, winner, "NON")


def is_released(town: Town, _: Winner, request: UUID) -> None:
    release_acceptance(town.house, town.regulator, request)


def cancels(town: Town, winner: Winner, request: UUID) -> None:
    answers(town, winner, "OUI 11h")
    appointment = town.the_appointment(request)
    assert appointment is not None
    cancel_by_practitioner(town.house, town.regulator, appointment.id)


def rules(house: House, volunteer: Volunteer, **changes: object) -> None:
    with house.db.writing() as session:
        session.execute(
            update(Practitioner).where(Practitioner.id == volunteer.id).values(**changes)
        )


def has_the_offer_twice(house: House, volunteer: Volunteer) -> bool:
    keep_promises(house)
    written = [each for each in messages(house, "offer") if each.practitioner_id == volunteer.id]
    assert {each.status for each in written} == {"sent"}
    return len(written) == 2


@pytest.mark.parametrize("gives_up", [says_no, is_released, cancels])
def test_when_the_winner_gives_up_the_others_are_asked_again_and_may_take_it(
    house: House,
    town: Town,
    clock: FakeClock,
    sms: FakeSms,
    pair: tuple[Volunteer, Volunteer],
    asked: UUID,
    gives_up: GivingUp,
) -> None:
    winner, other = pair
    answers(town, winner, "OUI")
    assert "pourvue ou close, merci" in everything_told(house, sms, other)

    gives_up(town, winner, asked)

    assert has_the_offer_twice(house, other)
    assert not has_the_offer_twice(house, winner)
    assert statuses(house, asked)[other.id] == "sent"
    assert offer_to(house, asked, other).wave == 2
    check(house.db.engine, clock.now)
    answers(town, other, f"OUI {code_of(town, asked)} 11h")
    keep_promises(house)
    appointment = town.the_appointment(asked)
    assert appointment is not None
    assert appointment.practitioner_id == other.id
    assert kinds(house, asked).count("offer_made") == 3
    check(house.db.engine, clock.now)


@pytest.mark.parametrize(
    ("before", "after"),
    [("NON {code}", ""), ("", "NON {code} en congé")],
    ids=["in time", "after it was taken"],
)
def test_who_said_no_is_left_in_peace(
    house: House,
    town: Town,
    sms: FakeSms,
    pair: tuple[Volunteer, Volunteer],
    asked: UUID,
    before: str,
    after: str,
) -> None:
    winner, other = pair
    code = code_of(town, asked)
    if before:
        answers(town, other, before.format(code=code))
    answers(town, winner, "OUI")
    if after:
        answers(town, other, after.format(code=code))

    answers(town, winner, "NON")

    assert not has_the_offer_twice(house, other)
    assert statuses(house, asked) == {winner.id: "declined", other.id: "declined"}
    assert town.the_request(asked).attention == "nobody_answered"


def test_a_yes_that_came_too_late_is_asked_again(
    house: House, town: Town, sms: FakeSms, pair: tuple[Volunteer, Volunteer], asked: UUID
) -> None:
    winner, other = pair
    answers(town, winner, "OUI")
    answers(town, other, f"OUI {code_of(town, asked)} 15h me va")
    answers(town, winner, "NON")

    assert has_the_offer_twice(house, other)
    assert offer_to(house, asked, other).answered_at is None
    assert offer_to(house, asked, other).words is not None


def test_the_link_of_the_first_sms_opens_the_second_offer(
    house: House,
    town: Town,
    clock: FakeClock,
    sms: FakeSms,
    pair: tuple[Volunteer, Volunteer],
    asked: UUID,
) -> None:
    winner, other = pair
    (first,) = told(house, sms, other)
    answers(town, winner, "OUI")
    answers(town, winner, "NON")
    links = {link_in(body) for body in told(house, sms, other) if "/sollicitations/" in body}
    assert links == {link_in(first)}

    accept_by_link(house, link_in(first), town.in_hours(1.5))

    assert statuses(house, asked)[other.id] == "accepted"


@pytest.mark.parametrize("rule", ["stop", "cap", "no more offers"])
def test_nobody_is_asked_again_beyond_the_rules(
    house: House,
    town: Town,
    sms: FakeSms,
    pair: tuple[Volunteer, Volunteer],
    asked: UUID,
    rule: str,
) -> None:
    winner, other = pair
    answers(town, winner, "OUI")
    if rule == "stop":
        answers(town, other, "STOP")
    elif rule == "cap":
        rules(house, other, daily_cap=1)
        town.slot(other, hours=2)
        seen = town.request(patient={"last_name": "Autre"})
        keep_promises(house)
        assert town.the_request(seen).status == "booked"
    else:
        rules(house, other, accepts_offers=False)

    answers(town, winner, "NON")

    assert not has_the_offer_twice(house, other)
    assert statuses(house, asked)[other.id] == "too_late"


def test_an_appointment_that_the_engine_took_and_lost_brings_them_back(
    house: House,
    town: Town,
    clock: FakeClock,
    sms: FakeSms,
    pair: tuple[Volunteer, Volunteer],
    asked: UUID,
) -> None:
    town.slot(hours=1)
    keep_promises(house)
    appointment = town.the_appointment(asked)
    assert appointment is not None
    assert set(statuses(house, asked).values()) == {"too_late"}

    cancel_by_practitioner(house, town.regulator, appointment.id)
    keep_promises(house)

    assert all(has_the_offer_twice(house, each) for each in pair)
    check(house.db.engine, clock.now)


def test_a_wave_that_asks_again_is_no_larger_than_the_others(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    settings(town, offers={"wave_size": 2})
    volunteers = [asked_volunteer(town) for _ in range(5)]
    request = waits(town, clock)
    ask_now(house, town.regulator, request)
    by_wave = statuses(house, request)
    winner = next(each for each in volunteers if each.id in by_wave)
    keep_promises(house)
    answers(town, winner, f"OUI {code_of(town, request)}")

    answers(town, winner, f"NON {code_of(town, request)}")
    keep_promises(house)

    last = [data for kind, data in events(house, request) if kind == "volunteers_asked"][-1]
    assert (last["wave"], last["asked"]) == (3, 2)


def test_the_regulator_sees_each_of_them_once_as_they_stand_now(
    house: House, town: Town, pair: tuple[Volunteer, Volunteer], asked: UUID
) -> None:
    winner, other = pair
    answers(town, winner, "OUI")
    answers(town, winner, "NON")
    keep_promises(house)

    with house.db.reading() as session:
        shown = offers_of(session, house.db.cipher, asked)

    assert [each.practitioner_id for each in shown] == [winner.id, other.id]
    assert [each.wave for each in shown] == [1, 2]
