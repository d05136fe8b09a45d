"""Signing in and out, and the limits on tries."""

import dataclasses
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from dispatcher.demo.valkey import RunningValkey
from dispatcher.domain.roles import Account, Role
from dispatcher.services.accounts import set_active
from dispatcher.services.house import House
from dispatcher.web import account
from dispatcher.web.application import create_app
from dispatcher.web.devices import COOKIE, digest_of
from dispatcher.web.paths import safe_path
from tests.builders import PASSWORD, Town
from tests.fakes.clock import FakeClock
from tests.houses import settings_for
from tests.servers import valkey_server
from tests.web.pages import Browser

SENTENCE = "L’identifiant ou le mot de passe ne convient pas."
TRIES = 10
"""Refused tries a minute for one login."""

SignedIn = Callable[[Account], Browser]


def refused(browser: Browser, login: str) -> int:
    """Try a wrong password; the status of the answer."""
    form = browser.get("/connexion").form("/connexion")
    return browser.send(form, {"login": login, "password": "pas le bon mot"}).status_code


def test_each_role_arrives_where_its_work_begins(town: Town, app: Flask) -> None:
    arrivals = {
        Role.REGULATOR: "/demandes",
        Role.PRACTITIONER: "/agenda",
        Role.COORDINATOR: "/activite",
        Role.ADMINISTRATOR: "/administration",
    }
    for role, path in arrivals.items():
        volunteer = town.volunteer() if role == Role.PRACTITIONER else None
        page = Browser(app).sign_in(town.account(role, volunteer))
        assert page.path == path
        assert "Se déconnecter" in page.text


def test_a_wrong_password_and_an_unknown_login_are_told_the_same(
    town: Town, somebody: Browser
) -> None:
    for login in (town.regulator.login, "personne@jura.example"):
        page = somebody.submit(
            somebody.get("/connexion").form("/connexion"),
            {"login": login, "password": "pas le bon mot"},
            status=401,
        )
        assert SENTENCE in page.text
        assert page.form("/connexion").values["login"] == login
        assert page.form("/connexion").values["password"] == ""


def test_a_closed_account_cannot_sign_in_and_its_session_ends(
    town: Town, signed_in: SignedIn
) -> None:
    browser = signed_in(town.regulator)
    set_active(town.house, town.account(Role.ADMINISTRATOR), town.regulator.user_id, active=False)
    assert browser.get("/demandes").path == "/connexion"
    assert refused(browser, town.regulator.login) == 401


def test_who_was_sent_to_sign_in_goes_on_to_the_page_they_wanted(
    town: Town, somebody: Browser
) -> None:
    asked = somebody.get("/demandes/nouvelle")
    assert asked.path == "/connexion"
    page = somebody.submit(
        asked.form("/connexion"), {"login": town.regulator.login, "password": PASSWORD}
    )
    assert page.path == "/demandes/nouvelle"


@pytest.mark.parametrize(
    "wanted",
    [
        "//ailleurs.example",
        "https://ailleurs.example",
        "/\\ailleurs.example",
        "/\t/ailleurs.example",
        "/\n/ailleurs.example",
        "javascript:alert(1)",
        "ailleurs",
        "",
    ],
)
def test_signing_in_never_leads_to_another_address(
    town: Town, somebody: Browser, wanted: str
) -> None:
    assert safe_path(wanted) == ""
    page = somebody.submit(
        somebody.get("/connexion").form("/connexion"),
        {"login": town.regulator.login, "password": PASSWORD, "next": wanted},
    )
    assert page.path == "/demandes"


def test_a_path_of_this_site_is_safe() -> None:
    assert safe_path("/demandes?q=0639980001") == "/demandes?q=0639980001"


def test_whoever_is_signed_in_is_not_asked_again(desk: Browser) -> None:
    assert desk.get("/connexion").path == "/demandes"
    assert desk.get("/").path == "/demandes"


