"""Two regulators at one board: neither works on a request without knowing of the other."""

from collections.abc import Callable

import pytest

from dispatcher.domain.roles import Account, Role
from dispatcher.domain.states import RequestStatus
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser
from tests.web.test_board import BOARD, PART, columns


@pytest.fixture
def colleague(town: Town) -> Account:
    return town.account(Role.REGULATOR)


@pytest.fixture
def beside(colleague: Account, signed_in: Callable[[Account], Browser]) -> Browser:
    """The colleague's browser."""
    return signed_in(colleague)


def test_a_request_is_taken_from_the_board_and_everybody_sees_by_whom(
    town: Town, desk: Browser, beside: Browser
) -> None:
    request = town.request()
    etag = beside.part(PART).etag
    page = desk.get(f"{BOARD}?metier=10")
    assert "Je prends" in columns(page)["searching"][0]
    page = desk.submit(page.form(f"{BOARD}/prendre"), {"request": str(request)})
    assert page.response.request.query_string == b"metier=10"
    name = town.regulator.display_name
    assert f"En main de {name}" in columns(page)["searching"][0]
    assert f"En main de {name}" in columns(beside.part(PART, etag))["searching"][0]
    text = beside.get(f"{BOARD}/{request}").text
    assert f"{name} l’a en main depuis 9 h." in text
    assert f"En main de {name}" in beside.get(f"{BOARD}/{request}").texts("ol", "timeline")[0]
    assert "Vous l’avez en main depuis 9 h." in desk.get(f"{BOARD}/{request}").text


def test_whoever_acts_on_what_a_colleague_has_just_taken_is_told_and_changes_nothing(
    town: Town, desk: Browser, beside: Browser
) -> None:
    request = town.request()
    keep_promises(town.house)
    before = beside.get(f"{BOARD}/{request}")
    taking = desk.get(f"{BOARD}/{request}").form(f"{BOARD}/{request}/main")
    desk.submit(taking)
    again = beside.submit(before.form(f"{BOARD}/{request}/main"))
    sentence = f"{town.regulator.display_name} a pris cette demande en main aujourd’hui à 9 h."
    assert sentence in again.text
    refused = beside.submit(
        before.form(f"{BOARD}/{request}/reorienter"), {"to": "15", "note": "Vue"}, status=409
    )
    assert sentence in refused.text
    assert refused.form(f"{BOARD}/{request}/reorienter").values["note"] == "Vue"
    assert town.the_request(request).status == RequestStatus.SEARCHING
    # Knowing it, they may: the page that refused says who has it.
    beside.submit(refused.form(f"{BOARD}/{request}/reorienter"), {"to": "15"})
    assert town.the_request(request).status == RequestStatus.REDIRECTED


def test_a_request_is_handed_to_a_colleague_and_back_to_all(
    town: Town, desk: Browser, beside: Browser, colleague: Account
) -> None:
    request = town.request()
    page = desk.get(f"{BOARD}/{request}")
    handing = next(form for form in page.forms() if "dialog" in form.values)
    assert "Choisissez un collègue" in desk.submit(handing, {"to": "autre"}, status=422).text
    assert "Choisissez" in desk.submit(handing, {"to": str(request)}, status=422).text
    desk.submit(handing, {"to": str(colleague.user_id)})
    theirs = beside.get(f"{BOARD}/{request}")
    assert "Vous l’avez en main" in theirs.text
    beside.submit(theirs.form(f"{BOARD}/{request}/main"))
    assert "Personne ne l’a en main." in desk.get(f"{BOARD}/{request}").text


def test_whoever_went_home_has_nothing_in_hand_any_more(
    town: Town, desk: Browser, clock: FakeClock, signed_in: Callable[[Account], Browser]
) -> None:
    request = town.request(need={"delay_hours": 48})
    desk.submit(desk.get(BOARD).form(f"{BOARD}/prendre"), {"request": str(request)})
    clock.advance(hours=11, minutes=59)
    evening = signed_in(town.regulator)
    assert "En main de" in columns(evening.get(BOARD))["searching"][0]
    clock.advance(minutes=1)
    assert "En main de" not in columns(evening.get(BOARD))["searching"][0]


def test_two_who_look_at_the_same_page_are_told_of_each_other(
    town: Town, desk: Browser, beside: Browser, clock: FakeClock, colleague: Account
) -> None:
    request = town.request()
    etag = desk.part(f"{BOARD}/{request}/suivi").etag
    assert "aussi cette page ouverte" not in desk.get(f"{BOARD}/{request}").text
    beside.get(f"{BOARD}/{request}")
    told = desk.part(f"{BOARD}/{request}/suivi", etag)
    assert f"{colleague.display_name} a aussi cette page ouverte en ce moment." in told.text
    clock.advance(seconds=31)
    assert "aussi cette page ouverte" not in desk.part(f"{BOARD}/{request}/suivi", told.etag).text


def test_a_note_is_read_by_colleagues_and_an_empty_one_is_refused(
    town: Town, desk: Browser, beside: Browser
) -> None:
    request = town.request()
    form = desk.get(f"{BOARD}/{request}").form(f"{BOARD}/{request}/noter")
    assert desk.submit(form, {"text": "  "}, status=422).field_error("note-text")
    desk.submit(form, {"text": "Sa fille rappelle à midi. " + "Elle est prévenue. " * 5})
    assert "Sa fille rappelle à midi." in beside.get(f"{BOARD}/{request}").texts("ul", "notes")[0]
    (card,) = columns(beside.get(BOARD))["searching"]
    assert "Sa fille rappelle à midi. Elle est prévenue." in card
    assert "Elle… reste" in card
    assert "Note laissée à la régulation" in beside.get(f"{BOARD}/{request}").text


def test_the_board_is_filtered_by_hand_and_profession(
    town: Town, desk: Browser, beside: Browser
) -> None:
    mine = town.request(patient={"last_name": "Mienne"})
    town.request(patient={"last_name": "Libre"}, need={"profession": "70"})
    page = desk.get(BOARD)
    desk.submit(page.form(f"{BOARD}/prendre"), {"request": str(mine)})
    shown = {
        query: [name for name in ("MIENNE", "LIBRE") if name in browser.get(BOARD + query).text]
        for browser, query in (
            (desk, "?main=moi"),
            (beside, "?main=moi&metier="),
            (desk, "?main=libres"),
            (desk, "?metier=70"),
            (desk, "?metier=70&main=moi"),
            (desk, "?metier=sorcier&main=autre"),
        )
    }
    assert shown == {
        "?main=moi": ["MIENNE"],
        "?main=moi&metier=": [],
        "?main=libres": ["LIBRE"],
        "?metier=70": ["LIBRE"],
        "?metier=70&main=moi": [],
        "?metier=sorcier&main=autre": ["MIENNE", "LIBRE"],
    }
    assert "MIENNE" in desk.part(f"{PART}?main=moi").text
    assert "MIENNE" not in beside.part(f"{PART}?main=moi").text
