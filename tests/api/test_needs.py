"""What a request may say about who can see its patient, and what is told of those who cannot."""

from typing import Any
from uuid import UUID

import pytest

from dispatcher.services.house import House
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
