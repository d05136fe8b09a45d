"""The API answers as it is described, whatever is sent: schemathesis, with each role's token."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dispatcher.api.table import OPERATIONS
from dispatcher.domain.roles import Role
from dispatcher.services.accounts import issue_token
from dispatcher.services.house import House
from tests.builders import Town
from tests.houses import keep_promises
from tests.invariants import check

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
SOME = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def tokens(house: House, town: Town) -> list[str]:
    """One for each role, over a town in which something has happened."""
    volunteer = town.volunteer()
    town.slot(volunteer, hours=3)
    town.request()
    keep_promises(house)
    people = [town.account(role, volunteer if role is Role.PRACTITIONER else None) for role in Role]
    return [issue_token(house, person.user_id, "attaque") for person in people]


def paths() -> Iterator[tuple[str, str]]:
    yield from ((operation.method, f"/api/v1{operation.template}") for operation in OPERATIONS)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("method", "path"), list(paths()), ids=lambda each: each.strip("/"))
def test_every_operation_answers_as_described(
    app: Flask, house: House, tokens: list[str], method: str, path: str
) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operation = schema[path][method]
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @SOME
    @given(case=cases, token=st.sampled_from([*tokens, "snp_inconnu", ""]))
    def holds(case: schemathesis.Case[Any], token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        case.call_and_validate(headers=headers, checks=CHECKS)

    holds()
    check(house.db.engine, house.clock())
