"""A practitioner’s pages behind a link in a browser: axe finds nothing, one tap closes a visit."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from dispatcher.domain.roles import Role
from dispatcher.services.schedules import set_up_schedule
from dispatcher.web.application import create_app
from tests.browser.conftest import DESKTOP, TELEPHONE, accessibility_faults, overflow
from tests.builders import Town
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises, open_house
from tests.services.own_links import ask_practitioners_now, latest_secret
from tests.services.timetables import mondays

pytestmark = pytest.mark.browser


@pytest.fixture
def addresses(sqlite_template: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The links of an appointment, a morning's question about two, and an evening's, on a site."""
    path = tmp_path / "links.sqlite3"
    shutil.copy(sqlite_template, path)
    clock, sms, url = FakeClock(), FakeSms(), f"sqlite:///{path}"
    with open_house(url, clock=clock, sms=sms, bell=RecordingBell()) as house:
        town = Town.found(house, clock)
        doctor, motive = town.volunteer(), next(iter(house.catalogue.motives))
        for hours in (2.0, 3.0):
            town.slot(doctor, hours=hours)
            town.request(need={"motive": motive})
        keep_promises(house)
        tuesdays = mondays(doctor, weekdays=[1], asks_first=True)
        set_up_schedule(house, town.account(Role.PRACTITIONER, doctor), tuesdays)
        clock.advance(hours=9)
        ask_practitioners_now(house, clock)
        publication = latest_secret(sms, doctor)
        clock.advance(hours=14)
        ask_practitioners_now(house, clock)
        closing = latest_secret(sms, doctor)
        town.slot(doctor, hours=4)
        town.request(need={"motive": motive, "note": "une note"})
        keep_promises(house)
        server = make_server("127.0.0.1", 0, create_app(house), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        base = f"http://127.0.0.1:{server.server_port}/p/"
        secrets = {
            "appointment": latest_secret(sms, doctor),
            "closing": closing,
            "publication": publication,
        }
        yield {name: base + secret for name, secret in secrets.items()}
        server.shutdown()
        thread.join()


@pytest.fixture
def telephone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport=TELEPHONE,  # type: ignore[arg-type]  # a TypedDict of the same keys
        locale="fr-FR",
    )
    yield context.new_page()
    context.close()


def test_axe_finds_nothing_and_the_pages_fit(telephone: Page, addresses: dict[str, str]) -> None:
    for address in (*addresses.values(), f"{addresses['appointment']}/annuler"):
        telephone.goto(address)
        for size in (DESKTOP, TELEPHONE):
            telephone.set_viewport_size(size)  # type: ignore[arg-type]  # the same
            assert accessibility_faults(telephone) == []
            assert overflow(telephone) <= 0


def test_a_morning_is_closed_with_one_tap_for_each_visit(
    telephone: Page, addresses: dict[str, str]
) -> None:
    telephone.goto(addresses["closing"])
    telephone.get_by_role("button", name="Venu : Lundi 23 novembre, 11 h", exact=True).click()
    telephone.get_by_role("button", name="Non venu : Lundi 23 novembre, 12 h", exact=True).click()
    telephone.get_by_text("Tout est noté, merci.").wait_for()


def test_tomorrow_is_published_with_one_tap(telephone: Page, addresses: dict[str, str]) -> None:
    telephone.goto(addresses["publication"])
    telephone.get_by_role("button", name="Oui, publier").click()
    telephone.get_by_text("C’est publié").wait_for()
    assert accessibility_faults(telephone) == []
    assert overflow(telephone) <= 0
