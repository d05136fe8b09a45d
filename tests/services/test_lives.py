"""Whatever people, telephones and time do to a territory, in whatever order, I1 to I8 hold."""

import contextlib
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import open_house
from tests.invariants import check
from tests.services.lives import Life


def live(life: Life, steps: int) -> None:
    for _ in range(steps):
        life.step()
    check(life.house.db.engine, life.clock.now)
    life.settle()
    check(life.house.db.engine, life.clock.now, settled=True)
    assert life.wrongly_sent() == []


@contextlib.contextmanager
def fresh(template: Path) -> Iterator[tuple[Town, FakeClock, FakeSms]]:
    """A territory of its own for one example, on SQLite."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "life.sqlite3"
        shutil.copy(template, path)
        clock, sms = FakeClock(), FakeSms()
        with open_house(f"sqlite:///{path}", clock=clock, sms=sms, bell=RecordingBell()) as house:
            yield Town.found(house, clock), clock, sms


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 60))
def test_a_life_on_sqlite(sqlite_template: Path, seed: int, steps: int) -> None:
    with fresh(sqlite_template) as (town, clock, sms):
        live(Life(town, clock, sms, random.Random(seed).choice), steps)


@pytest.mark.parametrize("seed", [20261122, 2])
def test_a_longer_life_on_both_engines(
    house: House, town: Town, clock: FakeClock, sms: FakeSms, seed: int
) -> None:
    life = Life(town, clock, sms, random.Random(seed).choice)

    live(life, 120)
