"""The form of a new request: what is typed, what is wrong with it; one call is one request."""

from datetime import date

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from dispatcher.domain.errors import InvalidError
from dispatcher.storage.requests import CareRequest
from dispatcher.web import forms
from tests.builders import LONS, Town
from tests.threads import at_once
from tests.web.pages import Browser, Form, Page

NEW = "/demandes/nouvelle"
Typed = str | list[str] | None
"""What a field sends: several values, or nothing at all."""
TYPED: dict[str, Typed] = {
    "patient.phone": "06 39 98 00 12",
    "patient.last_name": "Baud",
    "patient.first_name": "Jeanne",
    "patient.birth_date": "03/02/1950",
    "patient.commune": LONS,
    "patient.commune_text": "Lons-le-Saunier (39000)",
    "patient.gp_choice": "none",
    "need.profession": "10",
    "need.modalities": ["AMB", "HH"],
    "need.motive": "FEVER",
    "need.note": "Tousse depuis trois jours.",
    "need.delay_hours": "24",
    "origin": "SAS",
    "regulated.seen": "1",
    "regulated.by": "Dr Perrin",
}


def form_of(browser: Browser) -> Form:
    return browser.get(NEW).form(NEW)


def enter(browser: Browser, status: int = 200, **changes: Typed) -> Page:
    """Type a request; `need__motive` stands for the field `need.motive`."""
    typed = TYPED | {name.replace("__", "."): value for name, value in changes.items()}
    return browser.submit(form_of(browser), typed, status=status)


def count(town: Town) -> int:
    with town.house.db.reading() as session:
        return session.scalar(select(func.count()).select_from(CareRequest)) or 0


def only(town: Town) -> CareRequest:
    with town.house.db.reading() as session:
        return session.scalars(select(CareRequest)).one()


def test_the_form_proposes_what_most_requests_ask_for_and_nothing_that_is_counted(
    desk: Browser,
) -> None:
    values = form_of(desk).values
    assert values["need.profession"] == "10"
    assert values.getlist("need.modalities") == ["AMB"]
    assert "need.delay_hours" not in values
    assert "origin" not in values


def test_all_that_is_typed_is_kept(desk: Browser, town: Town) -> None:
    page = enter(desk)
    request = only(town)
    assert page.path == f"/demandes/{request.id}"
    assert (request.profession, request.modalities) == ("10", ["AMB", "HH"])
    assert (request.motive, request.delay_hours, request.origin) == ("FEVER", 24, "SAS")
    assert (request.regulated_by, request.regulated_at) == ("Dr Perrin", town.clock.now)
    assert (request.has_gp, request.gp_id, request.age) == (False, None, 76)
    assert "Jeanne BAUD" in page.h1
    for said in ("03/02/1950 (76 ans)", "06 39 98 00 12", "Lons-le-Saunier (39000)", "Fièvre"):
        assert said in page.text
    assert "Tousse depuis trois jours." in page.text
    assert "Vu par un médecin régulateur du SAS : Dr Perrin" in page.text


def test_a_doctor_of_another_regulation_is_noted_as_such(desk: Browser, town: Town) -> None:
    page = enter(desk, regulated__sas="0")
    assert only(town).regulated_for_sas is False
    assert "Vu par un médecin régulateur : Dr Perrin" in page.text


def test_the_page_after_the_form_forgets_its_draft_once(desk: Browser, town: Town) -> None:
    page = enter(desk)
    assert 'data-draft-done="new-request"' in page.html
    assert "data-draft-done" not in desk.get(page.path).html


def test_the_doctors_of_the_territory_may_be_medecin_traitant(desk: Browser, town: Town) -> None:
    doctor = town.volunteer(last_name="Vuillet")
    page = enter(desk, patient__gp_choice=str(doctor.id))
    assert only(town).gp_id == doctor.id
    assert "Médecin traitant Dr Anne Vuillet" in page.text


def test_a_doctor_from_elsewhere_is_a_medecin_traitant_without_a_name(
    desk: Browser, town: Town
) -> None:
    page = enter(desk, patient__gp_choice="other")
    assert (only(town).has_gp, only(town).gp_id) == (True, None)
    assert "Un médecin hors du territoire" in page.text


def test_what_was_seen_by_a_doctor_without_a_name_is_noted_with_its_hour(
    desk: Browser, town: Town
) -> None:
    enter(desk, regulated__by="")
    assert (only(town).regulated_by, only(town).regulated_at) == (None, town.clock.now)


def test_a_name_beside_an_unchecked_box_is_not_kept(desk: Browser, town: Town) -> None:
    enter(desk, regulated__seen=None)
    assert (only(town).regulated_by, only(town).regulated_at) == (None, None)


