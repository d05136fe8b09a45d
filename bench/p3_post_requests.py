"""P3: POST /api/v1/requests against a bare Flask route that writes a row and a promise."""

import argparse
from collections.abc import Iterator, Sequence

from bench import bare_app
from bench.callers import CallingTown, calling_towns, calls
from bench.figures import Figure, percentile, run
from bench.load import Tally, pour, sum_of
from bench.stage import ENGINES, broker, database, environment, free_port, house_of, processes

TARGET = 0.5
SLOWEST_MS = 100.0
TOWNS = 20
"""A national instance has many territories: nobody takes a thousand calls a second in one."""
WARM_UP_SECONDS = 1.0
MOST_PER_SECOND = 3000
"""Calls that are made ready beforehand."""
BARE = "bench.bare_app:create_app()"
OURS = "wsgi:app"


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Bare and ours in turn under the same gunicorn settings, on each engine."""
    for engine in arguments.engines:
        limits, seen = [], []
        with broker() as redis, database(engine) as url:
            with house_of(environment(url)) as house:
                bare_app.prepare(house.db.engine)
                towns = calling_towns(house, TOWNS)
            for _ in range(arguments.rounds):
                limits.append(_serve(BARE, url, redis.url, towns, arguments))
                seen.append(_serve(OURS, url, redis.url, towns, arguments))
        yield from _figures(engine, sum_of(limits), sum_of(seen), arguments.connections)


def _figures(engine: str, limit: Tally, ours: Tally, connections: int) -> Iterator[Figure]:
    ratio = ours.rate / limit.rate
    slowest = percentile(ours.durations, 0.99) * 1000
    yield Figure(
        number="P3",
        what=f"POST, {engine}, {connections} connections (client {ours.busy:.0%} of a core)",
        unit="/s",
        ours=ours.rate,
        limit=limit.rate,
        limit_is="bare Flask: a row and a promise",
        ratio=ratio,
        target=f"ratio ≥ {TARGET}",
        holds=ratio >= TARGET,
    )
    yield Figure(
        number="P3",
        what=f"POST, {engine}, 99th percentile",
        unit="ms",
        ours=slowest,
        limit=percentile(limit.durations, 0.99) * 1000,
        limit_is="bare Flask",
        target=f"< {SLOWEST_MS:.0f} ms",
        holds=slowest < SLOWEST_MS,
    )


def _serve(
    application: str,
    database_url: str,
    redis_url: str,
    towns: Sequence[CallingTown],
    arguments: argparse.Namespace,
) -> Tally:
    """One round against one application, warmed up first."""
    port = free_port()
    told = environment(database_url, redis_url=redis_url, port=port)
    base_url = told["PUBLIC_BASE_URL"]
    most = int(MOST_PER_SECOND * (arguments.seconds + WARM_UP_SECONDS))
    made = iter(list(calls(towns, base_url, most)))
    with processes(told) as started:
        started.start_web(port, processes=arguments.processes, application=application)
        pour(base_url, made, connections=arguments.connections, seconds=WARM_UP_SECONDS)
        return pour(
            base_url, made, connections=arguments.connections, seconds=arguments.seconds
        ).require(201)


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--processes", type=int, default=2, help="gunicorn's workers")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=2)


if __name__ == "__main__":
    run(__doc__, measure, declare)