def test_without_a_session_everything_leads_to_the_sign_in(somebody: Browser) -> None:
    assert somebody.get("/").path == "/connexion"
    assert somebody.get("/demandes").path == "/connexion"


def test_signing_out_closes_this_browsers_session(desk: Browser) -> None:
    page = desk.submit(desk.get("/demandes").form("/deconnexion"))
    assert page.path == "/connexion"
    assert desk.get("/demandes").path == "/connexion"


def test_a_form_without_its_token_is_refused_and_says_so(desk: Browser) -> None:
    form = desk.get("/demandes").form("/deconnexion")
    page = desk.submit(form, {"csrf_token": None}, status=400)
    assert page.h1 == "Formulaire périmé"
    assert desk.get("/demandes").path == "/demandes"


def test_a_form_sent_after_the_session_ended_says_so(desk: Browser) -> None:
    form = desk.get("/demandes/nouvelle").form("/demandes/nouvelle")
    desk.client.delete_cookie("snp")
    page = desk.submit(form, status=401)
    assert page.h1 == "Connexion nécessaire"


def test_what_asks_by_itself_is_told_that_the_session_ended_and_not_led_away(
    desk: Browser,
) -> None:
    desk.client.delete_cookie("snp")
    assert desk.part("/demandes/tableau", status=401).html == ""
    answer = desk.client.get("/communes?q=lons", headers={"Accept": "application/json"})
    assert answer.status_code == 401


def test_refused_tries_of_one_login_are_limited_and_other_logins_are_not(
    town: Town, somebody: Browser
) -> None:
    for _ in range(TRIES):
        assert refused(somebody, "cible@jura.example") == 401
    assert refused(somebody, "cible@jura.example") == 429
    assert refused(somebody, " CIBLE@jura.example") == 429
    assert somebody.sign_in(town.regulator).path == "/demandes"


def test_refused_tries_of_one_address_are_limited_whatever_the_login(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "TRIES_BY_ADDRESS", "3/minute")
    browser = Browser(create_app(house))
    tries = [refused(browser, f"cible-{number}@jura.example") for number in range(5)]
    assert tries == [401, 401, 401, 429, 429]


def test_nobody_keeps_the_owner_out_of_a_browser_that_they_have_used_before(
    town: Town, app: Flask
) -> None:
    own, colleague, stranger = Browser(app), Browser(app), Browser(app)
    login = town.regulator.login
    for browser, who in ((own, town.regulator), (colleague, town.account(Role.REGULATOR))):
        browser.submit(browser.sign_in(who).form("/deconnexion"))

    for _ in range(TRIES):
        assert refused(stranger, login) == 401
    assert refused(stranger, login) == 429

    assert refused(own, login) == 401  # a slip of theirs is counted apart
    assert own.sign_in(town.regulator).path == "/demandes"
    # another person's browser, and a cookie that we have not signed, open nothing
    assert refused(colleague, login) == 429
    stranger.client.set_cookie(COOKIE, "eyJpZCI6IjAwIn0.aaaa.bbbb")
    assert refused(stranger, login) == 429


def test_a_browser_that_is_known_has_tries_of_its_own_and_no_more_than_others(
    town: Town, app: Flask
) -> None:
    own = Browser(app)
    own.submit(own.sign_in(town.regulator).form("/deconnexion"))
    tries = [refused(own, town.regulator.login) for _ in range(TRIES + 1)]
    assert tries == [401] * TRIES + [429]
    assert Browser(app).sign_in(town.regulator).path == "/demandes"


def test_the_cookie_of_a_known_browser_names_nobody(town: Town, desk: Browser) -> None:
    cookie = desk.client.get_cookie(COOKIE)
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    _, told = URLSafeTimedSerializer("not ours").loads_unsafe(cookie.value)
    assert set(told) == {"id", "logins"}
    assert told["logins"] == [digest_of(f" {town.regulator.login.upper()}")]


