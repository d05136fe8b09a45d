"""What came of replays: each figure by hand."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from dispatcher.domain.simulation.demand import Call
from dispatcher.domain.simulation.policies import Given
from dispatcher.domain.simulation.replay import Ending, Replay
from dispatcher.domain.simulation.tally import Tally, gini, quantile
from tests.domain.morning import COLLEAGUE, DOCTOR, NEED, hours


def served(number: int, after: float, km: float, *, comes: bool = True) -> Ending:
    need = replace(NEED, request_id=UUID(int=number))
    given = Given(need.request_id, UUID(int=99), DOCTOR, hours(after), km)
    return Ending(Call(need, comes=comes), given, asked=3 if number == 1 else 0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 1, 1], 0.0),
        ([0, 0, 3], 2 / 3),
        ([3, 0, 0], 2 / 3),
        ([1, 3], 0.25),  # mean difference 1 over twice the mean of 2
        ([], 0.0),
        ([0, 0], 0.0),
    ],
)
def test_gini(values: list[float], expected: float) -> None:
    assert gini(values) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([1, 2, 3], 0.5, 2), ([1, 2], 0.5, 1.5), (list(range(11)), 0.9, 9), ([], 0.5, 0)],
)
def test_quantile(values: list[float], share: float, expected: float) -> None:
    assert quantile(values, share) == expected


def test_every_figure_of_three_patients() -> None:
    left = Ending(Call(replace(NEED, request_id=UUID(int=7))), reason="full", asked=2)
    tally = Tally(road_factor=1.5)
    tally.add(
        Replay(
            (served(1, 2, 4), served(2, 6, 8, comes=False), left),
            taken={DOCTOR: 2, COLLEAGUE: 0},
            offered={DOCTOR: 2, COLLEAGUE: 4},
        )
    )
    assert tally.compared() == {
        # (4 + 8) km × 1.5 + (2 + 6) h / 2 + 1000, for three
        "cost": pytest.approx(1022 / 3, abs=1e-3),
        "served_pct": pytest.approx(66.667),
        "served_in_delay_pct": pytest.approx(66.667),
        "km": 9.0,
        "wait_h": 4.0,
        "gini": 0.5,  # of 100 % and 0 %
    }
    assert tally.cost_of_served == 11
    figures = tally.as_json()
    assert figures["wait_h"] == {"mean": 4.0, "median": 4.0, "p90": pytest.approx(5.6)}
    assert figures["offers_per_request"] == pytest.approx(5 / 3, abs=1e-3)
    assert figures["no_show_pct"] == 50
    assert figures["unfilled"] == {"full": 1}
    assert (figures["places"], figures["places_used_pct"]) == (6, pytest.approx(33.333))


def test_somebody_seen_after_their_delay_is_served_and_late() -> None:
    tally = Tally()
    tally.add(Replay((served(1, 25, 0),), {}, {}))
    assert (tally.served, tally.in_delay) == (1, 0)


def test_replays_add_up() -> None:
    tally = Tally()
    for _ in range(2):
        tally.add(Replay((served(1, 2, 4),), {DOCTOR: 1}, {DOCTOR: 4}))
    assert tally.requests == 2
    assert tally.taken[DOCTOR] / tally.offered[DOCTOR] == 0.25


def test_nothing_happened_and_nothing_fails() -> None:
    tally = Tally()
    tally.add(Replay((), {}, {}))
    assert tally.as_json()["served_pct"] == 0
    assert timedelta(hours=tally.cost) == timedelta()
