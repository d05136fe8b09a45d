"""P10: memory of a web process and a job worker over thousands of requests with their SMS."""

import argparse
import time
from collections.abc import Iterator

import psutil

from bench.callers import CallingTown, calling_towns, calls
from bench.figures import Figure, run
from bench.load import pour
from bench.provider import read_arrivals
from bench.stage import ENGINES, broker, database, environment, free_port, house_of, processes

MOST_MB = 200.0
FLAT = 0.9
STEPS = 10
PATIENCE = 900.0
POLL_SECONDS = 0.5
PLACES = 100
MINUTES_EACH = 6
PERIODS = 2
"""Walk-in periods of ten hours for each volunteer: all end within the delay asked for."""
FOR_EVER = "--max-requests 0"
"""No renewal of the web process: it would hide a leak."""


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """One figure for each process, on each engine."""
    for engine in arguments.engines:
        sizes = _sizes(engine, arguments)
        for name, seen in sizes.items():
            shown = ", ".join(f"{size:.0f}" for size in seen)
            flat = seen[0] / seen[-1]
            yield Figure(
                number="P10",
                what=f"{name}, {engine}, each tenth of {arguments.requests}: {shown}",
                unit="MB",
                ours=seen[-1],
                limit=seen[0],
                limit_is="after the first tenth",
                ratio=flat,
                target=f"< {MOST_MB:g} MB, ratio ≥ {FLAT}",
                holds=seen[-1] < MOST_MB and flat >= FLAT,
            )


def _sizes(engine: str, arguments: argparse.Namespace) -> dict[str, list[float]]:
    """Resident megabytes after each tenth of the requests, when all its SMS have left."""
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
            _publish(caller, arguments.requests)
            arrivals = started.start_provider(provider_port, "delivered")
            master = started.start_web(web_port, processes=1, GUNICORN_CMD_ARGS=FOR_EVER)
            (worker,) = started.start_workers(1)
            started.start_relay()
            (web,) = psutil.Process(master.pid).children()
            watched = {"web": web, "job worker": psutil.Process(worker.pid)}
            sizes: dict[str, list[float]] = {name: [] for name in watched}
            base_url, each = told["PUBLIC_BASE_URL"], arguments.requests // STEPS
            for step in range(1, STEPS + 1):
                pour(
                    base_url, calls([caller], base_url, each), connections=8, seconds=PATIENCE
                ).require(201)
                deadline = time.monotonic() + PATIENCE
                while len(read_arrivals(arrivals)) < 2 * each * step:
                    if time.monotonic() > deadline:
                        raise RuntimeError("the SMS did not all leave")
                    time.sleep(POLL_SECONDS)
                for name, process in watched.items():
                    sizes[name].append(process.memory_info().rss / 1e6)
        return sizes


def _publish(caller: CallingTown, requests: int) -> None:
    """Places for all of them, and a few more."""
    volunteers = requests // (PLACES * PERIODS) + 2
    caller.publish(volunteers, PERIODS, places=PLACES, minutes_each=MINUTES_EACH)


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--requests", type=int, default=10_000)


if __name__ == "__main__":
    run(__doc__, measure, declare)
