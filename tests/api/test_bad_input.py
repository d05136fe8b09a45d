"""What cannot be used is refused by the name of its field, and nothing is changed.

The tables are walked within one test each: a house on a fresh database costs more than the calls.
"""

import copy
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dispatcher.domain.roles import Role
from dispatcher.services.house import House
from tests.api.caller import Caller, faults, problem
from tests.api.rows import rows
from tests.builders import Town

UNKNOWN_ID = "5f0c2e9a-7d52-4b57-9a3c-0d1f1a2b3c4d"

# what is changed in a good body, and the one field that must be named
BAD_REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"patient.phone": "soixante"}, "patient.phone"),
    ({"patient.phone": "06 39 98"}, "patient.phone"),
    ({"patient.phone": ""}, "patient.phone"),
    ({"patient.phone": "03 84 00 00 01"}, "patient.phone"),  # a landline gets no SMS
    ({"patient.birth_date": "2026-11-24"}, "patient.birth_date"),  # tomorrow
    ({"patient.birth_date": "1850-01-01"}, "patient.birth_date"),
    ({"patient.birth_date": "1950-02-30"}, "patient.birth_date"),
    ({"patient.birth_date": 0}, "patient.birth_date"),
    ({"patient.birth_date": "03/02/1950"}, "patient.birth_date"),
    ({"patient.commune": "00000"}, "patient.commune"),
    ({"patient.commune": ""}, "patient.commune"),
    ({"patient.last_name": "   "}, "patient.last_name"),
    ({"patient.first_name": "n" * 81}, "patient.first_name"),
    ({"patient.first_name": "Ca\x00mille"}, "patient.first_name"),
    ({"patient.has_gp": "oui"}, "patient.has_gp"),
    ({"patient.gp": "Dr Essai"}, "patient.gp"),
    ({"patient.gp": UNKNOWN_ID}, "patient.gp"),
    ({"patient.email": "camille@example.org"}, "patient.email"),  # a misspelt or unknown field
    ({"need.profession": "médecin"}, "need.profession"),
    ({"need.specialty": "SM99"}, "need.specialty"),
    ({"need.modalities": []}, "need.modalities"),
    ({"need.modalities": ["TELEPATHY"]}, "need.modalities"),
    ({"need.modalities": "AMB"}, "need.modalities"),
    ({"need.motive": "bobo"}, "need.motive"),
    ({"need.note": "n" * 501}, "need.note"),
    ({"need.delay_hours": 5}, "need.delay_hours"),
    ({"need.delay_hours": 0}, "need.delay_hours"),
    ({"need.delay_hours": -24}, "need.delay_hours"),
    ({"need.delay_hours": 10**30}, "need.delay_hours"),
    ({"need.delay_hours": "24"}, "need.delay_hours"),
    ({"need.delay_hours": True}, "need.delay_hours"),
    ({"need.earliest": "2026-11-23T14:00"}, "need.earliest"),  # no offset
    ({"need.earliest": "2026-11-25T14:00:00+01:00"}, "need.earliest"),  # after the delay
    ({"need.earliest": "9999-12-31T23:59:59-12:00"}, "need.earliest"),
    ({"patient.sex": "f"}, "patient.sex"),
    ({"patient.language": "wo"}, "patient.language"),  # received in it, not written to in it
    ({"patient.language": "FR"}, "patient.language"),
    ({"patient.language": 5}, "patient.language"),
    ({"need.language": "xx"}, "need.language"),
    ({"need.language": "français"}, "need.language"),
    ({"need.needs_step_free": "oui"}, "need.needs_step_free"),
    ({"need.travel_km": -1}, "need.travel_km"),
    ({"need.travel_km": "loin"}, "need.travel_km"),
    ({"need.radius_km": 0}, "need.radius_km"),
    ({"need.radius_km": -5}, "need.radius_km"),
    ({"need.radius_km": 501}, "need.radius_km"),
    ({"need.radius_km": "30"}, "need.radius_km"),
    ({"need.radius_km": True}, "need.radius_km"),
    ({"regulated.at": "2026-11-23T12:00:00+01:00"}, "regulated.at"),  # three hours from now
    ({"regulated.at": "0001-01-01T00:00:00+14:00"}, "regulated.at"),
    ({"regulated.by": "Dr\x00"}, "regulated.by"),
    ({"origin": "RADIO"}, "origin"),
    ({"origin": None}, "origin"),
    ({"territory": "ailleurs"}, "territory"),
    ({"patient": None}, "patient"),
    ({"need": []}, "need"),
]


