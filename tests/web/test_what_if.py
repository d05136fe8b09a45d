"""« Et si ? »: the coordinator asks, watches, and reads the answer."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.services.what_if import AskWhatIf, ask_what_if
from dispatcher.storage.simulations import Simulation
from dispatcher.web.what_if_form import days_in_words
from dispatcher.web.what_if_result import reasons, rows, sentence, served_in_words
from tests.builders import LONS, Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser

PAGE = "/et-si"


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


@pytest.fixture
def office(coordinator: Account, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(coordinator)


@pytest.fixture
def doctor(town: Town, clock: FakeClock) -> Volunteer:
    """Last Tuesday at 9 h two asked for care within 24 h, and there was one place, at 11 h."""
    doctor = town.volunteer(last_name="Vuillet")
    clock.advance(days=-6)
    town.slot(doctor, hours=2)
    town.request()
    town.request()
    clock.advance(days=6)
    return doctor


def test_without_any_practitioner_there_is_nothing_to_ask(office: Browser) -> None:
    page = office.get(PAGE)
    assert "Aucun praticien actif dans ce territoire" in page.text
    assert not page.has_form(PAGE)


def test_a_question_is_asked_watched_and_answered(
    house: House, office: Browser, doctor: Volunteer
) -> None:
    form = office.get(PAGE).form(PAGE)
    page = office.submit(
        form,
        {"places_per_day": "1", "commune": LONS, "first_hour": "14", "last_hour": "16"},
    )
    assert page.h1 == (
        "Médecin : une place de plus par jour à Lons-le-Saunier, du lundi au vendredi"
        " de 14 h à 16 h"
    )
    assert "En attente d’un moment libre" in page.text
    waiting = office.part(f"{page.path}/suivi")
    assert waiting.response.headers["X-Live-Every"] == "1000"
    assert office.part(f"{page.path}/suivi", waiting.etag, status=304).html == ""

    keep_promises(house)

    answered = office.part(f"{page.path}/suivi", waiting.etag)
    assert answered.response.headers["X-Live-Every"] == "0"
    assert (
        "1 patient de plus aurait eu un rendez-vous (100,0 % au lieu de 50,0 %) ; l’attente"
        " médiane passerait de 2 h à 3 h 30, et le trajet moyen resterait de 0,0 km."
    ) in answered.text
    whole = office.get(page.path)
    assert "du 26 octobre au 22 novembre 2026 (4 semaines)" in whole.text.lower()
    assert "Complet 1 0" in whole.text
    lately = office.get(PAGE)
    assert "50,0 % → 100,0 %" in lately.text
    assert page.path in lately.links()


def test_without_script_the_communes_name_is_enough(
    house: House, office: Browser, doctor: Volunteer
) -> None:
    form = office.get(PAGE).form(PAGE)
    page = office.submit(form, {"commune": "", "commune_text": "Champagnole"})
    assert "à Champagnole" in page.h1


def test_somebody_less_and_another_delay_are_said_in_words(
    house: House, office: Browser, doctor: Volunteer
) -> None:
    form = office.get(PAGE).form(PAGE)
    page = office.submit(
        form, {"places_per_day": "0", "without": str(doctor.id), "delay_hours": "48"}
    )
    assert page.h1 == "Médecin : sans Dr Anne Vuillet, toutes les demandes à satisfaire en 48 h"
    assert "Dr Anne Vuillet" in office.get(PAGE).text


@pytest.mark.parametrize(
    ("typed", "field", "sentence_"),
    [
        ({"places_per_day": "trois"}, "places_per_day", "Ce champ doit être un nombre entier."),
        ({"places_per_day": "-1"}, "places_per_day", "Indiquez au moins 0."),
        ({"places_per_day": "41"}, "places_per_day", "Indiquez au plus 40."),
        ({"places_per_day": "0"}, "places_per_day", "Changez au moins une chose : des places"),
        ({"commune": "", "commune_text": "Nulle-Part"}, "commune", "Choisissez une commune"),
        ({"weekdays": None}, "weekdays", "Choisissez au moins un jour de la semaine."),
        ({"last_hour": "9"}, "last_hour", "La fin précède le début."),
        ({"without": "personne"}, "without", "Cet identifiant n’a pas la bonne forme."),
        ({"delay_hours": "5"}, "delay_hours", "Choisissez une valeur de la liste."),
        ({"profession": "60"}, "profession", "Aucune demande pour ce professionnel"),
    ],
)
def test_what_cannot_be_asked_is_told_beside_the_field_and_what_was_typed_stays(
    office: Browser,
    doctor: Volunteer,
    typed: dict[str, str | None],
    field: str,
    sentence_: str,
) -> None:
    form = office.get(PAGE).form(PAGE)
    page = office.submit(form, {"commune": LONS, "first_hour": "9"} | typed, status=422)
    assert page.field_error(field).startswith(sentence_)
    assert page.form(PAGE).values["first_hour"] == "9"


def test_a_fourth_question_waits_until_one_is_answered(
    house: House, office: Browser, coordinator: Account, doctor: Volunteer
) -> None:
    for _ in range(3):
        ask_what_if(house, coordinator, AskWhatIf(profession="10", delay_hours=48))
    form = office.get(PAGE).form(PAGE)
    page = office.submit(form, {"commune": LONS}, status=409)
    assert "3 simulations sont déjà en cours" in page.text


def test_a_simulation_that_failed_says_so(
    house: House, office: Browser, coordinator: Account, doctor: Volunteer
) -> None:
    asked = ask_what_if(house, coordinator, AskWhatIf(profession="10", delay_hours=48))
    with house.db.writing() as session:
        session.execute(update(Simulation).values(status="failed"))
    assert "La simulation n’a pas abouti" in office.get(f"{PAGE}/{asked}").text
    assert "Interrompue" in office.get(PAGE).text


def test_a_simulation_of_another_territory_is_not_there(
    house: House,
    coordinator: Account,
    doctor: Volunteer,
    clock: FakeClock,
    signed_in: Callable[[Account], Browser],
) -> None:
    asked = ask_what_if(house, coordinator, AskWhatIf(profession="10", delay_hours=48))
    elsewhere = Town.found(house, clock, code="doubs", department="25")
    stranger = signed_in(elsewhere.account(Role.COORDINATOR))
    assert stranger.get(f"{PAGE}/{asked}", status=404).h1 == "Page introuvable"
    stranger.part(f"{PAGE}/{asked}/suivi", status=404)
    assert "Simulations récentes" not in stranger.get(PAGE).text


def test_the_activity_page_leads_there(office: Browser) -> None:
    assert PAGE in office.get("/activite").links()


@pytest.mark.parametrize(
    ("weekdays", "words"),
    [
        ((0, 1, 2, 3, 4), "du lundi au vendredi"),
        ((5, 6), "le samedi et le dimanche"),
        ((0, 3, 5), "le lundi, le jeudi et le samedi"),
        ((2,), "le mercredi"),
        (tuple(range(7)), "tous les jours"),
    ],
)
def test_days_are_said_as_people_say_them(weekdays: tuple[int, ...], words: str) -> None:
    assert days_in_words(weekdays) == words


def figures(served: float, wait: float, km: float, **unfilled: int) -> dict[str, object]:
    return {
        "requests": 200, "places": 210, "served_pct": served, "served_in_delay_pct": served,
        "unfilled": unfilled, "wait_h": {"median": wait, "p90": 20.0, "mean": wait}, "km": km,
        "places_used_pct": 80.0, "gini": 0.1,
    }  # fmt: skip


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\N{MINUS SIGN}", "-")


def test_fewer_patients_longer_waits_and_more_kilometres_are_said_as_such() -> None:
    result = {"before": figures(95, 6.5, 8.2, full=10), "after": figures(90, 8.0, 9.0, full=20)}
    assert plain(sentence(result)) == (
        "10 patients de moins auraient eu un rendez-vous (90,0 % au lieu de 95,0 %) ; l’attente"
        " médiane passerait de 6 h 30 à 8 h, et le trajet moyen passerait de 8,2 km à 9,0 km."
    )
    served = rows(result)[2]
    assert (plain(served["difference"]), served["tone"]) == ("- 5,0 pt", "bad")
    assert plain(served_in_words(result)) == "95,0 % → 90,0 %"
    assert reasons(result) == [{"label": "Complet", "before": "10", "after": "20"}]


def test_where_nothing_changes_that_is_what_is_said() -> None:
    same = figures(95, 6.5, 8.2, no_slot=10)
    result = {"before": same, "after": same}
    assert plain(sentence(result)) == (
        "Le même nombre de patients aurait eu un rendez-vous (95,0 %) ; l’attente médiane resterait"
        " de 6 h 30, et le trajet moyen resterait de 8,2 km."
    )
    assert {row["difference"] for row in rows(result)} == {"="}
    assert reasons(result)[0]["label"] == "Aucun créneau publié"
