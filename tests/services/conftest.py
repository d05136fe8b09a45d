"""What all tests of services share."""

import random

import pytest


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are as they are worked out by hand; a test of the jitter brings its own."""
    monkeypatch.setattr(random, "random", lambda: 0.0)
