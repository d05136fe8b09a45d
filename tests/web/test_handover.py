"""The end of a shift on one page: what is open and promised, whom to call, how the day ended."""

import pytest

from config.catalogue import Catalogue
from dispatcher.domain.states import RequestStatus
from dispatcher.web.handover import closing_words
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.offering import asked_volunteer, waits
from tests.web.pages import Browser

PAGE = "/demandes/releve"


def test_a_day_on_which_nothing_is_left_says_so(town: Town, desk: Browser) -> None:
    del town
    text = desk.get(PAGE).text
    assert "Aucune demande ne reste ouverte." in text
    assert "Personne à appeler." in text
    assert "Aucune demande close aujourd’hui." in text


def test_whoever_takes_over_reads_what_is_open_and_what_is_promised(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    asked_volunteer(town)
    waiting = waits(town, clock)
    desk.submit(
        desk.get(f"/demandes/{waiting}").form(f"/demandes/{waiting}/noter"),
        {"text": "Sa fille rappelle à midi"},
    )
    page = desk.get(PAGE)
    assert "1 demande reste ouverte." in page.text
    (card,) = page.texts("ul", "handover__cards")
    assert "Tenté : 1 volontaire sollicité" in card
    assert "Note : Sa fille rappelle à midi" in card
    assert "Personne ne l’a en main" in card
    assert "Aujourd’hui à 9 h 20 : des volontaires sont sollicités" in card
    assert "sans rendez-vous, elle passe en tête du tableau" in card


def test_whom_to_call_stands_first_with_their_number(town: Town, desk: Browser) -> None:
    town.slot(hours=2)
    town.request(patient={"last_name": "Fixe", "phone": "03 53 01 00 12", "by_telephone": True})
    keep_promises(town.house)
    (called,) = desk.get(PAGE).texts("ul", "handover__calls")
    assert "FIXE · 03 53 01 00 12" in called
    assert "À appeler : le patient n’a pas reçu son SMS" in called


def test_the_day_s_outcomes_are_told_in_words(town: Town, desk: Browser, clock: FakeClock) -> None:
    request = town.request(patient={"phone": mobile(7)})
    page = desk.get(f"/demandes/{request}")
    desk.submit(page.form(f"/demandes/{request}/reorienter"), {"to": "ED"})
    (closed,) = desk.get(PAGE).texts("ul", "handover__cards")
    assert "Orienté vers un service d’urgences" in closed
    clock.advance(hours=20)
    desk.client.delete_cookie("snp")
    desk.sign_in(town.regulator)
    assert "Aucune demande close aujourd’hui." in desk.get(PAGE).text


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        ("fulfilled", None, "honorée"),
        ("no_show", None, "patient non venu"),
        ("cancelled", "patient", "annulée par le patient"),
        ("cancelled", "practitioner", "annulée par le praticien"),
        ("cancelled", None, "annulée"),
        ("redirected", "ED", "Orienté vers un service d’urgences"),
        ("unfilled", "no such code", "sans solution"),
    ],
)
def test_each_way_of_closing_has_its_words(status: str, code: str | None, words: str) -> None:
    assert closing_words(RequestStatus(status), code, Catalogue.load()) == words


def test_what_nobody_could_take_says_why() -> None:
    catalogue = Catalogue.load()
    for code, entry in catalogue.unfilled_reasons.items():
        said = closing_words(RequestStatus.UNFILLED, code, catalogue)
        assert said == f"sans solution\u00a0: {entry.label}"


def test_after_hours_the_board_leads_to_what_is_still_open(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    town.request(need={"delay_hours": 48})
    assert "La journée est finie" not in desk.get("/demandes").text
    clock.advance(hours=11, minutes=30)
    desk.client.delete_cookie("snp")
    desk.sign_in(town.regulator)
    page = desk.get("/demandes")
    assert "La journée est finie : 1 demande reste ouverte." in page.text
    assert PAGE in page.links()
