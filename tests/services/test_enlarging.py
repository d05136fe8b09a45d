"""Searching further for one request, and keeping a delay in danger in front of the regulator."""

from uuid import uuid4

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.roles import Role
from dispatcher.services import requests
from dispatcher.services.appointments import cancel_request
from dispatcher.services.commands import CancelRequest
from dispatcher.services.house import House
from dispatcher.services.settings import change_settings
from dispatcher.storage.requests import CareRequest
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import kinds, promises, row_counts

MACON = "71270"
"""75 km from Lons-le-Saunier as the crow flies: further than the Jura's radius and half of it."""


def test_a_request_is_searched_again_at_once_in_the_wider_circle(house: House, town: Town) -> None:
    town.slot(town.volunteer(commune=MACON), hours=3)
    request_id = town.request()
    keep_promises(house)
    assert town.the_request(request_id).status == "searching"

    requests.enlarge_search(house, town.regulator, request_id, 80)
    keep_promises(house)

    assert town.the_request(request_id).status == "booked"
    assert town.the_request(request_id).radius_km == 80
    assert "request_enlarged" in kinds(house, request_id)


@pytest.mark.parametrize("radius", [0, -5, 500.1, float("nan"), float("inf")])
def test_a_radius_that_is_none_is_refused_and_changes_nothing(
    house: House, town: Town, radius: float
) -> None:
    request_id = town.request()
    before = row_counts(house)

    with pytest.raises(InvalidError) as refused:
        requests.enlarge_search(house, town.regulator, request_id, radius)

    assert refused.value.fields == {
        "radius_km": "Indiquez un rayon de plus de 0 km, et de 500 km au plus."
    }
    assert row_counts(house) == before
    assert town.the_request(request_id).radius_km is None


def test_only_what_waits_is_enlarged(house: House, town: Town) -> None:
    town.slot()
    booked = town.request()
    keep_promises(house)
    before = row_counts(house)

    with pytest.raises(TransitionError):
        requests.enlarge_search(house, town.regulator, booked, 50)
    with pytest.raises(NotFoundError):
        requests.enlarge_search(house, town.regulator, uuid4(), 50)
    assert row_counts(house) == before
    assert town.the_request(booked).radius_km is None


def test_a_request_that_a_volunteer_accepted_is_left_to_them(house: House, town: Town) -> None:
    request_id = town.request()
    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        unit.session.get_one(CareRequest, request_id).accepted_offer_id = uuid4()

    with pytest.raises(TransitionError, match="transition-refused") as refused:
        requests.enlarge_search(house, town.regulator, request_id, 50)

    assert "reprenez d’abord la main" in refused.value.sentence


def test_volunteers_who_were_asked_stay_asked(house: House, town: Town) -> None:
    request_id = town.request()
    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        unit.session.get_one(CareRequest, request_id).status = "offering"

    requests.enlarge_search(house, town.regulator, request_id, 50)

    assert town.the_request(request_id).status == "offering"


def test_a_delay_in_danger_stays_in_front_of_the_regulator_until_there_is_an_appointment(
    house: House, town: Town, clock: FakeClock
) -> None:
    request_id = town.request(need={"delay_hours": 12})
    keep_promises(house)
    clock.advance(hours=8)
    keep_promises(house)
    assert town.the_request(request_id).attention == "deadline"

    requests.search_again(house, town.regulator, request_id)
    keep_promises(house)
    assert town.the_request(request_id).attention == "deadline"

    town.slot(hours=1)
    keep_promises(house)
    assert town.the_request(request_id).attention is None


def test_an_appointment_that_is_lost_in_the_last_third_of_the_delay_is_told_at_once(
    house: House, town: Town, clock: FakeClock
) -> None:
    town.slot(hours=11)
    request_id = town.request(need={"delay_hours": 12})
    keep_promises(house)
    clock.advance(hours=9)
    keep_promises(house)

    cancel_request(house, town.regulator, request_id, CancelRequest(by="practitioner"))
    keep_promises(house)

    assert town.the_request(request_id).attention == "deadline"
    assert promises(house, "escalate_request") == []


def test_a_territory_says_when_it_wants_to_be_told(house: House, town: Town) -> None:
    change_settings(house, town.account(Role.COORDINATOR), {"escalate_share": 0.5})
    town.request(need={"delay_hours": 24})

    (look,) = promises(house, "escalate_request")

    assert look.due_at == town.in_hours(12)


def test_a_territory_that_wants_to_be_told_at_once_is(house: House, town: Town) -> None:
    change_settings(house, town.account(Role.COORDINATOR), {"escalate_share": 1})
    request_id = town.request(need={"delay_hours": 24})
    (look,) = promises(house, "escalate_request")
    assert look.due_at == town.clock.now

    keep_promises(house)

    assert town.the_request(request_id).attention in {"deadline", "no_slot"}


@pytest.mark.parametrize(
    ("before", "after", "told_after_hours"),
    [
        (1 / 4, 1 / 2, 12),
        (1 / 2, 1 / 4, 18),
        (1 / 4, 3 / 4, 9),  # that hour is past at the ninth, when it changes
    ],
)
def test_a_changed_share_counts_for_the_requests_that_already_wait(
    house: House,
    town: Town,
    clock: FakeClock,
    before: float,
    after: float,
    told_after_hours: float,
) -> None:
    change_settings(house, town.account(Role.COORDINATOR), {"escalate_share": before})
    request_id = town.request(need={"delay_hours": 24})
    clock.advance(hours=9)
    change_settings(house, town.account(Role.COORDINATOR), {"escalate_share": after})

    clock.advance(hours=told_after_hours - 9, seconds=-1)
    keep_promises(house)
    if told_after_hours > 9:
        assert town.the_request(request_id).attention == "no_slot"
    clock.advance(seconds=1)
    keep_promises(house)

    assert town.the_request(request_id).attention == "deadline"
    clock.advance(hours=24)
    keep_promises(house)
    assert kinds(house, request_id).count("request_escalated") == 2  # no slot, and the delay once
    assert promises(house, "escalate_request") == []


def test_a_share_that_changes_while_there_is_an_appointment_counts_once_it_is_lost(
    house: House, town: Town, clock: FakeClock
) -> None:
    change_settings(house, town.account(Role.COORDINATOR), {"escalate_share": 3 / 4})
    town.slot(hours=9)
    request_id = town.request(need={"delay_hours": 24})
    keep_promises(house)
    clock.advance(hours=7)
    keep_promises(house)  # looked at after six hours, when it was served
    assert town.the_request(request_id).status == "booked"
    change_settings(house, town.account(Role.COORDINATOR), {"escalate_share": 1 / 2})
    cancel_request(house, town.regulator, request_id, CancelRequest(by="practitioner"))
    keep_promises(house)
    assert town.the_request(request_id).attention == "no_slot"

    clock.advance(hours=5)
    keep_promises(house)

    assert town.the_request(request_id).attention == "deadline"


def test_the_share_of_a_neighbour_moves_nothing_here(house: House, town: Town) -> None:
    there = Town.found(house, town.clock, code="plaine", phone="03 84 00 00 01")
    town.request(need={"delay_hours": 24})

    change_settings(house, there.account(Role.COORDINATOR), {"escalate_share": 1 / 2})

    assert [look.due_at for look in promises(house, "escalate_request")] == [town.in_hours(16)]
