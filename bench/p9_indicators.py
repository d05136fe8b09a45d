"""P9: a year of a large territory: its overview, and all its days counted again from the log.

200,000 requests and some 3 million events, written into the log by batches. The overview is read
from kept days, in the service, as the page reads it: a year, and a year with the one before to
compare with. The rebuild runs in a process of its own, of which the largest memory is told. What
is measured is wall time; processor time stands beside it, since other work slows the former.
The file of evidence of a year of contract with six lines of the log is made as the worker makes it,
in a process of its own; a job has `timeout_of` it.
The limits of the same run: reading the kept rows and parsing their JSON; fetching, in order, every
row of the log that counts.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select

from bench.figures import Figure, percentile, run
from bench.stage import ENGINES, ROOT, database, environment, house_of
from bench.year import DAYS, Row, Year
from dispatcher.domain import calendar
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Role
from dispatcher.reads.activity import activity
from dispatcher.reads.day_counts import events_about, kept_days
from dispatcher.services.contracts import save_contract
from dispatcher.services.day_counts import recount_all_days
from dispatcher.services.evidence import ask_evidence, make_evidence
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.columns import table_of
from dispatcher.storage.contracts import EvidenceBundle
from dispatcher.storage.log import LoggedEvent
from tests.builders import Town
from workers.queues import timeout_of

OVERVIEW_MS, REBUILD_S, MEMORY_MB = 300.0, 300.0, 500.0
BATCH = 20_000
LINES = (
    "honoured",
    "within_delay_share",
    "time_to_appointment",
    "slots_used",
    "volunteers_active",
    "sas_doctors",
)
ZONE = ZoneInfo("Europe/Paris")
KILOBYTES = 1024


def fill(house: House, territory_id: uuid.UUID, requests: int, last: date) -> int:
    """Write the year; returns how many events."""
    rows = iter(Year.of(territory_id, requests, last, house.communes).rows())
    written = 0
    while batch := list(islice(rows, BATCH)):
        _write(house, batch)
        written += len(batch)
    return written


def _write(house: House, batch: list[Row]) -> None:
    with house.db.writing() as session:
        session.connection().execute(insert(table_of(LoggedEvent)), batch)


def timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Median wall and processor time of one run, in milliseconds."""
    walls, works = [], []
    for _ in range(times):
        wall, own = time.perf_counter(), time.process_time()
        work()
        walls.append((time.perf_counter() - wall) * 1000)
        works.append((time.process_time() - own) * 1000)
    return percentile(walls, 0.5), percentile(works, 0.5)


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Each engine: rebuild, memory, overview."""
    for engine in arguments.engines:
        with database(engine) as url, house_of(environment(url)) as house:
            town = Town.found(house, None)  # type: ignore[arg-type]  # no hour is asked of it
            last = calendar.local_day(house.clock(), ZONE) - timedelta(days=2)
            written = fill(house, town.territory_id, arguments.requests, last)
            about = f"{engine}, {arguments.requests:,} requests, {written:,} events"
            yield from _rebuilt(house, town.territory_id, about, environment(url), last)
            yield from _evidence(house, town, about, environment(url), last)
            yield from _read(house, town.territory_id, about, last, arguments.times)


def _rebuilt(
    house: House, territory_id: uuid.UUID, about: str, variables: dict[str, str], last: date
) -> Iterator[Figure]:
    told = _in_own_process("--rebuild", territory_id, variables)
    wall, own, memory = told["wall"], told["processor"], told["megabytes"]
    begun = time.perf_counter()
    _fetch(house, territory_id, last)
    limit = time.perf_counter() - begun
    yield Figure(
        number="P9",
        what=f"{about}: rebuild (processor {own:.0f} s)",
        unit="s",
        ours=wall,
        target=f"< {REBUILD_S:.0f} s",
        holds=wall < REBUILD_S,
        limit=limit,
        limit_is="fetching the rows",
        ratio=limit / wall,
    )
    yield Figure(
        number="P9",
        what=f"{about}: memory of the rebuild",
        unit="MB",
        ours=memory,
        target=f"< {MEMORY_MB:.0f} MB",
        holds=memory < MEMORY_MB,
    )


def _evidence(
    house: House, town: Town, about: str, variables: dict[str, str], last: date
) -> Iterator[Figure]:
    coordinator = town.account(Role.COORDINATOR)
    saved = save_contract(house, coordinator, _contract(last))
    ask_evidence(house, coordinator, saved.first)
    told = _in_own_process("--evidence", town.territory_id, variables)
    yield Figure(
        number="P9",
        what=f"{about}: file of evidence, {told['size']:.1f} MB"
        f" (processor {told['processor']:.0f} s)",
        unit="s",
        ours=told["wall"],
        target=f"< {timeout_of(Job.MAKE_EVIDENCE)} s",
        holds=told["wall"] < timeout_of(Job.MAKE_EVIDENCE),
    )
    yield Figure(
        number="P9",
        what=f"{about}: memory of the file of evidence",
        unit="MB",
        ours=told["megabytes"],
        target=f"< {MEMORY_MB:.0f} MB",
        holds=told["megabytes"] < MEMORY_MB,
    )


def _contract(last: date) -> str:
    """A year that ends with `last`, one line for each kind of figure."""
    first = last - timedelta(days=DAYS - 1)
    lines = "".join(
        f'[[mission.line]]\ncode = "{code}"\nlabel = "{code}"\neur = 1000\nsource = "log"\n'
        f'indicator = "{code}"\ntarget = 1\n'
        for code in LINES
    )
    return (
        f'[contract]\nname = "Banc"\nagreement = "avenant2"\nsize = 4\nsigned = {first}\n'
        f'first = {first}\nlast = {last}\n[[mission]]\ncode = "acces_soins"\nlabel = "Accès"\n'
        f"variable_eur = {1000 * len(LINES)}\n{lines}"
    )


def _in_own_process(
    what: str, territory_id: uuid.UUID, variables: dict[str, str]
) -> dict[str, float]:
    """Wall and processor seconds of one work, and its largest memory in megabytes."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.p9_indicators", what, str(territory_id)],
        cwd=ROOT,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def rebuild(house: House, territory_id: uuid.UUID) -> dict[str, float]:
    """Count all days again."""
    return {"days": recount_all_days(house, territory_id)}


