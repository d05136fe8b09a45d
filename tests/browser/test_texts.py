"""Wording an SMS in a browser: the example follows the hand, and nothing typed is lost."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import DESKTOP, TELEPHONE, Visitors

pytestmark = pytest.mark.browser

PATH = "/reglages/textes/en/satisfaction_thanks"


@pytest.fixture
def page(visitor: Visitors) -> Page:
    page = visitor.sign_in("coordinator", DESKTOP)
    page.goto(PATH)
    return page


def test_the_preview_follows_what_is_written(page: Page) -> None:
    page.get_by_role("textbox", name="Texte").fill(
        "{territoire}: thank you very much, and good bye 🎉"
    )
    preview = page.locator("#preview")
    expect(preview).to_contain_text("thank you very much, and good bye")
    expect(preview).not_to_contain_text("🎉")
    page.get_by_role("textbox", name="Texte").fill("{territoire}: your doctor thanks you")
    expect(preview).to_contain_text(re.compile("doctor.*en dit trop"))
    expect(page.get_by_role("textbox", name="Texte")).to_be_focused()


def test_a_preview_that_does_not_come_leaves_the_page_as_it_is(page: Page) -> None:
    def lose(route: Route) -> None:
        route.abort()

    page.route("**/apercu", lose)
    page.get_by_role("textbox", name="Texte").fill("{territoire}: thank you, friend")
    expect(page.get_by_text("L’aperçu ne suit plus ce que vous écrivez")).to_be_visible()
    expect(page.get_by_role("textbox", name="Texte")).to_have_value(
        "{territoire}: thank you, friend"
    )
    page.unroute("**/apercu", lose)
    page.get_by_role("textbox", name="Texte").fill("{territoire}: thank you, friends")
    expect(page.locator("#preview")).to_contain_text("thank you, friends")
    expect(page.get_by_text("L’aperçu ne suit plus ce que vous écrivez")).to_be_hidden()


def test_a_session_that_has_ended_does_not_take_the_text_away(page: Page) -> None:
    page.context.clear_cookies()
    page.get_by_role("textbox", name="Texte").fill("{territoire}: thank you, friend")
    expect(page.get_by_text("L’aperçu ne suit plus ce que vous écrivez")).to_be_visible()
    expect(page.get_by_role("textbox", name="Texte")).to_have_value(
        "{territoire}: thank you, friend"
    )


def test_a_text_is_written_and_given_back_by_keyboard_on_a_telephone(visitor: Visitors) -> None:
    page = visitor.sign_in("coordinator", TELEPHONE)
    page.goto(PATH)
    own = "{territoire}: thank you, and take your time."
    page.get_by_role("textbox", name="Texte").fill(own)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Texte enregistré")).to_be_visible()
    expect(page.get_by_role("textbox", name="Texte")).to_have_value(own)
    page.get_by_role("button", name="Revenir au texte par défaut").press("Enter")
    expect(page.get_by_role("button", name="Revenir au texte par défaut")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Texte")).to_have_value(
        re.compile("helps us to improve")
    )