WRONG: list[tuple[str, Typed, str]] = [
    ("patient.phone", "", "Ce champ est nécessaire."),
    ("patient.phone", "12", "Il manque des chiffres"),
    ("patient.phone", "03 84 12 34 56", "ligne fixe"),
    ("patient.last_name", "  ", "Ce champ est nécessaire."),
    ("patient.birth_date", "", "Ce champ est nécessaire."),
    ("patient.birth_date", "31/02/1950", "une date qui existe"),
    ("patient.birth_date", "19500203", "une date qui existe"),
    ("patient.birth_date", "24/11/2026", "dans le futur"),
    ("patient.birth_date", "01/01/1890", "l’année de naissance"),
    ("patient.commune_text", "Nullepart", "Choisissez une commune de la liste."),
    ("patient.gp_choice", "", "Indiquez le médecin traitant"),
    ("need.profession", None, "Ce champ est nécessaire."),
    ("need.modalities", [], "Choisissez au moins une valeur."),
    ("need.note", "x" * 501, "trop long"),
    ("need.delay_hours", None, "Ce champ est nécessaire."),
    ("origin", None, "Ce champ est nécessaire."),
]
FORGED: list[tuple[str, Typed, str]] = [
    ("patient.gp_choice", "nobody", "Cet identifiant n’a pas la bonne forme."),
    ("need.profession", "99", "Choisissez une profession de la liste."),
    ("need.motive", "NOTHING", "Choisissez un motif de la liste."),
    ("need.delay_hours", "36", "Choisissez un délai de la liste"),
    ("need.delay_hours", "un jour", "Ce champ doit être un nombre entier."),
    ("origin", "MOON", "Choisissez l’origine"),
]
"""What no form of ours sends, and cannot show again."""


def test_each_wrong_field_is_told_beside_it_and_everything_typed_is_kept(
    desk: Browser, town: Town
) -> None:
    form = form_of(desk)
    for field, value, sentence in WRONG:
        typed = TYPED | {field: value}
        page = desk.submit(form, typed, status=422)
        assert sentence in page.field_error(field.removesuffix("_text")), (field, value)
        assert "Rien n’a été enregistré" in page.text
        kept = page.form(NEW).values
        for name, sent in typed.items():
            expected = [] if sent is None else sent if isinstance(sent, list) else [sent]
            assert kept.getlist(name) == expected, (field, name)
    assert count(town) == 0


def test_what_no_form_of_ours_sends_is_refused_beside_its_field(desk: Browser, town: Town) -> None:
    form = form_of(desk)
    for field, value, sentence in FORGED:
        page = desk.submit(form, TYPED | {field: value}, status=422)
        assert sentence in page.field_error(field), (field, value)
    assert count(town) == 0


def test_several_faults_are_told_at_once_in_the_order_of_the_form(desk: Browser) -> None:
    page = desk.submit(
        form_of(desk),
        {"origin": "SAS", "patient.birth_date": "hier", "need.delay_hours": "24"},
        status=422,
    )
    summary = [link for link in page.links() if link.startswith("#patient")]
    assert summary == [
        "#patient-phone",
        "#patient-last-name",
        "#patient-first-name",
        "#patient-birth-date",
        "#patient-commune",
        "#patient-gp-choice",
    ]
    assert "6 informations sont à corriger" in page.text


def test_what_cannot_be_read_and_what_cannot_be_used_are_told_at_once(desk: Browser) -> None:
    """Nobody with a telephone at the ear is sent back twice."""
    page = desk.submit(
        form_of(desk),
        {
            "patient.phone": "03 84 00 00 01",  # a landline
            "patient.birth_date": "hier",
            "patient.last_name": "Essai",
            "patient.first_name": "Camille",
            "patient.commune": LONS,
            "patient.commune_text": "Lons-le-Saunier",
            "patient.gp_choice": "none",
            "origin": "SAS",
            "need.delay_hours": "24",
        },
        status=422,
    )
    summary = [link for link in page.links() if link.startswith("#patient")]
    assert summary == ["#patient-phone", "#patient-birth-date"]


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        ("03/02/1950", date(1950, 2, 3)),
        ("3/2/1950", date(1950, 2, 3)),
        ("03.02.1950", date(1950, 2, 3)),
        ("3-2-1950", date(1950, 2, 3)),
        ("03 02 1950", date(1950, 2, 3)),
        ("03021950", date(1950, 2, 3)),
        (" 1950-02-03 ", date(1950, 2, 3)),
        ("29/02/2024", date(2024, 2, 29)),
        ("29/02/2023", None),
        ("1950", None),
        ("02/1950", None),
        ("00/00/0000", None),
        ("٣/٢/١٩٥٠", None),
    ],
)
def test_birth_dates_as_people_type_them(typed: str, born: date | None) -> None:
    assert forms.birth_date(typed) == born


