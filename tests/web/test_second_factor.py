"""Double authentication on the pages: set up, asked for at the sign-in, required, taken away."""

import time
from collections.abc import Callable

import pyotp
import pytest
from flask import Flask

from dispatcher.domain.roles import Account, Role
from dispatcher.services.second_factors import require_second_factor
from tests.builders import PASSWORD, Town
from tests.fakes.clock import FakeClock
from tests.web.pages import Browser, Page

PAGE = "/compte/double-authentification"
CODE = "/connexion/code"
SignedIn = Callable[[Account], Browser]


def set_up(browser: Browser, clock: FakeClock) -> tuple[pyotp.TOTP, list[str]]:
    """Walk through the pages; what the application then has, and the recovery codes."""
    page = browser.submit(browser.get(PAGE).form(f"{PAGE}/preparer"), {"present": PASSWORD})
    assert "<svg" in page.html
    (secret,) = page.texts("code", "secret")
    totp = pyotp.TOTP(secret.replace(" ", ""))
    page = browser.submit(page.form(f"{PAGE}/confirmer"), {"code": totp.at(clock())})
    codes = [text for text in page.texts("code") if "-" in text]
    assert len(codes) == 10
    clock.advance(minutes=5)
    return totp, codes


def answer(page: Page, browser: Browser, code: str, status: int = 200) -> Page:
    assert page.path == CODE
    return browser.submit(page.form(CODE), {"code": code}, status=status)


def test_once_set_up_the_code_is_asked_for_after_the_password(
    town: Town, desk: Browser, app: Flask, clock: FakeClock
) -> None:
    totp, codes = set_up(desk, clock)
    assert codes[0] not in desk.get(PAGE).html
    assert "10 codes de secours" in desk.get(PAGE).text
    assert "Active" in desk.get("/compte").text

    browser = Browser(app)
    asked = browser.get("/demandes/nouvelle")
    typed = {"login": town.regulator.login, "password": PASSWORD}
    page = browser.submit(asked.form("/connexion"), typed)
    assert browser.get("/demandes").path == "/connexion"  # the password alone opens nothing
    wrong = answer(page, browser, "000000", status=401)
    assert "Ce code ne convient pas" in wrong.field_error("code")
    page = answer(wrong, browser, totp.at(clock()))
    assert page.path == "/demandes/nouvelle"

    other = Browser(app)  # the same code a second time, then one on paper
    page = answer(other.sign_in(town.regulator), other, totp.at(clock()), status=401)
    assert answer(page, other, codes[0]).path == "/demandes"


def test_the_second_step_is_for_whoever_has_just_done_the_first(
    town: Town, desk: Browser, app: Flask, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    totp, _ = set_up(desk, clock)
    browser = Browser(app)
    assert browser.get(CODE).path == "/connexion"
    page = browser.sign_in(town.regulator)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 301)
    form = page.form(CODE)
    assert browser.submit(form, {"code": totp.at(clock())}).path == "/connexion"


def test_codes_cannot_be_tried_for_long_and_known_browsers_go_on(
    town: Town, desk: Browser, app: Flask, clock: FakeClock
) -> None:
    totp, _ = set_up(desk, clock)
    stranger = Browser(app)
    page = stranger.sign_in(town.regulator)
    for _ in range(5):
        page = answer(page, stranger, "000000", status=401)
    assert answer(page, stranger, totp.at(clock()), status=429).h1 == "Trop d’essais"

    page = desk.submit(desk.get("/demandes").form("/deconnexion"))
    page = desk.sign_in(town.regulator)
    assert answer(page, desk, totp.at(clock())).path == "/demandes"


