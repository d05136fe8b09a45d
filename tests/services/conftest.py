"""What all tests of services share."""

import random
from collections.abc import Iterator
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.services.offering import asked_volunteer, waits


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are as they are worked out by hand; a test of the jitter brings its own."""
    monkeypatch.setattr(random, "random", lambda: 0.0)


@pytest.fixture
def pair(town: Town) -> tuple[Volunteer, Volunteer]:
    """Two volunteers in Lons-le-Saunier who accept to be asked."""
    return asked_volunteer(town), asked_volunteer(town)


@pytest.fixture
def asked(town: Town, clock: FakeClock, pair: tuple[Volunteer, Volunteer]) -> UUID:
    """A request for care before 13:00 that both were asked about at 9:10."""
    del pair
    return waits(town, clock)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What is logged, not drawn: a traceback with its colours takes half a second."""
    with capture_logs() as entries:
        yield entries
