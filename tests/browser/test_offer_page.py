"""A volunteer’s page in a browser: axe finds nothing, it fits, and a yes takes three taps."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from dispatcher.services.offers import link_token
from dispatcher.web.application import create_app
from tests.browser.conftest import DESKTOP, TELEPHONE, accessibility_faults, overflow
from tests.builders import Town, Volunteer
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import open_house
from tests.services.offering import answers, asked_volunteer, offer_to, waits

pytestmark = pytest.mark.browser

NARROWEST = {"width": 320, "height": 640}


@dataclass
class Stage:
    """A request that two volunteers were asked about, on a site of its own."""

    town: Town
    base_url: str
    first: Volunteer
    second: Volunteer

    def link(self, volunteer: Volunteer) -> str:
        """Where the latest offer's link leads."""
        house = self.town.house
        (request,) = self.requests
        return f"/sollicitations/{link_token(house, offer_to(house, request, volunteer).id)}"

    def __post_init__(self) -> None:
        self.requests = [
            waits(
                self.town,
                self.town.clock,
                patient={"last_name": "Bonnet", "first_name": "Camille"},
                need={"delay_hours": 24},
            )
        ]


@pytest.fixture
def stage(sqlite_template: Path, tmp_path: Path) -> Iterator[Stage]:
    path = tmp_path / "offers.sqlite3"
    shutil.copy(sqlite_template, path)
    clock = FakeClock()
    with open_house(f"sqlite:///{path}", clock=clock, sms=FakeSms(), bell=RecordingBell()) as house:
        town = Town.found(house, clock)
        pair = asked_volunteer(town, last_name="Vuillet"), asked_volunteer(town)
        server = make_server("127.0.0.1", 0, create_app(house), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Stage(town, f"http://127.0.0.1:{server.port}", *pair)
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def telephone(stage: Stage, browser: Browser) -> Iterator[Page]:
    """The first volunteer's telephone, on the page of the offer."""
    context = browser.new_context(
        viewport=TELEPHONE,  # type: ignore[arg-type]  # a TypedDict of the same keys
        locale="fr-FR",
        base_url=stage.base_url,
    )
    page = context.new_page()
    page.goto(stage.link(stage.first))
    yield page
    context.close()


def faults(page: Page) -> list[str]:
    """What axe finds, and what is too wide, at three widths."""
    found = []
    for size in (DESKTOP, TELEPHONE, NARROWEST):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # the same
        found += accessibility_faults(page)
        if overflow(page) > 0:
            found.append(f"{page.url} at {size['width']}: {overflow(page)} px too wide")
    return found


def test_yes_then_the_hour_and_the_page_says_whom(telephone: Page, stage: Stage) -> None:
    assert faults(telephone) == []
    assert "Camille" not in telephone.content()

    telephone.get_by_role("button", name="Oui, je prends cette demande").click()
    telephone.get_by_role("heading", name="Choisissez l’heure").wait_for()
    assert faults(telephone) == []
    assert telephone.get_by_text("Camille BONNET").is_visible()

    telephone.get_by_label("À quelle heure").select_option("2026-11-23T10:30:00+00:00")
    telephone.get_by_role("button", name="Confirmer cette heure").click()
    telephone.get_by_role("heading", name="Rendez-vous pris, merci").wait_for()
    assert faults(telephone) == []
    assert stage.town.the_request(stage.requests[0]).status == "booked"


def test_the_pages_where_nothing_is_asked_any_more(telephone: Page, stage: Stage) -> None:
    telephone.get_by_role("button", name="Non, pas cette fois").click()
    telephone.get_by_text("Vous avez répondu non.").wait_for()
    found = faults(telephone)
    answers(stage.town, stage.second, "OUI 11h")
    steps: list[Callable[[], object]] = [
        lambda: telephone.goto(stage.link(stage.first)),
        lambda: telephone.goto("/sollicitations/inconnu"),
    ]
    for step in steps:
        step()
        found += faults(telephone)
    assert found == []
