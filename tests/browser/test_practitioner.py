"""A volunteer's telephone and large screen: publishing costs a few taps, or one line drawn."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import TELEPHONE, Visitors, accessibility_faults, overflow

pytestmark = pytest.mark.browser


def fits(page: Page) -> None:
    """Nothing is wider than the telephone, and axe finds nothing."""
    page.wait_for_load_state()
    assert overflow(page) <= 0
    assert accessibility_faults(page) == []


def test_publishing_from_a_telephone_takes_four_taps(visitor: Visitors) -> None:
    page = visitor.sign_in("practitioner", TELEPHONE)
    page.get_by_role("link", name="Publier un créneau").click()
    page.locator("#day label").nth(6).click()
    page.get_by_label("Heure de début").select_option("21:00")
    page.get_by_role("button", name="Publier").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Mon agenda")
    expect(page.locator("#notices")).to_contain_text("Créneau publié")
    fits(page)


def test_libre_maintenant_and_stop(visitor: Visitors) -> None:
    page = visitor.sign_in("practitioner", TELEPHONE, "demo-reunion")
    page.get_by_role("button", name="Libre maintenant").click()
    stop = page.get_by_role("button", name="Arrêter")
    refused = page.locator("#notices .notice--error")
    expect(stop.or_(refused)).to_be_visible()  # a slot of the timetable may be running just now
    fits(page)
    if stop.is_visible():
        stop.click()
        if page.get_by_role("heading", level=1).inner_text() != "Mon agenda":
            fits(page)
            page.get_by_role("button", name="Enregistrer").click()
        expect(page.get_by_role("button", name="Libre maintenant")).to_be_visible()


def test_a_template_an_exception_and_an_absence_from_a_telephone(visitor: Visitors) -> None:
    page = visitor.sign_in("practitioner", TELEPHONE)
    page.get_by_role("link", name="Modèles").click()
    page.get_by_role("link", name="Ajouter un modèle").click()
    for day in ("Sam", "Dim"):
        page.locator("#weekdays").get_by_text(day, exact=True).click()
    page.get_by_label("De", exact=True).first.select_option("20:00")
    page.get_by_label("À", exact=True).first.select_option("21:00")
    page.get_by_text("Plusieurs, sans heure").click()
    page.get_by_label("Patients par plage, au plus").fill("5")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("#notices")).to_contain_text("Modèle enregistré")
    fits(page)

    page.get_by_role("link", name=re.compile("Modifier.*Samedi et dimanche")).click()
    fits(page)
    page.get_by_role("button", name=re.compile("Pas ce jour-là")).first.click()
    expect(page.locator("#notices")).to_contain_text("pas de créneau de ce modèle")
    expect(page.get_by_role("button", name=re.compile("Rétablir"))).to_have_count(1)

    page.goto("/agenda/modeles")
    page.get_by_label("Absent du").fill("2027-02-01")
    page.get_by_label("Au compris").fill("2027-02-05")
    page.get_by_role("button", name="Enregistrer l’absence").click()
    expect(page.locator("#notices")).to_contain_text("Absence enregistrée")
    expect(page.get_by_text("Du 1er au 5 février 2027").first).to_be_visible()


def test_a_slot_is_drawn_on_the_week_and_moved(visitor: Visitors) -> None:
    """Two weeks ahead, where the timetable of the demonstration does not reach."""
    page = visitor.sign_in("practitioner")
    page.get_by_role("link", name="Ma semaine").click()
    for _ in range(2):
        page.get_by_role("link", name="Semaine suivante").click()
        page.wait_for_load_state()
    day = page.locator("[data-new]").nth(2)
    iso = day.get_attribute("data-day")
    box = day.bounding_box()
    assert box is not None
    hour = 96  # pixels: twelve rows of eight; the grid begins at eight o'clock

    page.mouse.move(box["x"] + 30, box["y"] + hour + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 2 * hour - 2, steps=4)
    page.mouse.up()
    page.wait_for_url("**/agenda/creneau?**")
    expect(page.get_by_label("Heure de début")).to_have_value("09:00")
    expect(page.locator(f"#day input[value='{iso}']")).to_be_checked()
    expect(page.locator("#duration-minutes input:checked")).to_have_value("60")
    page.get_by_role("button", name="Publier").click()
    expect(page.locator("#notices")).to_contain_text("Créneau publié")

    page.goto(f"/agenda/semaine?jour={iso}")
    slot = page.locator(f"[data-day='{iso}'] a.box")
    box = slot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 10 + hour, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"/agenda/creneau/[0-9a-f-]+\?"))
    expect(page.get_by_label("Heure de début")).to_have_value("10:00")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("#notices")).to_contain_text("Créneau enregistré")

    # the same without a mouse
    link = page.locator(f"[data-day='{iso}'] a.box")
    expect(link).to_contain_text("10")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Modifier un créneau")
    page.get_by_label("Heure de début").select_option("11:00")
    page.get_by_role("button", name="Enregistrer").press("Enter")
    expect(page.locator(f"[data-day='{iso}'] a.box")).to_contain_text("11")


def test_escape_gives_a_drawing_up(visitor: Visitors) -> None:
    page = visitor.sign_in("practitioner")
    page.goto("/agenda/semaine")
    for _ in range(2):
        page.get_by_role("link", name="Semaine suivante").click()
        page.wait_for_load_state()
    before = page.url
    box = page.locator("[data-new]").nth(3).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 300, steps=3)
    expect(page.locator(".box--drawn")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".box--drawn")).to_have_count(0)
    page.mouse.up()
    assert page.url == before
