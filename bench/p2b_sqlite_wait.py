"""P2b: the longest wait of a SQLite writer among eight, with the house's gate and without it."""

import argparse
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from bench.clients import Client, Step, work_together
from bench.figures import Figure, median, percentile, run
from bench.stage import database, environment, house_of
from dispatcher.domain.events import OPERATOR
from dispatcher.domain.jobs import Job
from dispatcher.services.house import House

LONGEST_MS = 500.0


@dataclass(frozen=True)
class Writer:
    """A process that writes without a pause: the worst that its neighbours can meet."""

    url: str
    gated: bool

    def steps(self) -> Iterator[Step]:
        """One transaction a step, about as long as that of a booking."""
        with house_of(environment(self.url)) as house:
            if not self.gated:
                house.db._gate._path = None  # SQLite's own busy handler alone
            write(house)
            while True:
                yield lambda: write(house)


def write(house: House) -> None:
    """A unit of work with eight promises that are not due for a year."""
    with house.db.transaction(UUID(int=0), OPERATOR) as unit:
        for _ in range(8):
            unit.promise(Job.SWEEP_WAITING, {"x": uuid.uuid4()}, unit.now + timedelta(days=365))
            unit.flush()
            unit._promises.clear()


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Without the gate, then with it, each on a fresh file."""
    longest = {}
    for gated in (False, True):
        with database("sqlite") as url:
            writers: list[Client] = [Writer(url, gated) for _ in range(arguments.writers)]
            begun = time.monotonic()
            tally = work_together(writers, arguments.seconds)
        longest[gated] = max(tally.durations) * 1000
        if gated:
            each = 1000 / tally.rate
            yield Figure(
                number="P2b",
                what=(
                    f"longest wait of {arguments.writers} SQLite writers, gated "
                    f"({tally.rate:.0f} writes/s, median {median(tally.durations) * 1000:.0f} ms, "
                    f"p99 {percentile(tally.durations, 0.99) * 1000:.0f} ms, "
                    f"{time.monotonic() - begun:.0f} s)"
                ),
                unit="ms",
                ours=longest[True],
                limit=each * arguments.writers,
                limit_is=f"fair turns; without the gate {longest[False]:.0f} ms",
                ratio=each * arguments.writers / longest[True],
                target=f"< {LONGEST_MS:.0f} ms",
                holds=longest[True] < LONGEST_MS,
            )


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)


if __name__ == "__main__":
    run(__doc__, measure, declare)
