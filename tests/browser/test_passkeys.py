"""A real browser with a virtual authenticator: a passkey is made, and opens a session alone."""

import dataclasses
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from werkzeug.serving import make_server

from dispatcher.services.house import House
from dispatcher.web.application import create_app
from tests.browser.conftest import accessibility_faults
from tests.builders import PASSWORD, Town

pytestmark = pytest.mark.browser


@pytest.fixture
def site(house: House) -> Iterator[str]:
    """The pages at a name: browsers allow no passkeys at 127.0.0.1."""
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    address = f"http://localhost:{server.server_port}"
    settings = dataclasses.replace(house.settings, public_base_url=address)
    server.app = create_app(dataclasses.replace(house, settings=settings))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def telephone(browser: Browser) -> Iterator[tuple[BrowserContext, Page]]:
    """A browser whose device unlocks by fingerprint, and says yes."""
    context = browser.new_context(locale="fr-FR", viewport=ViewportSize(width=1440, height=900))
    page = context.new_page()
    device: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    yield context, page
    context.close()


def test_a_passkey_is_made_on_my_account_and_then_is_the_whole_sign_in(
    site: str, town: Town, telephone: tuple[BrowserContext, Page]
) -> None:
    _, page = telephone
    page.goto(f"{site}/connexion")
    page.get_by_label("Identifiant").fill(town.regulator.login)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.wait_for_url("**/demandes")

    page.goto(f"{site}/compte")
    page.get_by_label("Nom de la nouvelle clé").fill("Téléphone d’Anne")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Vos codes de secours")).to_be_visible()
    expect(page.get_by_text("Téléphone d’Anne", exact=True)).to_be_visible()
    assert accessibility_faults(page) == []

    # the same device is not asked to make a second one
    page.get_by_label("Nom de la nouvelle clé").fill("Encore")
    page.get_by_role("button", name="Ajouter une clé d’accès").click()
    expect(page.get_by_text("Cet appareil a déjà une clé d’accès")).to_be_visible()

    page.goto(f"{site}/demandes")
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url("**/connexion")
    assert accessibility_faults(page) == []
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    page.wait_for_url("**/demandes")


def test_who_does_not_unlock_their_device_is_told_and_stays(
    site: str, town: Town, telephone: tuple[BrowserContext, Page]
) -> None:
    _, page = telephone
    page.goto(f"{site}/connexion")
    page.get_by_role("button", name="Se connecter avec une clé d’accès").click()
    expect(page.get_by_role("alert")).to_contain_text("La clé d’accès n’a pas été utilisée")
    assert accessibility_faults(page) == []
