"""The board in a browser: what is about to be late is heard and counted in the title."""

import json

import pytest
from playwright.sync_api import Page, Route

from tests.browser.conftest import Visitors

pytestmark = pytest.mark.browser

RANG = "() => { window.rang = 0; document.addEventListener('alarm-rang', () => { window.rang++ }) }"


def late(page: Page, *ids: str) -> None:
    """From now on the live part says that these are about to be late."""
    part = f'<div data-alarm="{" ".join(ids)}"></div><p data-announce="">{json.dumps(ids)}</p>'

    def answer(route: Route) -> None:
        headers = {"ETag": f'"{"-".join(ids)}"', "X-Live-Every": "100"}
        route.fulfill(status=200, body=part, headers=headers, content_type="text/html")

    page.unroute("**/demandes/tableau*")
    page.route("**/demandes/tableau*", answer)
    page.wait_for_function("ids => document.title.startsWith(`(${ids.length}) `)", arg=ids)


def rang(page: Page) -> int:
    found: int = page.evaluate("window.rang")
    return found


def test_the_chime_rings_once_for_each_that_is_new_and_only_after_a_gesture(
    visitor: Visitors,
) -> None:
    page = visitor.sign_in("regulator")
    page.goto("/demandes")
    page.evaluate(RANG)
    late(page, "first")
    assert rang(page) == 0
    page.keyboard.press("Shift")
    late(page, "first", "second")
    assert rang(page) == 1
    late(page, "second", "third", "fourth")
    assert rang(page) == 2

    switch = page.get_by_role("button", name="Son activé")
    assert switch.get_attribute("aria-pressed") == "true"
    switch.click()
    late(page, "fifth", "sixth")
    assert rang(page) == 2
    page.reload()
    assert page.get_by_role("button", name="Son coupé").get_attribute("aria-pressed") == "false"
