"""The contract's page: from nothing to euros, and every fault with its line."""

import io
from collections.abc import Callable

import pytest

from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from tests.builders import Town
from tests.houses import keep_promises
from tests.services.test_contracts import TERMS
from tests.web.pages import Browser

EDIT = "/contrat/modifier"


@pytest.fixture
def office(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(town.account(Role.COORDINATOR))


def test_a_contract_is_outlined_described_and_settled(house: House, office: Browser) -> None:
    assert "Décrire votre contrat" in office.get("/contrat").text
    outlined = office.get(f"{EDIT}?accord=2019&taille=3&signature=2026-04-15&debut=2026-04-15")
    text = outlined.form(EDIT).values["texte"]
    assert "variable_eur = 25000" in text
    assert "last = 2027-04-14" in text

    page = office.submit(outlined.form(EDIT), {"texte": TERMS, "fichier": None})
    assert "Contrat enregistré. Une valeur du fichier est reprise." in page.text
    assert "Laissées de côté : 1 valeur que" in page.text
    assert "8 000 € sur 15 000 €, soit 53 %" in page.text
    assert "87 Requête CPAM, au 20/11/2026" in page.text
    assert "≤ 100 8 000 €" in page.text
    assert "Avance de 75 % de la part fixe 67 500,00 €" in page.text
    # what is not known of the agreement is said to be unknown
    assert "Enveloppe de fonctionnement inconnu inconnu" in page.text

    follow = next(link for link in page.links() if "indicateur=annuaire" in link)
    assert office.get(follow).form("/activite/chiffres").values["code"] == "annuaire"
    asked = office.submit(page.form("/contrat/preuves"))
    assert "Le dossier de preuves se prépare" in asked.text
    assert "en préparation" in asked.text
    keep_promises(house)
    ready = next(link for link in office.get("/contrat").links() if "/preuves/" in link)
    answer = office.client.get(ready)
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=preuves-jura-2026-11-23.zip"
    )
    exported = office.client.get("/contrat/export.toml?annee=2026-04-15")
    assert 'value = { figure = 87.0, on = 2026-11-20, origin = "Requête CPAM" }' in (
        exported.get_data(as_text=True)
    )


def test_every_fault_is_told_with_its_line_and_what_was_typed_stays(office: Browser) -> None:
    wrong = TERMS.replace("eur = 2000", "eur = 2500").replace("fixed_eur", "fixed_euro")
    page = office.submit(office.get(EDIT).form(EDIT), {"texte": wrong}, status=422)
    assert "Ligne 13 : Ce champ n’existe pas." in page.text
    assert page.form(EDIT).values["texte"].strip() == wrong.strip()
    assert "Décrire votre contrat" in office.get("/contrat").text

    unbalanced = TERMS.replace("eur = 2000", "eur = 2500")
    page = office.submit(office.get(EDIT).form(EDIT), {"texte": unbalanced}, status=422)
    assert "Ligne 14 : Les lignes font 15500 €" in page.text


def test_a_file_takes_the_place_of_the_text(office: Browser) -> None:
    form = office.get(EDIT).form(EDIT)
    for content, status, said in (
        (b"\xff\xfe", 422, "Ce fichier n’est pas un texte UTF-8."),
        (TERMS.encode(), 200, "Contrat enregistré."),
    ):
        data = form.filled({"texte": "rien"}).to_dict()
        response = office.client.post(
            EDIT, data=data | {"fichier": (io.BytesIO(content), "a.toml")}, follow_redirects=True
        )
        assert response.status_code == status
        assert said in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("accord=2031&taille=3&signature=2026-04-15&debut=2026-04-15", "Choisissez un accord"),
        ("accord=2019&taille=7&signature=2026-04-15&debut=2026-04-15", "Choisissez une taille"),
        ("accord=2019&taille=3&signature=&debut=2026-04-31", "Indiquez une date qui existe."),
    ],
)
def test_an_outline_of_what_there_is_not_is_refused(office: Browser, query: str, said: str) -> None:
    page = office.get(f"{EDIT}?{query}", status=422)
    assert said in page.text


def test_a_year_that_there_is_not_is_not_found(office: Browser) -> None:
    office.submit(office.get(EDIT).form(EDIT), {"texte": TERMS})
    assert office.get("/contrat?annee=2020-01-01", status=404).h1 == "Page introuvable"
    assert office.get("/contrat?annee=hier", status=404).h1 == "Page introuvable"
    later = office.get(f"{EDIT}?suite=2026-04-15").form(EDIT).values["texte"]
    assert "first = 2027-04-15" in later
    assert "last = 2028-04-14" in later
