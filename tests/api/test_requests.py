"""A request over the API, from the call to its outcome."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from dispatcher.domain.roles import Role
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from tests.api.caller import Caller, problem
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises

REQUEST_SHAPE = {
    "id", "code", "status", "appointment", "refused", "near_misses", "messages", "events",
}  # fmt: skip
APPOINTMENT_SHAPE = {
    "id", "slot", "practitioner", "start", "end", "distance_km", "status", "reasons",
}  # fmt: skip


def kinds(body: dict[str, Any]) -> list[str]:
    return [event["kind"] for event in body["events"]]


def test_a_request_is_taken_at_once_and_answers_with_its_address(
    regulator: Caller, asked: dict[str, Any], town: Town
) -> None:
    answer = regulator.post("/requests", asked)

    assert answer.status_code == 201
    body = answer.get_json()
    assert set(body) == REQUEST_SHAPE
    assert body["status"] == "searching"
    assert body["code"] == town.the_request(UUID(body["id"])).code
    assert body["appointment"] is None
    # 08:00 UTC is 09:00 in Paris
    assert body["events"] == [{"kind": "request_opened", "at": "2026-11-23T09:00:00+01:00"}]
    assert answer.headers["Location"].endswith(f"/api/v1/requests/{body['id']}")
    there = regulator.client.get(
        answer.headers["Location"], headers={"Authorization": f"Bearer {regulator.token}"}
    )
    assert there.get_json()["id"] == body["id"]


def test_what_was_asked_is_kept_as_it_was_asked(
    regulator: Caller, asked: dict[str, Any], town: Town
) -> None:
    asked["need"] |= {"modalities": ["HH", "AMB"], "earliest": "2026-11-23T14:00:00+04:00"}
    asked["regulated"] = {"by": "Dr Essai", "at": "2026-11-23T08:55:00+01:00"}

    kept = town.the_request(UUID(regulator.post("/requests", asked).get_json()["id"]))

    assert (kept.profession, kept.delay_hours, kept.origin) == ("10", 24, "SAS")
    assert kept.modalities == ["HH", "AMB"]
    assert kept.earliest_at == datetime.fromisoformat("2026-11-23T10:00:00+00:00")
    assert kept.regulated_at == datetime.fromisoformat("2026-11-23T07:55:00+00:00")
    assert kept.regulated_by == "Dr Essai"
    assert kept.age == 76


def test_a_matched_request_tells_its_appointment_with_reasons_and_its_sms(
    regulator: Caller, asked: dict[str, Any], town: Town, house: House
) -> None:
    volunteer = town.volunteer()
    slot = town.slot(volunteer, hours=2)
    request_id = regulator.post("/requests", asked).get_json()["id"]
    keep_promises(house)

    body = regulator.get(f"/requests/{request_id}").get_json()

    assert set(body) == REQUEST_SHAPE
    assert body["status"] == "booked"
    appointment = body["appointment"]
    assert set(appointment) == APPOINTMENT_SHAPE
    assert appointment["slot"] == str(slot)
    assert appointment["practitioner"] == str(volunteer.id)
    assert appointment["start"] == "2026-11-23T11:00:00+01:00"
    assert appointment["end"] == "2026-11-23T11:20:00+01:00"
    assert appointment["status"] == "booked"
    reasons = {reason["term"]: reason["text"] for reason in appointment["reasons"]}
    assert reasons["wait"] == "2\N{NO-BREAK SPACE}h d’attente"
    assert reasons["lateness"] == "dans le délai"
    assert sorted(message["to_role"] for message in body["messages"]) == ["patient", "practitioner"]
    for message in body["messages"]:
        assert set(message) == {"id", "to_role", "status", "segments", "at"}
        assert message["status"] == "sent"
    assert kinds(body)[:2] == ["request_opened", "appointment_booked"]


def test_instants_have_the_offset_of_the_territory(
    client: FlaskClient, house: House, clock: FakeClock, asked: dict[str, Any]
) -> None:
    island = Town.found(house, clock, "sud", "Indian/Reunion", "974", "02 62 01 00 01")
    asked["territory"] = "sud"
    asked["patient"] |= {"phone": "06 92 00 00 01", "commune": "97411"}

    body = Caller.of(client, island, island.regulator).post("/requests", asked).get_json()

    assert body["events"][0]["at"] == "2026-11-23T12:00:00+04:00"


def test_nobody_is_named_in_what_a_request_tells(
    regulator: Caller, asked: dict[str, Any], town: Town, house: House
) -> None:
    town.slot()
    request_id = regulator.post("/requests", asked).get_json()["id"]
    keep_promises(house)

    told = regulator.get(f"/requests/{request_id}").get_data(as_text=True)

    for private in ("Essai", "Camille", "1950", "39980001", "06 39", "fièvre"):
        assert private not in told


def test_a_request_that_found_nothing_tells_why_and_what_nearly_fitted(
    regulator: Caller, asked: dict[str, Any], town: Town, house: House
) -> None:
    late = town.slot(hours=30)
    town.slot(town.volunteer(profession="60", specialty=None), hours=2)
    request_id = regulator.post("/requests", asked).get_json()["id"]
    keep_promises(house)

    body = regulator.get(f"/requests/{request_id}").get_json()

    assert body["status"] == "searching"
    assert body["appointment"] is None
    assert body["refused"] == {"profession": 1, "too_late": 1}
    (near,) = body["near_misses"]
    assert (near["slot"], near["reason"]) == (str(late), "too_late")
    assert near["start"] == "2026-11-24T15:00:00+01:00"
    assert near["text"].startswith("après le délai demandé")


def test_candidates_come_best_first_with_what_stands_against_the_others(
    regulator: Caller, town: Town
) -> None:
    volunteer = town.volunteer()
    later, sooner = town.slot(volunteer, hours=5), town.slot(volunteer, hours=2)
    town.slot(volunteer, hours=30)
    request_id = town.request()

    body = regulator.get(f"/requests/{request_id}/candidates").get_json()

    assert [candidate["slot"] for candidate in body["candidates"]] == [str(sooner), str(later)]
    first = body["candidates"][0]
    assert first["start"] == "2026-11-23T11:00:00+01:00"
    # nothing but two hours of waiting, at half a point an hour
    assert first["cost"] == 1.0
    assert {"term": "lateness", "value": 0.0, "text": "dans le délai"} in first["reasons"]
    assert body["feasible"] == 2
    assert body["refused"] == {"too_late": 1}
    assert len(body["near_misses"]) == 1


def test_a_chosen_slot_is_booked(regulator: Caller, town: Town) -> None:
    request_id, slot = town.request(), town.slot()

    answer = regulator.post(f"/requests/{request_id}/book", {"slot": str(slot), "override": None})

    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["status"], body["appointment"]["slot"]) == ("booked", str(slot))
    assert town.the_slot(slot).taken == 1


def test_the_second_regulator_on_the_last_place_is_told_to_choose_another(
    regulator: Caller, town: Town
) -> None:
    slot = town.slot()
    first, second = town.request(), town.request()
    regulator.post(f"/requests/{first}/book", {"slot": str(slot)})

    refused = problem(
        regulator.post(f"/requests/{second}/book", {"slot": str(slot)}), 409, "slot-full"
    )

    assert "Choisissez-en un autre" in refused["detail"]
    assert town.the_request(second).status == "searching"


def test_a_request_has_one_appointment_even_if_a_reason_is_given(
    regulator: Caller, town: Town
) -> None:
    request_id, other = town.request(), town.slot()
    regulator.post(f"/requests/{request_id}/book", {"slot": str(town.slot())})

    answer = regulator.post(
        f"/requests/{request_id}/book", {"slot": str(other), "override": "à sa demande"}
    )

    problem(answer, 409, "request-not-waiting")
    assert town.the_slot(other).taken == 0


def test_a_slot_against_a_rule_is_refused_with_the_rules_and_taken_with_a_reason(
    regulator: Caller, town: Town
) -> None:
    request_id, late = town.request(), town.slot(hours=30)

    refused = problem(
        regulator.post(f"/requests/{request_id}/book", {"slot": str(late)}), 422, "not-feasible"
    )
    assert refused["reasons"] == ["too_late"]
    assert "après le délai demandé" in refused["detail"]

    passed_over = regulator.post(
        f"/requests/{request_id}/book", {"slot": str(late), "override": "le patient préfère"}
    )
    assert passed_over.get_json()["status"] == "booked"


def test_a_slot_further_away_than_the_engine_looks_can_still_be_chosen(
    regulator: Caller, town: Town
) -> None:
    request_id, far_off = town.request(), town.slot(hours=7 * 24)
    body = {"slot": str(far_off)}

    refused = problem(regulator.post(f"/requests/{request_id}/book", body), 422, "not-feasible")
    assert refused["reasons"] == ["too_late"]
    agreed = regulator.post(f"/requests/{request_id}/book", body | {"override": "au retour"})
    assert agreed.get_json()["appointment"]["start"] == "2026-11-30T09:00:00+01:00"


def test_a_patient_who_gives_up_an_appointment_returns_to_the_regulator(
    regulator: Caller, town: Town
) -> None:
    request_id, slot = town.request(), town.slot()
    regulator.post(f"/requests/{request_id}/book", {"slot": str(slot)})

    answer = regulator.post(f"/requests/{request_id}/cancel", {"by": "patient", "reason": ""})

    assert answer.status_code == 200
    assert answer.get_json()["status"] == "open"
    assert answer.get_json()["appointment"] is None
    assert town.the_slot(slot).taken == 0


def test_a_regulator_who_cancels_ends_the_request_once(regulator: Caller, town: Town) -> None:
    request_id = town.request()
    body = {"by": "regulator", "reason": "doublon"}

    assert (
        regulator.post(f"/requests/{request_id}/cancel", body).get_json()["status"] == "cancelled"
    )
    problem(regulator.post(f"/requests/{request_id}/cancel", body), 409, "transition-refused")


def test_every_outcome_is_written_down(regulator: Caller, town: Town) -> None:
    for status in ("fulfilled", "no_show", "redirected", "unfilled"):
        request_id = town.request()
        regulator.post(f"/requests/{request_id}/book", {"slot": str(town.slot())})

        answer = regulator.post(
            f"/requests/{request_id}/outcome", {"status": status, "reason": "appel au 15"}
        )

        assert answer.status_code == 200
        assert answer.get_json()["status"] == status


def test_a_request_without_an_appointment_cannot_be_fulfilled(
    regulator: Caller, town: Town
) -> None:
    answer = regulator.post(f"/requests/{town.request()}/outcome", {"status": "fulfilled"})

    assert "n’a pas de rendez-vous" in problem(answer, 409, "transition-refused")["detail"]


def test_a_second_live_request_of_a_patient_is_taken_once_it_is_confirmed(
    regulator: Caller, asked: dict[str, Any], town: Town
) -> None:
    first = regulator.post("/requests", asked).get_json()["id"]

    refused = problem(regulator.post("/requests", asked), 409, "duplicate-request")
    assert refused["requests"] == [first]

    confirmed = regulator.post("/requests", asked | {"confirm_duplicate": True})
    assert confirmed.status_code == 201
    assert confirmed.get_json()["id"] != first


def test_practitioners_mark_the_patients_of_their_own_appointments_only(
    client: FlaskClient, house: House, town: Town
) -> None:
    mine, theirs = town.volunteer(), town.volunteer()
    practitioner = Caller.as_role(client, town, Role.PRACTITIONER, mine)
    own, foreign, waiting = town.request(), town.request(), town.request()
    for request_id, volunteer in ((own, mine), (foreign, theirs)):
        book(house, town, request_id, town.slot(volunteer))

    marked = practitioner.post(f"/requests/{own}/outcome", {"status": "no_show"})
    assert marked.get_json()["status"] == "no_show"

    for request_id in (foreign, waiting):
        problem(
            practitioner.post(f"/requests/{request_id}/outcome", {"status": "no_show"}),
            404,
            "not-found",
        )
    refused = practitioner.post(f"/requests/{own}/outcome", {"status": "redirected"})
    assert problem(refused, 422, "invalid")["errors"][0]["field"] == "status"


def book(house: House, town: Town, request_id: UUID, slot: UUID) -> None:
    book_by_hand(house, town.regulator, request_id, BookSlot(slot=slot))
