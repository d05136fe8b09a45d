"""Passkeys on the pages: added, listed, removed, second step, whole sign-in, fresh proof."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from dispatcher.domain import sessions
from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.services.second_factors import require_second_factor
from dispatcher.web.application import create_app
from tests.builders import Town
from tests.fakes.authenticator import Authenticator
from tests.fakes.clock import FakeClock
from tests.services.tables import events
from tests.web.pages import Browser, Form, Page

PAGE, ADD = "/compte", "/compte/cles"
SIGN_IN, CODE, PROOF = "/connexion/cle", "/connexion/code", "/compte/confirmation"
ORIGIN = "https://snp.example.org"
SignedIn = Callable[[Account], Browser]


@pytest.fixture
def app(house: House) -> Flask:
    """At a name, as browsers want it; cookies still travel without TLS in the tests' client."""
    settings = dataclasses.replace(house.settings, public_base_url=ORIGIN)
    app = create_app(dataclasses.replace(house, settings=settings))
    app.config["SESSION_COOKIE_SECURE"] = False
    return app


def told(browser: Browser, path: str, form: Form) -> Any:
    """What the server tells a browser whose script asks for a challenge."""
    answer = browser.client.post(path, data={"csrf_token": form.values["csrf_token"]})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def add(browser: Browser, name: str = "Téléphone") -> tuple[Authenticator, Page]:
    phone, form = Authenticator(ORIGIN), browser.get(PAGE).form(ADD)
    answer = phone.create(told(browser, f"{ADD}/defi", form))
    return phone, browser.submit(form, {"name": name, "credential": answer})


def use(browser: Browser, page: Page, phone: Authenticator, status: int = 200, **lies: Any) -> Page:
    form = page.form(SIGN_IN)
    answer = phone.get(told(browser, f"{SIGN_IN}/defi", form), **lies)
    return browser.submit(form, {"credential": answer}, status=status)


def test_it_is_added_listed_by_its_name_and_removed(
    desk: Browser, clock: FakeClock, town: Town, app: Flask
) -> None:
    phone, page = add(desk)
    assert "Vos codes de secours" in page.text
    assert len([text for text in page.texts("code") if "-" in text]) == 10
    page = desk.get(PAGE)
    assert "Téléphone Ajoutée" in page.text
    assert "pas encore utilisée ; copiée sur vos autres appareils" in page.text
    clock.advance(minutes=5)
    browser = Browser(app)
    use(browser, browser.get("/connexion"), phone)
    assert "utilisée aujourd’hui" in desk.get(PAGE).text
    _, page = add(desk, "Poste")
    assert "Clé d’accès ajoutée." in page.text
    assert "Vos codes de secours" not in page.text
    path = next(f.action for f in page.forms() if f.action.endswith("/retirer"))
    page = desk.submit(page.form(path))
    assert "Clé d’accès retirée." in page.text
    assert "Téléphone Ajoutée" not in page.text
    browser = Browser(app)
    page = use(browser, browser.get("/connexion"), phone, status=401)
    assert "Cette clé d’accès n’a pas été acceptée." in page.text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("", "Ce champ est nécessaire."), ("x" * 61, "trop long")],
)
def test_a_name_that_cannot_be_taken_is_said_beside_its_field(
    desk: Browser, name: str, sentence: str
) -> None:
    phone, form = Authenticator(ORIGIN), desk.get(PAGE).form(ADD)
    answer = phone.create(told(desk, f"{ADD}/defi", form))
    page = desk.submit(form, {"name": name, "credential": answer}, status=422)
    assert sentence in page.field_error("name")
    assert not [f for f in page.forms() if f.action.endswith("/retirer")]


def test_it_is_the_whole_sign_in_and_leads_on_to_where_one_was_going(
    town: Town, desk: Browser, app: Flask
) -> None:
    phone, _ = add(desk)
    browser = Browser(app)
    asked = browser.get("/demandes/nouvelle")
    options = told(browser, f"{SIGN_IN}/defi", asked.form(SIGN_IN))
    assert options["allowCredentials"] == []
    page = use(browser, asked, phone)
    assert page.path == "/demandes/nouvelle"
    kind, data = events(town.house)[-1]
    assert (kind, data["by"]) == ("user_signed_in", "passkey")


