"""A request that has no appointment: what was tried, what nearly fitted, and every way on.

The clock begins on Monday 23 November 2026 at 9 h.
"""

from uuid import UUID

import pytest

from dispatcher.domain.states import RequestStatus
from dispatcher.storage.requests import CareRequest
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser, Page

MACON = "71270"
"""75 km from Lons-le-Saunier as the crow flies: further than the Jura's 45 km."""


@pytest.fixture
def waiting(town: Town) -> UUID:
    """A request for 12 h that nothing fits, somebody in Mâcon excepted."""
    town.slot(town.volunteer(last_name="Lointain", commune=MACON), hours=3)
    request = town.request(need={"delay_hours": 12})
    keep_promises(town.house)
    assert town.the_request(request).status == RequestStatus.SEARCHING
    return request


def page_of(desk: Browser, request: UUID) -> Page:
    return desk.get(f"/demandes/{request}")


def in_danger(town: Town) -> None:
    town.clock.advance(hours=8)
    keep_promises(town.house)


# The board


def test_a_delay_in_danger_stands_first_and_says_so_in_words(
    town: Town, desk: Browser, waiting: UUID
) -> None:
    town.clock.advance(hours=7)
    keep_promises(town.house)
    # Due sooner, and not in danger: 4 h from now against 5 h.
    town.request(patient={"last_name": "Pressée"}, need={"delay_hours": 4})
    keep_promises(town.house)
    first = desk.get("/demandes").texts("li", "ticket")
    assert "PRESSÉE" in first[0]
    town.clock.advance(hours=1)
    keep_promises(town.house)
    flagged = desk.get("/demandes").texts("li", "ticket--urgent")
    assert len(flagged) == 1
    assert flagged[0].startswith("Délai en danger")
    assert "Délai en danger" in desk.get("/demandes").texts("li", "ticket")[0]
    assert "PRESSÉE" in desk.get("/demandes").texts("li", "ticket")[1]


def test_those_in_danger_are_in_the_order_of_their_delays(town: Town, desk: Browser) -> None:
    town.request(patient={"last_name": "Seconde"}, need={"delay_hours": 48})
    town.clock.advance(hours=26)
    town.request(patient={"last_name": "Premiere"}, need={"delay_hours": 8})
    keep_promises(town.house)
    town.clock.advance(hours=6)
    keep_promises(town.house)
    first, second = desk.get("/demandes").texts("li", "ticket--urgent")
    assert "PREMIERE" in first
    assert "SECONDE" in second


# The page


def test_the_page_tells_what_nearly_fitted_and_what_was_tried(
    town: Town, desk: Browser, waiting: UUID
) -> None:
    in_danger(town)
    page = page_of(desk, waiting)
    assert "Délai en danger" in page.texts("span", "chip--danger")
    headings = page.texts("h2")
    assert headings.index("Ce qui a failli convenir") < headings.index("Ce qui a été tenté")
    assert "Le délai demandé approche : aucun rendez-vous n’est pris" in headings
    (tried,) = page.texts("ol", "attempts")
    assert "9 h Aucun créneau ne convient : 1 × trop loin" in tried


def test_the_near_miss_comes_with_its_figures(town: Town, desk: Browser, waiting: UUID) -> None:
    (near,) = page_of(desk, waiting).texts("li", "candidate")
    assert "Dr Anne Lointain trop loin" in near
    assert "km à vol d’oiseau pour 45 km au plus" in near


def test_before_the_danger_the_page_says_when_it_will_come_back(
    town: Town, desk: Browser, waiting: UUID
) -> None:
    assert "la demande passe en tête du tableau aujourd’hui à 17 h" in page_of(desk, waiting).text


def test_each_way_out_shows_the_letter_that_presses_it(
    town: Town, desk: Browser, waiting: UUID
) -> None:
    page = page_of(desk, waiting)
    keys = {
        element.get("data-key"): "".join(element.itertext()).split()[0]
        for element in page.root.iter("button")
        if element.get("data-key")
    }
    assert keys == {
        "e": "Élargir",
        "v": "Solliciter",
        "r": "Réserver",
        "l": "Relancer",
        "c": "Conseil",
        "s": "15",
        "u": "Urgences",
        "p": "CPTS",
        "x": "Clore",
        "a": "Annuler",
        "t": "Je",
        "o": "Noter",
        "k": "Autre",
    }
    for element in page.root.iter("button"):
        if key := element.get("data-key"):
            (hint,) = [kbd.text for kbd in element.iter("kbd")]
            assert hint == key.upper() == element.get("aria-keyshortcuts")


def test_every_redirection_that_has_a_key_is_in_the_catalogue(
    town: Town, desk: Browser, waiting: UUID
) -> None:
    presets = {
        element.get("data-set-to") for element in page_of(desk, waiting).root.iter("button")
    } - {None}
    assert presets == {"ADVICE", "15", "ED", "NEIGHBOUR_CPTS"}
    assert presets <= set(town.house.catalogue.redirections)


# Enlarging


def test_enlarging_is_one_key_that_asks_for_half_more(
    town: Town, desk: Browser, waiting: UUID
) -> None:
    form = page_of(desk, waiting).form(f"/demandes/{waiting}/elargir")
    assert form.values["radius_km"] == "45"  # the Jura's 30 km and half of it
    page = desk.submit(form)
    assert "Recherche élargie et relancée." in page.text
    assert "Recherche élargie à 45 km à vol d’oiseau" in page.text
    assert town.the_request(waiting).radius_km == 45


