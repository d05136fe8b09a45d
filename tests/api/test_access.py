"""Who may call what, and that nothing of another territory can be seen or touched."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dispatcher.api.table import OPERATIONS
from dispatcher.domain.roles import Role
from dispatcher.services.house import House
from tests.api.caller import Caller, faults, problem
from tests.api.rows import rows
from tests.builders import Town
from tests.fakes.clock import FakeClock

R, P, C, A = Role.REGULATOR, Role.PRACTITIONER, Role.COORDINATOR, Role.ADMINISTRATOR
MAY = {
    ("POST", "/requests"): {R, C, A},
    ("GET", "/requests/{id}"): {R, P, C, A},
    ("GET", "/requests/{id}/candidates"): {R, C, A},
    ("POST", "/requests/{id}/book"): {R, C, A},
    ("POST", "/requests/{id}/move"): {R, C, A},
    ("POST", "/requests/{id}/cancel"): {R, P, C, A},
    ("POST", "/requests/{id}/outcome"): {R, P, C, A},
    ("POST", "/slots"): {R, P, C, A},
    ("GET", "/slots"): {R, P, C, A},
    ("DELETE", "/slots/{id}"): {R, P, C, A},
    ("GET", "/practitioners"): {R, P, C, A},
    ("GET", "/indicators"): {R, C, A},
}
UNKNOWN_ID = "5f0c2e9a-7d52-4b57-9a3c-0d1f1a2b3c4d"


@pytest.fixture
def elsewhere(house: House, clock: FakeClock) -> Town:
    """Another territory of the same house."""
    return Town.found(house, clock, "sud", "Indian/Reunion", "974", "02 62 01 00 01")


def test_the_table_of_who_may_is_complete() -> None:
    assert {(each.method, each.template) for each in OPERATIONS} == set(MAY)


def test_each_role_may_what_the_table_says_and_nothing_else(
    client: FlaskClient, town: Town
) -> None:
    for role in Role:
        caller = Caller.as_role(client, town, role)
        for (method, path), roles in MAY.items():
            body: dict[str, str] | None = {} if method == "POST" else None
            answer = caller.call(method, path.format(id=UNKNOWN_ID), body)

            # allowed calls get as far as their body, their id or their answer
            if role in roles:
                assert answer.status_code in {200, 404, 422}, (role, method, path)
            else:
                problem(answer, 403, "forbidden")


def test_no_route_of_the_api_answers_without_a_token_but_its_description(
    app: Flask, client: FlaskClient, town: Town
) -> None:
    ours = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    assert len(ours) == len(OPERATIONS) + 1
    for rule in ours:
        path = rule.rule.replace("<uuid:request_id>", UNKNOWN_ID).replace(
            "<uuid:slot_id>", UNKNOWN_ID
        )
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            answer = client.open(path, method=method)
            assert answer.status_code == (200 if path.endswith("openapi.json") else 401), path


def test_a_revoked_account_is_refused(client: FlaskClient, town: Town, house: House) -> None:
    caller = Caller.as_role(client, town, Role.REGULATOR)
    assert caller.account is not None
    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        unit.session.merge(town.user(caller.account)).active = False

    problem(caller.get("/slots"), 401, "unauthorized")


def test_what_belongs_to_another_territory_does_not_exist(
    regulator: Caller, elsewhere: Town, house: House
) -> None:
    island = {"patient": {"phone": "06 92 00 00 01", "commune": "97411"}}
    request_id = elsewhere.request(**island)
    slot = elsewhere.slot(elsewhere.volunteer(commune="97411", phone="06 92 00 00 02"))
    before = rows(house)

    for method, path, body in [
        ("GET", f"/requests/{request_id}", None),
        ("GET", f"/requests/{request_id}/candidates", None),
        ("POST", f"/requests/{request_id}/book", {"slot": str(slot)}),
        ("POST", f"/requests/{request_id}/move", {"slot": str(slot)}),
        ("POST", f"/requests/{request_id}/cancel", {"by": "regulator"}),
        ("POST", f"/requests/{request_id}/outcome", {"status": "unfilled"}),
        ("DELETE", f"/slots/{slot}", None),
        ("GET", "/slots?territory=sud", None),
        ("GET", "/practitioners?territory=sud", None),
        ("GET", "/practitioners?territory=nulle-part", None),
    ]:
        problem(regulator.call(method, path, body), 404, "not-found")

    assert regulator.get("/slots").get_json() == []
    assert regulator.get(f"/slots?after={slot}").get_json() == []
    assert regulator.get("/practitioners").get_json() == []
    assert rows(house) == before


def test_nothing_of_another_territory_can_be_used_in_a_body(
    regulator: Caller, asked: dict[str, Any], town: Town, elsewhere: Town, house: House
) -> None:
    foreigner = elsewhere.volunteer(commune="97411", phone="06 92 00 00 02")
    foreign_slot = elsewhere.slot(foreigner)
    request_id = town.request()
    before = rows(house)

    assert faults(regulator.post("/requests", asked | {"territory": "sud"})) == {
        "territory": "Ce territoire n’est pas le vôtre."
    }
    asked["patient"]["gp"] = str(foreigner.id)
    assert list(faults(regulator.post("/requests", asked))) == ["patient.gp"]
    for override in (None, "il le faut"):
        body = {"slot": str(foreign_slot), "override": override}
        problem(regulator.post(f"/requests/{request_id}/book", body), 404, "not-found")
    slot = {
        "practitioner": str(foreigner.id),
        "place": str(foreigner.place),
        "start": "2026-11-23T14:30:00+01:00",
        "end": "2026-11-23T14:50:00+01:00",
    }
    problem(regulator.post("/slots", slot), 404, "not-found")
    assert rows(house) == before
