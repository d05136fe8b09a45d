"""« Mon compte »: where one is signed in."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from dispatcher.domain import sessions
from dispatcher.domain.errors import UnavailableError
from dispatcher.domain.roles import Account, Role
from dispatcher.services.accounts import SignInRefusedError, sign_in
from tests.builders import PASSWORD, Town
from tests.fakes.clock import FakeClock
from tests.web.pages import Browser, Page

PAGE = "/compte"
CHANGE = "/compte/mot-de-passe"
OTHERS = "/compte/sessions/fin"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
SignedIn = Callable[[Account], Browser]


@pytest.fixture
def limited(sessions_last: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of sessions as they are in production."""
    monkeypatch.setattr(sessions, "IDLE", timedelta(hours=4))
    monkeypatch.setattr(sessions, "LONGEST", timedelta(hours=12))


def test_every_role_reaches_its_account_from_its_name(town: Town, signed_in: SignedIn) -> None:
    for role in Role:
        account = town.account(role, town.volunteer() if role == Role.PRACTITIONER else None)
        browser = signed_in(account)
        page = browser.get("/guide" if role == Role.DELEGATE else "/")
        assert PAGE in page.links()
        page = browser.get(PAGE)
        assert account.login in page.text
        assert "Cette session" in page.text


def test_a_session_is_listed_by_its_device_and_can_be_ended_from_another(
    town: Town, app: Flask, clock: FakeClock
) -> None:
    here, there = Browser(app), Browser(app)
    there.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    there.be_signed_in(town.regulator)
    clock.advance(minutes=30)
    here.be_signed_in(town.regulator)

    page = here.get(PAGE)
    assert "Firefox sur Windows Ouverte aujourd’hui à 9 h" in page.text
    (path,) = [f.action for f in page.forms() if f.action.endswith("/fin") and f.action != OTHERS]
    page = here.submit(page.form(path))

    assert "Session fermée." in page.text
    assert "Firefox" not in page.text
    assert there.get("/demandes").path == "/connexion"
    assert here.get("/demandes").path == "/demandes"


def test_all_others_are_ended_at_once_and_a_colleagues_is_not(
    town: Town, signed_in: SignedIn
) -> None:
    colleague = signed_in(town.account(Role.REGULATOR))
    first, second, here = (signed_in(town.regulator) for _ in range(3))
    page = here.submit(here.get(PAGE).form(OTHERS))
    assert "2 autres sessions fermées." in page.text
    assert not page.has_form(OTHERS)
    for browser in (first, second):
        assert browser.get("/demandes").path == "/connexion"
    for browser in (here, colleague):
        assert browser.get("/demandes").path == "/demandes"


def test_signing_out_ends_the_session_itself_and_not_only_the_cookie(
    town: Town, app: Flask
) -> None:
    browser, thief = Browser(app), Browser(app)
    browser.be_signed_in(town.regulator)
    stolen = browser.client.get_cookie("snp")
    assert stolen is not None
    thief.client.set_cookie("snp", stolen.value)
    assert thief.get("/demandes").path == "/demandes"
    browser.submit(browser.get("/demandes").form("/deconnexion"))
    thief.client.set_cookie("snp", stolen.value)
    assert thief.get("/demandes").path == "/connexion"


def test_signing_in_again_ends_the_session_before(town: Town, desk: Browser) -> None:
    token = desk.get("/demandes").form("/deconnexion").values["csrf_token"]
    typed = {"csrf_token": token, "login": town.regulator.login, "password": PASSWORD}
    assert desk.client.post("/connexion", data=typed).status_code == 302
    assert not desk.get(PAGE).has_form(OTHERS)


# Passwords


WISHED = "une girafe lit sans lampe"


def wish(browser: Browser, status: int = 200, **typed: str) -> Page:
    fields = {"present": PASSWORD, "wished": WISHED, "again": WISHED} | typed
    return browser.submit(browser.get(PAGE).form(CHANGE), fields, status=status)


def test_a_new_password_holds_at_once_and_signs_the_others_out(
    town: Town, app: Flask, signed_in: SignedIn
) -> None:
    here, there = signed_in(town.regulator), signed_in(town.regulator)
    page = wish(here)
    assert page.path == PAGE
    assert "Mot de passe changé." in page.text
    assert there.get("/demandes").path == "/connexion"
    assert here.get("/demandes").path == "/demandes"
    assert Browser(app).sign_in(town.regulator, WISHED).path == "/demandes"
    with pytest.raises(SignInRefusedError):
        sign_in(town.house, town.regulator.login, PASSWORD)


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"present": "pas celui-ci du tout"}, "present", "Ce n’est pas votre mot de passe actuel."),
        ({"present": ""}, "present", "Ce n’est pas votre mot de passe actuel."),
        ({"wished": "court", "again": "court"}, "wished", "Choisissez au moins 12 caractères"),
        ({"wished": "motdepasse2026", "again": "motdepasse2026"}, "wished", "essaie en premier"),
        ({"again": "une girafe lit avec lampe"}, "again", "Les deux saisies"),
        ({"wished": "z" * 201, "again": "z" * 201}, "wished", "trop long"),
    ],
)
def test_a_password_that_cannot_be_chosen_changes_nothing(
    town: Town, desk: Browser, typed: dict[str, str], field: str, sentence: str
) -> None:
    page = wish(desk, status=422, **typed)
    assert sentence in page.field_error(field)
    assert WISHED not in page.html
    assert sign_in(town.house, town.regulator.login, PASSWORD) is not None


def test_a_session_that_somebody_left_open_is_no_place_to_try_passwords(desk: Browser) -> None:
    for _ in range(5):
        wish(desk, status=422, present="un essai de plus")
    assert wish(desk, status=429).h1 == "Trop d’essais"


# Limits


def test_what_asks_by_itself_never_prolongs_a_session(
    limited: None, desk: Browser, clock: FakeClock
) -> None:
    clock.advance(hours=3)
    desk.part("/demandes/tableau")
    clock.advance(hours=2)
    assert desk.get("/demandes").path == "/connexion"


def test_a_person_at_work_prolongs_their_session_up_to_a_working_day(
    limited: None, desk: Browser, clock: FakeClock
) -> None:
    for hours in (3, 3, 3, 2.9):
        clock.advance(hours=hours)
        assert desk.get("/demandes").path == "/demandes"
    clock.advance(hours=0.2)
    assert desk.get("/demandes").path == "/connexion"


def test_who_only_reads_goes_on_while_nothing_can_be_written(
    desk: Browser, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []

    def full(*arguments: object) -> None:
        tried.append(arguments)
        raise UnavailableError

    monkeypatch.setattr("dispatcher.services.sessions.note_action", full)
    clock.advance(minutes=2)
    assert desk.get("/demandes").path == "/demandes"
    assert tried
