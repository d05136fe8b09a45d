"""Files that leave and settings ask for the password again, ten minutes after the last time."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest

from dispatcher.domain import sessions
from dispatcher.domain.roles import Account, Role
from tests.builders import PASSWORD, Town
from tests.fakes.clock import FakeClock
from tests.web.pages import Browser
from tests.web.test_second_factor import set_up

PROOF = "/compte/confirmation"
SignedIn = Callable[[Account], Browser]


@pytest.fixture(autouse=True)
def ten_minutes(sessions_last: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production."""
    monkeypatch.setattr(sessions, "PROVED_FOR", timedelta(minutes=10))


@pytest.fixture
def office(town: Town, signed_in: SignedIn) -> Browser:
    return signed_in(town.account(Role.ADMINISTRATOR))


def test_a_form_sent_too_late_waits_for_the_password_and_then_goes_on(
    office: Browser, clock: FakeClock
) -> None:
    form = office.get("/reglages").form("/reglages")
    clock.advance(minutes=11)
    asked = office.submit(form, {"radius_km": "17"})
    assert asked.h1 == "Confirmez que c’est vous"
    assert "Ce que vous avez saisi est conservé." in asked.text
    assert office.get("/reglages").form("/reglages").values["radius_km"] != "17"

    refused = office.submit(asked.form(PROOF), {"proof.password": "pas le bon"}, status=422)
    assert "mot de passe actuel" in refused.field_error("proof.password")
    form, proof = refused.form(PROOF), {"proof.password": PASSWORD}
    sent = office.send(form, proof)
    assert (sent.status_code, sent.headers["Location"]) == (307, "/reglages")
    # a browser sends the same again to there; the test's client has read its body already
    form.action = "/reglages"
    page = office.submit(form, proof)
    assert "Un réglage modifié" in page.text
    assert page.form("/reglages").values["radius_km"] == "17"


def test_a_file_leaves_once_the_password_was_typed(
    town: Town, signed_in: SignedIn, clock: FakeClock
) -> None:
    browser = signed_in(town.account(Role.COORDINATOR))
    clock.advance(minutes=10)
    assert browser.client.get("/activite.csv").mimetype == "text/csv"
    clock.advance(seconds=1)
    asked = browser.get("/activite.csv?du=2026-11-01")
    assert asked.h1 == "Confirmez que c’est vous"
    page = browser.submit(asked.form(PROOF), {"proof.password": PASSWORD})
    assert "/activite.csv?du=2026-11-01" in page.links()
    assert browser.client.get("/activite.csv").mimetype == "text/csv"


def test_the_password_is_not_tried_there_for_long(office: Browser, clock: FakeClock) -> None:
    form = office.get("/reglages").form("/reglages")
    clock.advance(minutes=11)
    asked = office.submit(form)
    for _ in range(5):
        office.submit(asked.form(PROOF), {"proof.password": "pas le bon"}, status=422)
    page = office.submit(asked.form(PROOF), {"proof.password": PASSWORD}, status=429)
    assert page.h1 == "Trop d’essais"


def test_who_has_an_application_proves_themselves_by_its_code_as_well(
    town: Town, signed_in: SignedIn, clock: FakeClock
) -> None:
    boss = town.account(Role.ADMINISTRATOR)
    office = signed_in(boss)
    totp, _ = set_up(office, clock)
    form = office.get("/reglages").form("/reglages")
    clock.advance(minutes=11)
    asked = office.submit(form, {"radius_km": "17"})
    assert "Ou code de votre application" in asked.text
    refused = office.submit(asked.form(PROOF), {"proof.code": "000000"}, status=401)
    assert "Ce code ne convient pas" in refused.field_error("proof.code")
    code = totp.at(clock())
    sent = office.send(refused.form(PROOF), {"proof.code": code})
    assert (sent.status_code, sent.headers["Location"]) == (307, "/reglages")
    form.action = "/reglages"
    assert "Un réglage modifié" in office.submit(form, {"radius_km": "17"}).text
    clock.advance(minutes=11)
    asked = office.submit(form)
    for _ in range(4):  # guesses, the code that served among them, are limited as passwords are
        office.submit(asked.form(PROOF), {"proof.code": code}, status=401)
    proof = {"proof.code": totp.at(clock())}
    assert office.submit(asked.form(PROOF), proof, status=429).h1 == "Trop d’essais"


def test_who_has_none_is_not_asked_for_a_code(office: Browser, clock: FakeClock) -> None:
    form = office.get("/reglages").form("/reglages")
    clock.advance(minutes=11)
    asked = office.submit(form)
    assert "code" not in asked.text
    office.submit(asked.form(PROOF), {"proof.code": "000000"}, status=401)


def test_a_form_of_another_site_is_not_handed_on_behind_the_password(
    office: Browser, clock: FakeClock
) -> None:
    clock.advance(minutes=11)
    answer = office.client.post("/reglages", data={"radius_km": "99"})
    assert answer.status_code == 400
    assert "proof." not in answer.get_data(as_text=True)


def test_a_file_that_was_chosen_is_asked_for_again(
    town: Town, signed_in: SignedIn, clock: FakeClock
) -> None:
    browser = signed_in(town.account(Role.COORDINATOR))
    form = browser.get("/contrat/modifier").form("/contrat/modifier")
    clock.advance(minutes=11)
    asked = browser.submit(form, {"fichier": (io.BytesIO(b"[contract]"), "contrat.toml")})
    assert "sauf le fichier, à choisir de nouveau" in asked.text


def test_it_leads_to_no_other_address(office: Browser, clock: FakeClock) -> None:
    form = office.get("/reglages").form("/reglages")
    clock.advance(minutes=11)
    asked = office.submit(form)
    typed = {"proof.password": PASSWORD, "proof.path": "https://ailleurs.example/"}
    answer = office.send(asked.form(PROOF), typed)
    assert answer.status_code == 200
    assert "ailleurs" not in answer.get_data(as_text=True)


def test_everyday_work_is_never_interrupted(desk: Browser, clock: FakeClock) -> None:
    clock.advance(hours=3)
    assert desk.get("/demandes").path == "/demandes"
    assert desk.get("/demandes/nouvelle").h1 == "Nouvelle demande"
