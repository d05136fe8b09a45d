"""What all tests of services share."""

import random
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are as they are worked out by hand; a test of the jitter brings its own."""
    monkeypatch.setattr(random, "random", lambda: 0.0)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What is logged, not drawn: a traceback with its colours takes half a second."""
    with capture_logs() as entries:
        yield entries
