"""Correcting a request that lives, also by two people who have the same form open."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from dispatcher.domain.roles import Account, Role
from dispatcher.domain.states import RequestStatus
from dispatcher.storage.messages import Message
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser, Form
from tests.web.test_board import BOARD, columns, looked_for


def form_of(browser: Browser, request: object) -> Form:
    return browser.get(f"{BOARD}/{request}/corriger").form(f"{BOARD}/{request}/corriger")


@pytest.fixture
def beside(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    """A colleague's browser."""
    return signed_in(town.account(Role.REGULATOR))


def test_what_was_misheard_is_corrected_and_the_search_goes_on_by_it(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    request = town.request(patient={"last_name": "Baux"}, need={"delay_hours": 48})
    keep_promises(town.house)
    town.slot(hours=20)
    assert "Rien n’a changé." in desk.submit(form_of(desk, request)).text
    typed = {"patient.last_name": "Baud", "need.delay_hours": "4", "need.note": "Digicode 12A"}
    page = desk.submit(form_of(desk, request), typed)
    assert "Demande corrigée : la recherche reprend." in page.text
    assert "Camille BAUD" in page.h1
    assert "Demande corrigée : délai, précision, nom" in page.text
    assert (town.the_request(request).due_at - town.the_request(request).asked_at).seconds == 14400
    keep_promises(town.house)
    clock.advance(hours=3)
    keep_promises(town.house)
    (card,) = columns(looked_for(desk, "baud"))["todo"]
    assert "Délai en danger" in card


def test_what_is_wrong_is_said_beside_its_field_and_changes_nothing(
    town: Town, desk: Browser
) -> None:
    request = town.request()
    typed = {
        "patient.last_name": " ",
        "patient.birth_date": "31/02/1950",
        "patient.phone": "12",
        "patient.commune_text": "Nulle-Part",
        "need.delay_hours": "7",
    }
    for field, wrong in typed.items():
        page = desk.submit(form_of(desk, request), {field: wrong}, status=422)
        assert page.field_error(field.removesuffix("_text")), field
        kept = page.form(f"{BOARD}/{request}/corriger").values
        assert kept.get(field, wrong) == wrong  # no button of a list has another value
    assert "corrigée" not in desk.get(f"{BOARD}/{request}").text


def test_a_number_that_was_wrong_is_told_of_the_appointment_and_the_old_one_no_more(
    town: Town, desk: Browser
) -> None:
    town.slot(hours=20)
    request = town.request(patient={"phone": mobile(1)})
    keep_promises(town.house)
    page = desk.get(f"{BOARD}/{request}/corriger")
    assert "annulez-le d’abord" in page.text
    form = page.form(f"{BOARD}/{request}/corriger")
    desk.submit(form, {"patient.phone": mobile(2), "need.delay_hours": "4"})
    with town.house.db.reading() as session:
        sent = [
            town.house.db.cipher.open("messages.phone", row.id, row.phone)
            for row in session.scalars(
                select(Message)
                .where(Message.request_id == request, Message.kind == "confirmation")
                .order_by(Message.created_at)
            )
        ]
    assert [number[-1] for number in sent] == ["1", "2"]
    assert town.the_request(request).status == RequestStatus.BOOKED
    assert town.the_request(request).delay_hours == 24


def test_whoever_comes_second_is_shown_the_difference_and_loses_nothing(
    town: Town, desk: Browser, beside: Browser
) -> None:
    request = town.request(patient={"last_name": "Baux"}, need={"note": "Tousse"})
    mine, theirs = form_of(desk, request), form_of(beside, request)
    beside.submit(
        theirs, {"patient.last_name": "Baud", "need.note": "Tousse, fièvre", "need.motive": ""}
    )
    page = desk.submit(
        mine, {"need.note": "Tousse depuis hier", "patient.first_name": "Jean"}, status=409
    )
    assert "Compte regulator a corrigé cette demande pendant votre saisie." in page.text
    assert page.field_error("patient.last_name") == (
        "Compte regulator a remplacé « Baux » par « Baud » : c’est repris ici."
    )
    assert page.field_error("need.note") == (
        "Compte regulator a remplacé « Tousse » par « Tousse, fièvre » ;"
        " votre saisie est gardée ici."
    )
    assert page.field_error("patient.first_name") == ""
    again = page.form(f"{BOARD}/{request}/corriger")
    assert again.values["patient.last_name"] == "Baud"
    assert again.values["need.note"] == "Tousse depuis hier"
    assert again.values["patient.first_name"] == "Jean"
    # Nothing was written yet: what stands is the colleague's.
    assert form_of(beside, request).values["need.note"] == "Tousse, fièvre"
    desk.submit(again)
    corrected = form_of(beside, request).values
    assert corrected["patient.last_name"] == "Baud"
    assert corrected["need.note"] == "Tousse depuis hier"
    assert corrected["patient.first_name"] == "Jean"


def test_a_form_that_does_not_say_what_it_showed_is_shown_the_difference(
    town: Town, desk: Browser
) -> None:
    request = town.request(patient={"last_name": "Baux"})
    for shown in ("", "{", "[1]", "{}"):
        typed = {"shown": shown, "patient.last_name": "Baud"}
        desk.submit(form_of(desk, request), typed, status=409)
    assert form_of(desk, request).values["patient.last_name"] == "Baux"


def test_a_request_that_is_over_is_not_corrected(town: Town, desk: Browser) -> None:
    request = town.request()
    form = form_of(desk, request)
    page = desk.get(f"{BOARD}/{request}")
    desk.submit(page.form(f"{BOARD}/{request}/reorienter"), {"to": "15"})
    assert "elle ne se corrige plus" in desk.submit(form).text
    assert "elle ne se corrige plus" in desk.get(f"{BOARD}/{request}/corriger").text
