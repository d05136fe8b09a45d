"""Every page at both widths: axe finds nothing at WCAG 2.2 AA, and nothing is wider than it may."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import (
    DESKTOP,
    TELEPHONE,
    Visitors,
    accessibility_faults,
    overflow,
)

pytestmark = pytest.mark.browser

NARROWEST = {"width": 320, "height": 640}
PAGES = {
    "regulator": (
        "/demandes",
        "/demandes/releve",
        "/demandes/nouvelle",
        "/messages-recus",
        "/guide",
    ),
    "practitioner": (
        "/agenda",
        "/agenda/creneau",
        "/agenda/mes-regles",
        "/agenda/semaine",
        "/agenda/modeles",
        "/agenda/modeles/nouveau",
        "/agenda/lieux",
        "/agenda/lieux/nouveau",
        "/agenda/agendas",
        "/agenda/secretariat",
        "/agenda/mes-chiffres",
        "/annuaire",
    ),
    "delegate": ("/secretariat",),
    "requester": ("/mes-demandes", "/mes-demandes/nouvelle"),
    "coordinator": (
        "/medecin-traitant",
        "/activite",
        "/activite/actes?indicateur=slots_opened",
        "/activite/chiffres",
        "/activite/rapports",
        "/contrat",
        "/contrat/lignes",
        "/contrat/modifier",
        "/paiements",
        "/et-si",
        "/annuaire",
        "/annuaire/import",
    ),
    "administrator": (
        "/administration",
        "/compte",
        "/compte/double-authentification",
        "/crise",
        "/administration/surveillance",
        "/administration/acces-aux-dossiers",
        "/reglages",
        "/reglages/textes",
        "/reglages/textes/fr/confirmation",
        "/reglages/textes/ar/confirmation",
    ),
}


def look_at(page: Page) -> list[str]:
    page.wait_for_load_state()
    faults = accessibility_faults(page)
    wider = overflow(page)
    return faults + ([f"{page.url}: {wider} px too wide"] if wider > 0 else [])


@pytest.mark.parametrize("size", [DESKTOP, TELEPHONE], ids=["desktop", "telephone"])
@pytest.mark.parametrize("role", PAGES)
def test_pages_of_a_role(visitor: Visitors, role: str, size: dict[str, int]) -> None:
    page = visitor.sign_in(role, size)
    faults = []
    for path in PAGES[role]:
        page.goto(path)
        faults += look_at(page)
    if role == "regulator":
        page.goto("/demandes")
        addresses = page.locator("main a").evaluate_all("all => all.map(each => each.pathname)")
        page.goto(next(path for path in addresses if re.match(r"/demandes/[0-9a-f]{8}-", path)))
        faults += look_at(page)
        page.goto(f"{page.url}/corriger")
        faults += look_at(page)
    assert faults == []


@pytest.mark.parametrize(
    "size", [DESKTOP, TELEPHONE, NARROWEST], ids=["desktop", "telephone", "narrowest"]
)
def test_pages_without_an_account(visitor: Visitors, size: dict[str, int]) -> None:
    page = visitor.open("/connexion", size)
    faults = look_at(page)
    page.goto("/demo/courrier")
    faults += look_at(page)
    page.goto("/demo/telephone")
    faults += look_at(page)
    bodies = [sms["body"] for sms in page.request.get("/demo/messages.json").json()]
    link = next(found[0] for body in bodies if (found := re.search(r"/r/\S+", body)))
    for path in (link, f"{link}/annuler", "/r/unknown", f"{link}?langue=ar", f"{link}?langue=uk"):
        page.goto(path)
        faults += look_at(page)
    assert faults == []


def test_the_check_finds_a_fault_where_there_is_one(visitor: Visitors) -> None:
    page = visitor.open("/connexion")
    page.evaluate("document.documentElement.removeAttribute('lang')")
    page.evaluate("document.body.append(document.createElement('input'))")
    assert any("html-has-lang" in fault for fault in accessibility_faults(page))
