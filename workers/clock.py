"""The clock: recurring work as data.

Each occurrence is one promise under a key, so that two clocks, or one that was restarted, make it
once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from config.logging import get_logger
from dispatcher.domain.errors import UnavailableError
from dispatcher.domain.jobs import Job
from dispatcher.services.house import House
from dispatcher.storage import keeping
from workers.process import Stop, prepare

log = get_logger(__name__)
TICK_SECONDS = 5.0
HOUSE_ZONE = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Recurring:
    """A job that comes back: every `every`, or each day at `at` o'clock in the house's zone."""

    job: Job
    every: timedelta | None = None
    at: tuple[int, int] | None = None

    def occurrence(self, now: datetime) -> tuple[str, datetime]:
        """The latest occurrence that is due at `now`: its key and its instant.

        A daily hour that the change to summer time skips comes at the instant that replaces it;
        one that winter time repeats comes once, since its key is the local day.
        """
        if self.every is not None:
            period = int(now.timestamp() // self.every.total_seconds())
            start = datetime.fromtimestamp(period * self.every.total_seconds(), now.tzinfo)
            return f"{self.job.value}:{period}", start
        hour, minute = self.at or (0, 0)
        local = now.astimezone(HOUSE_ZONE)
        due = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if due > local:
            due = (due - timedelta(days=1)).replace(hour=hour, minute=minute)
        return f"{self.job.value}:{due.date().isoformat()}", due


SCHEDULE: Sequence[Recurring] = (
    Recurring(Job.ASK_PRACTITIONERS, every=timedelta(hours=1)),
    Recurring(Job.CLOSE_PAST_SLOTS, every=timedelta(minutes=5)),
    Recurring(Job.COUNT_DAYS, every=timedelta(minutes=5)),
    Recurring(Job.FORGET_OLD, at=(2, 45)),
    Recurring(Job.LEARN_PRICES, at=(3, 30)),
    Recurring(Job.MAIL_REPORTS, every=timedelta(hours=1)),
    Recurring(Job.PUBLISH_OCCURRENCES, every=timedelta(hours=1)),
    Recurring(Job.READ_AGENDAS, every=timedelta(minutes=1)),
    Recurring(Job.SEAL_LOG, at=(4, 10)),
    Recurring(Job.SWEEP_WAITING, every=timedelta(minutes=1)),
    Recurring(Job.WATCH_UNSENT, every=timedelta(minutes=1)),
)
"""Sorted by job."""


def tick(house: House, schedule: Sequence[Recurring] = SCHEDULE) -> list[str]:
    """Promise what is due and not promised yet; the keys of what was."""
    now = house.clock()
    made = []
    for recurring in schedule:
        key, due_at = recurring.occurrence(now)
        with house.db.writing() as session:
            if keeping.promise_once(session, recurring.job, key, due_at, now):
                made.append(key)
    keeping.tick(house.db, "clock")
    return made


def main() -> None:
    """Run until told to stop; an unreachable database is tried again at every tick."""
    house = prepare("clock")
    stop = Stop()
    while True:
        try:
            tick(house)
        except (UnavailableError, OSError) as error:
            log.warning("clock_tick_failed", error=type(error).__name__)
        if stop.wait(TICK_SECONDS):
            return


if __name__ == "__main__":
    main()
