"""Pro Santé Connect over HTTP with a provider of our own: who comes in, and who does not."""

import dataclasses
import http.client
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from config.settings import IncompleteSettingsError, ProSanteConnect, Settings
from dispatcher.domain import sessions
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import Account, Role
from dispatcher.gateways.identity import OpenIdConnect
from dispatcher.services.house import House
from dispatcher.services.identities import set_national_id
from dispatcher.services.second_factors import require_second_factor
from dispatcher.storage.practitioners import Practitioner
from dispatcher.web.application import create_app
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.identity_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityServer,
)
from tests.services.tables import events, row_counts
from tests.web.pages import Browser, Page

ASK = "/connexion/pro-sante-connect"
RPPS = "10000000001"
SignedIn = Callable[[Account], Browser]


@pytest.fixture
def provider(clock: FakeClock) -> Iterator[IdentityServer]:
    with IdentityServer(clock) as server:
        yield server


@pytest.fixture
def app(house: House, provider: IdentityServer) -> Flask:
    settings = ProSanteConnect(provider.discovery_url, CLIENT_ID, CLIENT_SECRET)
    return create_app(dataclasses.replace(house, identity=OpenIdConnect(settings)))


@pytest.fixture
def known(town: Town) -> Account:
    """The regulator, with a national number that an administrator wrote."""
    boss = town.account(Role.ADMINISTRATOR)
    set_national_id(town.house, boss, town.regulator.user_id, RPPS)
    return town.regulator


def sent(browser: Browser, path: str = ASK) -> str:
    """Where the provider sends the browser back to, by its own redirection."""
    there = browser.client.get(path).headers["Location"]
    split = urlsplit(there)
    connection = http.client.HTTPConnection(split.netloc, timeout=10)
    connection.request("GET", f"{split.path}?{split.query}")
    back = connection.getresponse().getheader("Location")
    connection.close()
    assert back is not None
    return back.partition("8000")[2]


def come_back(browser: Browser, path: str) -> TestResponse:
    return browser.client.get(path)


def sign_in(browser: Browser, path: str = ASK) -> TestResponse:
    return come_back(browser, sent(browser, path))


def told(response: TestResponse) -> str:
    return Page.of(response).text


def test_who_is_known_by_a_number_comes_in_and_goes_on(
    known: Account, somebody: Browser, town: Town
) -> None:
    require_second_factor(town.house, town.account(Role.ADMINISTRATOR), [Role.REGULATOR])
    page = somebody.get("/demandes/nouvelle")
    (link,) = [each for each in page.links() if each.startswith(ASK)]
    answer = sign_in(somebody, link)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/demandes/nouvelle")
    assert somebody.get("/demandes").path == "/demandes"  # two factors there are enough here
    kind, data = events(town.house)[-1]
    assert (kind, data["by"]) == ("user_signed_in", "psc")
    page = somebody.submit(somebody.get("/demandes").form("/deconnexion"))
    assert "déconnectez-vous aussi de Pro Santé Connect" in page.text
    there = somebody.client.get(f"{ASK}/fin").headers["Location"]
    assert "/realm/logout?client_id=relais-snp&post_logout_redirect_uri=" in there


def test_a_practitioner_is_known_by_the_rpps_of_the_directory(
    town: Town, doctor: Volunteer, somebody: Browser
) -> None:
    town.account(Role.PRACTITIONER, doctor)
    with town.house.db.writing() as session:
        session.execute(update(Practitioner).where(Practitioner.id == doctor.id).values(rpps=RPPS))
    assert sign_in(somebody).status_code == 302
    assert somebody.get("/agenda").path == "/agenda"


def test_who_is_unknown_is_told_and_nothing_is_made(town: Town, somebody: Browser) -> None:
    before = row_counts(town.house)
    answer = sign_in(somebody)
    assert answer.status_code == 403
    assert "aucun compte ne porte votre numéro national" in told(answer)
    assert row_counts(town.house) == before | {"spent_challenges": 1}


def test_two_accounts_of_one_number_are_not_guessed_between(
    known: Account, town: Town, somebody: Browser
) -> None:
    boss, other = town.account(Role.ADMINISTRATOR), town.account(Role.COORDINATOR)
    set_national_id(town.house, boss, other.user_id, f"8 {RPPS}")
    answer = sign_in(somebody)
    assert answer.status_code == 403
    assert "Plusieurs comptes" in told(answer)


NOW = 1_000_000_000
LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://pirate.example/realm"},
    "another audience": {"aud": "another-service"},
    "shared with another, authorised for it": {"aud": [CLIENT_ID, "other"], "azp": "other"},
    "shared with another, for nobody in particular": {"aud": [CLIENT_ID, "other"]},
    "for another than its audience": {"azp": "other"},
    "over": {"exp": NOW},
    "of long ago": {"iat": NOW},
    "one factor": {"acr": "eidas0"},
    "of no strength": {"acr": None},
    "of nobody": {"sub": None},
    "of another person than the one described": {"sub": "f:another"},
}


