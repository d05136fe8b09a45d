"""A call under an `Idempotency-Key` has one effect, however often and however close it comes."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dispatcher.api.table import OPERATIONS
from dispatcher.domain.roles import Role
from dispatcher.services import idempotency, requests
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from dispatcher.services.idempotency import CallKey
from tests.api.caller import Caller, faults, problem
from tests.api.rows import rows
from tests.builders import Town

Body = dict[str, Any]


def calls(town: Town, house: House, asked: Body) -> dict[str, tuple[str, Body]]:
    """A good call of every POST, by the operation's name."""
    volunteer = town.volunteer()
    booked = town.request()
    book_by_hand(house, town.regulator, booked, BookSlot(slot=town.slot(volunteer, hours=3)))
    slot = {
        "practitioner": str(volunteer.id),
        "place": str(volunteer.place),
        "start": "2026-11-23T17:00:00+01:00",
        "end": "2026-11-23T17:20:00+01:00",
    }
    choice = {"slot": str(town.slot(volunteer, hours=4))}
    moved = town.request()
    book_by_hand(house, town.regulator, moved, BookSlot(slot=town.slot(volunteer, hours=5)))
    elsewhere = {"slot": str(town.slot(volunteer, hours=6))}
    return {
        "open_request": ("/requests", asked | {"confirm_duplicate": True}),
        "book_slot": (f"/requests/{town.request()}/book", choice),
        "move_appointment": (f"/requests/{moved}/move", elsewhere),
        "cancel_request": (f"/requests/{town.request()}/cancel", {"by": "regulator"}),
        "close_request": (f"/requests/{booked}/outcome", {"status": "fulfilled"}),
        "publish_slot": ("/slots", slot),
    }


def at_once(
    app: Flask, caller: Caller, count: int, call: Callable[[Caller], TestResponse]
) -> list[TestResponse]:
    """The same call by several threads, each with a client of its own."""
    with ThreadPoolExecutor(count) as pool:
        callers = [Caller(app.test_client(), caller.token) for _ in range(count)]
        return list(pool.map(call, callers))


