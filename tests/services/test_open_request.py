"""Taking a request: all of it is kept, or none, and each thing that is wrong has its sentence."""

import secrets
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from dispatcher.domain.errors import DuplicateRequestError, InvalidError
from dispatcher.domain.events import RequestOpened, read_event
from dispatcher.domain.roles import Role
from dispatcher.services import requests
from dispatcher.services.appointments import close_request
from dispatcher.services.commands import CloseRequest
from dispatcher.services.house import House
from dispatcher.storage.patients import Patient
from tests.builders import LONS, Town, mobile
from tests.fakes.clock import MONDAY_MORNING
from tests.services.tables import events, promises, row_counts
from tests.threads import at_once

REUNION = "97411"  # Saint-Denis


def faults_of(town: Town, **changes: Any) -> dict[str, str]:
    """The sentences by field; nothing may have been written."""
    before = row_counts(town.house)
    with pytest.raises(InvalidError) as refused:
        town.request(**changes)
    assert row_counts(town.house) == before
    return refused.value.fields


def test_a_request_is_kept_with_what_was_worked_out_from_it(house: House, town: Town) -> None:
    gp = town.volunteer()
    request_id = town.request(
        patient={"birth_date": date(1950, 11, 24), "phone": "06 39 98 00 12", "gp": gp.id},
        need={"delay_hours": 24, "motive": "FEVER", "note": "  fièvre depuis hier "},
        regulated={"by": "Dr Régule"},
    )

    kept = town.the_request(request_id)
    assert (kept.status, kept.attention, kept.profession) == ("searching", None, "10")
    assert kept.age == 75  # 76 tomorrow
    assert (kept.asked_at, kept.due_at) == (MONDAY_MORNING, MONDAY_MORNING + timedelta(hours=24))
    assert len(kept.code) == 4
    assert kept.code.isdecimal()
    assert (kept.has_gp, kept.gp_id) == (True, gp.id)
    assert (kept.regulated_by, kept.regulated_at) == ("Dr Régule", MONDAY_MORNING)
    assert kept.opened_by == town.regulator.user_id
    lons = house.communes.get(LONS)
    assert lons is not None
    assert (kept.longitude, kept.latitude) == (lons.longitude, lons.latitude)
    assert kept.note is not None
    opened = house.db.cipher.open("care_requests.note", request_id, kept.note)
    assert opened == "fièvre depuis hier"


def test_the_log_tells_the_request_without_telling_who_asks(house: House, town: Town) -> None:
    request_id = town.request(
        patient={"last_name": "Zébulon", "birth_date": date(1950, 2, 3)}, need={"note": "secret"}
    )

    ((kind, data),) = events(house, request_id)
    event = read_event(kind, {"request_id": request_id}, data)
    assert event == RequestOpened(
        request_id=request_id,
        profession="10",
        specialty=None,
        modalities=["AMB"],
        delay_hours=24,
        due_at=MONDAY_MORNING + timedelta(hours=24),
        origin="SAS",
        regulated=False,
        has_gp=False,
        commune=LONS,
        age_band="70-79",
        duplicate_confirmed=False,
    )
    assert "bulon" not in str(data)
    assert "1950" not in str(data)


def test_matching_is_owed_at_once_and_a_look_while_a_third_of_the_delay_is_left(
    house: House, town: Town
) -> None:
    request_id = town.request(need={"delay_hours": 24})

    (match,) = promises(house, "match_waiting")
    assert match.due_at == MONDAY_MORNING
    assert match.ids == {"territory_id": str(town.territory_id), "request_id": str(request_id)}
    (look,) = promises(house, "escalate_request")
    assert look.due_at == datetime.fromisoformat("2026-11-24T00:00:00+00:00")  # 8 h before the end
    assert look.ids == {"request_id": str(request_id)}


def test_identities_are_nowhere_in_the_database_in_clear(house: House, town: Town) -> None:
    number = mobile(12)
    town.request(
        patient={"last_name": "Zébulon", "first_name": "Philomène", "phone": number},
        need={"note": "palpitations"},
    )

    with house.db.reading() as session:
        tables = ("patients", "care_requests", "event_log", "promises", "messages")
        dump = "".join(
            str(tuple(row))
            for table in tables
            for row in session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608 - names above
        )
        patient = session.scalars(select(Patient)).one()
    for secret in ("Zébulon", "Philomène", "palpitations", number, number[1:], "1950-02-03"):
        assert secret not in dump
    opened = house.db.cipher.open("patients.phone", patient.id, patient.phone)
    assert opened == "+33639980012"