def test_after_the_password_it_is_the_second_step_of_its_owner_alone(
    town: Town, desk: Browser, signed_in: SignedIn, app: Flask
) -> None:
    colleague = town.account(Role.REGULATOR)
    phone, _ = add(desk)
    theirs, _ = add(signed_in(colleague))
    browser = Browser(app)
    page = browser.sign_in(town.regulator)
    assert page.path == CODE
    assert "Code de secours" in page.text
    assert "Code à six chiffres" not in page.text
    assert browser.get("/demandes").path == "/connexion"
    page = use(browser, page, theirs, status=401, anyway=True)
    assert page.h1 == "Deuxième étape"
    assert "n’a pas été acceptée" in page.text
    assert use(browser, page, phone).path == "/demandes"


def test_a_code_on_paper_stands_in_for_a_passkey_that_is_not_at_hand(
    town: Town, desk: Browser, app: Flask
) -> None:
    _, page = add(desk)
    codes = [text for text in page.texts("code") if "-" in text]
    browser = Browser(app)
    page = browser.sign_in(town.regulator)
    assert browser.submit(page.form(CODE), {"code": codes[0]}).path == "/demandes"


def test_an_answer_opens_one_session_in_one_browser_for_five_minutes(
    desk: Browser, app: Flask, clock: FakeClock
) -> None:
    phone, _ = add(desk)
    browser, thief = Browser(app), Browser(app)
    page = browser.get("/connexion")
    form = page.form(SIGN_IN)
    answer = phone.get(told(browser, f"{SIGN_IN}/defi", form))
    cookie = browser.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    # what was overheard is nothing in another browser
    stolen = thief.get("/connexion").form(SIGN_IN)
    told(thief, f"{SIGN_IN}/defi", stolen)
    thief.submit(stolen, {"credential": answer}, status=401)
    assert browser.submit(form, {"credential": answer}).path == "/demandes"
    # nor a second time, not even with the cookie of before
    browser.client.set_cookie(cookie.key, cookie.value)
    browser.submit(form, {"credential": answer}, status=401)

    late = Browser(app)
    form = late.get("/connexion").form(SIGN_IN)
    answer = phone.get(told(late, f"{SIGN_IN}/defi", form))
    clock.advance(minutes=5, seconds=1)
    late.submit(form, {"credential": answer}, status=401)


def test_a_challenge_serves_what_it_was_asked_for(desk: Browser) -> None:
    phone, _ = add(desk)
    form = desk.get(PAGE).form(ADD)
    answer = phone.get(told(desk, f"{ADD}/preuve", form))
    desk.submit(form, {"name": "Clé", "credential": answer}, status=401)
    for nonsense in ("", "{}", "null", "é"):
        told(desk, f"{ADD}/defi", form)
        page = desk.submit(form, {"name": "Clé", "credential": nonsense}, status=401)
        assert "n’a pas été acceptée" in page.field_error("name")


def test_it_proves_again_who_one_is_and_what_was_typed_goes_on(
    town: Town,
    signed_in: SignedIn,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    sessions_last: None,
) -> None:
    monkeypatch.setattr(sessions, "PROVED_FOR", timedelta(minutes=10))
    office = signed_in(town.account(Role.ADMINISTRATOR))
    phone, _ = add(office)
    form = office.get("/reglages").form("/reglages")
    clock.advance(minutes=11)
    asked = office.submit(form, {"radius_km": "17"})
    proof = asked.form(PROOF)
    answer = phone.get(told(office, f"{ADD}/preuve", proof))
    wrong = office.submit(proof, {"proof.passkey": answer[:-9] + '"null"}}'}, status=401)
    assert "n’a pas été acceptée" in wrong.text
    answer = phone.get(told(office, f"{ADD}/preuve", proof))
    sent = office.send(wrong.form(PROOF), {"proof.passkey": answer})
    assert (sent.status_code, sent.headers["Location"]) == (307, "/reglages")
    form.action = "/reglages"
    assert "Un réglage modifié" in office.submit(form, {"radius_km": "17"}).text


def test_whoever_must_have_double_authentication_may_have_a_passkey(
    town: Town, desk: Browser
) -> None:
    require_second_factor(town.house, town.account(Role.ADMINISTRATOR), [Role.REGULATOR])
    led = desk.get("/demandes")
    assert led.path == "/compte/double-authentification"
    assert f"{PAGE}#passkeys-title" in led.links()
    add(desk)
    assert desk.get("/demandes").path == "/demandes"


def test_where_browsers_allow_none_nothing_is_offered(house: House, town: Town) -> None:
    browser = Browser(create_app(house))
    assert not browser.get("/connexion").has_form(SIGN_IN)
    browser.be_signed_in(town.regulator)
    page = browser.get(PAGE)
    assert not page.has_form(ADD)
    typed = {"csrf_token": page.form("/deconnexion").values["csrf_token"]}
    assert browser.client.post(f"{ADD}/defi", data=typed).status_code == 404
