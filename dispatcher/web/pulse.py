"""Whether the machines behind the site are at work, for the regulators who count on them."""

from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock

from flask import current_app

from dispatcher.reads.health import promises_and_ticks
from dispatcher.services.house import House
from dispatcher.web.health import OVERDUE_SECONDS

ASKED_EVERY = timedelta(seconds=5)


class Trouble(StrEnum):
    """Why what was promised waits, though everything is taken and kept."""

    QUEUE_AWAY = "queue_away"
    """Redis does not answer."""
    LATE = "late"
    """Redis answers, and what is due is not done: workers or relay are away, or overrun."""


class Pulse:
    """What the machines last showed. One thread at a time asks again, and nobody waits for it.

    A Redis that neither answers nor refuses holds whoever asks for seconds: every look at the board
    would cost as much.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._turn = Lock()
        self._asked_at: datetime | None = None
        self._known: Trouble | None = None

    def trouble(self) -> Trouble | None:
        """What keeps the machines from their work, as known some seconds ago; None is usual.

        Raises UnavailableError.
        """
        now = self._house.clock()
        if not self._is_recent(now) and self._turn.acquire(blocking=False):
            try:
                self._known, self._asked_at = self._look(), now
            finally:
                self._turn.release()
        return self._known

    def _is_recent(self, now: datetime) -> bool:
        """A clock that was set back does not keep what it showed for good."""
        return self._asked_at is not None and timedelta(0) <= now - self._asked_at < ASKED_EVERY

    def _look(self) -> Trouble | None:
        if not self._house.bell.answers():
            return Trouble.QUEUE_AWAY
        overdue = promises_and_ticks(self._house.db).oldest_overdue_seconds
        return Trouble.LATE if (overdue or 0.0) > OVERDUE_SECONDS else None


def trouble() -> Trouble | None:
    """The same of this process's house."""
    pulse: Pulse = current_app.extensions["pulse"]
    return pulse.trouble()