def changed(body: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy in which the dotted fields have other values."""
    made = copy.deepcopy(body)
    for field, value in changes.items():
        *parents, name = field.split(".")
        inner = made
        for parent in parents:
            inner = inner[parent]
        inner[name] = value
    return made


def test_every_wrong_field_of_a_request_is_named_and_nothing_is_kept(
    regulator: Caller, asked: dict[str, Any], house: House
) -> None:
    before = rows(house)
    for changes, field in BAD_REQUESTS:
        named = faults(regulator.post("/requests", changed(asked, changes)))

        assert list(named) == [field], changes
        assert named[field].endswith((".", ")."))
    assert rows(house) == before


def test_the_good_body_of_the_table_is_good(regulator: Caller, asked: dict[str, Any]) -> None:
    assert regulator.post("/requests", asked).status_code == 201


def test_all_wrong_fields_are_named_at_once(regulator: Caller, asked: dict[str, Any]) -> None:
    wrong = {"patient.phone": "non", "patient.birth_date": "2030-01-01", "need.delay_hours": 7}

    named = faults(regulator.post("/requests", changed(asked, wrong)))

    assert named["patient.birth_date"] == "La date de naissance est dans le futur."
    assert named["need.delay_hours"] == (
        "Choisissez un délai de la liste\N{NO-BREAK SPACE}: 4, 8, 12, 24, 48, 72 heures."
    )
    assert set(named) == set(wrong)


# several changes: what cannot be read and what means nothing are told in one answer
BAD_TOGETHER: list[tuple[dict[str, Any], set[str]]] = [
    (
        {"patient.birth_date": "hier", "patient.phone": "03 84 00 00 01"},
        {"patient.birth_date", "patient.phone"},
    ),
    (
        {"patient.email": "x", "patient.commune": "00000", "need.delay_hours": 5},
        {"patient.email", "patient.commune", "need.delay_hours"},
    ),
    ({"need": {}, "origin": "RADIO"}, {"need.profession", "need.delay_hours", "origin"}),
    ({"need.modalities": [1], "need.motive": "bobo"}, {"need.modalities.0", "need.motive"}),
    ({"patient": "Camille", "origin": "RADIO"}, {"patient", "origin"}),
    # what hangs on a field that cannot be read is not guessed at
    ({"need.profession": 10, "need.specialty": "SCD03"}, {"need.profession"}),
    (
        {"need.delay_hours": "24", "need.earliest": "2026-12-25T14:00:00+01:00"},
        {"need.delay_hours"},
    ),
]


def test_faults_of_shape_and_of_meaning_are_told_at_once(
    regulator: Caller, asked: dict[str, Any], house: House
) -> None:
    before = rows(house)
    for changes, named in BAD_TOGETHER:
        answer = regulator.post("/requests", changed(asked, changes))
        assert set(faults(answer)) == named, changes
    assert rows(house) == before


def test_missing_fields_are_named(regulator: Caller, asked: dict[str, Any]) -> None:
    del asked["patient"]["phone"], asked["origin"]

    named = faults(regulator.post("/requests", asked))

    assert named == {
        "patient.phone": "Ce champ est nécessaire.",
        "origin": "Ce champ est nécessaire.",
    }


def test_a_wrong_slot_is_refused_by_its_field(regulator: Caller, town: Town, house: House) -> None:
    volunteer, other = town.volunteer(), town.volunteer()
    good = {
        "practitioner": str(volunteer.id),
        "place": str(volunteer.place),
        "start": "2026-11-23T14:30:00+01:00",
        "end": "2026-11-23T14:50:00+01:00",
        "places": 1,
        "modality": "AMB",
        "visibility": ["SNP", "CPTS"],
    }
    bad: list[tuple[dict[str, Any], str]] = [
        ({"start": "2026-11-23T08:00:00+01:00", "end": "2026-11-23T08:20:00+01:00"}, "start"),
        ({"start": "2028-11-23T08:00:00+01:00", "end": "2028-11-23T08:20:00+01:00"}, "start"),
        ({"end": "2026-11-23T14:30:00+01:00"}, "end"),
        ({"end": "2026-11-24T14:30:00+01:00"}, "end"),
        ({"end": "9999-12-31T23:59:59-12:00"}, "end"),
        ({"start": "2026-11-23T14:30:00"}, "start"),
        ({"start": 1795440600}, "start"),
        ({"places": 0}, "places"),
        ({"places": 101}, "places"),
        ({"places": 1.5}, "places"),
        ({"modality": "XX"}, "modality"),
        ({"visibility": []}, "visibility"),
        ({"visibility": ["MOI"]}, "visibility"),
        ({"place": str(other.place)}, "place"),
        ({"place": "cabinet"}, "place"),
        ({"recurrence": "weekly"}, "recurrence"),
    ]
    before = rows(house)
    for changes, field in bad:
        assert list(faults(regulator.post("/slots", changed(good, changes)))) == [field], changes
    assert rows(house) == before

    assert regulator.post("/slots", good).status_code == 201
    overlapping = {"start": "2026-11-23T14:40:00+01:00", "end": "2026-11-23T15:00:00+01:00"}
    named = faults(regulator.post("/slots", good | overlapping))
    assert "chevauche" in named["start"]
    assert "14\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30" in named["start"]
    # what begins when the other ends does not overlap it
    following = {"start": "2026-11-23T14:50:00+01:00", "end": "2026-11-23T15:10:00+01:00"}
    assert regulator.post("/slots", good | following).status_code == 201


def test_wrong_verbs_are_refused_by_their_field(
    regulator: Caller, town: Town, house: House
) -> None:
    request_id = town.request()
    before = rows(house)
    for verb, body, field in [
        ("book", {}, "slot"),
        ("book", {"slot": "demain"}, "slot"),
        ("book", {"slot": UNKNOWN_ID, "override": 1}, "override"),
        ("cancel", {"by": "voisin"}, "by"),
        ("cancel", {"by": "patient", "reason": "r" * 501}, "reason"),
        ("outcome", {"status": "booked"}, "status"),
        ("outcome", {}, "status"),
    ]:
        named = faults(regulator.post(f"/requests/{request_id}/{verb}", body))
        assert list(named) == [field], (verb, body)
    problem(regulator.post(f"/requests/{request_id}/book", {"slot": UNKNOWN_ID}), 404, "not-found")
    assert rows(house) == before


def test_a_day_in_a_query_is_asked_for_as_applications_write_it(
    client: FlaskClient, town: Town
) -> None:
    coordinator = Caller.as_role(client, town, Role.COORDINATOR)
    assert "1950-02-03" in faults(coordinator.get("/indicators?from=x"))["from"]


def test_a_refusal_names_the_field_that_it_is_about(
    regulator: Caller, asked: dict[str, Any], town: Town
) -> None:
    """Also where it is no fault of shape: an application knows what to ask its user."""

    def named(answer: TestResponse) -> list[str]:
        return [fault["field"] for fault in answer.get_json()["errors"]]

    request_id = regulator.post("/requests", asked).get_json()["id"]
    far = town.slot(town.volunteer(commune="39198"))
    slot = {
        "practitioner": UNKNOWN_ID,
        "place": UNKNOWN_ID,
        "start": "2026-11-23T14:30:00+01:00",
        "end": "2026-11-23T15:30:00+01:00",
    }
    for answer, status, field in [
        (regulator.post("/requests", asked), 409, "confirm_duplicate"),
        (regulator.post(f"/requests/{request_id}/book", {"slot": UNKNOWN_ID}), 404, "slot"),
        (regulator.post(f"/requests/{request_id}/book", {"slot": str(far)}), 422, "slot"),
        (regulator.post("/slots", slot), 404, "practitioner"),
    ]:
        assert (answer.status_code, named(answer)) == (status, [field])


def test_wrong_parameters_are_refused_by_their_name(
    client: FlaskClient, town: Town, regulator: Caller
) -> None:
    coordinator = Caller.as_role(client, town, Role.COORDINATOR)
    for caller, path, name in [
        (regulator, "/slots?from=hier", "from"),
        (regulator, "/slots?to=9999-12-31", "to"),
        (regulator, "/slots?from=2026-11-24&to=2026-11-23", "to"),
        (regulator, "/slots?status=gone", "status"),
        (regulator, "/slots?limit=0", "limit"),
        (regulator, "/slots?limit=1001", "limit"),
        (regulator, "/slots?after=x", "after"),
        (regulator, "/slots?practicioner=x", "practicioner"),
        (coordinator, "/practitioners?profession=", "profession"),
        (coordinator, "/indicators?from=2026-11-31&to=2026-12-01", "from"),
        (coordinator, "/indicators?from=2026-11-02&to=2026-11-01", "to"),
        (coordinator, "/indicators?from=2020-01-01&to=2026-11-01", "to"),
    ]:
        assert list(faults(caller.get(path))) == [name], path