def test_a_radius_is_typed_as_people_type_numbers(town: Town, desk: Browser, waiting: UUID) -> None:
    form = page_of(desk, waiting).form(f"/demandes/{waiting}/elargir")
    desk.submit(form, {"radius_km": " 80,5 "})
    assert town.the_request(waiting).radius_km == 80.5
    keep_promises(town.house)
    assert town.the_request(waiting).status == RequestStatus.BOOKED


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("0", "Indiquez un rayon de plus de 0 km, et de 500 km au plus."),
        ("-3", "Indiquez un rayon de plus de 0 km, et de 500 km au plus."),
        ("loin", "Indiquez un nombre de kilomètres."),
        ("", "Indiquez un nombre de kilomètres."),
    ],
)
def test_a_radius_that_is_none_is_refused_and_stays_in_its_field(
    town: Town, desk: Browser, waiting: UUID, typed: str, sentence: str
) -> None:
    form = page_of(desk, waiting).form(f"/demandes/{waiting}/elargir")
    page = desk.submit(form, {"radius_km": typed}, status=422)
    assert page.field_error("radius_km") == sentence
    (field,) = [each for each in page.root.iter("input") if each.get("id") == "radius-km"]
    assert field.get("value") == typed
    (dialog,) = [each for each in page.root.iter("dialog") if "open" in each.attrib]
    assert dialog.get("id") == "enlarge-search"
    assert town.the_request(waiting).radius_km is None


# Refusals keep what was typed


def test_a_reason_that_is_missing_leaves_the_slot_in_its_dialog(
    town: Town, desk: Browser, waiting: UUID
) -> None:
    page = page_of(desk, waiting)
    (opener,) = [each for each in page.root.iter("button") if each.get("id") == "opens-override"]
    form = page.form(f"/demandes/{waiting}/reserver")
    refused = desk.submit(form, {"slot": opener.get("data-set-slot")}, status=422)
    (dialog,) = [each for each in refused.root.iter("dialog") if "open" in each.attrib]
    text = " ".join("".join(dialog.itertext()).split())
    assert "Ce créneau ne convient pas" in text
    assert "Dr Anne Lointain, aujourd’hui à 12 h" in text
    assert "Règle écartée : trop loin" in text
    again = refused.form(f"/demandes/{waiting}/reserver")
    assert again.values["slot"] == opener.get("data-set-slot")
    desk.submit(again, {"override": "Sa fille la conduit"})
    assert town.the_request(waiting).status == RequestStatus.BOOKED


def test_a_cap_is_passed_over_by_a_person_who_says_why(town: Town, desk: Browser) -> None:
    volunteer = town.volunteer(last_name="Plafond", daily_cap=1)
    town.slot(volunteer, hours=2)
    town.slot(volunteer, hours=3)
    town.request()
    keep_promises(town.house)
    second = town.request()
    keep_promises(town.house)
    page = page_of(desk, second)
    near = [each for each in page.texts("li", "candidate") if "maximum du praticien" in each]
    assert near
    (opener,) = [each for each in page.root.iter("button") if each.get("id") == "opens-override"]
    form = page.form(f"/demandes/{second}/reserver")
    chosen = {"slot": opener.get("data-set-slot"), "override": "Accord par téléphone"}
    assert "Rendez-vous pris" in desk.submit(form, chosen).text
    assert town.the_request(second).status == RequestStatus.BOOKED


def test_a_note_too_long_to_be_kept_is_shown_again(
    town: Town, desk: Browser, waiting: UUID
) -> None:
    form = page_of(desk, waiting).form(f"/demandes/{waiting}/reorienter")
    note = "Très long. " * 60
    page = desk.submit(form, {"to": "15", "note": note}, status=422)
    assert "Ce texte est trop long" in page.field_error("redirect_note")
    assert page.form(f"/demandes/{waiting}/reorienter").values["note"].strip() == note.strip()
    assert page.form(f"/demandes/{waiting}/reorienter").values["to"] == "15"
    assert town.the_request(waiting).status == RequestStatus.SEARCHING


def test_a_redirection_without_a_choice_says_so_at_the_choice(
    town: Town, desk: Browser, waiting: UUID
) -> None:
    form = page_of(desk, waiting).form(f"/demandes/{waiting}/reorienter")
    page = desk.submit(form, {"note": "Douleur thoracique"}, status=422)
    assert page.field_error("to") == "Choisissez une réponse de la liste."
    assert page.form(f"/demandes/{waiting}/reorienter").values["note"] == "Douleur thoracique"


def test_the_patient_goes_to_the_neighbours(town: Town, desk: Browser, waiting: UUID) -> None:
    form = page_of(desk, waiting).form(f"/demandes/{waiting}/reorienter")
    page = desk.submit(form, {"to": "NEIGHBOUR_CPTS", "note": "CPTS de Mâcon, prévenue"})
    assert "Patient réorienté : Orienté vers une CPTS voisine" in page.texts("h2")


# What is asked beside the care


def test_conditions_are_told_beside_the_need(town: Town, desk: Browser, clock: FakeClock) -> None:
    request = town.request(
        patient={"sex": "female"},
        need={"language": "ar", "needs_step_free": True, "travel_km": 5},
    )
    page = page_of(desk, request)
    assert "Sexe Femme" in page.text
    assert "à recevoir en arabe, accès de plain-pied, se déplace jusqu’à 5 km" in page.text


def test_a_search_that_goes_on_keeps_those_who_were_asked(town: Town, waiting: UUID) -> None:
    with town.house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        unit.session.get_one(CareRequest, waiting).status = "offering"
    keep_promises(town.house)
    assert town.the_request(waiting).status == RequestStatus.OFFERING
