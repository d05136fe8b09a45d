"""The coordinator's page on neighbouring territories."""

from collections.abc import Callable

import pytest

from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.services.neighbours import agree
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser

PAGE = "/voisins"


@pytest.fixture
def next_door(house: House, clock: FakeClock) -> Town:
    return Town.found(house, clock, code="plaine", phone="03 84 00 00 01")


@pytest.fixture
def office(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(town.account(Role.COORDINATOR))


def test_without_another_territory_the_page_says_so(office: Browser) -> None:
    assert "Aucune autre CPTS" in office.get(PAGE).text


def test_a_proposal_is_made_taken_back_made_again_and_accepted(
    office: Browser, next_door: Town, signed_in: Callable[[Account], Browser]
) -> None:
    other_office = signed_in(next_door.account(Role.COORDINATOR))
    assert "Aucun accord" in office.get(PAGE).text

    proposed = office.submit(office.get(PAGE).form(f"{PAGE}/accord"))
    assert "Proposition enregistrée" in proposed.text
    assert "Proposé par vous" in proposed.text
    assert "Vous êtes sollicités" in other_office.get(PAGE).text

    assert "Aucun accord" in office.submit(proposed.form(f"{PAGE}/fin")).text
    office.submit(office.get(PAGE).form(f"{PAGE}/accord"))
    accepted = other_office.submit(other_office.get(PAGE).form(f"{PAGE}/accord"))

    assert "Partage en vigueur : les créneaux marqués" in accepted.text
    assert "Partage en vigueur" in office.get(PAGE).text


def test_shared_slots_of_the_neighbour_are_counted_once_it_is_in_force(
    house: House, town: Town, next_door: Town, office: Browser
) -> None:
    next_door.slot(shared=True)
    next_door.slot()
    agree(house, next_door.account(Role.COORDINATOR), "jura")
    assert office.get(PAGE).texts("p", "entry__figure") == []

    office.submit(office.get(PAGE).form(f"{PAGE}/accord"))

    assert office.get(PAGE).texts("p", "entry__figure") == ["1 créneau partagé"]


@pytest.mark.parametrize("code", ["", "nulle-part", "jura"])
def test_a_territory_that_cannot_be_a_neighbour_is_told_in_french(
    office: Browser, next_door: Town, code: str
) -> None:
    form = office.get(PAGE).form(f"{PAGE}/accord")
    page = office.submit(form, {"neighbour": code})
    assert "territoire" in page.text
    assert "Aucun accord" in page.text


def test_a_practitioner_is_asked_about_sharing_only_where_somebody_would_see_it(
    house: House, town: Town, next_door: Town, telephone: Browser, doctor: Volunteer
) -> None:
    label = "Partager avec les CPTS voisines"
    assert label not in telephone.get("/agenda/creneau").text
    agree(house, town.account(Role.COORDINATOR), "plaine")
    agree(house, next_door.account(Role.COORDINATOR), "jura")

    page = telephone.get("/agenda/creneau")
    assert label in page.text
    telephone.submit(page.form("/agenda/creneau"), {"shared": "1"})

    request = next_door.request()
    keep_promises(house)
    booked = next_door.the_appointment(request)
    assert booked is not None
    assert booked.practitioner_id == doctor.id
