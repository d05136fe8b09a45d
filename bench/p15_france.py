"""P15 and P6: one territory's work while 1, 10, 100 and 800 territories share a PostgreSQL.

A territory is an ordinary CPTS: 20 requests a day over the past days, 40 practitioners, open slots,
people who wait. It is written by the services, and multiplied by SQL. One more has 20,000 open
slots (P5). At each step one territory works as if it were alone, in this process, and the whole
house's recurring work is done once: the first must not grow with the country, the second is what a
worker has to do at each tick. The limit of each figure is the same at the first step, so a
ratio of 1 means that the other territories cost nothing.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import text

import workers.jobs
from bench.country import found, grow, settle
from bench.figures import Figure, median, percentile, run, shown
from bench.p5_candidates import fill
from bench.stage import database, environment, house_of
from dispatcher.domain.calendar import period
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.reads import activity, board, health, watching
from dispatcher.reads.candidates import candidates_of
from dispatcher.services import requests
from dispatcher.services.accounts import account_of
from dispatcher.services.appointments import cancel_request
from dispatcher.services.commands import CancelRequest
from dispatcher.services.house import House
from dispatcher.storage import keeping
from tests.builders import Town
from workers.clock import SCHEDULE
from workers.keeping import furnish
from workers.queues import URGENCY

ZONE = ZoneInfo("Europe/Paris")
RELAY_TAKES = 5000
CLOCK = "the clock has"
TICK_MS = 10_000.0
"""What comes back every minute must be over long before."""
LARGE = "large"
FIRST_CALLER = 1000
"""Beyond those who were written in."""

Timed = dict[str, list[float]]
"""Milliseconds, by what was done."""


class Country:
    """What is measured in it: an ordinary territory and a large one."""

    def __init__(self, house: House, town: Town, large: Town, days: int) -> None:
        self.house = house
        self.town = town
        self.large = large
        self.days = days
        self.asked = large.request(need={"delay_hours": 24})
        self.timed: Timed = {}

    def time(self, what: str, work: Callable[[], object]) -> None:
        """Do it and note how long it took."""
        begun = time.perf_counter()
        work()
        self.timed.setdefault(what, []).append((time.perf_counter() - begun) * 1000)

    def work(self) -> None:
        """One request and all that belongs to it, and what pages show."""
        house, town, now = self.house, self.town, self.house.clock()
        asking = town.asking()
        made: list[UUID] = []
        self.time(
            "a request is taken",
            lambda: made.append(requests.open_request(house, town.regulator, asking)),
        )
        self.time("what is due is found", lambda: keeping.due(house.db, RELAY_TAKES, URGENCY))
        for ring in keeping.due(house.db, RELAY_TAKES, URGENCY):
            if ring.job is Job.MATCH_WAITING:
                self.time(
                    "a match, booking included",
                    lambda promise=str(ring.promise_id): workers.jobs.match_waiting(promise),  # type: ignore[misc]
                )
        self.time("the state of a board", lambda: board.board_state(house.db, town.territory_id))
        self.time(
            "the cards of a board", lambda: board.board_requests(house.db, town.territory_id, now)
        )
        self.time("the day in figures", lambda: board.today(house.db, town.territory_id, now, ZONE))
        today = now.astimezone(ZONE).date()
        month = period(today - timedelta(days=self.days), today, ZONE)
        self.time(
            "indicators of the past days",
            lambda: activity.activity(house.db, town.territory_id, month),
        )
        self.time("health", lambda: health.promises_and_ticks(house.db))
        self.time(
            "metrics", lambda: (watching.owed_by_job(house.db), watching.live_requests(house.db))
        )
        self.time(
            "five best of 20,000 slots",
            lambda: candidates_of(
                house.db, self.large.territory_id, self.asked, house.communes, house.clock()
            ),
        )
        cancel_request(house, town.regulator, made[0], CancelRequest(by="regulator"))
        settle(self.house)

    def recurring(self) -> None:
        """All that the clock promises, once, but not what that promises each territory in turn."""
        for recurring in SCHEDULE:
            name = recurring.job.value
            with self.house.db.writing() as session:
                keeping.promise_once(
                    session,
                    recurring.job,
                    f"bench:{uuid4()}",
                    self.house.clock(),
                    self.house.clock(),
                )
            (ring,) = [
                each
                for each in keeping.due(self.house.db, RELAY_TAKES)
                if each.job is recurring.job
            ][:1]
            promise = str(ring.promise_id)
            self.time(
                f"{CLOCK} {name}",
                lambda name=name, promise=promise: getattr(workers.jobs, name)(promise),  # type: ignore[misc]
            )
            settle(self.house)


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Each step after the one before, in one database."""
    with database("postgresql") as url:
        code = found(url, arguments.days, arguments.slots)
        with house_of(environment(url)) as house:
            furnish(house)
            town = _town_of(house, code)
            large = fill(house, arguments.large, LARGE)
            country = Country(house, town, large, arguments.days)
            first: dict[str, float] = {}
            there = 1
            for step in arguments.steps:
                begun = time.monotonic()
                if step > there:
                    grow(house, town.territory_id, range(there, step))
                    there = step
                yield from _sizes(house, step, time.monotonic() - begun)
                country.work()  # what a process does once: compiling statements
                country.timed.clear()
                for _ in range(arguments.times):
                    country.work()
                country.recurring()
                for what, values in country.timed.items():
                    limit = first.setdefault(what, median(values))
                    yield _figure(step, what, values, limit, arguments.steps[0])


