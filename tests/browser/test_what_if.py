"""« Et si ? » in a browser: asked from the keyboard, watched until it is over, read."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, TELEPHONE, Visitors, accessibility_faults, overflow

pytestmark = pytest.mark.browser

ANSWER_SECONDS = 60
ASKED_AGAIN = "/suivi"


@pytest.mark.parametrize("size", [DESKTOP, TELEPHONE], ids=["desktop", "telephone"])
def test_a_coordinator_asks_and_reads_the_answer(visitor: Visitors, size: dict[str, int]) -> None:
    page = visitor.sign_in("coordinator", size)
    page.get_by_role("main").get_by_role("link", name="Et si").click()
    assert accessibility_faults(page) == []
    page.get_by_role("combobox", name="Commune").press_sequentially("Champagn")
    page.get_by_role("option", name=re.compile("Champagnole")).wait_for()
    page.keyboard.press("Tab")
    page.get_by_label("Places de plus par jour").press("Control+Enter")

    page.wait_for_url(re.compile("/et-si/[0-9a-f-]{36}$"))
    expect(page.get_by_role("heading", name="Résultat")).to_be_visible(
        timeout=1000 * ANSWER_SECONDS
    )
    expect(page.get_by_role("heading", level=1)).to_contain_text("Champagnole")
    expect(page.get_by_role("row", name=re.compile("Places offertes"))).to_contain_text("+")
    assert accessibility_faults(page) == []
    assert overflow(page) <= 0

    # over: whoever comes back to the page finds it as it was, and nobody asks any more
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_role("link", name="Autre question").focus()
    assert not any(url.endswith(ASKED_AGAIN) for url in asked)
