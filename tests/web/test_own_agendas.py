"""« Mes agendas »: linking an agenda kept elsewhere, on a telephone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from dispatcher.domain.agendas.problems import AgendaProblem
from dispatcher.domain.agendas.reading import Fault
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.own_agendas import own_agendas
from dispatcher.web.own_agendas import FAULTS, PROBLEMS
from tests.builders import Town, Volunteer
from tests.fakes.agendas import FakeAgendas
from tests.houses import keep_promises
from tests.services.own_agendas import URL, agenda
from tests.web.pages import Browser

PATH = "/agenda/agendas"


@pytest.fixture
def volunteer(town: Town) -> Volunteer:
    return town.volunteer()


@pytest.fixture
def account(town: Town, volunteer: Volunteer) -> Account:
    return town.account(Role.PRACTITIONER, volunteer)


@pytest.fixture
def practice(account: Account, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(account)


def test_an_agenda_is_linked_read_and_shown_without_its_address(
    town: Town, practice: Browser, volunteer: Volunteer, agendas: FakeAgendas
) -> None:
    slot_id = town.slot(volunteer, hours=3)
    agendas.files[URL] = agenda((town.in_hours(3), town.in_hours(4)))
    page = practice.submit(practice.get(PATH).form(PATH), {"url": URL})
    assert "Agenda relié : il est lu dans un instant" in page.text
    assert "Première lecture" in page.text
    keep_promises(town.house)
    page = practice.get(PATH)
    assert "Lu lundi 23 novembre à 9 h : 1 moment occupé à venir." in page.text
    assert "agenda.example" in page.text
    assert "secret-4711" not in page.text
    assert town.the_slot(slot_id).blocked_since is not None
    assert "Fermé par votre agenda" in practice.get("/agenda").text


def test_what_is_wrong_with_the_file_is_told_with_its_line_and_next_try(
    town: Town, practice: Browser, agendas: FakeAgendas
) -> None:
    agendas.files[URL] = b"<html>Connectez-vous</html>"
    practice.submit(practice.get(PATH).form(PATH), {"url": URL})
    keep_promises(town.house)
    text = practice.get(PATH).text
    assert "Ce n’est pas un calendrier : l’adresse donne une page web." in text
    assert "Ligne 1 : ce n’est pas le début d’un calendrier" in text
    assert "Nouvel essai à 9 h 10." in text
    first_page = practice.get("/agenda").text
    assert (
        "Votre agenda agenda.example n’est plus lu : il ne ferme plus vos créneaux." in first_page
    )


def test_events_with_the_agreed_word_are_said_to_open_slots(
    town: Town, practice: Browser, volunteer: Volunteer, agendas: FakeAgendas
) -> None:
    start = town.in_hours(3)
    agendas.files[URL] = agenda((start, start + timedelta(hours=1), "SNP"))
    typed = {
        "url": URL,
        "word": "SNP",
        "place": str(volunteer.place),
        "slot_minutes": "20",
    }
    page = practice.submit(practice.get(PATH).form(PATH), typed)
    said = "« SNP » dans un titre ouvre un créneau à : Cabinet, un créneau"
    assert f"{said} toutes les 20 min." in page.text
    keep_promises(town.house)
    assert practice.get("/agenda").text.count("Cabinet") >= 3


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"url": ""}, "url", "Ce champ est nécessaire."),
        ({"url": "mon agenda"}, "url", "Copiez ici l’adresse du calendrier"),
        ({"url": "http://moi:secret@a.example/"}, "url", "Copiez ici l’adresse du calendrier"),
        ({"url": URL, "word": "SNP", "place": ""}, "place", "Choisissez le lieu de ces créneaux."),
        ({"url": URL, "word": "x" * 31}, "word", "30"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field_and_what_was_typed_is_kept(
    town: Town,
    practice: Browser,
    account: Account,
    typed: dict[str, str],
    field: str,
    sentence: str,
) -> None:
    page = practice.submit(practice.get(PATH).form(PATH), typed, status=422)
    assert sentence in page.field_error(field)
    assert page.form(PATH).values["url"] == typed["url"]
    assert own_agendas(town.house.db, account) == []


def test_an_agenda_is_read_at_once_and_removed(
    town: Town, practice: Browser, account: Account, agendas: FakeAgendas
) -> None:
    agendas.files[URL] = agenda()
    practice.submit(practice.get(PATH).form(PATH), {"url": URL})
    keep_promises(town.house)
    (linked,) = own_agendas(town.house.db, account)
    page = practice.submit(practice.get(PATH).form(f"{PATH}/{linked.id}/lire"))
    assert "L’agenda est relu dans un instant." in page.text
    keep_promises(town.house)
    assert len(agendas.asked) == 2
    page = practice.submit(page.form(f"{PATH}/{linked.id}/retirer"))
    assert "Agenda retiré" in page.text
    assert own_agendas(town.house.db, account) == []


def test_every_problem_and_every_fault_has_its_sentence() -> None:
    whole = {Fault.NOT_A_CALENDAR, Fault.CUT_OFF, Fault.LINE_UNREADABLE, Fault.TOO_MANY}
    assert set(PROBLEMS) == set(AgendaProblem) | whole
    assert set(FAULTS) == set(Fault)
