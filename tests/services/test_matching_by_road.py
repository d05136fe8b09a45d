"""Road distances in decisions: what a routing server says, and going on without it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.domain.geography import Point
from dispatcher.gateways.routing import OsrmRouting
from dispatcher.reads.candidates import candidates_of
from dispatcher.services import booking, matching
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from dispatcher.storage.unit import Database
from tests.builders import LONS, Town
from tests.fakes.routing_server import RoutingServer
from tests.services.runs import a_run, booked_slot

MONTMOROT, CHAMPAGNOLE = "39362", "39097"
"""3 km and 27 km from Lons-le-Saunier as the crow flies."""


@pytest.fixture
def server() -> Iterator[RoutingServer]:
    """A world in which every road is 40 km long, and those to Champagnole 20."""
    with RoutingServer() as running:
        yield running


@pytest.fixture
def by_road(house: House, server: RoutingServer) -> House:
    champagnole = house.communes.get(CHAMPAGNOLE)
    assert champagnole is not None

    def metres(_: Point, there: Point) -> float:
        return 20_000.0 if there[0] == round(champagnole.longitude or 0, 5) else 40_000.0

    server.metres = metres
    return replace(house, routing=OsrmRouting(server.url))


def terms_of(town: Town, request_id: Any) -> dict[str, Any]:
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    return {term["term"]: term for term in appointment.terms}


def test_the_engine_decides_by_the_server_s_kilometres(by_road: House, town: Town) -> None:
    town.slot(town.volunteer(commune=MONTMOROT), hours=2)
    by_the_bridge = town.slot(town.volunteer(commune=CHAMPAGNOLE), hours=2)
    request_id = town.request()

    matching.match_waiting(by_road, a_run(town))

    assert booked_slot(town, request_id) == by_the_bridge
    distance = terms_of(town, request_id)["distance"]
    assert (distance["value"], distance["detail"]["road_km"]) == (20.0, 20.0)
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    # the radius and the API go on counting as the crow flies
    assert appointment.distance_km == pytest.approx(27, abs=1.5)


def test_a_regulator_sees_and_books_by_the_same_kilometres(by_road: House, town: Town) -> None:
    near = town.slot(town.volunteer(commune=MONTMOROT), hours=2)
    request_id = town.request()

    found = candidates_of(
        by_road.db,
        town.territory_id,
        request_id,
        by_road.communes,
        by_road.clock(),
        by_road.routing,
    )
    assert found is not None
    assert found.best[0].terms[0].value == 40.0
    booking.book_by_hand(by_road, town.regulator, request_id, BookSlot(slot=near))

    assert terms_of(town, request_id)["distance"]["value"] == 40.0


def test_a_server_that_fails_keeps_nobody_waiting(
    by_road: House, server: RoutingServer, town: Town
) -> None:
    server.status = 500
    near = town.slot(town.volunteer(commune=MONTMOROT), hours=2)
    town.slot(town.volunteer(commune=CHAMPAGNOLE), hours=2)
    request_id = town.request()

    matching.match_waiting(by_road, a_run(town))

    assert booked_slot(town, request_id) == near
    distance = terms_of(town, request_id)["distance"]
    km = distance["detail"]["km"]
    assert distance["value"] == pytest.approx(1.3 * km, abs=1e-3)  # the territory's factor


def test_a_territory_s_own_factor_is_used_without_a_server(house: House, town: Town) -> None:
    mountains = Town.found(
        house,
        town.clock,
        "montagne",
        phone="03 53 01 00 02",
        settings={"outside_hours": True, "road_factor": 2},
    )
    mountains.slot(mountains.volunteer(commune=MONTMOROT))
    request_id = mountains.request()

    matching.match_waiting(house, a_run(mountains))

    distance = terms_of(mountains, request_id)["distance"]
    assert distance["value"] == pytest.approx(2 * distance["detail"]["km"], abs=1e-3)


def test_no_transaction_and_no_reading_is_open_while_the_server_is_asked(
    by_road: House, server: RoutingServer, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.slot(town.volunteer(commune=LONS))
    request_id = town.request()
    opened: list[str] = []
    while_asked: list[int] = []
    for name in ("reading", "writing", "transaction"):
        real = getattr(Database, name)

        def counting(self: Database, *arguments: Any, _real: Any = real, **named: Any) -> Any:
            manager = _real(self, *arguments, **named)

            class Counted:
                def __enter__(self) -> Any:
                    entered = manager.__enter__()
                    opened.append("open")
                    return entered

                def __exit__(self, *error: object) -> Any:
                    opened.pop()
                    return manager.__exit__(*error)

            return Counted()

        monkeypatch.setattr(Database, name, counting)
    answer = server.metres

    def looking(here: Point, there: Point) -> float | None:
        while_asked.append(len(opened))
        return answer(here, there)

    server.metres = looking
    matching.match_waiting(by_road, a_run(town))

    assert booked_slot(town, request_id) is not None
    assert while_asked
    assert set(while_asked) == {0}
