"""The page of the figures that are typed in, and where they are shown as such."""

import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.roles import Account, Role
from tests.builders import Town
from tests.web.pages import Browser

PAGE = "/activite/chiffres"
TYPED = {"code": "without_gp_share", "figure": "12,5", "on": "2026-11-20", "origin": "Courrier"}


@pytest.fixture
def office(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(town.account(Role.COORDINATOR))


def test_a_figure_is_typed_shown_with_its_source_and_taken_back(office: Browser) -> None:
    assert "Aucun chiffre saisi." in office.get("/activite?du=2026-11-01&au=2026-11-30").text
    kept = office.submit(office.get(PAGE).form(PAGE), TYPED)
    assert "Chiffre enregistré : Part des patients sans médecin traitant." in kept.text
    shown = office.get("/activite?du=2026-11-01&au=2026-11-30")
    assert "12,5 % 20/11/2026 Courrier" in shown.text
    # the day that it describes is still to come for an earlier period
    assert "Courrier" not in office.get("/activite?du=2026-11-01&au=2026-11-19").text

    files = {
        name: office.client.get(f"/activite{name}?du=2026-11-24&au=2026-11-24&comparer=precedente")
        for name in ("/indicateurs.csv", ".xlsx")
    }
    told = files["/indicateurs.csv"].get_data().decode("utf-8-sig")
    assert "Valeur le 23 novembre 2026" in told.splitlines()[0].replace(NBSP, " ")
    assert "without_gp_share;Part des patients sans médecin traitant;12,5;pour cent" in told
    with zipfile.ZipFile(io.BytesIO(files[".xlsx"].get_data())) as book:
        sheet = book.read("xl/worksheets/sheet4.xml").decode()
    assert '<c r="C2"><v>12.5</v></c>' in sheet  # a number
    assert f"<v>{(date(2026, 11, 20) - date(1899, 12, 30)).days}</v>" in sheet  # a day

    (form,) = [form for form in kept.forms() if form.action.endswith("/retirer")]
    assert "Aucun chiffre saisi." in office.submit(form).text


def test_what_was_typed_stays_with_a_sentence_at_each_field(office: Browser) -> None:
    wrong = TYPED | {"figure": "douze", "origin": "", "code": ""}
    page = office.submit(office.get(PAGE).form(PAGE), wrong, status=422)
    assert page.field_error("figure").startswith("Indiquez un nombre, par exemple 87 ou 12,5")
    assert page.field_error("origin") == "Ce champ est nécessaire."
    assert page.field_error("code") == "Ce champ est nécessaire."
    assert page.form(PAGE).values["figure"] == "douze"
    assert "Aucun chiffre saisi." in page.text