@pytest.fixture
def held_together(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let calls go on only when that many of them have seen that they are the first."""

    def hold(count: int) -> None:
        barrier = threading.Barrier(count, timeout=30)
        look = idempotency.earlier_result
        waited = threading.local()

        def look_and_wait(house: House, call: CallKey) -> UUID | None:
            found = look(house, call)
            if not getattr(waited, "once", False):
                waited.once = True
                barrier.wait()
            return found

        monkeypatch.setattr(idempotency, "earlier_result", look_and_wait)

    return hold


def test_every_post_is_tried_here(town: Town, house: House, asked: Body) -> None:
    assert set(calls(town, house, asked)) == {
        operation.name for operation in OPERATIONS if operation.method == "POST"
    }


def test_a_repeated_call_answers_the_same_and_makes_nothing_new(
    regulator: Caller, town: Town, house: House, asked: Body
) -> None:
    for name, (path, body) in calls(town, house, asked).items():
        first = regulator.post(path, body, key=f"clé-{name}")
        assert first.status_code in {200, 201}, (name, first.get_data(as_text=True))
        before = rows(house)

        again = regulator.post(path, body, key=f"clé-{name}")

        assert (again.status_code, again.get_data()) == (first.status_code, first.get_data()), name
        assert again.headers.get("Location") == first.headers.get("Location")
        assert rows(house) == before, name


def test_without_a_key_a_repeated_call_is_another_call(regulator: Caller, asked: Body) -> None:
    body = asked | {"confirm_duplicate": True}

    first, again = regulator.post("/requests", body), regulator.post("/requests", body)

    assert first.get_json()["id"] != again.get_json()["id"]


def test_a_key_that_served_another_call_is_refused(
    regulator: Caller, town: Town, house: House, asked: Body
) -> None:
    regulator.post("/requests", asked, key="k")
    before = rows(house)
    other = asked | {"origin": "ED"}

    problem(regulator.post("/requests", other, key="k"), 422, "idempotency-key-reused")
    request_id = regulator.post("/requests", asked, key="k").get_json()["id"]
    cancel = regulator.post(f"/requests/{request_id}/cancel", {"by": "regulator"}, key="k")
    problem(cancel, 422, "idempotency-key-reused")
    assert rows(house) == before


def test_a_key_belongs_to_its_account(
    client: FlaskClient, regulator: Caller, town: Town, asked: Body
) -> None:
    colleague = Caller.as_role(client, town, Role.REGULATOR)
    first = regulator.post("/requests", asked, key="k").get_json()["id"]

    other = colleague.post("/requests", asked | {"confirm_duplicate": True}, key="k")

    assert other.status_code == 201
    assert other.get_json()["id"] != first


def test_a_refused_call_does_not_use_its_key_up(regulator: Caller, town: Town, asked: Body) -> None:
    regulator.post("/requests", asked)
    problem(regulator.post("/requests", asked, key="k"), 409, "duplicate-request")

    confirmed = regulator.post("/requests", asked | {"confirm_duplicate": True}, key="k")

    assert confirmed.status_code == 201


def test_a_key_that_is_empty_or_endless_is_refused(regulator: Caller, asked: Body) -> None:
    for key in ("", "k" * 201):
        assert list(faults(regulator.post("/requests", asked, key=key))) == ["Idempotency-Key"]
    assert regulator.post("/requests", asked, key="k" * 200).status_code == 201


def test_the_same_call_twice_at_one_moment_has_one_effect(
    app: Flask,
    regulator: Caller,
    town: Town,
    house: House,
    asked: Body,
    held_together: Callable[[int], None],
) -> None:
    for name, (path, body) in calls(town, house, asked).items():
        held_together(4)
        before = rows(house)["idempotency_keys"]

        answers = at_once(
            app,
            regulator,
            4,
            lambda caller: caller.post(path, body, key=f"k-{name}"),  # noqa: B023
        )

        told = {(answer.status_code, answer.get_data()) for answer in answers}
        assert len(told) == 1, (name, told)
        assert answers[0].status_code in {200, 201}, name
        assert rows(house)["idempotency_keys"] == before + 1


def test_without_a_key_the_same_call_twice_at_one_moment_has_two(
    app: Flask, regulator: Caller, house: House, asked: Body
) -> None:
    body = asked | {"confirm_duplicate": True}

    answers = at_once(app, regulator, 2, lambda caller: caller.post("/requests", body))

    assert {answer.status_code for answer in answers} == {201}
    assert rows(house)["care_requests"] == 2


def test_many_requests_at_one_moment_are_all_taken(
    app: Flask, regulator: Caller, house: House, asked: Body
) -> None:
    body = asked | {"confirm_duplicate": True}

    answers = at_once(app, regulator, 16, lambda caller: caller.post("/requests", body))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_json()["code"] for answer in answers}) == 16
    assert rows(house)["care_requests"] == 16


def test_a_code_that_went_to_another_request_meanwhile_is_chosen_anew(
    regulator: Caller, town: Town, asked: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.request()
    taken = town.the_request(town.request()).code
    codes = iter([taken, taken, "7777"])
    monkeypatch.setattr(requests, "_code", lambda _attempt: next(codes))

    answer = regulator.post("/requests", asked, key="k")

    assert answer.get_json()["code"] == "7777"


def test_a_code_that_is_always_taken_is_an_error_and_saves_nothing(
    regulator: Caller, town: Town, house: House, asked: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = town.the_request(town.request()).code
    monkeypatch.setattr(requests, "_code", lambda _attempt: taken)
    before = rows(house)

    problem(regulator.post("/requests", asked, key="k"), 500, "internal-error")

    assert rows(house) == before
