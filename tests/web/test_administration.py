"""The administrators' page: accounts."""

import re
from collections.abc import Callable

import pytest

from dispatcher.domain.roles import Account, Role
from dispatcher.services.accounts import SignInRefusedError, sign_in
from tests.builders import PASSWORD, Town
from tests.web.pages import Browser, Page

PAGE, CREATE = "/administration", "/administration/comptes"
SHOWN = re.compile(r"[a-z0-9]{5}(?:-[a-z0-9]{5}){3}")


@pytest.fixture
def boss(town: Town) -> Account:
    return town.account(Role.ADMINISTRATOR)


@pytest.fixture
def office(boss: Account, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(boss)


def create(office: Browser, status: int = 200, **fields: str) -> Page:
    typed = {"display_name": "Claire Bouvier", "login": "claire.bouvier", "role": "regulator"}
    return office.submit(office.get(PAGE).form(CREATE), typed | fields, status=status)


def shown_password(page: Page) -> str:
    (password,) = page.texts("code", "password")
    assert SHOWN.fullmatch(password)
    return password


def test_an_account_is_made_with_a_password_that_is_shown_once(town: Town, office: Browser) -> None:
    page = create(office)
    account = sign_in(town.house, "claire.bouvier", shown_password(page))
    assert (account.role, account.territory_id) == (Role.REGULATOR, town.territory_id)
    assert "Claire Bouvier claire.bouvier Régulation" in page.text
    assert not office.get(PAGE).texts("code", "password")
    assert SHOWN.search(office.client.get_cookie("snp").value) is None  # type: ignore[union-attr]


def test_a_practitioners_account_belongs_to_one_of_the_territory(
    town: Town, office: Browser
) -> None:
    volunteer = town.volunteer(last_name="Vuillet")
    refused = create(office, role="practitioner", status=422)
    assert "Ce professionnel n’existe pas" in refused.field_error("practitioner")
    page = create(office, role="practitioner", practitioner=str(volunteer.id))
    account = sign_in(town.house, "claire.bouvier", shown_password(page))
    assert account.practitioner_id == volunteer.id
    assert "Dr Anne Vuillet" in page.text


def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_is_kept(
    town: Town, office: Browser
) -> None:
    wrong = [
        ("login", "", "Ce champ est nécessaire."),
        ("login", "deux mots", "lettres sans accent"),
        ("login", "hélène", "lettres sans accent"),
        ("login", town.regulator.login.upper(), "déjà pris"),
        ("display_name", "", "Ce champ est nécessaire."),
        ("role", "", "Choisissez une valeur de la liste."),
        ("role", "emperor", "Choisissez une valeur de la liste."),
    ]
    for field, value, sentence in wrong:
        page = create(office, status=422, **{field: value})
        assert sentence in page.field_error(field), (field, value)
        assert page.form(CREATE).values["display_name"] == (
            value if field == "display_name" else "Claire Bouvier"
        )
    with pytest.raises(SignInRefusedError):
        sign_in(town.house, "claire.bouvier", PASSWORD)


def test_a_new_password_replaces_the_old_one_and_ends_the_sessions(
    town: Town, office: Browser, desk: Browser
) -> None:
    path = f"{CREATE}/{town.regulator.user_id}/mot-de-passe"
    page = office.submit(office.get(PAGE).form(path))
    assert sign_in(town.house, town.regulator.login, shown_password(page)) is not None
    with pytest.raises(SignInRefusedError):
        sign_in(town.house, town.regulator.login, PASSWORD)
    assert desk.get("/demandes").path == "/connexion"


def test_an_account_is_closed_and_opened_again(town: Town, office: Browser) -> None:
    path = f"{CREATE}/{town.regulator.user_id}/acces"
    closed = office.submit(office.get(PAGE).form(path))
    assert "Compte désactivé." in closed.text
    assert not town.user(town.regulator).active
    opened = office.submit(closed.form(path))
    assert "Compte réactivé." in opened.text
    assert town.user(town.regulator).active
    assert sign_in(town.house, town.regulator.login, PASSWORD) is not None


def test_nobody_closes_their_own_account(boss: Account, town: Town, office: Browser) -> None:
    page = office.get(PAGE)
    path = f"{CREATE}/{boss.user_id}/acces"
    assert not page.has_form(path)
    token = page.form("/deconnexion").values["csrf_token"]
    office.client.post(path, data={"csrf_token": token, "active": "0"})
    assert "Vous ne pouvez pas désactiver votre propre compte." in office.get(PAGE).text
    assert town.user(boss).active


def test_the_last_sign_in_is_told(town: Town, office: Browser, desk: Browser) -> None:
    town.account(Role.COORDINATOR)
    town.clock.advance(hours=1)
    rows = office.get(PAGE).texts("tr")
    assert any("Compte regulator" in row and "aujourd’hui à 9 h" in row for row in rows)
    assert any("Compte coordinator" in row and "Jamais" in row for row in rows)
