"""What a patient needs beside the care: sex, language, no steps, how far they can go."""

from uuid import uuid4

import pytest

from dispatcher.domain.roles import Role
from dispatcher.services.house import House
from dispatcher.services.intake import NOT_OURS
from dispatcher.services.neighbours import agree
from dispatcher.web.forms import number
from tests.builders import Town
from tests.houses import keep_promises
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


def test_who_is_to_be_left_out_is_chosen_by_name_kept_and_shown(
    desk: Browser, town: Town, house: House
) -> None:
    left_out = town.volunteer(last_name="Lointain")
    town.slot(left_out, hours=1)
    form = desk.get("/demandes/nouvelle")
    assert "Dr Anne Lointain" in form.texts("label", "check")

    page = enter(desk, need__excluded_practitioners=[str(left_out.id)])
    keep_promises(house)

    assert only(town).excluded_practitioners == [str(left_out.id)]
    assert "À écarter Dr Anne Lointain" in page.text
    assert town.the_appointment(only(town).id) is None


def test_neighbours_can_be_left_out_once_slots_are_shared(
    desk: Browser, town: Town, house: House
) -> None:
    next_door = Town.found(house, town.clock, code="plaine", phone="03 84 00 00 01")
    next_door.volunteer(last_name="Voisin")
    assert "Dr Anne Voisin" not in desk.get("/demandes/nouvelle").text
    agree(house, town.account(Role.COORDINATOR), "plaine")
    agree(house, next_door.account(Role.COORDINATOR), "jura")

    assert "Dr Anne Voisin, CPTS plaine" in desk.get("/demandes/nouvelle").texts("label", "check")


def test_who_is_not_known_is_told_beside_the_list_and_nothing_is_kept(
    desk: Browser, town: Town
) -> None:
    known = town.volunteer(last_name="Connu")
    page = enter(desk, 422, need__excluded_practitioners=[str(known.id), str(uuid4())])

    assert page.field_error("need.excluded_practitioners") == NOT_OURS
    assert page.form("/demandes/nouvelle").values.getlist("need.excluded_practitioners") == [
        str(known.id)
    ]
    assert count(town) == 0
