"""A clock that stands still until it is told to move."""

from datetime import UTC, datetime, timedelta

MONDAY_MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""09:00 in Paris, 12:00 in La Réunion."""


class FakeClock:
    """Called, it gives the instant that it was set to."""

    def __init__(self, now: datetime = MONDAY_MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> datetime:
        """Move on by a timedelta's arguments: `clock.advance(hours=2)`."""
        self.now += timedelta(**duration)
        return self.now
