"""The territory's directory, and the import that fills it."""

import io
from collections.abc import Callable

import pytest

from dispatcher.domain.roles import Account, Role
from dispatcher.services.commands import ChangeLimits
from dispatcher.services.house import House
from dispatcher.services.practitioners import change_limits
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.rpps_extract import HEADER, cells, extract, line, rpps
from tests.houses import keep_promises
from tests.web.pages import NBSP, Browser, Page

IMPORT = "/annuaire/import"


@pytest.fixture
def coordination(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(town.account(Role.COORDINATOR))


def sent(browser: Browser, file: io.BytesIO | None, departments: str = "39") -> Page:
    """The form with a file, as a browser without script sends it."""
    form = browser.get(IMPORT).form(IMPORT)
    data: dict[str, object] = {**form.values.to_dict(), "departments": departments}
    if file is not None:
        data["file"] = (file, "extrait.txt")
    response = browser.client.post(
        IMPORT, data=data, content_type="multipart/form-data", follow_redirects=True
    )
    return browser._shown(response, response.status_code)


def test_a_file_is_read_chosen_from_checked_and_imported(
    house: House, town: Town, coordination: Browser
) -> None:
    town.volunteer(rpps=rpps(2), last_name="Vuillet")
    town.volunteer(rpps=rpps(4), last_name="Essai4", first_name="Anne")
    nurse = cells(3, Code_profession="60", Code_commune="39362")
    file = extract(*map(line, (cells(1), cells(2), nurse, cells(4))), "a|b")
    choice = sent(coordination, file)
    assert "5 lignes lues, 4 gardées" in choice.text
    assert "Nombre de colonnes inattendu : 1" in choice.text
    assert "Lons-le-Saunier 3" in choice.text
    form = choice.form(f"{choice.path}/choix")
    # where places are known already; what the file has; nobody who is employed
    assert form.values.getlist("communes") == ["39300"]
    assert form.values.getlist("professions") == ["10", "60"]

    checked = coordination.submit(form, {"communes": ["39300", "39362"]})
    assert checked.texts("dd") == ["2", "1", "0", "1"]
    assert "connu ici sous un autre nom : rien n’est changé" in checked.text
    assert "gardé tel que saisi ici : prénom" in checked.text
    assert "Importer 3 professionnels" in checked.text

    begun = coordination.submit(checked.form(f"{choice.path}/lancement"))
    assert "En attente d’un moment libre" in begun.text
    keep_promises(house)
    part = coordination.part(f"{choice.path}/suivi")
    assert part.texts("dd") == ["2", "1", "0", "1", "0", "0"]
    coordination.part(f"{choice.path}/suivi", part.etag, status=304)

    report = coordination.client.get(f"{choice.path}/rapport.csv")
    rows = [row.split(";") for row in report.get_data().decode("utf-8-sig").splitlines()]
    assert [row[0] for row in rows] == ["Ligne", "2", "3", "4", "5", "6"]
    assert rows[2][3] == f"connu ici sous un autre nom{NBSP}: rien n’est changé"
    assert (
        "2 nouveaux, 1 mis à jour, 1 connus ici sous un autre nom" in coordination.get(IMPORT).text
    )

    page = coordination.get("/annuaire")
    assert "4 professionnels" in page.text
    assert page.texts("h3") == [
        "Dr ESSAI1 Anne-Marie",
        "Dr ESSAI4 Anne",
        "Dr VUILLET Anne",
        "Dr ESSAI3 Anne-Marie",
    ]


@pytest.mark.parametrize(
    ("file", "departments", "field", "sentence"),
    [
        (None, "39", "file", "Choisissez le fichier téléchargé."),
        (extract(), "20", "departments", "Département inconnu : 20 (exemples : 39, 2A, 974)."),
        (io.BytesIO(b"<html>"), "39", "file", "n’est pas l’extraction de l’annuaire"),
        (
            extract(header=[name for name in HEADER if name != "Code profession"]),
            "39, 71",
            "file",
            "Il manque une colonne à ce fichier : « Code profession »",
        ),
        (extract(line(cells(1))), "71", "file", "Aucune des 1 lignes"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field_and_what_was_typed_stays(
    coordination: Browser,
    file: io.BytesIO | None,
    departments: str,
    field: str,
    sentence: str,
) -> None:
    if file is not None:
        file = io.BytesIO(file.getvalue())  # each engine's own
    page = sent(coordination, file, departments)

    assert page.status == 422
    assert sentence in page.field_error(field)
    assert page.form(IMPORT).values["departments"] == departments


def test_nothing_chosen_is_told_and_another_territorys_import_is_not_there(
    house: House,
    town: Town,
    clock: FakeClock,
    coordination: Browser,
    signed_in: Callable[[Account], Browser],
) -> None:
    choice = sent(coordination, extract(line(cells(1))))
    refused = coordination.submit(
        choice.form(f"{choice.path}/choix"), {"communes": None}, status=422
    )
    assert refused.field_error("communes") == "Choisissez au moins une commune."

    elsewhere = Town.found(house, clock, code="doubs", department="25")
    stranger = signed_in(elsewhere.account(Role.COORDINATOR))
    assert stranger.get(choice.path, status=404).h1 == "Page introuvable"
    assert stranger.client.get(f"{choice.path}/rapport.csv").status_code == 404


def test_a_file_larger_than_any_other_form_is_taken_there_and_nowhere_else(
    coordination: Browser,
) -> None:
    large = extract(line(cells(1)), *["x"] * 300_000)
    assert len(large.getvalue()) > 512 * 1024
    assert "1 gardées" in sent(coordination, large).text

    token = coordination.get(IMPORT).form(IMPORT).values["csrf_token"]
    refused = coordination.client.post(
        "/voisins/accord", data={"csrf_token": token, "neighbour": "x" * 600_000}
    )
    assert refused.status_code == 413


def test_the_directory_is_searched_by_words_profession_and_what_they_accept(
    house: House, town: Town, desk: Browser
) -> None:
    opens = town.volunteer(last_name="Baud")
    town.slot(opens)
    asked = town.volunteer(last_name="Clerc", commune="39097")
    account = town.account(Role.PRACTITIONER, asked)
    change_limits(house, account, ChangeLimits(accepts_offers=True, accepts_new_patients=True))
    town.volunteer(last_name="Dornier", profession="60", specialty=None)

    for query, names in (
        ("", ["BAUD", "CLERC", "DORNIER"]),
        ("q=DORN%20inf", ["DORNIER"]),
        ("q=champag", ["CLERC"]),
        ("q=39000", ["BAUD", "DORNIER"]),
        ("q=zzz", []),
        ("profession=60", ["DORNIER"]),
        ("volontaires=1", ["BAUD", "CLERC"]),
        ("nouveaux=1", ["CLERC"]),
    ):
        page = desk.get(f"/annuaire?{query}")
        assert [heading.split()[1] for heading in page.texts("h3")] == names, query
        assert IMPORT not in page.links(), "a regulator reads it"

    whole = desk.get("/annuaire").text
    for said in ("Ouvre des créneaux", "Peut être sollicité", "Accepte de nouveaux patients"):
        assert whole.count(said) == 1


def test_who_does_not_take_new_patients_says_so_among_their_rules(
    town: Town, telephone: Browser, desk: Browser
) -> None:
    form = telephone.get("/agenda/mes-regles").form("/agenda/mes-regles")
    assert form.values["accepts_new_patients"] == ""
    telephone.submit(form, {"accepts_new_patients": "no"})

    again = telephone.get("/agenda/mes-regles").form("/agenda/mes-regles")
    assert again.values["accepts_new_patients"] == "no"
    assert "Pas de nouveaux patients" in desk.get("/annuaire").text
