"""The page of payments, the accountant's files and a professional's statement."""

from collections.abc import Callable

import pytest

from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from tests.builders import Town, Volunteer
from tests.web.pages import Browser

PAGE = "/paiements"
RATE = {"basis": "regulation_hour", "profession": "", "rate": "90", "first_month": "2026-10"}


@pytest.fixture
def office(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(town.account(Role.COORDINATOR))


def test_a_month_is_paid_closed_and_handed_over(
    house: House, office: Browser, doctor: Volunteer, telephone: Browser
) -> None:
    assert "Fixez d’abord un tarif." in office.get(PAGE).text
    office.submit(office.get(PAGE).form(f"{PAGE}/tarifs"), RATE)
    noted = office.submit(
        office.get(PAGE).form(f"{PAGE}/heures"),
        {"practitioner": str(doctor.id), "on": "2026-10-12", "hours": "2,5"},
    )
    assert noted.h1 == "Paiements, octobre 2026"
    assert "Heure de régulation : 2,5 h 225,00 € 225,00 €" in noted.text

    closed = office.submit(noted.form(f"{PAGE}/cloture"))
    assert "Octobre 2026 est clos : ses relevés ne changent plus." in closed.text
    assert not closed.has_form(f"{PAGE}/cloture")

    text = office.client.get(f"{PAGE}/export.csv?mois=2026-10").get_data().decode("utf-8-sig")
    (_, line) = text.splitlines()
    assert line == "01/10/2026;clos;Dr Anne Vuillet;;Médecin;Heure de régulation;2,5;90;225"
    book = office.client.get(f"{PAGE}/export.xlsx?mois=2026-10")
    assert book.get_data().startswith(b"PK")
    for who, path in (
        (office, f"{PAGE}/releves/{doctor.id}?mois=2026-10"),
        (telephone, f"{PAGE}/mon-releve?mois=2026-10"),
    ):
        answer = who.client.get(path)
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert answer.get_data().startswith(b"%PDF")


def test_what_was_typed_stays_with_a_sentence_at_each_field(office: Browser) -> None:
    wrong = RATE | {"rate": "douze", "first_month": ""}
    page = office.submit(office.get(PAGE).form(f"{PAGE}/tarifs"), wrong, status=422)
    assert page.field_error("rate").startswith("Indiquez un montant de 0,01 à 1 000 €")
    assert page.field_error("first_month").startswith("Indiquez un mois qui existe")
    assert page.form(f"{PAGE}/tarifs").values["rate"] == "douze"
    wrong = {"practitioner": "", "on": "2026-10-12", "hours": "25"}
    page = office.submit(office.get(PAGE).form(f"{PAGE}/heures"), wrong, status=422)
    assert page.field_error("hours").startswith("Indiquez un nombre d’heures, 24 au plus")
    assert page.field_error("practitioner") == "Choisissez un professionnel de la liste."


def test_a_month_that_there_is_not_is_not_found(office: Browser) -> None:
    for month in ("2026-13", "hier", "0001-01"):
        assert office.get(f"{PAGE}?mois={month}", status=404).h1 == "Page introuvable"
    page = office.get(f"{PAGE}?mois=2026-11")
    assert not page.has_form(f"{PAGE}/cloture")
