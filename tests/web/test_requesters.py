"""The room of a requester, from the form to the appointment; and what a regulator sees of it."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select

from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.storage.requests import CareRequest
from tests.builders import LONS, Town
from tests.houses import keep_promises
from tests.web.pages import Browser, Page

NEW, OWN = "/mes-demandes/nouvelle", "/mes-demandes"
TYPED: dict[str, str | list[str] | None] = {
    "patient.phone": "06 39 98 00 12",
    "patient.last_name": "Baud",
    "patient.first_name": "Jeanne",
    "patient.birth_date": "03/02/1980",
    "patient.sex": "female",
    "patient.commune": LONS,
    "patient.commune_text": "Lons-le-Saunier (39000)",
    "patient.gp_choice": "none",
    "need.profession": "10",
    "need.modalities": ["AMB"],
    "need.motive": "FEVER",
    "need.delay_hours": "24",
}


@pytest.fixture
def counter(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    """A pharmacist behind their counter."""
    return signed_in(town.account(Role.REQUESTER))


def ask(browser: Browser, status: int = 200, **changes: str | None) -> Page:
    typed = TYPED | {name.replace("__", "."): value for name, value in changes.items()}
    return browser.submit(browser.get(NEW).form(NEW), typed, status=status)


def count(town: Town) -> int:
    with town.house.db.reading() as session:
        return session.scalar(select(func.count()).select_from(CareRequest)) or 0


def id_of(page: Page) -> UUID:
    return UUID(page.path.split("/")[2])


def test_a_pharmacy_asks_a_regulator_says_yes_and_the_pharmacy_sees_the_hour(
    house: House, town: Town, counter: Browser, desk: Browser
) -> None:
    town.slot(town.volunteer(last_name="Vuillet"))
    assert "Aucune demande en cours" in counter.get(OWN).text
    page = ask(counter)
    assert "Jeanne BAUD" in page.h1
    assert "En attente de la régulation" in page.text
    assert 'data-draft-done="asked-request"' in page.html
    request_id = id_of(page)

    assert "À valider : demande de Pharmacie de l’Essai" in desk.get("/demandes").text
    seen = desk.get(f"/demandes/{request_id}")
    assert "Pharmacie de l’Essai, 03 53 01 00 07" in seen.text
    assert not seen.has_form(f"/demandes/{request_id}/relancer")
    desk.submit(seen.form(f"/demandes/{request_id}/valider"))
    keep_promises(house)

    page = counter.get(page.path)
    assert "Dr Anne Vuillet" in page.text
    assert "Rendez-vous pris" in page.text
    assert "Rendez-vous aujourd’hui à" in counter.get(OWN).text
    assert "Demande validée par la régulation" in desk.get(f"/demandes/{request_id}").text
    part = counter.part(f"{page.path}/suivi")
    counter.part(f"{page.path}/suivi", part.etag, status=304)


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    counter: Browser, town: Town
) -> None:
    page = ask(counter, status=422, patient__phone="12", need__delay_hours=None)
    assert page.field_error("patient.phone")
    assert page.field_error("need.delay_hours")
    assert page.form(NEW).values["patient.last_name"] == "Baud"
    assert count(town) == 0


@pytest.mark.parametrize(
    ("answer", "stands"), [("CYSTITIS", "Réponse donnée autrement"), ("appointment", "En attente")]
)
def test_a_protocol_is_offered_before_anything_is_saved_and_the_answer_is_theirs(
    counter: Browser, town: Town, answer: str, stands: str
) -> None:
    page = ask(counter, need__motive="URINARY")
    assert "Protocole « Cystite simple »" in page.text
    assert "Fièvre de 38 °C ou plus" in page.text
    assert count(town) == 0
    page = counter.submit(page.form(NEW), {"answer": answer})
    assert stands in page.text
    assert count(town) == 1
    if answer == "CYSTITIS":
        assert "Informez le médecin traitant" in page.text
        assert "Pris en charge en pharmacie (protocole cystite)" in page.text


def test_a_protocol_keeps_what_was_typed_and_is_refused_for_what_it_no_longer_suits(
    counter: Browser, town: Town
) -> None:
    """The motive stands in the lists of three professions: only the chosen one's is marked."""
    page = ask(counter, need__motive="URINARY")
    assert page.form(NEW).values.getlist("need.motive") == ["URINARY"]
    changed = {"answer": "CYSTITIS", "need.motive": "FEVER"}
    page = counter.submit(page.form(NEW), changed, status=422)
    assert "Ce protocole ne convient pas" in page.text
    assert count(town) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"patient__sex": "male"},
        {"patient__birth_date": "03/02/1950"},
        {"need__motive": "FEVER"},
        {"need__motive": "SORE_THROAT", "patient__birth_date": "03/02/2018"},
    ],
)
def test_no_protocol_is_offered_where_it_does_not_apply(
    counter: Browser, town: Town, changes: dict[str, str]
) -> None:
    page = ask(counter, 200, **{"need__motive": "URINARY", **changes})
    assert "Protocole" not in page.text
    assert "En attente de la régulation" in page.text
    assert count(town) == 1