def asked_commune(town: Town, code: str, text: str) -> str:
    values = TYPED | {"patient.commune": code, "patient.commune_text": text}
    now, communes = town.clock.now, town.house.communes
    return forms.command(values, town.code, communes, now, confirmed=False).patient.commune


def test_the_commune_is_what_was_picked_or_the_only_one_that_was_typed(town: Town) -> None:
    assert asked_commune(town, LONS, "Lons-le-Saunier (39000)") == LONS
    assert asked_commune(town, "", "39570 Montmorot") == "39362"  # nothing picked: no script
    assert asked_commune(town, "", "champagnole") == "39097"
    assert asked_commune(town, "39362", "Champagnole") == "39097"  # picked, then typed over


def test_a_commune_that_could_be_several_or_none_is_asked_again(town: Town) -> None:
    for code, text in (("", "Saint"), ("", ""), ("39362", ""), ("", "Nullepart")):
        with pytest.raises(InvalidError) as refused:
            asked_commune(town, code, text)
        assert refused.value.fields == {"patient.commune": forms.COMMUNE_UNKNOWN}


def test_a_second_live_request_is_shown_and_made_only_when_it_is_confirmed(
    desk: Browser, town: Town
) -> None:
    first = enter(desk)
    code = only(town).code
    warned = enter(desk, status=409)
    assert "Une demande est déjà en cours pour ce patient" in warned.text
    assert f"Demande {code} En recherche Médecin, ouverte aujourd’hui à 9 h" in warned.text
    assert first.path in warned.links()
    assert count(town) == 1
    confirmed = desk.submit(warned.form(NEW), {"confirm_duplicate": "1"})
    assert count(town) == 2
    assert confirmed.path not in {first.path, NEW}


def test_the_same_form_sent_twice_makes_one_request(desk: Browser, town: Town) -> None:
    form = form_of(desk)
    first, second = desk.send(form, TYPED), desk.send(form, TYPED)
    assert count(town) == 1
    assert first.headers["Location"] == second.headers["Location"]


def test_a_double_click_makes_one_request(desk: Browser, town: Town) -> None:
    form = form_of(desk)
    cookie = desk.client.get_cookie("snp")
    assert cookie is not None

    def click() -> str:
        client = desk.client.application.test_client()
        client.set_cookie("snp", cookie.value)
        return str(client.post(form.action, data=form.filled(TYPED)).headers["Location"])

    assert len(set(at_once([click] * 4))) == 1
    assert count(town) == 1


def test_coming_back_and_changing_the_form_asks_for_another_request(
    desk: Browser, town: Town
) -> None:
    form = form_of(desk)
    desk.send(form, TYPED)
    desk.submit(form, TYPED | {"patient.first_name": "Lucie"})
    assert count(town) == 2


def test_a_refused_form_keeps_its_call(desk: Browser, town: Town) -> None:
    form = form_of(desk)
    refused = desk.submit(form, TYPED | {"patient.phone": "12"}, status=422)
    assert refused.form(NEW).values["call"] == form.values["call"]
    desk.submit(refused.form(NEW), {"patient.phone": "06 39 98 00 12"})
    assert count(town) == 1


def test_a_body_that_is_too_large_is_refused(desk: Browser, town: Town) -> None:
    page = desk.submit(form_of(desk), TYPED | {"need.note": "x" * 300_000}, status=413)
    assert "Rien n’a été modifié" in page.text
    assert count(town) == 0


def test_typed_fields_that_nobody_asked_for_are_left_out() -> None:
    form = MultiDict([("patient.phone", "1"), ("territory", "autre"), ("confirm_duplicate", "1")])
    assert set(forms.typed(form)) == {*forms.TEXTS, *forms.SEVERAL}


def test_the_picker_answers_what_begins_so(desk: Browser) -> None:
    answer = desk.client.get("/communes?q=39300")
    assert answer.json is not None
    names = [commune["name"] for commune in answer.json]
    assert "Champagnole" in names
    first = answer.json[0]
    assert set(first) == {"insee", "name", "postcodes", "department"}
    assert "39300" in first["postcodes"]


def test_the_picker_takes_anything(desk: Browser) -> None:
    for query in ("", "?q=", "?q=" + "é" * 500, "?q=%00", "?q=zzzzzz"):
        answer = desk.client.get(f"/communes{query}")
        assert (answer.status_code, answer.json) == (200, [])
