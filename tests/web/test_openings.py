"""« Accès aux dossiers »: a day, an account, a person; never who the patient is."""

from collections.abc import Callable

import pytest

from dispatcher.domain.roles import Account, Role
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser, Form, Page

PAGE = "/administration/acces-aux-dossiers"
PHONE, BORN = "06 39 98 44 01", "09/07/1948"


@pytest.fixture
def office(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(town.account(Role.ADMINISTRATOR))


def asking(page: Page) -> Form:
    """The form that looks for a person: it is posted."""
    (form,) = [each for each in page.forms() if (each.action, each.method) == (PAGE, "post")]
    return form


def test_who_opened_a_file_is_shown_by_day_by_account_and_by_person(
    town: Town,
    office: Browser,
    desk: Browser,
    telephone: Browser,
    clock: FakeClock,
    doctor: object,
) -> None:
    del doctor
    assert "Aucune fiche n’a été ouverte." in office.get(PAGE).text
    town.slot(town.volunteer())
    about = {"last_name": "Girod", "phone": PHONE, "birth_date": "1948-07-09"}
    request, other = town.request(patient=about), town.request()
    keep_promises(town.house)
    desk.get(f"/demandes/{request}")
    clock.advance(minutes=2)
    desk.get(f"/demandes/{other}")
    telephone.get("/agenda")
    code, second = town.the_request(request).code, town.the_request(other).code

    page = office.get(PAGE)
    assert page.texts("td", "figures") == ["9 h 02", second, "9 h", code]
    assert "GIROD" not in page.text.upper()
    assert office.get(f"{PAGE}?compte={town.regulator.user_id}").text.count("Régulation") == 2
    nobody = office.get(f"{PAGE}?jour=2026-11-22&compte=rien")
    assert "Aucune fiche n’a été ouverte." in nobody.text

    form = asking(page)
    found = office.submit(form, {"phone": PHONE, "birth_date": BORN})
    assert found.texts("td", "figures") == ["9 h", code]
    assert found.response.request.url.endswith(PAGE)  # nothing of it stands in the address
    refused = office.submit(form, {"phone": "06 39 98 44 09", "birth_date": BORN}, status=422)
    assert refused.field_error("phone").startswith("Personne n’est connu")
    assert asking(refused).values["birth_date"] == BORN
    empty = office.submit(form, {"phone": "12", "birth_date": "hier"}, status=422)
    assert empty.field_error("phone")
    assert empty.field_error("birth_date")

    export = found.form(f"{PAGE}/export.csv")
    lines = office.send(export).get_data(as_text=True).splitlines()
    assert lines[1].split(";")[1:6] == ["9\u00a0h", "Compte regulator", "Régulation", "Fiche", code]
    assert len(lines) == 2
    whole = office.send(page.form(f"{PAGE}/export.csv")).get_data(as_text=True)
    assert len(whole.splitlines()) == 3


def test_another_territory_shows_its_own_alone(
    town: Town, office: Browser, desk: Browser, signed_in: Callable[[Account], Browser]
) -> None:
    elsewhere = Town.found(town.house, town.clock, code="doubs", department="25")
    foreign = elsewhere.request(patient={"phone": PHONE, "birth_date": "1948-07-09"})
    signed_in(elsewhere.regulator).get(f"/demandes/{foreign}")

    page = office.get(PAGE)
    assert "Aucune fiche n’a été ouverte." in page.text
    office.submit(asking(page), {"phone": PHONE, "birth_date": BORN}, status=422)
    by_account = office.get(f"{PAGE}?compte={elsewhere.regulator.user_id}")
    assert "Aucune fiche n’a été ouverte." in by_account.text
