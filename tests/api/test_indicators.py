"""The activity of a period over the API, against a morning counted by hand."""

from datetime import date

import pytest
from flask.testing import FlaskClient

from dispatcher.domain.roles import Role
from dispatcher.services.appointments import close_request
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot, CloseRequest
from dispatcher.services.house import House
from dispatcher.services.typed_figures import TypeFigure, type_figure
from tests.api.caller import Caller, problem
from tests.builders import Town


@pytest.fixture
def coordinator(client: FlaskClient, town: Town) -> Caller:
    return Caller.as_role(client, town, Role.COORDINATOR)


def test_a_period_is_told_in_figures(coordinator: Caller, town: Town, house: House) -> None:
    """Three requests: one honoured after two hours of waiting, one redirected, one waiting."""
    volunteer = town.volunteer()
    honoured = town.request()
    book_by_hand(house, town.regulator, honoured, BookSlot(slot=town.slot(volunteer, hours=2)))
    close_request(house, town.regulator, honoured, CloseRequest(status="fulfilled"))
    close_request(house, town.regulator, town.request(), CloseRequest(status="redirected"))
    town.request()
    town.slot(volunteer, hours=4)

    answer = coordinator.get(f"/indicators?territory={town.code}&from=2026-11-23&to=2026-11-24")

    assert answer.status_code == 200
    body = answer.get_json()
    told = {name: body[name] for name in ("requests", "booked", "honoured", "redirected", "live")}
    assert told == {"requests": 3, "booked": 1, "honoured": 1, "redirected": 1, "live": 1}
    assert body["within_delay_share"] == 1.0
    assert body["median_time_to_appointment_minutes"] == 120.0
    assert (body["volunteers_active"], body["slots_opened"], body["slots_used"]) == (1, 2, 1)
    assert [(day["day"], day["requests"]) for day in body["by_day"]] == [
        ("2026-11-23", 3),
        ("2026-11-24", 0),
    ]
    assert body["by_profession"]["10"]["requests"] == 3
    assert body["by_origin"]["SAS"]["requests"] == 3


def test_a_period_is_compared_and_has_the_figures_that_were_typed(
    coordinator: Caller, town: Town, house: House
) -> None:
    town.request()
    figure = TypeFigure(
        code="without_gp_share", figure=12.5, on=date(2026, 11, 20), origin="Courrier"
    )
    type_figure(house, town.account(Role.COORDINATOR), figure)
    town.clock.advance(hours=24)

    body = coordinator.get("/indicators?from=2026-11-24&to=2026-11-24&compare=previous").get_json()

    assert body["requests"] == 0
    compared = body["compared"]
    assert (compared["first"], compared["last"]) == ("2026-11-23", "2026-11-23")
    assert {each["code"]: each["value"] for each in compared["figures"]}["requests"] == 1
    (typed,) = body["typed"]
    assert (typed["code"], typed["value"], typed["unit"]) == ("without_gp_share", 12.5, "percent")
    assert (typed["on"], typed["origin"], typed["giver"]) == ("2026-11-20", "Courrier", "CPAM")

    # the day that it describes is still to come for an earlier period
    body = coordinator.get("/indicators?from=2026-11-01&to=2026-11-19&compare=year").get_json()
    assert (body["compared"]["first"], body["compared"]["last"]) == ("2025-11-01", "2025-11-19")
    assert body["typed"] == []
    answer = coordinator.get("/indicators?compare=hier")
    assert [each["field"] for each in problem(answer, 422, "invalid")["errors"]] == ["compare"]


def test_what_cannot_be_known_is_null_and_not_zero(coordinator: Caller) -> None:
    body = coordinator.get("/indicators?from=2026-11-01&to=2026-11-01").get_json()

    assert body["requests"] == 0
    assert body["within_delay_share"] is None
    assert body["median_time_to_appointment_minutes"] is None


def test_the_figures_of_another_territory_are_not_told(coordinator: Caller) -> None:
    answer = coordinator.get("/indicators?territory=ailleurs&from=2026-11-01&to=2026-11-01")

    problem(answer, 404, "not-found")


def test_without_a_period_it_is_the_month_so_far(coordinator: Caller) -> None:
    days = [figures["day"] for figures in coordinator.get("/indicators").get_json()["by_day"]]
    assert (days[0], days[-1]) == ("2026-11-01", "2026-11-23")