BAD_INPUT: list[tuple[dict[str, Any], str, str]] = [
    ({"patient": {"phone": "allô"}}, "patient.phone", "que des chiffres"),
    ({"patient": {"phone": "06 39 98"}}, "patient.phone", "Il manque des chiffres"),
    ({"patient": {"phone": "03 53 01 00 12"}}, "patient.phone", "ligne fixe"),
    ({"patient": {"phone": "+41 78 000 00 00"}}, "patient.phone", ""),
    ({"patient": {"phone": ""}}, "patient.phone", "Indiquez un numéro"),
    ({"patient": {"birth_date": date(2026, 11, 24)}}, "patient.birth_date", "dans le futur"),
    ({"patient": {"birth_date": date(1900, 1, 1)}}, "patient.birth_date", "Vérifiez l’année"),
    ({"patient": {"commune": "99999"}}, "patient.commune", "Choisissez une commune"),
    ({"patient": {"gp": uuid4()}}, "patient.gp", "n’exerce pas dans le territoire"),
    ({"need": {"profession": "99"}}, "need.profession", "Choisissez une profession"),
    ({"need": {"specialty": "XX"}}, "need.specialty", "Choisissez une spécialité"),
    (
        {"need": {"profession": "60", "specialty": "SM54"}},
        "need.specialty",
        "pas une spécialité de cette profession",
    ),
    ({"need": {"modalities": ["AMB", "XX"]}}, "need.modalities", "au cabinet, à domicile"),
    ({"need": {"motive": "NOSTALGIA"}}, "need.motive", "Choisissez un motif"),
    ({"need": {"delay_hours": 5}}, "need.delay_hours", "4, 8, 12, 24, 48, 72 heures"),
    ({"need": {"delay_hours": 0}}, "need.delay_hours", "Choisissez un délai"),
    ({"need": {"delay_hours": -(10**12)}}, "need.delay_hours", "Choisissez un délai"),
    ({"need": {"delay_hours": 10**12}}, "need.delay_hours", "Choisissez un délai"),
    (
        {"need": {"earliest": MONDAY_MORNING + timedelta(hours=24)}},
        "need.earliest",
        "après le délai demandé",
    ),
    ({"origin": "TELEPATHY"}, "origin", "Choisissez l’origine"),
    ({"territory": "ailleurs"}, "territory", "n’est pas le vôtre"),
    (
        {"regulated": {"by": "Dr Régule", "at": MONDAY_MORNING + timedelta(minutes=6)}},
        "regulated.at",
        "dans le futur",
    ),
]


def test_what_is_wrong_is_told_in_french_at_its_field_and_nothing_is_kept(town: Town) -> None:
    for changes, field, words in BAD_INPUT:
        faults = faults_of(town, **changes)

        assert set(faults) == {field}, changes
        assert words in faults[field]


def test_everything_that_is_wrong_is_told_at_once(town: Town) -> None:
    faults = faults_of(
        town,
        patient={"phone": "0", "commune": "99999", "birth_date": date(2030, 1, 1)},
        need={"profession": "0", "delay_hours": 5},
        origin="?",
    )

    assert set(faults) == {
        "patient.phone",
        "patient.commune",
        "patient.birth_date",
        "need.profession",
        "need.delay_hours",
        "origin",
    }


def test_what_is_just_right_passes(town: Town) -> None:
    """The companion: each frontier from its good side."""
    town.request(patient={"birth_date": date(2026, 11, 23)})  # born today
    town.request(patient={"birth_date": date(1901, 1, 1)})
    town.request(need={"earliest": MONDAY_MORNING + timedelta(hours=23, minutes=59)})
    town.request(regulated={"by": "Dr Régule", "at": MONDAY_MORNING + timedelta(minutes=5)})
    for delay in (4, 8, 12, 24, 48, 72):
        town.request(need={"delay_hours": delay})


