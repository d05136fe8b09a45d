"""What browsers and programs are told by every answer, and how often anybody may call."""

import dataclasses
from collections.abc import Iterator

import pytest
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from dispatcher.api.room import room as api
from dispatcher.domain.roles import Role
from dispatcher.services.house import House
from dispatcher.web import rates
from dispatcher.web.application import create_app
from tests.api.caller import Caller, problem
from tests.builders import PASSWORD, Town
from tests.web.pages import Browser

# What is told here does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

UNKNOWN_LINKS = (
    "/r/abc",
    "/p/abc",
    "/sollicitations/abc",
    "/renfort/abc",
    "/flux/abc/rendez-vous.ics",
)
RATE = 5


def app_with(house: House, **changes: object) -> Flask:
    settings = dataclasses.replace(house.settings, **changes)  # type: ignore[arg-type]
    return create_app(dataclasses.replace(house, settings=settings), guests=[api])


@pytest.fixture
def behind_tls(house: House) -> Flask:
    return app_with(house, public_base_url="https://snp.example.org")


@pytest.fixture
def limited(house: House) -> Flask:
    return app_with(house, call_rate=RATE)


def answers(app: Flask) -> Iterator[TestResponse]:
    """One of every kind: page, part, file, redirection, API, and every way of being refused."""
    client = app.test_client()
    for path in (
        "/connexion",
        "/health",
        "/static/css/layout.css",
        "/demandes",
        "/api/v1/openapi.json",
    ):
        yield client.get(path)
    for path in (
        *UNKNOWN_LINKS,
        "/nulle-part",
        "/api/v1/requests/x",
        "/metrics",
        "/nowhere/inbound",
    ):
        yield client.get(path)
    yield client.post("/connexion")
    yield client.post("/deconnexion")
    yield client.delete("/connexion")
    yield client.post("/connexion", data=b"x" * 300_000)
    yield client.post("/api/v1/requests", data=b"x" * 300_000)


def test_every_answer_tells_the_browser_what_it_must_not_do(behind_tls: Flask) -> None:
    seen = set()
    for answer in answers(behind_tls):
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'self'", "object-src 'none'", "base-uri 'none'"} <= set(policy)
        assert {"frame-ancestors 'none'", "form-action 'self'"} <= set(policy)
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000; include")
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Cache-Control" in answer.headers
        seen.add(answer.status_code)
        answer.close()
    assert seen >= {200, 302, 400, 401, 404, 405, 413}


def test_without_tls_nobody_is_told_to_insist_on_it(app: Flask) -> None:
    answer = app.test_client().get("/connexion")
    assert "Strict-Transport-Security" not in answer.headers


def test_cookies_behind_tls_belong_to_this_host_alone(behind_tls: Flask, town: Town) -> None:
    client = behind_tls.test_client()
    secure = {"base_url": "https://snp.example.org"}
    page = client.get("/connexion", **secure).get_data(as_text=True)
    found = page.split('name="csrf_token" value="')[1].split('"')[0]
    typed = {"csrf_token": found, "login": town.regulator.login, "password": PASSWORD}
    answer = client.post("/connexion", data=typed, **secure)
    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"__Host-snp", "__Host-snp-device"}
    for cookie in cookies:
        parts = set(cookie.split("; "))
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts
        assert not any(part.startswith("Domain") for part in parts)


def test_signing_out_empties_what_the_browser_kept(desk: Browser) -> None:
    answer = desk.send(desk.get("/demandes").form("/deconnexion"))
    assert answer.headers["Clear-Site-Data"] == '"storage"'


@pytest.mark.parametrize(
    ("method", "path", "status", "heading"),
    [
        ("GET", "/nulle-part", 404, "Page introuvable"),
        ("DELETE", "/connexion", 405, "Action impossible"),
        ("TRACE", "/connexion", 405, "Action impossible"),
        ("POST", "/deconnexion", 400, "Formulaire périmé"),
    ],
)
def test_every_refusal_is_a_page_in_french(
    somebody: Browser, method: str, path: str, status: int, heading: str
) -> None:
    answer = somebody.client.open(path, method=method)
    page = somebody._shown(answer, status)
    assert page.h1 == heading
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_body_that_is_too_large_is_refused_on_a_page(somebody: Browser) -> None:
    form = somebody.get("/connexion").form("/connexion")
    page = somebody.submit(form, {"login": "x" * 300_000}, status=413)
    assert page.h1 == "Envoi trop volumineux"


