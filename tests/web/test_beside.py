"""What follows a new request while it is typed: known patients, live requests, the best slots."""

from uuid import UUID, uuid4

import pytest

from dispatcher.services.at_entry import held_slot
from dispatcher.services.slots import withdraw_slot
from tests.builders import LONS, Town
from tests.web.pages import Browser, Page, faults_of_part
from tests.web.test_new_request import NEW, TYPED, Typed, count, form_of, only

BESIDE = f"{NEW}/en-direct"
EMPTY: dict[str, Typed] = dict.fromkeys(TYPED, "") | {"need.modalities": []}
NEED: dict[str, Typed] = {
    "patient.commune": LONS,
    "patient.commune_text": "Lons-le-Saunier (39000)",
    "need.profession": "10",
    "need.modalities": ["AMB"],
    "need.delay_hours": "24",
}


def beside(browser: Browser, **posted: Typed) -> Page:
    """The part as the page's script asks for it; `need__motive` stands for `need.motive`."""
    form = form_of(browser)
    typed = EMPTY | {name.replace("__", "."): value for name, value in posted.items()}
    answer = browser.client.post(BESIDE, data=form.filled(typed))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    page = Page.of(answer)
    assert faults_of_part(page.html) == []
    return page


def told(browser: Browser, **posted: Typed) -> Page:
    """With a need that is whole."""
    return beside(browser, **NEED | posted)


def shown(page: Page) -> list[str]:
    """The slots that are proposed, the chosen one marked."""
    return [
        ("*" if "checked" in each.attrib else "") + each.get("value", "")
        for each in page.root.iter("input")
        if each.get("name") == "slot"
    ]


@pytest.mark.parametrize("missing", ["patient.commune", "need.profession", "need.delay_hours"])
def test_slots_are_shown_once_commune_profession_and_delay_are_known(
    desk: Browser, town: Town, missing: str
) -> None:
    slot = town.slot(hours=3)

    blank: dict[str, Typed] = {missing: ""}
    if missing == "patient.commune":
        blank["patient.commune_text"] = ""
    assert shown(told(desk, **blank)) == []
    assert shown(told(desk)) == [str(slot), "*"]


def test_the_best_five_stand_there_with_hour_place_and_name(desk: Browser, town: Town) -> None:
    anne = town.volunteer(last_name="Vuillet", first_name="Anne")
    slots = [town.slot(anne, hours=2 + number) for number in range(7)]

    page = told(desk)

    assert shown(page) == [*map(str, slots[:5]), "*"]
    assert "Dr Anne Vuillet" in page.text
    assert "11 h" in page.text
    assert "parmi 7 créneaux" in page.text


def test_each_change_of_what_is_typed_changes_them(desk: Browser, town: Town) -> None:
    children = town.volunteer(max_age=15)
    slot = town.slot(children, hours=3)

    assert shown(told(desk, patient__birth_date="03/02/2020")) == [str(slot), "*"]
    assert shown(told(desk, patient__birth_date="03/02/1950")) == []
    assert shown(told(desk, need__profession="60")) == []


def test_the_slot_that_is_chosen_is_held_and_stays_chosen_after_a_reload(
    desk: Browser, town: Town
) -> None:
    first, second = town.slot(hours=3), town.slot(hours=4)
    call = uuid4()

    page = told(desk, call=call.hex, slot=str(second))
    assert shown(page) == [str(first), f"*{second}", ""]
    assert "Tenu" in page.text
    assert held_slot(town.house, call) == second

    assert shown(told(desk, call=call.hex)) == [str(first), f"*{second}", ""]
    assert shown(told(desk, call=uuid4().hex)) == [str(first), "*"]
    told(desk, call=call.hex, slot="")
    assert held_slot(town.house, call) is None


def test_looking_again_by_itself_holds_nothing_longer(desk: Browser, town: Town) -> None:
    slot = town.slot(hours=3)
    call = uuid4()
    told(desk, call=call.hex, slot=str(slot))
    town.clock.advance(seconds=90)
    told(desk, call=call.hex, slot=str(slot), idle="1")
    town.clock.advance(seconds=30)

    assert held_slot(town.house, call) is None


def test_a_slot_that_went_while_it_was_chosen_is_said_to_be_gone(desk: Browser, town: Town) -> None:
    slot, other = town.slot(hours=3), town.slot(hours=4)
    withdraw_slot(town.house, town.regulator, slot)

    page = told(desk, call=uuid4().hex, slot=str(slot))

    assert shown(page) == [str(other), "*"]
    assert "Ce créneau vient d’être pris ou fermé." in page.text


def test_saving_books_the_very_slot_that_was_said(desk: Browser, town: Town) -> None:
    town.slot(hours=2)
    second = town.slot(hours=4)
    call = form_of(desk).values["call"]
    told(desk, call=call, slot=str(second))

    page = desk.submit(form_of(desk), TYPED | {"call": call, "slot": str(second)})

    request = only(town)
    assert page.path == f"/demandes/{request.id}"
    appointment = town.the_appointment(request.id)
    assert appointment is not None
    assert appointment.slot_id == second