def test_today_is_the_territorys_own(house: House, town: Town) -> None:
    """At 21:00 UTC it is already tomorrow in La Réunion, and still today in the Jura."""
    there = Town.found(house, town.clock, "reunion", "Indian/Reunion", "974", "0262 99 00 01")
    town.clock.now = datetime.fromisoformat("2026-11-23T21:00:00+00:00")
    born = {"birth_date": date(2026, 11, 24)}

    born_tomorrow = there.request(patient=born | {"commune": REUNION, "phone": "0692 00 00 01"})

    assert there.the_request(born_tomorrow).age == 0
    assert set(faults_of(town, patient=born)) == {"patient.birth_date"}


SAME = {"last_name": "Dupré", "first_name": "Anne-Marie", "birth_date": date(1950, 2, 3)}


def test_a_second_live_request_of_the_same_person_asks_for_a_confirmation(
    house: House, town: Town
) -> None:
    first = town.request(patient=SAME)
    before = row_counts(house)

    with pytest.raises(DuplicateRequestError) as refused:
        town.request(
            patient=SAME | {"last_name": "DUPRE", "first_name": "anne marie", "phone": mobile(99)}
        )

    assert refused.value.request_ids == (str(first),)
    assert "déjà en cours" in refused.value.sentence
    assert row_counts(house) == before


def test_a_confirmed_second_request_is_kept_and_the_log_says_that_it_was_confirmed(
    house: House, town: Town
) -> None:
    phone = mobile(77)
    first = town.request(patient=SAME | {"phone": phone})
    second = town.request(patient=SAME | {"phone": phone}, confirm_duplicate=True)

    ((_, data),) = events(house, second)
    assert data["duplicate_confirmed"] is True
    assert town.the_request(second).patient_id == town.the_request(first).patient_id
    with pytest.raises(DuplicateRequestError) as refused:
        town.request(patient=SAME)
    assert set(refused.value.request_ids) == {str(first), str(second)}


def test_who_is_no_duplicate_is_not_asked(house: House, town: Town) -> None:
    """Another birth date, another territory, a request that is over."""
    neighbours = Town.found(house, town.clock, "ain", department="01")
    first = town.request(patient=SAME)

    town.request(patient=SAME | {"birth_date": date(1951, 2, 3)})
    neighbours.request(patient=SAME)
    close_request(house, town.regulator, first, CloseRequest(status="unfilled"))
    again = town.request(patient=SAME)

    ((_, data),) = events(house, again)
    assert data["duplicate_confirmed"] is False


def test_another_telephone_is_another_row_because_the_sms_go_there(
    house: House, town: Town
) -> None:
    first = town.request(patient=SAME | {"phone": mobile(1)})
    second = town.request(patient=SAME | {"phone": mobile(2)}, confirm_duplicate=True)

    assert town.the_request(first).patient_id != town.the_request(second).patient_id


def test_a_form_sent_twice_at_the_same_moment_makes_one_request(house: House, town: Town) -> None:
    command = town.asking(patient=SAME)

    def send() -> UUID | str:
        try:
            return requests.open_request(house, town.regulator, command)
        except DuplicateRequestError as refused:
            return refused.code

    results = at_once([send] * 8)

    assert results.count("duplicate-request") == 7
    assert row_counts(house)["care_requests"] == 1


def test_codes_stay_apart_when_many_requests_ask_for_the_same_ones(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine thousand codes, of which chance here only knows forty."""
    chance = secrets.randbelow
    monkeypatch.setattr(secrets, "randbelow", lambda _: chance(40))
    commands = [town.asking() for _ in range(8)]

    opened = at_once(
        [partial(requests.open_request, house, town.regulator, each) for each in commands]
    )

    codes = {town.the_request(request_id).code for request_id in opened}
    assert len(codes) == 8
    assert codes <= {str(code) for code in range(1000, 1040)}


def test_when_the_four_digits_are_used_up_codes_grow(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten tries of four digits, then five digits, rather than no request at all."""
    monkeypatch.setattr(secrets, "randbelow", lambda _: 7)

    codes = [town.the_request(town.request()).code for _ in range(3)]

    assert codes == ["1007", "10007", "100007"]


def test_a_practitioner_may_ask_for_their_own_patient(town: Town) -> None:
    """Whose request it is, the log says; who may open one is for the access rules."""
    account = town.account(Role.PRACTITIONER, town.volunteer())

    request_id = requests.open_request(town.house, account, town.asking())

    assert town.the_request(request_id).opened_by == account.user_id
