"""The page that explains: why nothing fits, what nearly does, and why a booked slot was chosen."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    DESKTOP,
    TELEPHONE,
    Demonstration,
    Visitors,
    accessibility_faults,
    overflow,
)

pytestmark = [pytest.mark.browser, pytest.mark.journeys]

SAINT_CLAUDE = "39478"
"""58 km from Arbois as the crow flies, where the only physiotherapist works: further than the
Jura's 45 km, and within the 68 km of a search that was enlarged once."""
FOUND_WITHIN_MS = 15_000
BOOKED_WITHIN_MS = 15_000
PATIENT, PATIENT_E164 = "06 39 98 77 41", "+33639987741"


@pytest.fixture
def mistakes() -> Iterator[list[str]]:
    """What scripts did wrong; there must be nothing."""
    found: list[str] = []
    yield found
    assert found == []


def opened_request(visitor: Visitors, demonstration: Demonstration, mistakes: list[str]) -> Page:
    """A regulator in front of a request that nothing fits, for 72 h."""
    page = visitor.sign_in("regulator")
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    asked: dict[str, Any] = {
        "territory": "demo-jura",
        "patient": {
            "last_name": "Écartée",
            "first_name": "Louise",
            "birth_date": "1950-02-03",
            "phone": PATIENT,
            "commune": SAINT_CLAUDE,
        },
        "need": {"profession": "70", "modalities": ["AMB"], "delay_hours": 72},
        "origin": "SAS",
        "confirm_duplicate": True,
    }
    token = demonstration.account("regulator")["token"]
    answer = page.request.post(
        "/api/v1/requests", data=asked, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status == 201, answer.text()
    page.goto(f"/demandes/{answer.json()['id']}")
    heading = page.get_by_role("heading", name="Ce qui a failli convenir")
    expect(heading).to_be_visible(timeout=FOUND_WITHIN_MS)
    return page


def faults_at_both_widths(page: Page) -> list[str]:
    faults: list[str] = []
    for size in (DESKTOP, TELEPHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of the same keys
        faults += accessibility_faults(page)
        wider = overflow(page)
        faults += [f"{page.url}: {wider} px too wide at {size['width']}"] if wider > 0 else []
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # the same
    return faults


def test_what_nearly_fitted_comes_first_and_one_key_further_away_books_it(
    visitor: Visitors, demonstration: Demonstration, mistakes: list[str]
) -> None:
    page = opened_request(visitor, demonstration, mistakes)
    headings = page.locator("#request-live h2, #request-live h3").all_inner_texts()
    near, counts = "Ce qui a failli convenir", "Créneaux écartés, par raison"
    assert headings.index(near) < headings.index(counts) < headings.index("Ce qui a été tenté")
    first = page.locator(".candidate").first
    expect(first).to_contain_text("Hugo Petetin")
    expect(first).to_contain_text(re.compile(r"trop loin\s: 58\skm à vol d’oiseau pour 45\skm"))
    reasons = page.locator(".reasons").last
    expect(reasons).to_contain_text(re.compile(r"\d+ trop loin"))
    expect(reasons).to_contain_text(re.compile(r"\d+ autre profession"))
    assert faults_at_both_widths(page) == []

    page.keyboard.press("e")

    expect(page.locator("#request-live .state--booked")).to_be_visible(timeout=BOOKED_WITHIN_MS)
    expect(page.get_by_text("Pourquoi ce créneau")).to_be_visible()
    terms = page.locator(".state .reasons").first
    expect(terms).to_contain_text("par la route")
    expect(terms).to_contain_text("dans le délai")
    expect(page.locator(".timeline")).to_contain_text("Recherche élargie à 45 km")
    assert faults_at_both_widths(page) == []

    # What the regulator unfolded stays unfolded when something new comes in.
    page.get_by_text("Et les autres créneaux").click()
    expect(page.locator("#other-slots .reasons")).to_be_visible()
    wrote = page.request.post(
        "/demo/inbound", data={"from": PATIENT_E164, "body": "Puis-je venir avec ma fille"}
    )
    assert wrote.ok
    expect(page.locator("#request-live")).to_contain_text("Puis-je venir avec ma fille")
    expect(page.locator("#other-slots .reasons")).to_be_visible()


def test_letters_typed_in_a_field_press_nothing_and_enter_confirms_a_choice(
    visitor: Visitors, demonstration: Demonstration, mistakes: list[str]
) -> None:
    page = opened_request(visitor, demonstration, mistakes)
    page.keyboard.press("r")
    reason = page.get_by_label("Pourquoi passer outre")
    expect(reason).to_be_focused()
    page.keyboard.type("elle vient en ce cas")
    expect(reason).to_have_value("elle vient en ce cas")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

    page.keyboard.press("c")
    expect(page.get_by_role("radio", name="Conseil médical donné")).to_be_checked()
    assert faults_at_both_widths(page) == []
    page.keyboard.press("Enter")

    expect(page.locator("#request-live")).to_contain_text("Patient réorienté")
    expect(page.locator("#request-live")).to_contain_text("Conseil médical donné")


def test_a_refusal_opens_the_dialog_again_with_what_was_typed(
    visitor: Visitors, demonstration: Demonstration, mistakes: list[str]
) -> None:
    page = opened_request(visitor, demonstration, mistakes)
    page.get_by_role("button", name="Autre rayon…").click()
    radius = page.get_by_label("Nouveau rayon")
    expect(radius).to_have_value("58")  # as far as the nearest slot
    radius.fill("0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Indiquez un rayon de plus de 0 km")
    expect(radius).to_have_value("0")
    expect(radius).to_be_focused()
    assert faults_at_both_widths(page) == []
    radius.fill("58,5")
    page.keyboard.press("Enter")
    expect(page.locator("#request-live .state--booked")).to_be_visible(timeout=BOOKED_WITHIN_MS)
