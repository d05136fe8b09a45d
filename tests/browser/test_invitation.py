"""A practitioner who is invited opens a first slot in less than two minutes, on a telephone."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import TELEPHONE, Visitors, accessibility_faults, overflow

pytestmark = pytest.mark.browser
ADDRESS = "premiere.invitee@jura.example"
TWO_MINUTES = 120


def _link_received(page: Page) -> str:
    """The link in the e-mail, once it lies in the mailbox of the demonstration."""
    page.goto("/demo/courrier")
    letter = page.locator(".letter").filter(has_text=ADDRESS)
    link = letter.get_by_role("link", name=re.compile("bienvenue"))
    expect(link).to_be_visible(timeout=20_000)
    return link.get_attribute("href") or ""


def test_from_the_invitation_to_the_first_slot(visitor: Visitors) -> None:
    coordination = visitor.sign_in("coordinator")
    coordination.get_by_role("link", name="Annuaire").click()
    coordination.get_by_label("Rechercher").fill("infirmier")
    coordination.get_by_role("button", name="Rechercher").click()
    assert accessibility_faults(coordination) == []
    names = coordination.locator(".directory-entry h3 a")
    for address in [name.get_attribute("href") or "" for name in names.all()]:
        coordination.goto(address)
        if coordination.get_by_role("button", name="Envoyer l’invitation").count():
            break
    coordination.get_by_role("textbox", name="E-mail").fill(ADDRESS)
    coordination.get_by_role("button", name="Envoyer l’invitation").click()
    expect(coordination.get_by_text("Le lien est valable deux semaines")).to_be_visible()
    assert accessibility_faults(coordination) == []

    began = time.monotonic()
    doctor = visitor.open(_link_received(coordination), TELEPHONE)
    expect(doctor.get_by_role("heading", level=1)).to_contain_text("Bienvenue")
    assert accessibility_faults(doctor) == []
    assert overflow(doctor) == 0
    doctor.get_by_label("Identifiant").fill(ADDRESS)
    doctor.get_by_label("Mot de passe").fill("un mot de passe de douze signes")
    doctor.get_by_label("Mot de passe").press("Enter")
    expect(doctor.get_by_text("Votre compte est ouvert")).to_be_visible()
    assert accessibility_faults(doctor) == []
    doctor.get_by_role("button", name="Enregistrer et ouvrir un premier créneau").click()
    expect(doctor.get_by_role("heading", level=1)).to_contain_text("créneau")
    doctor.locator("main form button[type=submit]").last.click()
    expect(doctor.get_by_text("Créneau publié :")).to_be_visible()

    assert time.monotonic() - began < TWO_MINUTES
