"""Redis and the database taken away under a regulator's fingers, and given back."""

import re
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT

import pytest
from playwright.sync_api import Browser, Page, expect
from redis import Redis

from dispatcher.storage.migrate import upgrade
from tests.browser.conftest import DESKTOP, TELEPHONE, accessibility_faults, overflow
from tests.builders import PASSWORD
from tests.faults.crew import wait_until
from tests.faults.stage import Stage, stage
from tests.servers import NoPostgres, PostgresProgram, free_port, postgres_server

pytestmark = [pytest.mark.browser, pytest.mark.faults]

PATIENCE_SECONDS = 90
AWAY = "La file de travail ne répond pas."
NAMED = "SELECT count(*) FROM care_requests"


class Desk:
    """A house in production's shape, what it runs on, and a regulator in front of it."""

    def __init__(self, on: Stage, program: PostgresProgram, page: Page, site: str) -> None:
        self.on = on
        self.database = program
        self.page = page
        self.site = site

    def sign_in(self) -> None:
        self.page.goto(f"{self.site}/connexion")
        self.page.get_by_label("Identifiant").fill(self.on.town.regulator.login)
        self.page.get_by_label("Mot de passe").fill(PASSWORD)
        self.page.get_by_role("button", name="Se connecter").click()
        self.page.wait_for_url(lambda url: "/connexion" not in url)


@pytest.fixture
def desk(browser: Browser, tmp_path: Path) -> Iterator[Desk]:
    try:
        with postgres_server() as server, server.database() as url:
            if server.program is None:
                pytest.skip("TEST_DATABASE_URL names a server that is not ours to stop")
            upgrade(url)
            port = free_port()
            with stage(url, tmp_path) as on, on.crew(workers=1, webs=[port]):
                context = browser.new_context(
                    viewport=DESKTOP,  # type: ignore[arg-type]  # a TypedDict of the same keys
                    locale="fr-FR",
                )
                context.set_default_timeout(PATIENCE_SECONDS * 1000)
                site = f"http://127.0.0.1:{port}"
                wait_until(lambda: answers(port), PATIENCE_SECONDS, "the site answers")
                desk = Desk(on, server.program, context.new_page(), site)
                desk.sign_in()
                yield desk
                context.close()
    except NoPostgres as reason:
        pytest.skip(f"no PostgreSQL: {reason}")


def answers(port: int) -> bool:
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_the_board_says_that_redis_is_away_takes_requests_and_catches_up_by_itself(
    desk: Desk,
) -> None:
    page, on = desk.page, desk.on
    on.town.slot(hours=3)
    page.goto(f"{desk.site}/demandes")
    expect(page.get_by_role("heading", name="Demandes en cours")).to_be_visible()

    on.valkey.stop()
    expect(page.get_by_text(AWAY)).to_be_visible(timeout=PATIENCE_SECONDS * 1000)
    assert accessibility_faults(page) == []
    page.goto(f"{desk.site}/demandes/nouvelle")
    enter(page, "Baud")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="BAUD")).to_be_visible()
    page.goto(f"{desk.site}/demandes")
    expect(page.locator("#column-searching")).to_contain_text("BAUD")
    expect(page.get_by_text(AWAY)).to_be_visible()
    page.set_viewport_size(TELEPHONE)  # type: ignore[arg-type]  # a TypedDict of the same keys
    assert overflow(page) <= 0

    on.valkey.start()
    expect(page.locator("#column-booked")).to_contain_text("BAUD", timeout=PATIENCE_SECONDS * 1000)
    expect(page.get_by_text(AWAY)).to_have_count(0, timeout=PATIENCE_SECONDS * 1000)
    with Redis.from_url(on.valkey.url) as redis:
        assert redis.ping()


def test_who_types_while_the_database_goes_away_is_told_and_loses_nothing(desk: Desk) -> None:
    page = desk.page
    page.goto(f"{desk.site}/demandes/nouvelle")
    enter(page, "Baud")

    desk.database.stop(SIGINT)
    page.get_by_label("Précision").fill("depuis hier")
    expect(page.get_by_text("La saisie est conservée dans cet onglet")).to_be_visible()
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", name="Service indisponible")).to_be_visible()
    expect(page.get_by_text("Rien n’a été modifié. Réessayez dans un instant.")).to_be_visible()
    expect(page.get_by_text("Rien de ce que vous avez saisi n’est perdu")).to_be_visible()
    assert accessibility_faults(page) == []
    page.set_viewport_size(TELEPHONE)  # type: ignore[arg-type]  # a TypedDict of the same keys
    assert overflow(page) <= 0

    desk.database.start()
    expect(page.get_by_text("Le service répond de nouveau.")).to_be_visible(
        timeout=PATIENCE_SECONDS * 1000
    )
    page.get_by_role("link", name="Reprendre la saisie").click()
    expect(page.get_by_text("La saisie commencée dans cet onglet a été reprise.")).to_be_visible()
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Baud")
    expect(page.get_by_label("Précision")).to_have_value("depuis hier")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", name="BAUD")).to_be_visible()
    assert desk.on.counted(NAMED) == 1


def test_the_board_says_that_it_is_no_longer_up_to_date_while_the_database_is_away(
    desk: Desk,
) -> None:
    page = desk.page
    page.goto(f"{desk.site}/demandes")
    lost = page.get_by_text(re.compile("le tableau n’est plus à jour"))
    expect(lost).to_be_hidden()

    desk.database.stop(SIGINT)
    expect(lost).to_be_visible(timeout=PATIENCE_SECONDS * 1000)

    desk.database.start()
    expect(lost).to_be_hidden(timeout=PATIENCE_SECONDS * 1000)


def enter(page: Page, name: str) -> None:
    """A request, in the form."""
    page.get_by_label("Téléphone", exact=True).fill("06 39 98 77 30")
    page.get_by_label("Nom", exact=True).fill(name)
    page.get_by_label("Prénom").fill("Lucie")
    page.get_by_label("Date de naissance").fill("03/02/1950")
    page.get_by_role("combobox", name="Commune").press_sequentially("lons-le-sau")
    expect(page.get_by_role("option").first).to_contain_text("Lons-le-Saunier")
    page.keyboard.press("Tab")
    page.get_by_label("Médecin traitant").select_option("none")
    page.get_by_role("radio", name="24 h").check(force=True)
    page.get_by_role("radio", name="SAS").first.check(force=True)