def test_a_held_slot_that_its_practitioner_closed_keeps_what_was_typed_and_saves_nothing(
    desk: Browser, town: Town
) -> None:
    slot = town.slot(hours=4)
    call = form_of(desk).values["call"]
    told(desk, call=call, slot=str(slot))
    withdraw_slot(town.house, town.regulator, slot)

    page = desk.submit(form_of(desk), TYPED | {"call": call, "slot": str(slot)}, status=409)

    assert "Ce créneau vient d’être pris ou fermé." in page.text
    assert page.form(NEW).values["patient.last_name"] == "Baud"
    assert count(town) == 0


def test_a_place_that_was_told_and_could_not_be_kept_counts_when_the_request_is_saved(
    desk: Browser, town: Town
) -> None:
    slot, other = town.slot(hours=2), town.slot(hours=4)
    call = form_of(desk).values["call"]
    told(desk, call=call, slot=str(slot))
    withdraw_slot(town.house, town.regulator, slot)
    page = desk.submit(form_of(desk), TYPED | {"call": call, "slot": str(slot)}, status=409)
    beside_it = told(desk, call=call, lost_slot=page.form(NEW).values["lost_slot"])
    (kept,) = [each for each in beside_it.root.iter("input") if each.get("name") == "lost_slot"]
    assert kept.get("value") == str(slot)
    desk.submit(page.form(NEW), {"slot": str(other)})
    saved = desk.get(f"/demandes/{only(town).id}").text
    assert "La place proposée venait d’être prise" in saved


def test_a_form_with_its_slot_that_is_sent_twice_makes_one_request(
    desk: Browser, town: Town
) -> None:
    slot = town.slot(hours=4)
    form = form_of(desk)
    typed = TYPED | {"slot": str(slot)}

    first, again = desk.submit(form, typed), desk.submit(form, typed)

    assert first.path == again.path
    assert count(town) == 1


def test_a_known_telephone_shows_its_patient_and_their_live_request(
    desk: Browser, town: Town
) -> None:
    desk.submit(form_of(desk), TYPED)

    page = beside(desk, patient__phone="06.39.98.00.12")
    request = only(town)
    assert f"Jeanne Baud, demande {request.code}" in page.text
    assert f"/demandes/{request.id}" in page.links()
    (button,) = [each for each in page.root.iter("button") if each.get("data-fill-form")]
    assert {
        name.removeprefix("data-fill-"): value
        for name, value in button.attrib.items()
        if name.startswith("data-fill-") and name != "data-fill-form"
    } == {
        "patient.phone": "06 39 98 00 12".replace(" ", "\N{NO-BREAK SPACE}"),
        "patient.last_name": "Baud",
        "patient.first_name": "Jeanne",
        "patient.birth_date": "03/02/1950",
        "patient.commune": LONS,
        "patient.commune_text": "Lons-le-Saunier",
        "patient.gp_choice": "none",
    }
    assert "Baud" not in beside(desk, patient__phone="06 39 98 00").text


def test_a_name_shows_the_live_requests_of_that_name(desk: Browser, town: Town) -> None:
    desk.submit(form_of(desk), TYPED)
    code = only(town).code

    assert f"demande {code}" in beside(desk, patient__last_name="baud").text
    assert f"demande {code}" not in beside(desk, patient__last_name="ba").text
    other = beside(desk, patient__last_name="baud", patient__first_name="Paul")
    assert f"demande {code}" not in other.text


def test_another_territory_knows_nothing_of_them(desk: Browser, town: Town) -> None:
    desk.submit(form_of(desk), TYPED)
    stranger = Town.found(town.house, town.clock, code="ailleurs")
    browser = Browser(desk.client.application)
    browser.sign_in(stranger.regulator)

    page = beside(browser, patient__phone="06 39 98 00 12", patient__last_name="Baud")

    assert "Baud" not in page.text


@pytest.mark.parametrize(
    "posted",
    [
        {"slot": "nothing"},
        {"call": "nothing"},
        {"need__delay_hours": "vingt-quatre"},
        {"need__profession": "médecin"},
        {"patient__birth_date": "31/02/1950"},
        {"patient__phone": "12"},
        {"need__travel_km": "loin"},
        {"need__excluded_practitioners": ["x"]},
        {"patient__gp_choice": "x"},
    ],
)
def test_what_is_not_yet_right_is_left_out_and_breaks_nothing(
    desk: Browser, town: Town, posted: dict[str, Typed]
) -> None:
    town.slot(hours=3)

    told(desk, **posted)

    assert count(town) == 0


def test_a_slot_that_does_not_exist_is_said_to_be_gone(desk: Browser, town: Town) -> None:
    page = told(desk, call=uuid4().hex, slot=str(UUID(int=5)))

    assert "Ce créneau vient d’être pris ou fermé." in page.text
