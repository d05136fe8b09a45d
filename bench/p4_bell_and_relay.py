"""P4: from the commit of a request to the start of its matching, by the bell and by the relay."""

import argparse
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rq import Queue

from bench.figures import Figure, median, percentile, run
from bench.stage import (
    ENGINES,
    broker,
    database,
    environment,
    house_of,
    processes,
    ringing_house_of,
)
from bench.watched_worker import NOTES, read_notes
from dispatcher.domain.jobs import Job
from dispatcher.services.house import House
from dispatcher.storage.unit import Ring
from tests.builders import Town
from tests.fakes.clock import FakeClock
from workers.queues import QueueName, connect

BELL_MS = 20.0
RELAY_MS = 1500.0
PAUSE_SECONDS = 0.05
"""Between two requests: a few a second is what a territory sees at its peak."""
PATIENCE = 30.0


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """By the bell, by a bare RQ job on the same queue, and by the relay alone."""
    for engine in arguments.engines:
        with broker() as redis, database(engine) as url:
            told = environment(url, redis_url=redis.url)
            with processes(told) as started:
                notes = started.folder / "notes"
                notes.touch()
                (worker,) = started.start_workers(1, "bench.watched_worker", **{NOTES: str(notes)})
                with ringing_house_of(told) as house:
                    town = _town(house)
                    limit = _bare(redis.url, notes, arguments.requests)
                    seen = _requests(town, notes, arguments.requests)
                yield _figure(
                    f"commit to start of matching, {engine}, Redis up", seen, limit, BELL_MS
                )
                started.start_relay()
                with house_of(told) as house:
                    town.house = house
                    seen = _requests(town, notes, arguments.relayed)
                yield _figure(f"the same by the relay alone, {engine}", seen, None, RELAY_MS)
                started.stop(worker)


def _figure(what: str, seen: list[float], limit: list[float] | None, most_ms: float) -> Figure:
    slowest = percentile(seen, 0.95) * 1000
    bare = percentile(limit, 0.95) * 1000 if limit else None
    return Figure(
        number="P4",
        what=f"{what} (p50 {median(seen) * 1000:.1f} ms, {len(seen)} requests), p95",
        unit="ms",
        ours=slowest,
        limit=bare,
        limit_is="a bare RQ job" if bare else "",
        ratio=bare / slowest if bare else None,
        target=f"< {most_ms:g} ms",
        holds=slowest < most_ms,
    )


def _town(house: House) -> Town:
    return Town.found(house, FakeClock(house.clock()))


def _bare(redis_url: str, notes: Path, count: int) -> list[float]:
    """Seconds from enqueueing a job that only notes its start to that start."""
    queue = Queue(QueueName.URGENT.value, connection=connect(redis_url), serializer="json")
    rung: dict[str, float] = {}
    for _ in range(count):
        name = str(uuid.uuid4())
        rung[name] = time.monotonic()
        queue.enqueue("bench.watched_worker.note", name, result_ttl=0)
        time.sleep(PAUSE_SECONDS)
    return _latencies(rung, notes)


def _requests(town: Town, notes: Path, count: int) -> list[float]:
    """Seconds from each request's commit to the start of its matching."""
    committed: dict[str, float] = {}
    db = town.house.db
    ring = db._ring

    def note_commit(rings: Sequence[Ring]) -> None:
        now = time.monotonic()
        committed.update(
            {str(each.promise_id): now for each in rings if each.job == Job.MATCH_WAITING}
        )
        ring(rings)

    db._ring = note_commit
    for _ in range(count):
        town.request()
        time.sleep(PAUSE_SECONDS)
    return _latencies(committed, notes)


def _latencies(rung: Mapping[str, float], notes: Path) -> list[float]:
    """Raises RuntimeError when one does not start."""
    deadline = time.monotonic() + PATIENCE
    while not rung.keys() <= (started := read_notes(notes)).keys():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(rung.keys() - started.keys())} jobs did not start")
        time.sleep(PAUSE_SECONDS)
    return [started[name] - at for name, at in rung.items()]


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--relayed", type=int, default=50)


if __name__ == "__main__":
    run(__doc__, measure, declare)
