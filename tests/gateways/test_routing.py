"""Road distances from a server of one's own, and none of its troubles."""

import socket
from collections.abc import Iterator

import pytest

from dispatcher.domain.geography import Point
from dispatcher.gateways import routing
from dispatcher.gateways.routing import OsrmRouting
from tests.fakes.routing_server import RoutingServer

LONS, DOLE, MOREZ = (5.55, 46.67), (5.49, 47.09), (6.02, 46.52)


@pytest.fixture
def server() -> Iterator[RoutingServer]:
    with RoutingServer(lambda here, there: 1234.0 * (1 + (there == DOLE))) as running:
        yield running


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_kilometres_are_asked_of_the_server_for_every_pair(server: RoutingServer) -> None:
    found = OsrmRouting(server.url).road_km([LONS, MOREZ], [DOLE, LONS])
    assert found == {
        (LONS, DOLE): 2.468,
        (LONS, LONS): 1.234,
        (MOREZ, DOLE): 2.468,
        (MOREZ, LONS): 1.234,
    }
    (path,) = server.paths
    assert path == (
        "/osrm/table/v1/driving/5.55000,46.67000;6.02000,46.52000;5.49000,47.09000;5.55000,46.67000"
        "?sources=0;1&destinations=2;3&annotations=distance"
    )


def test_a_pair_is_asked_once_and_only_what_is_missing_is_asked_again(
    server: RoutingServer,
) -> None:
    asking = OsrmRouting(server.url)
    asking.road_km([LONS], [DOLE])
    assert asking.road_km([LONS], [DOLE]) == {(LONS, DOLE): 2.468}
    assert server.asked == [(1, 1)]
    asking.road_km([LONS, MOREZ], [DOLE, MOREZ])
    # Lons to Morez alone, and Morez to both
    assert sorted(server.asked[1:]) == [(1, 1), (1, 2)]


def test_many_points_are_asked_in_parts_of_a_hundred_together(server: RoutingServer) -> None:
    many: list[Point] = [(5.0 + number / 1000, 46.0) for number in range(120)]
    found = OsrmRouting(server.url).road_km(many[:60], many)
    assert len(found) == 60 * 120
    assert max(origins + destinations for origins, destinations in server.asked) == 100
    assert sum(origins * destinations for origins, destinations in server.asked) == 60 * 120


def test_a_pair_without_a_road_is_missing_and_not_asked_for_again() -> None:
    with RoutingServer(lambda _, there: None if there == DOLE else 900.0) as server:
        asking = OsrmRouting(server.url)
        for _ in range(2):
            assert asking.road_km([LONS], [DOLE, MOREZ]) == {(LONS, MOREZ): 0.9}
        assert server.asked == [(1, 2)]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>",
        "[]",
        '{"code": "NoTable"}',
        '{"code": "Ok"}',
        '{"code": "Ok", "distances": [[1, 2]]}',
        '{"code": "Ok", "distances": [[1], [2]]}',
        '{"code": "Ok", "distances": [["1"]]}',
        '{"code": "Ok", "distances": [[-1]]}',
        '{"code": "Ok", "distances": [[true]]}',
        '{"code": "Ok", "distances": [[NaN]]}',
        '{"code": "Ok", "distances": [[Infinity]]}',
    ],
)
def test_nonsense_is_no_distance(server: RoutingServer, answer: str) -> None:
    server.answer = answer
    assert OsrmRouting(server.url).road_km([LONS], [DOLE]) == {}


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_a_refusal_is_no_distance(server: RoutingServer, status: int) -> None:
    server.status = status
    assert OsrmRouting(server.url).road_km([LONS], [DOLE]) == {}


def test_a_server_that_does_not_answer_is_left_alone_for_a_minute(server: RoutingServer) -> None:
    clock = Clock()
    asking = OsrmRouting(server.url, timeout=0.1, clock=clock)
    server.answering.clear()
    assert asking.road_km([LONS], [DOLE]) == {}
    server.answering.set()
    clock.now = 59.9
    assert asking.road_km([LONS], [DOLE]) == {}
    clock.now = 60.1
    assert asking.road_km([LONS], [DOLE]) == {(LONS, DOLE): 2.468}


def test_nobody_listening_is_no_distance() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert OsrmRouting(f"http://127.0.0.1:{port}").road_km([LONS], [DOLE]) == {}


def test_questions_stop_when_their_time_is_over(server: RoutingServer) -> None:
    clock = Clock()
    asking = OsrmRouting(server.url, clock=clock)
    many: list[Point] = [(5.0 + number / 1000, 46.0) for number in range(60)]

    def slow(_: Point, __: Point) -> float:
        clock.now += routing.BUDGET
        return 1000.0

    server.metres = slow
    found = asking.road_km([LONS], many)
    # the first part of fifty, and nothing after it; the rest the next time
    assert len(found) == 50
    assert len(asking.road_km([LONS], many)) == 60


def test_what_is_remembered_has_a_limit(
    server: RoutingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "MOST_PAIRS", 2)
    asking = OsrmRouting(server.url)
    asking.road_km([LONS], [DOLE, MOREZ])
    asking.road_km([MOREZ], [DOLE])
    assert asking.road_km([MOREZ], [DOLE]) == {(MOREZ, DOLE): 2.468}
    assert len(server.asked) == 2


@pytest.mark.parametrize("address", ["osrm.example.org", "ftp://osrm.example.org", "http://"])
def test_an_address_that_cannot_be_asked_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="ROUTING_URL"):
        OsrmRouting(address)
