"""The contract's page: from nothing to euros, and every fault with its line."""

import io
from collections.abc import Callable
from datetime import date

import pytest

from dispatcher.domain.roles import Account, Role
from dispatcher.services.contract_years import contract_years
from dispatcher.services.house import House
from tests.builders import Town
from tests.houses import keep_promises
from tests.services.test_contracts import TERMS
from tests.web.pages import Browser

EDIT = "/contrat/modifier"
FORM = "/contrat/lignes"


@pytest.fixture
def office(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(town.account(Role.COORDINATOR))


def test_a_contract_is_outlined_described_and_settled(house: House, office: Browser) -> None:
    assert "Décrire votre contrat" in office.get("/contrat").text
    outlined = office.get(f"{FORM}?accord=2019&taille=3&signature=2026-04-15&debut=2026-04-15")
    values = outlined.form(FORM).values
    assert values["contract.last"] == "2027-04-14"
    assert (values["mission.1.label"], values["mission.1.variable_eur"]) == (
        "Amélioration de l’accès aux soins",
        "25000",
    )

    page = office.submit(office.get(EDIT).form(EDIT), {"texte": TERMS, "fichier": None})
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
    page = office.get(f"{FORM}?{query}", status=422)
    assert said in page.text


def test_a_year_that_there_is_not_is_not_found(office: Browser) -> None:
    office.submit(office.get(EDIT).form(EDIT), {"texte": TERMS})
    assert office.get("/contrat?annee=2020-01-01", status=404).h1 == "Page introuvable"
    assert office.get("/contrat?annee=hier", status=404).h1 == "Page introuvable"
    later = office.get(f"{FORM}?suite=2026-04-15").form(FORM).values
    assert (later["contract.first"], later["contract.last"]) == ("2027-04-15", "2028-04-14")


def test_a_contract_is_typed_line_by_line(house: House, town: Town, office: Browser) -> None:
    form = office.get(f"{FORM}?accord=2019&taille=3&signature=2026-04-15&debut=2026-04-15").form(
        FORM
    )
    added = office.submit(form, {"geste": "ligne:mission.1", "contract.name": "CPTS du Lac"})
    form = added.form(FORM)
    assert form.values["contract.name"] == "CPTS du Lac"  # typed before the row was added
    assert contract_years(house.db, town.territory_id) == []
    line = "mission.1.line.0."
    typed = {
        "label": "Rendez-vous honorés",
        "eur": "25 000",
        "source": "log",
        "indicator": "honoured",
        "tiers.0.limit": "1",
        "tiers.0.eur": "10000",
        "tiers.1.limit": "12,5",
        "tiers.1.eur": "25000",
        "evidence": "Liste des actes",
    }
    page = office.submit(form, {f"{line}{name}": said for name, said in typed.items()})
    assert "Contrat enregistré." in page.text
    (year,) = contract_years(house.db, town.territory_id)
    (kept,) = year.lines()
    assert (kept.code, kept.eur, kept.indicator) == ("rendez_vous_honores", 25_000, "honoured")
    assert [(tier.limit, tier.eur) for tier in kept.tiers] == [(1, 10_000), (12.5, 25_000)]
    assert (kept.baseline, kept.target, kept.carried_over) == (None, None, False)

    # what the form shows is what was kept: saved again, nothing changes
    again = office.get(f"{FORM}?annee=2026-04-15").form(FORM)
    assert "Le contrat n’a pas changé." in office.submit(again).text
    removed = office.submit(again, {"geste": "retirer:mission.1.line.0"})
    assert "mission.1.line.0.label" not in removed.form(FORM).values
    assert len(list(contract_years(house.db, town.territory_id)[0].lines())) == 1


def test_a_form_s_faults_stand_at_their_fields_and_save_nothing(
    house: House, town: Town, office: Browser
) -> None:
    office.submit(office.get(EDIT).form(EDIT), {"texte": TERMS})
    form = office.get(f"{FORM}?annee=2026-04-15").form(FORM)
    changes = {
        "contract.last": "2025-04-14",
        "contract.size": "3",
        "mission.0.variable_eur": "beaucoup",
        "mission.0.line.0.eur": "4000",
        "mission.0.line.1.tiers.0.limit": "50",
    }
    page = office.submit(form, changes, status=422)
    assert page.field_error("mission.0.variable_eur") == "Ce champ doit être un nombre entier."
    assert page.form(FORM).values["mission.0.variable_eur"] == "beaucoup"

    page = office.submit(form, changes | {"mission.0.variable_eur": "15000"}, status=422)
    assert page.field_error("contract.last") == "L’année finit avant de commencer."
    assert page.field_error("mission.0.variable_eur").startswith("Les lignes font 14000")
    assert page.field_error("mission.0.line.0.eur").startswith("Le maximum de la ligne")
    assert page.field_error("mission.0.line.1.tiers").startswith("Les paliers vont du plus facile")
    assert "Rendez-vous honorés, Montant :" in page.text
    assert contract_years(house.db, town.territory_id)[0].last == date(2027, 4, 14)

    nobody_s = {f"mission.{'9' * 5000}.label": "a", "mission.²": "b", "mission.x.y": "c"}
    answer = office.client.post(FORM, data=form.filled({}).to_dict() | nobody_s)
    assert answer.status_code == 303  # rows that the form does not have are passed over

    other = office.submit(form, {"contract.first": "2026-05-01"}, status=422)
    assert "chevauche celle qui va" in other.field_error("contract.first")
    office.submit(form, {"geste": "retirer:mission.9"}, status=404)


def test_the_second_of_two_who_change_a_year_is_told_before_it_replaces_the_first(
    house: House, town: Town, office: Browser
) -> None:
    office.submit(office.get(EDIT).form(EDIT), {"texte": TERMS, "fichier": None})
    both = office.get(f"{FORM}?annee=2026-04-15").form(FORM)
    office.submit(both, {"contract.name": "CPTS de la première"})

    page = office.submit(both, {"contract.name": "CPTS de la seconde"}, status=409)
    assert "enregistrée par quelqu’un d’autre pendant votre saisie" in page.text
    assert page.form(FORM).values["contract.name"] == "CPTS de la seconde"
    (standing,) = contract_years(house.db, town.territory_id)
    assert standing.name == "CPTS de la première"

    office.submit(page.form(FORM))
    (standing,) = contract_years(house.db, town.territory_id)
    assert standing.name == "CPTS de la seconde"
