"""The API's description: complete, consistent, and true."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from dispatcher.api import openapi
from dispatcher.api.examples import EXAMPLES
from dispatcher.api.problems import TITLES
from dispatcher.api.table import OPERATIONS
from dispatcher.services.parsing import parse_json
from tests.builders import Town

DESCRIPTION = openapi.describe(OPERATIONS)
AUTOMATIC = {"HEAD", "OPTIONS"}


def described() -> set[tuple[str, str]]:
    return {
        (method.upper(), path) for path, item in DESCRIPTION["paths"].items() for method in item
    }


def references(node: Any) -> Iterator[str]:
    """Every `$ref` anywhere."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_anybody_may_read_the_description(client: FlaskClient, town: Town) -> None:
    answer = client.get("/api/v1/openapi.json")

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_json()["openapi"].startswith("3.1.")
    assert answer.get_json() == json.loads(json.dumps(DESCRIPTION))


def test_every_route_is_described_and_every_description_has_its_route(app: Flask) -> None:
    routed = {
        (method, rule.rule.replace("<uuid:request_id>", "{id}").replace("<uuid:slot_id>", "{id}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - AUTOMATIC
    }

    assert described() == routed


def test_the_names_that_acceptance_relies_on_are_there() -> None:
    assert described() >= {
        ("POST", "/api/v1/requests"),
        ("GET", "/api/v1/requests/{id}"),
        ("GET", "/api/v1/requests/{id}/candidates"),
        ("POST", "/api/v1/requests/{id}/book"),
        ("POST", "/api/v1/requests/{id}/cancel"),
        ("POST", "/api/v1/requests/{id}/outcome"),
        ("POST", "/api/v1/slots"),
        ("GET", "/api/v1/slots"),
        ("DELETE", "/api/v1/slots/{id}"),
        ("GET", "/api/v1/practitioners"),
        ("GET", "/api/v1/indicators"),
    }


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DESCRIPTION))
    assert "#/components/schemas/OpenRequest" in found
    for reference in found:
        node = DESCRIPTION
        assert reference.startswith("#/")
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_operation_has_a_name_of_its_own_and_words() -> None:
    operations = [each for item in DESCRIPTION["paths"].values() for each in item.values()]

    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations[:-1]:
        assert operation["summary"]
        assert "Roles: " in operation["description"]


def test_every_parameter_of_a_path_is_described() -> None:
    for path, item in DESCRIPTION["paths"].items():
        for operation in item.values():
            inside = [each for each in operation.get("parameters", []) if each.get("in") == "path"]
            assert [each["name"] for each in inside] == (["id"] if "{id}" in path else [])


def test_every_post_takes_a_key_and_everything_asks_for_a_token_but_this() -> None:
    assert DESCRIPTION["security"] == [{"token": []}]
    for path, item in DESCRIPTION["paths"].items():
        for method, operation in item.items():
            keys = {"$ref": "#/components/parameters/IdempotencyKey"}
            assert (keys in operation.get("parameters", [])) is (method == "post")
            assert ("security" in operation) is path.endswith("/openapi.json")


def test_every_refusal_is_described_as_a_problem_with_codes_that_exist() -> None:
    for path, item in DESCRIPTION["paths"].items():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if int(status) < 400:
                    continue
                assert list(response["content"]) == ["application/problem+json"], path
                codes = response["description"].split("`")[1::2]
                assert codes
                assert set(codes) <= set(TITLES)


def test_the_bodies_shown_are_good_bodies() -> None:
    bodies = {operation.command for operation in OPERATIONS} - {None}

    assert bodies == set(EXAMPLES)
    for shape, example in EXAMPLES.items():
        parse_json(shape, json.dumps(example).encode())


def test_the_shape_of_a_request_is_the_one_that_was_agreed() -> None:
    schema = DESCRIPTION["components"]["schemas"]["RequestShape"]

    assert list(schema["properties"]) == [
        "id",
        "code",
        "status",
        "appointment",
        "refused",
        "near_misses",
        "messages",
        "events",
    ]
    assert schema["required"] == list(schema["properties"])
