"""« Mes règles »: a practitioner's own form, on a telephone."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import update

from dispatcher.domain.roles import Account, Role
from dispatcher.storage.practitioners import Practitioner
from tests.builders import Town, Volunteer
from tests.web.pages import Browser

PATH = "/agenda/mes-regles"


@pytest.fixture
def volunteer(town: Town) -> Volunteer:
    return town.volunteer()


@pytest.fixture
def practice(town: Town, volunteer: Volunteer, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(town.account(Role.PRACTITIONER, volunteer))


def kept(town: Town, practitioner_id: UUID) -> Practitioner:
    with town.house.db.reading() as session:
        return session.get_one(Practitioner, practitioner_id)


def test_rules_are_shown_changed_and_shown_again(
    town: Town, practice: Browser, volunteer: Volunteer
) -> None:
    typed = {
        "patient_sex": "female",
        "min_age": "15",
        "max_age": "80",
        "daily_cap": "4",
        "weekly_cap": "12",
        "minimum_notice_minutes": "60",
        "languages": ["ar", "en"],
        "step_free": [str(volunteer.place)],
        "accepts_offers": "1",
        "modalities": ["AMB", "HH"],
    }
    page = practice.submit(practice.get(PATH).form(PATH), typed)
    assert "Vos règles sont enregistrées." in page.text
    found = kept(town, volunteer.id)
    assert (found.patient_sex, found.min_age, found.weekly_cap) == ("female", 15, 12)
    assert found.languages == ["fr", "ar", "en"]
    shown = page.form(PATH).values
    assert shown.getlist("languages") == ["en", "ar"]  # in the order of the list
    assert {name: shown[name] for name in ("min_age", "daily_cap", "accepts_offers")} == {
        "min_age": "15",
        "daily_cap": "4",
        "accepts_offers": "1",
    }


def test_a_form_that_is_sent_untouched_changes_nothing(practice: Browser) -> None:
    page = practice.submit(practice.get(PATH).form(PATH))
    assert "Rien n’a changé." in page.text


def test_empty_fields_are_no_limits(town: Town, practice: Browser, volunteer: Volunteer) -> None:
    practice.submit(practice.get(PATH).form(PATH), {"daily_cap": "4"})
    practice.submit(practice.get(PATH).form(PATH), {"daily_cap": ""})
    assert kept(town, volunteer.id).daily_cap is None


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("daily_cap", "0", "Indiquez au moins 1."),
        ("weekly_cap", "beaucoup", "Ce champ doit être un nombre entier."),
        ("min_age", "200", "Indiquez au plus 120."),
        ("patient_sex", "autre", "Choisissez une valeur de la liste."),
        ("modalities", None, "Choisissez au moins une valeur."),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field_and_the_rest_is_kept(
    town: Town, practice: Browser, volunteer: Volunteer, name: str, typed: str, sentence: str
) -> None:
    page = practice.submit(
        practice.get(PATH).form(PATH), {"max_age": "90", name: typed}, status=422
    )
    assert page.field_error(name) == sentence
    assert page.form(PATH).values["max_age"] == "90"
    assert kept(town, volunteer.id).max_age is None


def test_without_a_mobile_nobody_can_be_asked_and_is_told_so(
    town: Town, signed_in: Callable[[Account], Browser]
) -> None:
    unreachable = town.volunteer(phone=None)
    browser = signed_in(town.account(Role.PRACTITIONER, unreachable))
    page = browser.get(PATH)
    assert "Aucun mobile n’est enregistré à votre nom" in page.text
    refused = browser.submit(page.form(PATH), {"accepts_offers": "1"}, status=422)
    assert "les sollicitations arrivent par SMS" in refused.field_error("accepts_offers")
    assert not kept(town, unreachable.id).accepts_offers


def test_an_address_and_how_to_be_told_are_kept_and_what_cannot_be_is_said(
    town: Town, practice: Browser, volunteer: Volunteer
) -> None:
    form = practice.get(PATH).form(PATH)
    refused = practice.submit(form, {"notice_channel": "email", "email": ""}, status=422)
    assert "Écrivez l’adresse à laquelle vous prévenir." in refused.text
    refused = practice.submit(form, {"notice_channel": "both", "email": "anne@"}, status=422)
    assert refused.form(PATH).values["email"] == "anne@"
    assert kept(town, volunteer.id).notice_channel == "sms"

    page = practice.submit(form, {"notice_channel": "both", "email": "anne@exemple.fr"})

    shown = page.form(PATH).values
    assert (shown["notice_channel"], shown["email"]) == ("both", "anne@exemple.fr")
    with town.house.db.writing() as session:
        session.execute(update(Practitioner).values(email_refused_at=town.clock.now))
    assert "Cette adresse a été refusée le lundi 23" in practice.get(PATH).text
