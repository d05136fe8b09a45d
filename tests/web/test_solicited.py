"""A request that volunteers are asked about: nothing of it is silent on the regulator's page.

The clock begins on Monday 23 November 2026 at 9 h; care within four hours asks its first wave after
10 minutes, the next one 10 minutes later.
"""

from uuid import UUID

from dispatcher.domain.states import Attention, RequestStatus
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.offering import answers, asked_volunteer, code_of, settings, waits
from tests.web.pages import Browser, Page


def page_of(desk: Browser, request: UUID) -> Page:
    return desk.get(f"/demandes/{request}")


def press(desk: Browser, request: UUID, verb: str) -> Page:
    return desk.submit(page_of(desk, request).form(f"/demandes/{request}/{verb}"))


def says(town: Town, volunteer: Volunteer, request: UUID, words: str) -> None:
    answers(town, volunteer, words.replace("#", code_of(town, request)))
    keep_promises(town.house)


def test_before_anybody_is_asked_the_page_says_when_it_will_be(town: Town, desk: Browser) -> None:
    asked_volunteer(town)
    request = town.request(need={"delay_hours": 4})
    keep_promises(town.house)
    text = page_of(desk, request).text
    assert "Des volontaires sont sollicités par SMS aujourd’hui à 9 h 10, si aucun créneau" in text
    assert "Sans rendez-vous, la demande passe en tête du tableau aujourd’hui à 11 h 40" in text


def test_who_was_asked_and_what_they_answered_is_shown_with_their_words(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    no, silent = asked_volunteer(town, last_name="Refuse"), asked_volunteer(town, last_name="Muet")
    request = waits(town, clock)
    says(town, no, request, "NON # je suis en congé")
    page = page_of(desk, request)
    assert "Sollicitations en cours" in page.text
    assert "Vague n° 1, aujourd’hui à 9 h 10" in page.texts("h3")
    (asked,) = page.texts("ul", "asked")
    assert "Dr Anne Refuse" in asked
    assert "« je suis en congé »" in asked
    assert "A décliné 9 h 10" in asked
    assert "Dr Anne Muet" in asked
    assert "Sans réponse pour l’instant" in asked
    assert "D’autres volontaires sont sollicités par SMS aujourd’hui à 9 h 20" in page.text
    assert "Vague n° 1 : 2 volontaires sollicités" in page.texts("ol", "attempts")[0]
    del silent


def test_a_regulator_who_does_not_wait_asks_by_one_key(town: Town, desk: Browser) -> None:
    asked_volunteer(town, last_name="Présente")
    request = town.request()
    keep_promises(town.house)
    page = press(desk, request, "solliciter")
    assert "Volontaires sollicités par SMS." in page.text
    assert "Dr Anne Présente" in page.texts("ul", "asked")[0]
    assert town.the_request(request).status == RequestStatus.OFFERING


def test_where_nobody_can_be_asked_the_key_says_why(town: Town, desk: Browser) -> None:
    request = town.request()
    keep_promises(town.house)
    assert (
        "Aucun volontaire ne convient à cette demande." in press(desk, request, "solliciter").text
    )


def test_those_whom_no_sms_reaches_are_to_be_telephoned(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    asked_volunteer(town, last_name="Muet")
    asked_volunteer(town, last_name="Filaire", phone=None)
    request = waits(town, clock)
    page = page_of(desk, request)
    assert "Conviennent et ne reçoivent pas de SMS : à appeler" in page.texts("h3")
    assert "Dr Anne Filaire aucun numéro connu" in page.texts("ul", "asked")[1]


def test_a_yes_without_its_hour_is_waited_for_and_can_be_taken_back(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    yes = asked_volunteer(town, last_name="Volontaire")
    request = waits(town, clock)
    says(town, yes, request, "OUI #")
    page = page_of(desk, request)
    assert "Un volontaire a accepté : il choisit son heure" in page.texts("h2")
    assert "A accepté, choisit son heure" in page.texts("ul", "asked")[0]
    assert "Sans heure choisie, la régulation est alertée aujourd’hui à 9 h 25." in page.text
    assert not page.has_form(f"/demandes/{request}/solliciter")

    clock.advance(minutes=15)
    keep_promises(town.house)
    assert town.the_request(request).attention == Attention.HOUR_MISSING
    card = desk.get("/demandes").texts("li", "ticket")[0]
    assert "Un praticien a accepté : l’heure reste à choisir" in card

    released = press(desk, request, "reprendre")
    assert "La régulation a repris la main : la recherche continue." in released.text
    assert town.the_request(request).accepted_offer_id is None
    assert not released.has_form(f"/demandes/{request}/reprendre")


def test_nobody_left_to_ask_comes_in_front_of_the_regulator(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    only = asked_volunteer(town, last_name="Seule")
    request = waits(town, clock)
    says(town, only, request, "NON #")
    keep_promises(town.house)
    page = page_of(desk, request)
    assert "Aucun volontaire sollicité n’a accepté" in page.texts("h2")
    assert "volontaires sont sollicités" not in page.text
    assert "Aucun volontaire sollicité n’a accepté" in desk.get("/demandes").text


def test_where_nobody_could_be_asked_the_page_says_so_once_it_was_time(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    request = waits(town, clock)
    clock.advance(minutes=5)
    keep_promises(town.house)
    text = page_of(desk, request).text
    assert "Aucun volontaire n’a pu être sollicité pour cette demande." in text


def test_where_the_territory_asks_by_hand_nothing_else_is_announced(
    town: Town, desk: Browser
) -> None:
    settings(town, outside_hours=True, offers={"automatic": False})
    asked_volunteer(town)
    request = town.request()
    keep_promises(town.house)
    assert "volontaires sont sollicités" not in page_of(desk, request).text


def test_at_night_the_next_wave_waits_for_the_morning(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    settings(town)  # the hours of unscheduled care alone
    asked_volunteer(town)
    clock.advance(hours=12)
    request = town.request(need={"delay_hours": 24})
    keep_promises(town.house)
    text = page_of(desk, request).text
    assert "Des volontaires sont sollicités par SMS demain à 8 h" in text