def evidence(house: House, territory_id: uuid.UUID) -> dict[str, float]:
    """Make the file that was asked for; its size in megabytes."""
    (ring,) = [each for each in keeping.due(house.db, 10) if each.job is Job.MAKE_EVIDENCE]
    claim = keeping.claim(house.db, ring.promise_id, house.settings.promise_lease)
    assert claim is not None
    make_evidence(house, claim)
    with house.db.reading() as session:
        size = session.scalars(
            select(func.length(EvidenceBundle.content)).where(
                EvidenceBundle.territory_id == territory_id
            )
        ).one()
    return {"size": (size or 0) / KILOBYTES**2}


WORKS: dict[str, Callable[[House, uuid.UUID], dict[str, float]]] = {
    "--rebuild": rebuild,
    "--evidence": evidence,
}


def in_this_process(work: str, territory_id: uuid.UUID) -> None:
    """Do one of the works, and print what it took."""
    with house_of(dict(os.environ)) as house:
        wall, own = time.perf_counter(), time.process_time()
        told = WORKS[work](house, territory_id) | {
            "wall": time.perf_counter() - wall,
            "processor": time.process_time() - own,
            "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES,
        }
    print(json.dumps(told))


def _fetch(house: House, territory_id: uuid.UUID, last: date) -> None:
    """Only read what a rebuild reads, a month at a time."""
    first = last - timedelta(days=DAYS)
    with house.db.reading() as session:
        for start in range(0, DAYS, 31):
            begin = first + timedelta(days=start)
            month = calendar.period(begin, begin + timedelta(days=30), ZONE)
            for _ in events_about(session, territory_id, month):
                pass


def _read(
    house: House, territory_id: uuid.UUID, about: str, last: date, times: int
) -> Iterator[Figure]:
    year = calendar.period(last - timedelta(days=DAYS - 1), last, ZONE)

    def bare() -> None:
        with house.db.reading() as session:
            kept_days(session, territory_id, *_ends(year.days()))

    found = activity(house.db, territory_id, year)
    limit, _ = timed(bare, times)
    wall, own = timed(lambda: activity(house.db, territory_id, year), times)
    yield Figure(
        number="P9",
        what=f"{about}: overview of {found.requests:,} requests (processor {own:.0f} ms)",
        unit="ms",
        ours=wall,
        target=f"< {OVERVIEW_MS:.0f} ms",
        holds=wall < OVERVIEW_MS,
        limit=limit,
        limit_is="reading and parsing the kept days",
        ratio=limit / wall,
    )


def _ends(days: Iterable[date]) -> tuple[date, date]:
    every = list(days)
    return every[0], every[-1]


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--requests", type=int, default=200_000, help="in the year")
    parser.add_argument("--times", type=int, default=11, help="overviews")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=["sqlite"])


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in WORKS:
        in_this_process(sys.argv[1], uuid.UUID(sys.argv[2]))
    else:
        run(__doc__, measure, declare)
