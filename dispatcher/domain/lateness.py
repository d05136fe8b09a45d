"""When a patient may say that they will be late."""

from datetime import datetime, timedelta
from typing import Final

LATE_MINUTES: Final = (10, 15, 20, 30, 45)
"""What can be chosen; whoever will be later telephones."""
SAID_BEFORE: Final = timedelta(hours=3)
"""Earlier than this before the appointment nobody is late: they move it or cancel."""
SAID_AGAIN_AFTER: Final = timedelta(minutes=5)
"""A second tap is no second delay."""


def may_be_late(start: datetime, end: datetime, now: datetime) -> bool:
    """Whether a delay can be announced now, from SAID_BEFORE the appointment until its end."""
    return start - SAID_BEFORE <= now < end


def delay_in_force(
    minutes: int | None, said_at: datetime | None, start: datetime, end: datetime
) -> int | None:
    """The minutes announced for the appointment as it stands.

    None when nothing was said, or of another hour: an appointment that was moved is not late.
    """
    if minutes is None or said_at is None or not may_be_late(start, end, said_at):
        return None
    return minutes