def test_an_account_that_calls_too_often_is_told_when_to_come_back(
    limited: Flask, town: Town
) -> None:
    one, other = Browser(limited), Browser(limited)
    for browser, role in ((one, Role.REGULATOR), (other, Role.REGULATOR)):
        browser.be_signed_in(town.account(role))
    for _ in range(RATE):
        assert one.client.get("/demandes").status_code == 200
    page = one.get("/demandes", status=429)
    assert page.h1 == "Trop d’essais"
    assert page.response.headers["Retry-After"] == "60"
    assert one.client.get("/demandes/nouvelle").status_code == 429
    assert other.client.get("/demandes").status_code == 200
    with one.client.get("/static/css/layout.css") as asset:
        assert asset.status_code == 200
    assert one.client.get("/health").status_code == 200


def test_a_token_that_calls_too_often_is_told_so_in_a_problem(limited: Flask, town: Town) -> None:
    client = limited.test_client()
    one, other = (Caller.as_role(client, town, Role.REGULATOR) for _ in range(2))
    for _ in range(RATE):
        assert one.get("/practitioners").status_code == 200
    refused = one.get("/practitioners")
    assert problem(refused, 429, "too-many-calls")["detail"]
    assert refused.headers["Retry-After"] == "60"
    assert one.get("/slots").status_code == 429
    assert other.get("/practitioners").status_code == 200


def test_an_address_without_an_account_is_limited_and_others_are_not(limited: Flask) -> None:
    client = limited.test_client()

    def ask(source: str) -> int:
        return client.get("/guide", environ_overrides={"REMOTE_ADDR": source}).status_code

    assert [ask("198.51.100.7") for _ in range(RATE + 1)] == [200] * RATE + [429]
    assert ask("198.51.100.8") == 200
    # whoever has an IPv6 network has all of its addresses
    assert [ask(f"2001:db8::{n}") for n in range(RATE + 1)] == [200] * RATE + [429]
    assert ask("2001:db8:0:1::1") == 200
    assert ask("::ffff:198.51.100.9") == 200


@pytest.mark.parametrize("path", UNKNOWN_LINKS)
def test_walking_links_ends_after_a_few(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(rates, "GUESSES", "3/minute")
    client = create_app(house).test_client()
    assert [client.get(path).status_code for _ in range(5)] == [404, 404, 404, 429, 429]


def test_walking_tokens_ends_after_a_few(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "GUESSES", "3/minute")
    client = create_app(house, guests=[api]).test_client()
    tries = [Caller(client, f"snp_{n}").get("/slots").status_code for n in range(5)]
    assert tries == [401, 401, 401, 429, 429]


def test_the_providers_calls_are_never_turned_away(limited: Flask) -> None:
    client = limited.test_client()
    tries = {client.post("/twilio/status").status_code for _ in range(RATE + 3)}
    assert tries == {403}


def test_what_costs_most_has_a_limit_of_its_own(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "COSTLY", "2/minute")
    browser = Browser(create_app(house))
    browser.be_signed_in(town.account(Role.COORDINATOR))
    paths = ("/activite.csv", "/activite.xlsx", "/activite.csv")
    assert [browser.client.get(path).status_code for path in paths][-1] == 429
    assert browser.client.get("/activite").status_code == 200


def test_every_file_that_leaves_is_among_what_costs(app: Flask) -> None:
    files = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.rule.endswith((".csv", ".xlsx", ".pdf", ".zip"))
    }
    assert files
    assert files <= set(rates.COSTLY_ROUTES), files - set(rates.COSTLY_ROUTES)
    assert set(rates.COSTLY_ROUTES) <= set(app.view_functions)


def test_every_call_is_logged_with_who_made_it_and_without_what_it_said(
    town: Town, app: Flask
) -> None:
    one, other = Browser(app), Browser(app)
    one.be_signed_in(town.regulator)
    with capture_logs() as lines:
        one.client.get("/demandes?recherche=0639980012")
        one.client.get("/activite")
        other.client.get("/demandes")
        refused = other.get("/connexion").form("/connexion")
        other.send(refused, {"login": "cible@jura.example", "password": "essai secret"})
    told = [line for line in lines if line["event"] == "request"]
    assert [(line["endpoint"], line["status"]) for line in told] == [
        ("desk.board", 200),
        ("coordinator.activity", 403),
        ("desk.board", 302),
        ("account.sign_in", 200),
        ("account.check", 401),
    ]
    assert [line["account"] for line in told] == [str(town.regulator.user_id)] * 2 + [None] * 3
    for said in ("0639980012", "cible", "secret"):
        assert said not in str(lines)


def test_a_number_of_thousands_of_digits_is_no_number(desk: Browser) -> None:
    """Python refuses to read it, which nobody expects."""
    form = desk.get("/demandes/nouvelle").form("/demandes/nouvelle")
    page = desk.submit(form, {"need.delay_hours": "9" * 5000}, status=422)
    assert page.field_error("need.delay_hours")