def test_signing_in_well_costs_no_try(town: Town, app: Flask) -> None:
    for _ in range(TRIES + 2):
        assert Browser(app).sign_in(town.regulator).path == "/demandes"


def test_too_many_tries_are_told_on_a_page(somebody: Browser) -> None:
    for _ in range(TRIES):
        refused(somebody, "cible@jura.example")
    page = somebody.submit(
        somebody.get("/connexion").form("/connexion"),
        {"login": "cible@jura.example", "password": "encore"},
        status=429,
    )
    assert page.h1 == "Trop d’essais"


@pytest.fixture
def valkey() -> Iterator[RunningValkey]:
    with valkey_server() as server:
        yield server


def test_processes_count_tries_together_through_redis(house: House, valkey: RunningValkey) -> None:
    shared = dataclasses.replace(
        house,
        settings=settings_for(house.settings.database_url, redis_url=valkey.url),
    )
    one, other = Browser(create_app(shared)), Browser(create_app(shared))
    for _ in range(TRIES):
        assert refused(one, "cible@jura.example") == 401
    assert refused(other, "cible@jura.example") == 429


def test_tries_are_counted_in_the_process_once_redis_goes_away(
    house: House, valkey: RunningValkey
) -> None:
    settings = settings_for(house.settings.database_url, redis_url=valkey.url)
    browser = Browser(create_app(dataclasses.replace(house, settings=settings)))
    assert refused(browser, "cible@jura.example") == 401
    valkey.stop()
    statuses = [refused(browser, "cible@jura.example") for _ in range(TRIES + 2)]
    assert set(statuses[: TRIES - 1]) == {401}
    assert statuses[-1] == 429


def test_a_redis_that_never_answers_keeps_nobody_waiting_for_long(house: House, town: Town) -> None:
    """It takes the connection and then says nothing: the worst way to be away."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        settings = settings_for(house.settings.database_url, redis_url=url)
        browser = Browser(create_app(dataclasses.replace(house, settings=settings)))
        assert browser.sign_in(town.regulator).path == "/demandes"
        before = time.monotonic()
        for _ in range(5):
            browser.get("/demandes")
        assert time.monotonic() - before < 5


def test_a_demonstration_lists_its_accounts(house: House, clock: FakeClock, tmp_path: Path) -> None:
    town = Town.found(house, clock)
    login = town.regulator.login
    known = {"login": login, "password": PASSWORD, "role": "regulator", "territory": town.code}
    (tmp_path / "contents.json").write_text(json.dumps({"accounts": [known]}))
    settings = settings_for(house.settings.database_url, demonstration_directory=tmp_path)
    page = Browser(create_app(dataclasses.replace(house, settings=settings))).get("/connexion")
    assert "CPTS jura" in page.texts("h3")
    assert f"Régulation Compte regulator {login}" in page.texts("button")
    assert PASSWORD in page.text


def test_a_demonstration_that_is_not_filled_yet_still_shows_the_form(
    house: House, tmp_path: Path
) -> None:
    settings = settings_for(house.settings.database_url, demonstration_directory=tmp_path)
    page = Browser(create_app(dataclasses.replace(house, settings=settings))).get("/connexion")
    assert page.has_form("/connexion")


def test_only_a_demonstration_leads_to_its_telephone(
    house: House, town: Town, desk: Browser, tmp_path: Path
) -> None:
    settings = settings_for(house.settings.database_url, demonstration_directory=tmp_path)
    shown = Browser(create_app(dataclasses.replace(house, settings=settings)))
    assert "/demo/telephone" in shown.sign_in(town.regulator).links()
    assert "/demo/telephone" not in desk.get("/demandes").links()


def test_only_a_demonstration_lists_accounts(town: Town, somebody: Browser) -> None:
    page = somebody.get("/connexion")
    assert "démonstration" not in page.text
    assert PASSWORD not in page.html