@pytest.mark.parametrize(
    ("action", "typed", "field", "sentence"),
    [
        ("preparer", {"present": "pas le bon"}, "present", "mot de passe actuel"),
        ("confirmer", {"code": "000000"}, "code", "Ce code ne convient pas"),
        ("confirmer", {"code": ""}, "code", "Ce code ne convient pas"),
        ("retirer", {"present": ""}, "present", "mot de passe actuel"),
    ],
)
def test_what_does_not_fit_is_told_beside_its_field(
    desk: Browser, clock: FakeClock, action: str, typed: dict[str, str], field: str, sentence: str
) -> None:
    if action == "confirmer":
        desk.submit(desk.get(PAGE).form(f"{PAGE}/preparer"), {"present": PASSWORD})
    elif action == "retirer":
        set_up(desk, clock)
    page = desk.submit(desk.get(PAGE).form(f"{PAGE}/{action}"), typed, status=422)
    assert sentence in page.field_error(field)


def test_recovery_codes_are_made_anew_and_the_old_open_nothing(
    town: Town, desk: Browser, app: Flask, clock: FakeClock
) -> None:
    _, old = set_up(desk, clock)
    page = desk.submit(desk.get(PAGE).form(f"{PAGE}/codes"))
    codes = [text for text in page.texts("code") if "-" in text]
    assert len(codes) == 10
    assert not set(codes) & set(old)
    assert codes[0] not in desk.get(PAGE).html

    browser = Browser(app)
    page = answer(browser.sign_in(town.regulator), browser, old[0], status=401)
    assert answer(page, browser, codes[0]).path == "/demandes"
    assert "Il vous reste 9 codes de secours." in desk.get(PAGE).text


def test_it_can_be_removed_with_the_password(
    town: Town, desk: Browser, app: Flask, clock: FakeClock
) -> None:
    set_up(desk, clock)
    page = desk.submit(desk.get(PAGE).form(f"{PAGE}/retirer"), {"present": PASSWORD})
    assert "Double authentification retirée." in page.text
    assert Browser(app).sign_in(town.regulator).path == "/demandes"


def test_whoever_must_have_it_is_led_there_before_anything_else(
    town: Town, desk: Browser, signed_in: SignedIn, clock: FakeClock
) -> None:
    form = desk.get("/demandes/nouvelle").form("/demandes/nouvelle")
    office = signed_in(town.account(Role.ADMINISTRATOR))
    roles = office.get("/administration").form("/administration/double-authentification")
    page = office.submit(roles, {"roles": ["regulator", "pirate"]})
    assert "Rôles enregistrés." in page.text

    led = desk.get("/demandes")
    assert led.path == PAGE
    assert "Votre CPTS la demande à votre rôle" in led.text
    assert desk.send(form).status_code == 403
    desk.part("/demandes/tableau", status=403)
    assert desk.get("/compte").path == "/compte"
    set_up(desk, clock)
    assert desk.get("/demandes").path == "/demandes"
    assert office.get("/administration").path == "/administration"


def test_an_administrator_takes_it_away_from_who_lost_it(
    town: Town, desk: Browser, app: Flask, signed_in: SignedIn, clock: FakeClock
) -> None:
    set_up(desk, clock)
    office = signed_in(town.account(Role.ADMINISTRATOR))
    path = f"/administration/comptes/{town.regulator.user_id}/double-authentification"
    page = office.submit(office.get("/administration").form(path))
    assert "Double authentification retirée, sessions fermées." in page.text
    assert not page.has_form(path)
    assert desk.get("/demandes").path == "/connexion"
    assert Browser(app).sign_in(town.regulator).path == "/demandes"


def test_a_secretary_who_acts_for_somebody_is_asked_as_a_secretary(
    town: Town, signed_in: SignedIn
) -> None:
    boss = town.account(Role.ADMINISTRATOR)
    require_second_factor(town.house, boss, [Role.PRACTITIONER])
    assert signed_in(town.account(Role.DELEGATE)).get("/").path != PAGE
    require_second_factor(town.house, boss, [Role.DELEGATE])
    assert signed_in(town.account(Role.DELEGATE)).get("/").path == PAGE
