"""P4b: from an accepted request to the patient's SMS at the provider: steadily, and in a burst.

All processes of the house run: web, four workers, relay, and the provider's emulator with its
receipts. The limit is the same way through bare parts (`bench.bare_app`, `bench.bare_job`).
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import bare_app
from bench.callers import CallingTown, calling_towns, phone_of
from bench.figures import Figure, median, percentile, run
from bench.load import Tally, drip, pour
from bench.provider import read_arrivals
from bench.stage import (
    ENGINES,
    Processes,
    broker,
    database,
    environment,
    free_port,
    house_of,
    processes,
)

STEADY_MS = 150.0
ACCEPTED_SECONDS = 2.0
LAST_SMS_SECONDS = 15.0
PATIENCE = 90.0
POLL_SECONDS = 0.05
VOLUNTEERS = 25
WARM_UP, WARM_UP_PACE = 12, 4.0


@dataclass(frozen=True)
class Way:
    """What one arrangement of processes was seen to do. Seconds."""

    steady: list[float]
    accepted: float
    last_sms: float


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Bare parts, then the house, on each engine."""
    for engine in arguments.engines:
        limit = _travel(engine, arguments, bare=True)
        ours = _travel(engine, arguments, bare=False)
        slowest, bare = (percentile(way.steady, 0.95) * 1000 for way in (ours, limit))
        yield Figure(
            number="P4b",
            what=(
                f"accepted to SMS, {engine}, {arguments.pace:g}/s "
                f"(p50 {median(ours.steady) * 1000:.0f} ms), p95"
            ),
            unit="ms",
            ours=slowest,
            limit=bare,
            limit_is="bare parts",
            ratio=bare / slowest,
            target=f"< {STEADY_MS:g} ms",
            holds=slowest < STEADY_MS,
        )
        for what, most, seen, least in (
            ("all accepted", ACCEPTED_SECONDS, ours.accepted, limit.accepted),
            ("last SMS", LAST_SMS_SECONDS, ours.last_sms, limit.last_sms),
        ):
            yield Figure(
                number="P4b",
                what=f"burst of {arguments.burst}, {engine}, {arguments.workers} workers: {what}",
                unit="s",
                ours=seen,
                limit=least,
                limit_is="bare parts",
                ratio=least / seen,
                target=f"< {most:g} s",
                holds=seen < most,
            )


def _travel(engine: str, arguments: argparse.Namespace, *, bare: bool) -> Way:
    web_port, provider_port = free_port(), free_port()
    with broker() as redis, database(engine) as url:
        told = environment(
            url,
            redis_url=redis.url,
            provider_url=f"http://127.0.0.1:{provider_port}",
            port=web_port,
        )
        with house_of(told) as house, processes(told) as started:
            (caller,) = calling_towns(house, 1)
            arrivals = started.start_provider(provider_port)
            if bare:
                bare_app.prepare(house.db.engine)
                _start_bare(started, web_port, arguments.workers)
            else:
                needed = WARM_UP + arguments.burst + int(arguments.pace * arguments.seconds)
                caller.publish(VOLUNTEERS, needed // VOLUNTEERS + 1)
                started.start_web(web_port, processes=arguments.processes)
                started.start_workers(arguments.workers)
                started.start_relay()
            return _way(caller, told["PUBLIC_BASE_URL"], arrivals, arguments)


def _start_bare(started: Processes, port: int, workers: int) -> None:
    started.start_web(
        port,
        processes=2,
        application="bench.bare_app:create_app()",
        **{bare_app.RING: "yes"},
    )
    started.start_workers(workers, "bench.bare_job")


def _way(caller: CallingTown, base_url: str, arrivals: Path, arguments: argparse.Namespace) -> Way:
    steady = int(arguments.pace * arguments.seconds)
    patients = iter(range(WARM_UP + steady + arguments.burst))

    def some(count: int) -> tuple[list[str], Iterator[bytes]]:
        numbers = list(itertools.islice(patients, count))
        calls = [caller.post(base_url, number) for number in numbers]
        return [f"+33{phone_of(number)[1:]}" for number in numbers], iter(calls)

    phones, calls = some(WARM_UP)  # fills caches and opens connections
    _sms_of(phones, drip(base_url, calls, per_second=WARM_UP_PACE, seconds=PATIENCE), arrivals)
    phones, calls = some(steady)
    answers = drip(base_url, calls, per_second=arguments.pace, seconds=PATIENCE)
    waits = [sms - accepted for accepted, sms in _sms_of(phones, answers, arrivals)]
    phones, calls = some(arguments.burst)
    begun = time.monotonic()
    answers = pour(base_url, calls, connections=arguments.burst, seconds=PATIENCE)
    seen = _sms_of(phones, answers, arrivals)
    return Way(
        steady=waits,
        accepted=max(accepted for accepted, _ in seen) - begun,
        last_sms=max(sms for _, sms in seen) - begun,
    )


def _sms_of(phones: list[str], answers: Tally, arrivals: Path) -> list[tuple[float, float]]:
    """When each request was accepted and when its patient's SMS came.

    Raises RuntimeError when one was refused, did not come, or came twice.
    """
    answers.require(201)
    deadline = time.monotonic() + PATIENCE
    while True:
        came: dict[str, list[float]] = {phone: [] for phone in phones}
        for arrival in read_arrivals(arrivals):
            if arrival.to in came:
                came[arrival.to].append(arrival.at)
        if all(came.values()):
            break
        if time.monotonic() > deadline:
            missing = sum(not times for times in came.values())
            raise RuntimeError(f"{missing} of {len(phones)} SMS did not come")
        time.sleep(POLL_SECONDS)
    if any(len(times) > 1 for times in came.values()):
        raise RuntimeError("a patient had the same SMS twice")
    return [(answers.answered_at[place], came[phone][0]) for place, phone in enumerate(phones)]


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--pace", type=float, default=5.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the steady pace")
    parser.add_argument("--burst", type=int, default=400)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2, help="gunicorn's workers")


if __name__ == "__main__":
    run(__doc__, measure, declare)
