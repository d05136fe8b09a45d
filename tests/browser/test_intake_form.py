"""The form of a new request at the size of a regulator's screen, and what it shows on demand."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import TELEPHONE, Visitors, accessibility_faults, overflow

pytestmark = [pytest.mark.browser, pytest.mark.journeys]

FIELDS = "#request-form :is(input:not([type=hidden]), select, textarea, summary):visible"


def under_the_bar(page: Page) -> list[str]:
    """Fields that lie, wholly or in part, where the bar with the buttons is."""
    bar = page.locator(".intake__actions").bounding_box()
    assert bar is not None
    found = []
    for field in page.locator(FIELDS).all():
        box = field.bounding_box()
        assert box is not None
        if box["y"] + box["height"] > bar["y"]:
            found.append(field.get_attribute("id") or field.inner_text())
    return found


def test_the_whole_form_is_seen_above_its_buttons_and_on_a_telephone_before_them(
    visitor: Visitors,
) -> None:
    page = visitor.sign_in("regulator")
    page.goto("/demandes/nouvelle")
    assert under_the_bar(page) == []

    page.set_viewport_size({"width": 1280, "height": 640})
    assert under_the_bar(page) != [], "the companion: on a low screen one has to scroll"
    page.get_by_text("Écarter un praticien").focus()
    last = page.get_by_text("Écarter un praticien").bounding_box()
    bar = page.locator(".intake__actions").bounding_box()
    assert last is not None
    assert bar is not None
    assert last["y"] + last["height"] <= bar["y"]

    page.set_viewport_size(TELEPHONE)  # type: ignore[arg-type]  # a TypedDict of the same keys
    assert under_the_bar(page) == []
    assert overflow(page) <= 0


def test_who_can_be_left_out_follows_the_profession_by_the_keyboard(visitor: Visitors) -> None:
    page = visitor.sign_in("regulator")
    page.goto("/demandes/nouvelle")
    choices = page.get_by_role("group", name="Ne pas proposer ce patient à")
    expect(choices).to_be_hidden()

    page.get_by_text("Écarter un praticien").focus()
    page.keyboard.press("Enter")
    doctors = choices.get_by_role("group", name="Médecin", exact=True)
    expect(doctors).to_be_visible()
    doctors.get_by_role("checkbox").first.focus()
    page.keyboard.press("Space")
    assert accessibility_faults(page) == []

    page.reload()
    expect(doctors.get_by_role("checkbox").first).to_be_checked()  # the draft, unfolded
    page.get_by_role("radio", name="Infirmier").check(force=True)
    expect(doctors).to_be_hidden()
    expect(choices.get_by_role("group", name="Infirmier", exact=True)).to_be_visible()
    sent = page.evaluate(
        "[...new FormData(document.getElementById('request-form')).keys()]"
        ".filter(name => name === 'need.excluded_practitioners').length"
    )
    assert sent == 0, "who is of another profession is not sent along"
