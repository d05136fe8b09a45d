"""The page a volunteer opens from the SMS: what it shows and hides, and that only a POST acts."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from dispatcher.reads.offers import LINK_LIFE
from dispatcher.services.answers import accept_by_link
from dispatcher.services.appointments import cancel_by_practitioner
from dispatcher.services.house import House
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.offering import (
    answers,
    asked_volunteer,
    link_in,
    offer_to,
    settings,
    statuses,
    told,
    waits,
)
from tests.services.tables import row_counts
from tests.web.pages import Browser, Page


@pytest.fixture
def volunteer(town: Town) -> Volunteer:
    return asked_volunteer(town, last_name="Vuillet")


@pytest.fixture
def request_id(town: Town, clock: FakeClock, volunteer: Volunteer) -> UUID:
    """A request for care before 13:00, put to Dr Vuillet at 9:10."""
    del volunteer
    motive = next(iter(town.house.catalogue.motives.values()))
    return waits(
        town,
        clock,
        patient={"last_name": "Secret", "first_name": "Prudence"},
        need={"delay_hours": 4, "motive": motive.code, "note": "une note"},
    )


@pytest.fixture
def address(house: House, sms: FakeSms, volunteer: Volunteer, request_id: UUID) -> str:
    """Where the link of the SMS leads."""
    del request_id
    return f"/sollicitations/{link_in(told(house, sms, volunteer)[0])}"


def proposed(page: Page) -> list[str]:
    """The hours that can be chosen, as the form posts them."""
    return re.findall(r'<option value="(2026[^"]+)"', page.html)


def test_before_the_yes_the_page_says_what_is_needed_and_nobodys_name(
    somebody: Browser, house: House, address: str
) -> None:
    page = somebody.get(address)

    assert page.h1 == "Pouvez-vous voir une personne ?"
    for said in ("Avant le lundi 23 novembre 13 h", "70 à 79 ans", "moins de 1 km", "sous 4 h"):
        assert said in page.text, said
    motive = next(iter(house.catalogue.motives.values()))
    assert motive.label in page.text
    for hidden in ("Secret", "SECRET", "Prudence", "06 39", "une note", "tel:+33"):
        assert hidden not in page.html.replace('href="tel:15"', ""), hidden


def test_looking_changes_nothing(somebody: Browser, house: House, address: str) -> None:
    before = row_counts(house)
    somebody.get(address)
    for verb in ("oui", "non"):
        assert somebody.client.get(f"{address}/{verb}").status_code == 405
    assert row_counts(house) == before


def test_the_hours_are_quarters_after_now_and_until_the_request_is_due(
    somebody: Browser, address: str
) -> None:
    page = somebody.get(address)
    hours = proposed(page)

    # 9:10 to 13:00 in Paris is 8:15 to 12:00 UTC: four each hour, and noon
    assert hours[0] == "2026-11-23T08:15:00+00:00"
    assert hours[-1] == "2026-11-23T12:00:00+00:00"
    assert len(hours) == 16


def test_no_hour_is_proposed_before_the_patient_can_come(
    somebody: Browser,
    house: House,
    town: Town,
    clock: FakeClock,
    sms: FakeSms,
    volunteer: Volunteer,
) -> None:
    at_11 = town.in_hours(2)  # it is 9:00
    request = waits(town, clock, need={"delay_hours": 4, "earliest": at_11})
    link = f"/sollicitations/{link_in(told(house, sms, volunteer)[0])}"
    page = somebody.get(link)

    # 11:00 to 13:00 in Paris is 10:00 to 12:00 UTC: four each hour, and noon
    assert "La personne est disponible à partir de 11 h" in page.text
    hours = proposed(page)
    assert (hours[0], hours[-1]) == ("2026-11-23T10:00:00+00:00", "2026-11-23T12:00:00+00:00")
    assert len(hours) == 9

    refused = somebody.client.post(f"{link}/oui", data={"hour": "2026-11-23T09:45:00+00:00"})
    assert refused.status_code == 422
    assert "la personne est disponible à partir de 11\u00a0h" in refused.get_data(as_text=True)
    assert town.the_appointment(request) is None

    clock.advance(hours=2)  # 11:10
    page = somebody.get(link)
    assert "disponible à partir de" not in page.text
    assert proposed(page)[0] == "2026-11-23T10:15:00+00:00"


def test_hours_at_which_they_see_somebody_are_not_proposed(
    somebody: Browser, town: Town, volunteer: Volunteer, house: House, address: str
) -> None:
    slot = town.slot(volunteer, hours=1, minutes=20)  # 10:10 to 10:30
    keep_promises(house)
    assert town.the_slot(slot).taken == 1
    other = town.request(need={"delay_hours": 4})
    keep_promises(house)
    del other
    page = somebody.get(address)
    assert "2026-11-23T09:15:00+00:00" not in proposed(page)


def test_a_yes_with_its_hour_books_and_shows_whom(
    somebody: Browser, town: Town, clock: FakeClock, address: str, request_id: UUID
) -> None:
    response = somebody.client.post(f"{address}/oui", data={"hour": "2026-11-23T10:30:00+00:00"})
    assert response.status_code == 303

    page = somebody.get(address)
    assert page.h1 == "Rendez-vous pris, merci"
    assert "Aujourd’hui 11 h 30" in page.text
    assert "Prudence SECRET" in page.text
    assert any(link.startswith("tel:+3363998") for link in page.links())
    assert town.the_request(request_id).status == "booked"


def test_a_yes_first_and_the_hour_after_it(
    somebody: Browser, town: Town, clock: FakeClock, address: str, request_id: UUID
) -> None:
    somebody.client.post(f"{address}/oui", data={"hour": "later"})
    page = somebody.get(address)
    assert page.h1 == "Merci ! Choisissez l’heure"
    assert "Prudence SECRET" in page.text
    assert town.the_request(request_id).status == "offering"

    response = somebody.client.post(f"{address}/oui", data={"hour": ""})
    assert response.status_code == 422
    assert "Choisissez une heure de la liste." in response.get_data(as_text=True)

    somebody.client.post(f"{address}/oui", data={"hour": "2026-11-23T10:30:00+00:00"})
    assert town.the_request(request_id).status == "booked"


@pytest.mark.parametrize(
    ("hour", "sentence"),
    [
        ("2026-11-23T07:00:00+00:00", "elle est passée"),
        ("2026-11-24T10:00:00+00:00", "elle vient après le délai demandé"),
        ("2026-11-23T10:30:00", "Choisissez une heure de la liste."),
        ("n’importe quoi", "Choisissez une heure de la liste."),
    ],
)
def test_an_hour_that_cannot_be_is_told_beside_the_field(
    somebody: Browser, address: str, hour: str, sentence: str, town: Town, request_id: UUID
) -> None:
    response = somebody.client.post(f"{address}/oui", data={"hour": hour})

    assert response.status_code == 422
    assert sentence in response.get_data(as_text=True)
    assert town.the_appointment(request_id) is None


def test_a_no_with_its_words(
    somebody: Browser, house: House, address: str, volunteer: Volunteer, request_id: UUID
) -> None:
    somebody.client.post(f"{address}/non", data={"words": "en congé\x00 jusqu’à lundi"})

    offer = offer_to(house, request_id, volunteer)
    assert offer.status == "declined"
    assert offer.words is not None
    assert house.db.cipher.open("offers.words", offer.id, offer.words) == "en congé jusqu’à lundi"
    assert "Vous avez répondu non." in somebody.get(address).text


def test_a_yes_may_be_taken_back_on_the_page(
    somebody: Browser, house: House, address: str, volunteer: Volunteer, request_id: UUID
) -> None:
    somebody.client.post(f"{address}/oui", data={"hour": "later"})
    somebody.client.post(f"{address}/non")

    assert statuses(house, request_id) == {volunteer.id: "declined"}


def test_who_comes_too_late_reads_that_it_is_taken(
    somebody: Browser, house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    first, late = asked_volunteer(town), asked_volunteer(town)
    request = waits(town, clock)
    link = f"/sollicitations/{link_in(told(house, sms, late)[0])}"
    answers(town, first, "OUI 11h")

    response = somebody.client.post(f"{link}/oui", data={"hour": "later"})

    assert response.status_code == 303
    page = somebody.get(link)
    assert page.h1 == "Pourvu, merci"
    assert town.the_request(request).accepted_offer_id == offer_to(house, request, first).id


def test_a_link_expires_with_what_it_leads_to(
    somebody: Browser, clock: FakeClock, house: House, address: str
) -> None:
    clock.advance(hours=4)
    assert somebody.get(address).h1 == "Cette sollicitation a expiré"
    clock.advance(hours=LINK_LIFE.total_seconds() / 3600)
    assert somebody.get(address, status=404).h1 == "Ce lien n’est plus valable"
    assert somebody.client.post(f"{address}/oui", data={"hour": "later"}).status_code == 404


def test_nor_does_it_show_a_patient_longer_than_their_appointment(
    somebody: Browser, clock: FakeClock, house: House, address: str
) -> None:
    token = address.rpartition("/")[2]
    accept_by_link(house, token, clock.now + timedelta(minutes=50))
    clock.advance(hours=2)
    assert somebody.get(address).h1 == "Ce rendez-vous est passé"
    clock.advance(hours=24)
    somebody.get(address, status=404)


@pytest.mark.parametrize("verb", ["", "/oui", "/non"])
def test_an_unknown_link_leads_nowhere(somebody: Browser, verb: str) -> None:
    response = (
        somebody.client.post(f"/sollicitations/inconnu{verb}")
        if verb
        else somebody.client.get("/sollicitations/inconnu")
    )
    assert response.status_code == 404
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_with_no_hour_left_the_page_says_whom_to_call(
    somebody: Browser, clock: FakeClock, address: str
) -> None:
    somebody.client.post(f"{address}/oui", data={"hour": "later"})
    clock.advance(hours=3, minutes=50)  # 13:00, when the request is due
    page = somebody.get(address)
    assert "Il ne reste plus d’heure libre dans le délai" in page.text
    assert "tel:+33353010001" in page.links()


def test_by_night_hours_are_proposed_only_where_no_others_are_left(
    somebody: Browser, house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    settings(town, outside_hours=True)
    volunteer = asked_volunteer(town)
    clock.advance(hours=9, minutes=50)  # 18:50, to be seen before 22:50
    waits(town, clock)
    link = f"/sollicitations/{link_in(told(house, sms, volunteer)[0])}"
    # 19:00 in Paris is the first, 21:45 the last that is no night: 20:45 UTC
    assert proposed(somebody.get(link))[-1] == "2026-11-23T20:45:00+00:00"

    clock.advance(hours=3, minutes=10)  # 22:10
    assert proposed(somebody.get(link)) == [
        "2026-11-23T21:15:00+00:00",
        "2026-11-23T21:30:00+00:00",
        "2026-11-23T21:45:00+00:00",
    ]


def test_who_gave_the_patient_up_is_not_asked_again_by_the_old_link(
    somebody: Browser, house: House, town: Town, address: str, request_id: UUID
) -> None:
    somebody.client.post(f"{address}/oui", data={"hour": "2026-11-23T10:30:00+00:00"})
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    cancel_by_practitioner(house, town.regulator, appointment.id)

    assert somebody.get(address).h1 == "Pourvu, merci"
    somebody.client.post(f"{address}/oui", data={"hour": "later"})
    assert town.the_request(request_id).accepted_offer_id is None