def test_the_same_form_sent_twice_is_one_request(counter: Browser, town: Town) -> None:
    form = counter.get(NEW).form(NEW)
    pages = [counter.submit(form, TYPED) for _ in range(2)]
    assert pages[0].path == pages[1].path
    assert count(town) == 1


def test_a_second_need_of_the_same_patient_is_said_and_shows_nothing_of_others(
    counter: Browser, desk: Browser, town: Town
) -> None:
    town.request(
        patient={
            "last_name": "Baud",
            "first_name": "Jeanne",
            "birth_date": "1980-02-03",
            "phone": "06 39 98 00 12",
        }
    )
    page = ask(counter, status=409)
    assert "Une demande est déjà en cours pour ce patient" in page.text
    assert not any(link.startswith("/demandes") for link in page.links())
    assert count(town) == 1
    counter.submit(page.form(NEW), {"confirm_duplicate": "1"})
    assert count(town) == 2
    again = ask(counter, status=409)
    assert [link for link in again.links() if link.startswith("/mes-demandes/")]


def test_the_patient_no_longer_needs_it(counter: Browser, town: Town) -> None:
    page = ask(counter)
    form = page.form(f"{page.path}/annuler")
    assert "Choisissez une raison" in counter.submit(form, {"reason": ""}).text
    page = counter.submit(form, {"reason": "BETTER"})
    assert "Demande annulée" in page.text
    assert not page.has_form(f"{page.path}/annuler")


def test_nobody_elses_request_exists_for_a_requester(
    counter: Browser, town: Town, signed_in: Callable[[Account], Browser]
) -> None:
    other = signed_in(town.account(Role.REQUESTER, practice="Cabinet infirmier de l’Essai"))
    page, regulators = ask(counter), town.request()
    other.get(page.path, status=404)
    other.get(f"{page.path}/suivi", status=404)
    counter.get(f"/mes-demandes/{regulators}", status=404)


def test_an_administrator_makes_the_account_of_a_requester_with_its_practice(
    town: Town, signed_in: Callable[[Account], Browser]
) -> None:
    boss = signed_in(town.account(Role.ADMINISTRATOR))
    form = boss.get("/administration").form("/administration/comptes")
    typed = {"display_name": "Zoé Essai", "login": "zoe@essai.example", "role": "requester"}
    page = boss.submit(form, typed, status=422)
    assert page.field_error("practice.name")
    assert page.form("/administration/comptes").values["login"] == "zoe@essai.example"
    practice = {"practice.name": "Pharmacie du Test", "practice.phone": "03 53 01 00 08"}
    page = boss.submit(form, typed | practice | {"practice.origin": "NON"}, status=422)
    assert page.field_error("practice.origin")
    page = boss.submit(form, typed | practice | {"practice.origin": "PHARMACY"})
    assert "Mot de passe de zoe@essai.example" in page.text
    assert "Pharmacie du Test" in page.text
