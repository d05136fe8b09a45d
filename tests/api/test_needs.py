"""What a request may say about who can see its patient, and what is told of those who cannot."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from dispatcher.domain.roles import Role
from dispatcher.services.house import House
from dispatcher.services.intake import NOT_OURS
from dispatcher.services.neighbours import agree
from dispatcher.storage.patients import Patient
from tests.api.caller import Caller, faults
from tests.builders import Town
from tests.houses import keep_promises


def post(regulator: Caller, asked: dict[str, Any], **changes: dict[str, Any]) -> Any:
    body = asked | {name: asked[name] | change for name, change in changes.items()}
    return regulator.post("/requests", body)


def test_what_the_patient_needs_is_kept_with_the_request(
    regulator: Caller, town: Town, asked: dict[str, Any]
) -> None:
    need = {"language": "ar", "needs_step_free": True, "travel_km": 0, "radius_km": 12.5}

    answer = post(regulator, asked, patient={"sex": "female"}, need=need)

    assert answer.status_code == 201
    kept = town.the_request(UUID(answer.json["id"]))
    assert (kept.sex, kept.language, kept.needs_step_free) == ("female", "ar", True)
    assert (kept.travel_km, kept.radius_km) == (0.0, 12.5)


def test_the_language_of_a_patients_sms_is_kept(
    regulator: Caller, town: Town, asked: dict[str, Any]
) -> None:
    answer = post(regulator, asked, patient={"language": "uk"}, need={"language": "ar"})

    request = town.the_request(UUID(answer.json["id"]))
    with town.house.db.reading() as session:
        assert session.get_one(Patient, request.patient_id).language == "uk"


def test_who_says_nothing_of_it_needs_nothing_of_it(
    regulator: Caller, town: Town, asked: dict[str, Any]
) -> None:
    kept = town.the_request(UUID(post(regulator, asked).json["id"]))

    assert (kept.sex, kept.language, kept.needs_step_free) == (None, None, False)
    assert (kept.travel_km, kept.radius_km) == (None, None)


@pytest.mark.parametrize(
    ("need", "sentence"),
    [
        ({"radius_km": 0}, "Indiquez plus de 0."),
        ({"radius_km": 501}, "Indiquez au plus 500."),
        ({"travel_km": -1}, "Indiquez au moins 0."),
        ({"travel_km": "loin"}, "Ce champ doit être un nombre."),
        ({"language": "xx"}, "Choisissez une langue de la liste."),
    ],
)
def test_what_cannot_be_is_refused_in_french(
    regulator: Caller, asked: dict[str, Any], need: dict[str, Any], sentence: str
) -> None:
    (field,) = need
    assert faults(post(regulator, asked, need=need)) == {f"need.{field}": sentence}


def test_whom_a_regulator_excludes_is_not_given_the_patient(
    house: House, regulator: Caller, town: Town, asked: dict[str, Any]
) -> None:
    excluded, other = town.volunteer(), town.volunteer()
    town.slot(excluded, hours=1)
    town.slot(other, hours=5)
    ids = [str(excluded.id), str(excluded.id)]

    answer = post(regulator, asked, need={"excluded_practitioners": ids})
    keep_promises(house)

    request = UUID(answer.json["id"])
    assert town.the_request(request).excluded_practitioners == [str(excluded.id)]
    found = town.the_appointment(request)
    assert found is not None
    assert found.practitioner_id == other.id
    assert found.refused["refused"] == {"excluded": 1}


def test_who_is_not_known_here_is_refused_by_their_place_in_the_list(
    house: House, regulator: Caller, town: Town, asked: dict[str, Any]
) -> None:
    next_door = Town.found(house, town.clock, code="plaine", phone="03 84 00 00 01")
    there, here = next_door.volunteer(), town.volunteer()
    ids = [str(there.id), str(here.id), str(uuid4())]

    answer = post(regulator, asked, need={"excluded_practitioners": ids})
    assert faults(answer) == {
        "need.excluded_practitioners.0": NOT_OURS,
        "need.excluded_practitioners.2": NOT_OURS,
    }
    assert faults(post(regulator, asked, need={"excluded_practitioners": ["personne"]})) == {
        "need.excluded_practitioners.0": "Cet identifiant n’a pas la bonne forme."
    }

    agree(house, town.account(Role.COORDINATOR), "plaine")
    agree(house, next_door.account(Role.COORDINATOR), "jura")
    assert post(regulator, asked, need={"excluded_practitioners": ids[:2]}).status_code == 201


def test_candidates_and_near_misses_are_told_in_words_and_in_figures(
    house: House, regulator: Caller, town: Town, asked: dict[str, Any]
) -> None:
    """Champagnole is 27 km away, 35 by road; Dole 45, just beyond this request's 20 and half."""
    answer = post(regulator, asked, patient={"sex": "male"}, need={"radius_km": 20})
    keep_promises(house)
    town.slot(town.volunteer(commune="39097"), hours=2)
    town.slot(town.volunteer(patient_sex="female"), hours=2)
    town.slot(town.volunteer(commune="39198"), hours=2)

    found: Any = regulator.get(f"/requests/{answer.json['id']}/candidates").json

    (candidate,) = found["candidates"]
    assert candidate["distance_km"] == pytest.approx(27, abs=1.5)
    told = {reason["term"]: reason["text"] for reason in candidate["reasons"]}
    assert told["distance"].endswith("km par la route")
    assert told["enlarged"] == "au-delà du rayon de 20\N{NO-BREAK SPACE}km"
    assert found["refused"] == {"sex": 1, "too_far": 1}
    assert {
        near["reason"]: near["text"].replace("\N{NO-BREAK SPACE}", " ")
        for near in found["near_misses"]
    } == {
        "sex": "réservé aux femmes",
        "too_far": "trop loin : 47 km à vol d’oiseau pour 30 km au plus",
    }
