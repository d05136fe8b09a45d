"""A request entered while its patient is on the telephone: the hour is said, then booked."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import TELEPHONE, Visitors, accessibility_faults, overflow

pytestmark = [pytest.mark.browser, pytest.mark.journeys]

MOST_KEYS = 45
"""Key actions beside the typing of text, from the empty screen to the appointment."""
SLOT = "#beside input[type=radio]:not(#slot-none)"


class Keys:
    """A keyboard that counts: text is typed, every other key is an action."""

    def __init__(self, page: Page) -> None:
        self._keyboard = page.keyboard
        self.actions = 0

    def type(self, text: str) -> None:
        self._keyboard.type(text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self._keyboard.press(key)
            self.actions += 1


def enter(page: Page, keys: Keys, name: str, phone: str) -> None:
    """From the empty form to the delay, in the order of the conversation."""
    expect(page.get_by_label("Téléphone", exact=True)).to_be_focused()
    for text in (phone, name, "Lucie", "03021950"):
        keys.type(text)
        keys.press("Tab")
    keys.type("lons-le-sau")
    expect(page.get_by_role("option").first).to_contain_text("Lons-le-Saunier")
    keys.press("Tab")
    keys.type("Aucun")
    keys.press("Tab", "1", "Tab", "Tab", "Tab", "Tab", "Tab", "Tab")
    keys.press("4")  # 24 h
    expect(page.get_by_role("radio", name="24 h")).to_be_checked()


def test_from_an_empty_screen_to_the_appointment_without_a_mouse_in_45_keys(
    visitor: Visitors,
) -> None:
    page = visitor.sign_in("regulator")
    keys = Keys(page)
    keys.press("n")
    enter(page, keys, "Clavier", "06 39 98 77 21")
    second = page.locator("#beside .beside__slot").nth(1)
    expect(second).to_be_visible()
    hour = second.locator("strong").inner_text()
    keys.press("Alt+2")
    expect(second).to_contain_text("Tenu")
    keys.press("Tab", "1")  # the origin: SAS
    keys.press("Control+Enter")

    expect(page.get_by_text(re.compile("Rendez-vous pris")).first).to_be_visible()
    expect(page.locator(".state__when")).to_contain_text(hour)
    assert keys.actions <= MOST_KEYS, keys.actions


def test_what_was_typed_is_there_again_after_the_line_was_down(visitor: Visitors) -> None:
    page = visitor.sign_in("regulator")
    page.goto("/demandes/nouvelle")
    keys = Keys(page)
    enter(page, keys, "Coupure", "06 39 98 77 23")
    page.get_by_role("radio", name="SAS").first.check(force=True)
    page.context.set_offline(True)
    with page.expect_event("requestfailed", lambda each: each.is_navigation_request()):
        keys.press("Control+Enter")

    page.context.set_offline(False)
    page.goto("/demandes/nouvelle")
    expect(page.get_by_text("La saisie commencée dans cet onglet a été reprise.")).to_be_visible()
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Coupure")
    expect(page.get_by_role("radio", name="24 h")).to_be_checked()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="COUPURE")).to_be_visible()


def test_what_stands_beside_the_form_follows_it_and_takes_nothing_from_under_the_fingers(
    visitor: Visitors,
) -> None:
    page = visitor.sign_in("regulator")
    page.goto("/demandes/nouvelle")
    keys = Keys(page)
    enter(page, keys, "Suivi", "06 39 98 77 22")
    expect(page.locator(SLOT)).to_have_count(5)
    assert accessibility_faults(page) == []

    page.get_by_label("Précision").focus()
    keys.type("douleur depuis hier")
    page.get_by_role("radio", name="Orthoptiste").focus()
    keys.press("9")
    expect(page.get_by_text("Aucun créneau publié ne convient")).to_be_visible()
    expect(page.get_by_role("radio", name="Orthoptiste")).to_be_focused()
    expect(page.get_by_label("Précision")).to_have_value("douleur depuis hier")

    page.set_viewport_size(TELEPHONE)  # type: ignore[arg-type]  # a TypedDict of the same keys
    assert overflow(page) <= 0
    assert accessibility_faults(page) == []


def test_a_reload_loses_neither_what_was_typed_nor_the_slot_that_is_held(
    visitor: Visitors,
) -> None:
    page = visitor.sign_in("regulator")
    page.goto("/demandes/nouvelle")
    keys = Keys(page)
    enter(page, keys, "Rechargée", "06 39 98 77 23")
    expect(page.locator(SLOT).first).to_be_attached()
    keys.press("Alt+1")
    expect(page.locator("#beside .beside__held")).to_be_visible()

    page.reload()

    expect(page.get_by_label("Nom", exact=True)).to_have_value("Rechargée")
    expect(page.locator("#beside .beside__held")).to_be_visible()
    expect(page.locator("#beside input:checked")).not_to_have_attribute("value", "")


def test_a_session_that_ends_while_one_types_loses_nothing(visitor: Visitors) -> None:
    page = visitor.sign_in("regulator")
    page.goto("/demandes/nouvelle")
    keys = Keys(page)
    enter(page, keys, "Déconnectée", "06 39 98 77 24")
    page.context.clear_cookies()
    keys.press("Tab", "1", "Control+Enter")
    expect(page.get_by_role("heading", name=re.compile("connexion|Connexion"))).to_be_visible()

    page.get_by_role("link", name="Se reconnecter").click()
    visitor.sign_in_on(page, "regulator")
    page.goto("/demandes/nouvelle")

    expect(page.get_by_label("Nom", exact=True)).to_have_value("Déconnectée")


def test_a_patient_who_called_before_is_filled_in_by_one_button(visitor: Visitors) -> None:
    page = visitor.sign_in("regulator")
    page.goto("/demandes/nouvelle")
    keys = Keys(page)
    enter(page, keys, "Connue", "06 39 98 77 25")
    keys.press("Tab", "1", "Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("CONNUE")

    page.goto("/demandes/nouvelle")
    keys.type("0639987725")
    expect(page.get_by_text("Déjà une demande en cours")).to_be_visible()
    page.get_by_role("button", name=re.compile("Reprendre Lucie Connue")).press("Enter")
    expect(page.get_by_label("Date de naissance")).to_have_value("03/02/1950")
    expect(page.locator("[name='patient.commune']")).to_have_value("39300")
    expect(page.get_by_role("radio", name="Médecin", exact=False).first).to_be_focused()
