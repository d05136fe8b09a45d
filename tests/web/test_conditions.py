"""What a patient needs beside the care: sex, language, no steps, how far they can go."""

import pytest

from dispatcher.web.forms import number
from tests.builders import Town
from tests.web.pages import Browser
from tests.web.test_new_request import count, enter, only


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("12", 12.0),
        (" 12,5 ", 12.5),
        ("12.5", 12.5),
        ("1\u00a0000", 1000.0),
        ("1\u202f000", 1000.0),
        ("-2", -2.0),
        ("", None),
        ("12,5,1", None),
        ("1e9", None),
        ("nan", None),
        ("٣", None),
        ("9" * 30, None),
    ],
)
def test_numbers_are_read_as_people_type_them(typed: str, meant: float | None) -> None:
    assert number(typed) == meant


def test_a_request_without_conditions_has_none(desk: Browser, town: Town) -> None:
    enter(desk)
    request = only(town)
    assert (request.sex, request.language, request.travel_km) == (None, None, None)
    assert not request.needs_step_free


def test_conditions_are_kept_and_shown_on_the_request(desk: Browser, town: Town) -> None:
    page = enter(
        desk,
        patient__sex="female",
        need__language="ar",
        need__needs_step_free="1",
        need__travel_km="12,5",
    )
    request = only(town)
    assert (request.sex, request.language, request.travel_km) == ("female", "ar", 12.5)
    assert request.needs_step_free
    assert "Sexe Femme" in page.text
    assert "à recevoir en arabe, accès de plain-pied, se déplace jusqu’à 12 km" in page.text


def test_the_language_of_the_sms_is_chosen_and_shown(desk: Browser, town: Town) -> None:
    form = desk.get("/demandes/nouvelle").form("/demandes/nouvelle")
    assert form.values["patient.language"] == ""

    page = enter(desk, need__language="wo", patient__language="tr")
    assert "à recevoir en wolof" in page.text
    assert "SMS en turc" in page.text


def test_french_is_not_worth_a_word(desk: Browser, town: Town) -> None:
    assert "SMS en" not in enter(desk).text


def test_who_cannot_go_out_is_seen_at_home(desk: Browser, town: Town) -> None:
    page = enter(desk, need__cannot_travel="1", need__modalities=["HH"])
    assert only(town).travel_km == 0
    assert "ne peut pas se déplacer" in page.text


def test_who_cannot_go_out_is_not_asked_to_come_to_a_practice_alone(
    desk: Browser, town: Town
) -> None:
    page = enter(desk, 422, need__cannot_travel="1", need__modalities=["AMB"])
    assert "choisissez aussi à domicile" in page.field_error("need_modalities")
    assert page.form("/demandes/nouvelle").values["need.cannot_travel"] == "1"
    assert count(town) == 0


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("need__travel_km", "loin", "Indiquez une distance de 0 à 500 km."),
        ("need__travel_km", "-2", "Indiquez une distance de 0 à 500 km."),
        ("need__language", "xx", "Choisissez une langue de la liste."),
        ("patient__language", "wo", "Choisissez une valeur de la liste."),
        ("patient__sex", "autre", "Choisissez une valeur de la liste."),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field_and_kept(
    desk: Browser, town: Town, field: str, typed: str, sentence: str
) -> None:
    page = enter(desk, 422, **{field: typed})
    name = field.replace("__", ".")
    assert page.field_error(name) == sentence
    if field == "need__travel_km":
        assert page.form("/demandes/nouvelle").values[name] == typed
    assert count(town) == 0