def _figure(step: int, what: str, values: list[float], limit: float, least: int) -> Figure:
    seen = median(values)
    if what.startswith(CLOCK):
        target, holds = f"< {TICK_MS / 1000:.0f} s", seen < TICK_MS
    else:
        target, holds = f"< 2 × that of {least}", seen < 2 * limit
    return Figure(
        number="P15",
        what=f"{step}: {what}, median (p95 {shown(percentile(values, 0.95))})",
        unit="ms",
        ours=seen,
        target=target,
        holds=holds,
        limit=limit,
        limit_is=f"with {least}",
        ratio=limit / seen,
    )


def _town_of(house: House, code: str) -> Town:
    with house.db.reading() as session:
        row = session.execute(
            text(
                "SELECT u.id, u.login, u.display_name, t.id AS territory FROM users u"
                " JOIN territories t ON t.id = u.territory_id WHERE t.code = :code"
            ),
            {"code": code},
        ).one()
    callers = itertools.count(FIRST_CALLER)
    return Town(house, None, row.territory, code, _account(house, row.id), callers)  # type: ignore[arg-type]


def _account(house: House, user_id: object) -> Account:
    found = account_of(house, user_id)  # type: ignore[arg-type]
    assert found is not None
    return found


def _sizes(house: House, step: int, seconds: float) -> Iterator[Figure]:
    with house.db.reading() as session:
        size = session.scalar(text("SELECT pg_database_size(current_database())"))
        slots = session.scalar(text("SELECT count(*) FROM slots WHERE status <> 'closed'"))
        logged = session.scalar(text("SELECT count(*) FROM event_log"))
    yield Figure(
        number="P15",
        what=f"{step} territories: {slots:,} open slots, {logged:,} events ({seconds:.0f} s)",
        unit="MB",
        ours=float(size or 0) / 1e6,
        target="whatever it is",
        holds=True,
    )


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 10, 100, 800])
    parser.add_argument("--slots", type=int, default=1250, help="open slots of a territory")
    parser.add_argument("--large", type=int, default=20_000, help="open slots of the large one")
    parser.add_argument("--days", type=int, default=14, help="past days of each territory")
    parser.add_argument("--times", type=int, default=20, help="how often each thing is done")


if __name__ == "__main__":
    run(__doc__, measure, declare)
