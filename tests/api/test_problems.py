"""Every refusal is an RFC 9457 problem in French, whatever goes wrong and wherever."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from inspect import signature
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dispatcher.api import problems
from dispatcher.domain.errors import RefusedError, UnavailableError
from dispatcher.services import accounts, idempotency, requests
from dispatcher.services.house import House
from dispatcher.services.second_factors import CodeRefusedError
from tests.api.caller import Caller, faults, problem
from tests.api.rows import rows
from tests.builders import Town

BELOW = ("dispatcher.api", "dispatcher.services", "dispatcher.domain")
JSON = {"Content-Type": "application/json"}


def test_a_body_that_is_no_json_is_refused_and_changes_nothing(
    regulator: Caller, house: House
) -> None:
    before = rows(house)
    for body in (b"{", b"", b"bonjour", b"\xff\xfe", b"[" * 100_000, b'{"territory": "\\ud800"}'):
        answer = regulator.post("/requests", data=body, headers=JSON)

        refused = problem(answer, 400, "malformed-json")
        assert refused["title"] == "JSON illisible"
    assert rows(house) == before


def test_a_body_that_is_json_but_no_object_is_refused(regulator: Caller) -> None:
    for body in (b"[]", b"null", b'"demande"', b"12"):
        named = faults(regulator.post("/requests", data=body, headers=JSON))
        assert named == {"body": "Ce champ doit être un objet."}


def test_a_body_of_another_type_is_refused(regulator: Caller, asked: dict[str, Any]) -> None:
    text = json.dumps(asked)
    for kind in ("text/plain", "application/x-www-form-urlencoded", None):
        answer = regulator.post(
            "/requests", data=text, headers={"Content-Type": kind} if kind else {}
        )
        problem(answer, 415, "unsupported-media-type")
    utf8 = {"Content-Type": "application/json; charset=utf-8"}
    assert regulator.post("/requests", data=text, headers=utf8).status_code == 201


def test_an_oversized_body_is_refused_and_changes_nothing(
    regulator: Caller, asked: dict[str, Any], house: House
) -> None:
    before = rows(house)
    asked["need"]["note"] = "n" * 300_000

    problem(regulator.post("/requests", asked), 413, "too-large")

    assert rows(house) == before


def test_whoever_has_no_token_is_asked_for_one(client: FlaskClient, town: Town) -> None:
    nobody = Caller(client, None)
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
        answer = nobody.get("/slots", headers=headers)

        problem(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="snp"'


def test_a_token_that_opens_nothing_is_refused(client: FlaskClient, town: Town) -> None:
    for token in ("snp_inconnu", "x", "é" * 40):
        answer = Caller(client, token).get("/slots")

        problem(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="snp", error="invalid_token"'


def test_a_session_of_the_site_opens_nothing_here(client: FlaskClient, town: Town) -> None:
    with client.session_transaction() as session:
        session.update(user=str(town.regulator.user_id), epoch=0)

    problem(Caller(client, None).get("/slots"), 401, "unauthorized")


def test_what_does_not_exist_under_api_is_a_problem_too(
    client: FlaskClient, regulator: Caller
) -> None:
    for path in ("/api", "/api/", "/api/v1", "/api/v2/slots", "/api/v1/creneaux"):
        problem(client.get(path), 404, "not-found")
    problem(regulator.get("/requests/4821"), 404, "not-found")
    problem(regulator.get("/requests/5f0c2e9a-7d52-4b57-9a3c-0d1f1a2b3c4d"), 404, "not-found")


def test_pages_of_the_site_that_do_not_exist_stay_pages(client: FlaskClient) -> None:
    for path in ("/apiculture", "/nulle-part"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_a_method_that_does_not_exist_is_refused_with_those_that_do(regulator: Caller) -> None:
    for method, path, allowed in [
        ("PUT", "/slots", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/requests", "OPTIONS, POST"),
        ("BREW", "/practitioners", "GET, HEAD, OPTIONS"),
    ]:
        answer = regulator.call(method, path)

        problem(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"] == allowed


def test_a_database_that_is_away_is_said_with_when_to_come_back(
    regulator: Caller, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object) -> None:
        raise UnavailableError

    monkeypatch.setattr(requests, "open_request", away)

    answer = regulator.post("/requests", asked)

    assert "Réessayez" in problem(answer, 503, "unavailable")["detail"]
    assert answer.headers["Retry-After"] == "5"


def test_what_nobody_expected_tells_nothing_of_the_inside(
    regulator: Caller, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("patients.last_name of Camille Essai")

    monkeypatch.setattr(requests, "open_request", broken)

    answer = regulator.post("/requests", asked)

    problem(answer, 500, "internal-error")
    told = answer.get_data(as_text=True)
    for inside in ("RuntimeError", "patients", "Camille", "Traceback"):
        assert inside not in told


def test_members_that_say_nothing_are_left_out(regulator: Caller) -> None:
    body = regulator.get("/nulle-part").get_json()

    assert set(body) == {"type", "title", "status", "detail", "code"}


def refusals(kind: type[RefusedError] = RefusedError) -> set[type[RefusedError]]:
    """Every kind of refusal that is defined below the API or in it."""
    found = {kind} if kind.__module__.startswith(BELOW) else set()
    return found.union(*(refusals(child) for child in kind.__subclasses__()))


def test_every_refusal_of_the_house_has_a_title() -> None:
    # signing in and filling forms are the site's: the API has tokens and bodies
    kinds = refusals() - {RefusedError, accounts.SignInRefusedError, CodeRefusedError}
    arguments: dict[str, tuple[object, ...]] = {
        "InvalidError": ({"x": "y"},),
        "NotFeasibleError": (["too_far"], "Trop loin."),
        "DuplicateRequestError": (["1"],),
        "PatientsConcernedError": ([],),
        "ReplacedMeanwhileError": ("",),
        "InHandError": ("Claire", "depuis 9 h"),
        "CorrectedMeanwhileError": ("Claire", datetime(2026, 11, 23, tzinfo=UTC), {}),
        "OverlappingYearsError": (date(2026, 1, 1), date(2026, 12, 31)),
    }
    assert {problems.TokenRefusedError, idempotency.KeyReusedError} <= kinds
    for kind in kinds:
        raised: Callable[..., RefusedError] = kind
        options = {"presented": True} if kind is problems.TokenRefusedError else {}
        words = ("Non.",) if "sentence" in signature(kind).parameters else ()
        error = raised(*arguments.get(kind.__name__, words), **options)
        assert error.code in problems.TITLES, kind


def test_a_refusal_that_nobody_gave_a_title_is_still_a_problem(app: Flask) -> None:
    with app.test_request_context():
        body = problems.refused(RefusedError("nouveau-refus", "Pas maintenant.")).get_json()

    assert (body["code"], body["title"]) == ("nouveau-refus", "Action impossible")
