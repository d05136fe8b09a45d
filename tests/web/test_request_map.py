"""The map of a request: where the patient is, and the numbered places of the list."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from tests.builders import Town
from tests.houses import keep_promises
from tests.web.pages import Browser, Page

CHAMPAGNOLE = "39097"
SVG = "{http://www.w3.org/2000/svg}"


def points(page: Page, kind: str) -> Iterator[Element]:
    return (each for each in page.root.iter(f"{SVG}g") if each.get("class") == f"where__{kind}")


def said(element: Element) -> str:
    return "".join(element.itertext()).replace("\u00a0", " ")


def test_a_request_without_any_place_to_show_has_no_map(town: Town, desk: Browser) -> None:
    request = town.request()
    keep_promises(town.house)
    assert "Carte" not in desk.get(f"/demandes/{request}").texts("h2")


def test_the_appointment_is_on_the_map_with_the_patient_over_the_outlines(
    town: Town, desk: Browser
) -> None:
    town.slot(town.volunteer(last_name="Vuillet", commune=CHAMPAGNOLE), hours=3)
    request = town.request()
    keep_promises(town.house)
    page = desk.get(f"/demandes/{request}")
    (booked,) = points(page, "booked")
    assert said(booked) == "Dr Anne Vuillet, Champagnole"
    assert "Patient : Lons-le-Saunier" in page.text
    assert '<image href="/activite/fond.svg"' in page.html
    # Both points are inside of what the picture shows.
    view = next(svg for svg in page.root.iter(f"{SVG}svg") if svg.get("role") == "img")
    left, top, width, height = map(float, view.get("viewbox", view.get("viewBox", "")).split())
    (circle,) = booked.iter(f"{SVG}circle")
    assert left < float(circle.get("cx", "")) < left + width
    assert top < float(circle.get("cy", "")) < top + height


def test_what_nearly_fitted_is_on_the_map_too(town: Town, desk: Browser) -> None:
    town.slot(town.volunteer(last_name="Petits", commune=CHAMPAGNOLE, max_age=15), hours=2)
    request = town.request()
    keep_promises(town.house)
    page = desk.get(f"/demandes/{request}")
    (near,) = points(page, "near")
    assert said(near) == "Dr Anne Petits, Champagnole"
