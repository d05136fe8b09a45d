"""The patient's page in a browser: other languages, large letters, and no stranger's server."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import TELEPHONE, Visitors, accessibility_faults, overflow

pytestmark = pytest.mark.browser

NARROWEST = {"width": 320, "height": 640}
LANGUAGES = ("fr", "en", "ar", "pt", "tr", "uk")


def links(page: Page) -> list[str]:
    """The addresses that patients of the demonstration were sent."""
    bodies = [sms["body"] for sms in page.request.get("/demo/messages.json").json()]
    return [found[0] for body in bodies if (found := re.search(r"/r/[A-Za-z0-9]+", body))]


def test_a_patient_chooses_arabic_and_confirms_in_it(visitor: Visitors) -> None:
    page = visitor.open(links(visitor.open("/connexion"))[0], TELEPHONE)

    page.get_by_role("link", name="العربية").click()

    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    expect(page.get_by_role("heading", level=1)).to_have_text("موعدكم")
    confirm = page.get_by_role("button", name="سأحضر")
    if confirm.count():  # another story of this demonstration may have confirmed it
        confirm.click()
    expect(page.get_by_text("تم تأكيد حضوركم.")).to_be_visible()
    assert page.url.endswith("?langue=ar")
    assert page.context.cookies() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_can_be_read_at_320_px_and_with_letters_twice_as_large(
    visitor: Visitors, language: str
) -> None:
    page = visitor.open("/connexion", NARROWEST)
    faults = []
    for link in links(page):
        page.goto(f"{link}?langue={language}")
        faults += accessibility_faults(page)
        assert overflow(page) <= 0, link
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert overflow(page) <= 0, f"{link} at 200 %"
    assert faults == []


def test_nothing_is_asked_of_another_server_and_landmarks_lead_through_it(
    visitor: Visitors,
) -> None:
    page = visitor.open("/connexion", TELEPHONE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    for link in links(page):
        page.goto(link)
        page.wait_for_load_state()

    base = page.url.split("/r/", maxsplit=1)[0]
    assert [url for url in asked if not url.startswith(base)] == []
    assert asked
    for landmark in ("banner", "navigation", "main", "contentinfo"):
        expect(page.get_by_role(landmark)).to_have_count(1)