def test_an_identity_that_does_not_hold_in_every_part_opens_nothing(
    known: Account, provider: IdentityServer, somebody: Browser
) -> None:
    for lie, claims in LIES.items():
        provider.claims = claims
        answer = sign_in(somebody)
        assert answer.status_code == 401, lie
        assert "n’a pas confirmé votre identité" in told(answer)
    provider.claims = {}
    for algorithm, key in (
        ("none", provider.key),
        ("RS256", provider.stranger),
        ("HS256", provider.key),
    ):
        provider.algorithm, provider.signing = algorithm, key
        assert sign_in(somebody).status_code == 401, algorithm
    provider.algorithm, provider.signing = "RS256", provider.key
    provider.person = {"SubjectNameID": "", "preferred_username": None}
    assert sign_in(somebody).status_code == 401
    assert somebody.get("/demandes").path == "/connexion"
    provider.person = {"SubjectNameID": f"8{RPPS}"}
    assert sign_in(somebody).status_code == 302


def test_a_way_back_is_gone_once_and_by_the_browser_that_went(
    known: Account, somebody: Browser, app: Flask, clock: FakeClock
) -> None:
    back, victim = sent(somebody), Browser(app)
    assert come_back(victim, back).status_code == 401  # a link that somebody else began
    sent(victim)
    assert come_back(victim, back).status_code == 401
    cookie = somebody.client.get_cookie("snp")
    assert cookie is not None
    assert come_back(somebody, back).status_code == 302
    thief = Browser(app)
    thief.client.set_cookie("snp", cookie.value)  # the cookie of before, and the address
    assert come_back(thief, back).status_code == 401

    late = Browser(app)
    back = sent(late)
    clock.advance(minutes=5, seconds=1)
    assert come_back(late, back).status_code == 401


def test_an_answer_of_another_provider_or_without_a_code_opens_nothing(
    known: Account, somebody: Browser
) -> None:
    for change in (("iss=http", "iss=https"), ("code=", "error=access_denied&autre=")):
        back = sent(somebody).replace(*change, 1)
        assert come_back(somebody, back).status_code == 401, change
    back = sent(somebody)
    code = back.partition("code=")[2].partition("&")[0]
    assert come_back(somebody, back.replace(code, "invente", 1)).status_code == 401


def test_while_it_is_away_people_are_told_to_use_their_account(
    known: Account, provider: IdentityServer, somebody: Browser
) -> None:
    back = sent(somebody)
    provider.status = 500
    for answer in (somebody.client.get(ASK), come_back(somebody, back)):
        assert answer.status_code == 503
        assert "ne répond pas" in told(answer)
    provider.status = 200
    provider.described = {"issuer": "https://pirate.example"}
    assert somebody.client.get(ASK).status_code == 503
    provider.described = {"token_endpoint": "ftp://127.0.0.1/token"}
    assert somebody.client.get(ASK).status_code == 503


def test_it_proves_again_who_one_is_and_the_form_goes_on(
    town: Town,
    signed_in: SignedIn,
    clock: FakeClock,
    sessions_last: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "PROVED_FOR", timedelta(minutes=10))
    boss = town.account(Role.ADMINISTRATOR)
    set_national_id(town.house, boss, boss.user_id, RPPS)
    office = signed_in(boss)
    form = office.get("/reglages").form("/reglages")
    clock.advance(minutes=11)
    asked = office.submit(form, {"radius_km": "17"})
    assert ASK in asked.links()
    office.submit(asked.form("/compte/confirmation"), status=422)
    assert "C’est confirmé" in told(sign_in(office))
    gone = office.send(asked.form("/compte/confirmation"))
    assert (gone.status_code, gone.headers["Location"]) == (307, "/reglages")


def test_an_administrator_writes_the_number_and_takes_it_away(
    town: Town, signed_in: SignedIn
) -> None:
    office = signed_in(town.account(Role.ADMINISTRATOR))
    path = f"/administration/comptes/{town.regulator.user_id}/numero-national"
    page = office.submit(office.get("/administration").form(path), {"national_id": RPPS})
    assert page.form(path).values["national_id"] == f"8{RPPS}"
    page = office.submit(page.form(path), {"national_id": "abc"})
    assert "8 à 14 chiffres" in page.text
    assert page.form(path).values["national_id"] == f"8{RPPS}"
    page = office.submit(page.form(path), {"national_id": ""})
    assert page.form(path).values["national_id"] == ""
    said = [data["given"] for kind, data in events(town.house) if kind == "national_id_changed"]
    assert said == [True, False]
    with pytest.raises(InvalidError):
        set_national_id(town.house, town.regulator, town.regulator.user_id, "7/" * 40)


def test_without_settings_there_is_no_such_button(house: House) -> None:
    browser = Browser(create_app(house))
    assert "Pro Santé Connect" not in browser.get("/connexion").text
    for path in (ASK, f"{ASK}/retour", f"{ASK}/fin"):
        browser.get(path, status=404)


def test_settings_that_lack_something_are_refused_at_start() -> None:
    asked = {"PSC_DISCOVERY_URL": "https://psc.example/auth"}
    with pytest.raises(IncompleteSettingsError) as refused:
        Settings.from_environment(asked)
    for name in ("PSC_DISCOVERY_URL", "PSC_CLIENT_ID", "PSC_CLIENT_SECRET"):
        assert name in str(refused.value)
