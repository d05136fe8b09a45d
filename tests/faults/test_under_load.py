"""Each fault while requests come in: nothing lost, nothing doubled, no hand needed afterwards."""

import contextlib
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from dispatcher.services.day_counts import recount_all_days
from dispatcher.storage import keeping
from dispatcher.storage.migrate import upgrade
from tests.faults.crew import Crew, wait_until
from tests.faults.load import Load
from tests.faults.stage import Stage, stage
from tests.servers import (
    FAST,
    NoPostgres,
    PostgresProgram,
    connection_string,
    free_port,
    postgres_server,
)

pytestmark = pytest.mark.faults

RATE = 15.0
"""Requests per second that are tried."""
VOLUNTEERS, PLACES = 40, 20
"""More places than requests: whoever is left without one was lost. Few enough for each that no
volunteer gets more SMS in an hour than the house sends to one number."""
BEFORE, BETWEEN, AFTER = 20, 8, 40
"""Requests that are answered before the fault comes, between its parts, and once it is over."""
REFUSED = 5
"""Clear refusals that show that callers noticed."""
PATIENCE_SECONDS = 120.0
STOPS_WITHIN_SECONDS = 10.0
SOON = timedelta(minutes=5)


class Scene:
    """What a fault can touch while it is called."""

    def __init__(self, on: Stage, crew: Crew, load: Load) -> None:
        self.on = on
        self.crew = crew
        self.load = load

    def until_answered(self, more: int) -> None:
        """Until so many more requests were answered."""
        wanted = len(self.load.answered) + more
        self.until(lambda: len(self.load.answered) >= wanted, f"{more} more requests answered")

    def until_refused(self, more: int) -> None:
        """Until so many more callers were told to come back."""
        wanted = self.load.repeated["503"] + more
        self.until(lambda: self.load.repeated["503"] >= wanted, f"{more} clear refusals")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        def met() -> bool:
            self.crew.restart_the_dead()
            return condition() or bool(self.load.unexpected)

        wait_until(met, PATIENCE_SECONDS, what)


Fault = Callable[[Scene], None]


def endure(on: Stage, fault: Fault) -> Load:
    """Call, break, call on, settle, and hold what is left to the invariants."""
    for _ in range(VOLUNTEERS):
        on.town.slot(on.town.volunteer(), hours=2, minutes=400, places=PLACES)
    port = free_port()
    with on.crew(relays=2, clocks=2, webs=[port]) as crew:
        with Load(on, [port], rate=RATE) as load:
            scene = Scene(on, crew, load)
            scene.until_answered(BEFORE)
            load.repeated.clear()  # until the site listens, nobody is answered
            fault(scene)
            scene.until_answered(AFTER)
        for name in crew.names:
            if name.startswith("clock"):
                crew.stop(name, STOPS_WITHIN_SECONDS)  # it would promise for ever
        wait_until(lambda: nothing_is_due(on, crew), PATIENCE_SECONDS, "all that is due is done")

    assert load.unexpected == []
    assert on.counted("SELECT count(*) FROM care_requests WHERE status <> 'booked'") == 0
    on.check(load.answered)
    shown = on.figures()
    recount_all_days(on.house, on.town.territory_id)
    assert on.figures() == shown
    return load


def nothing_is_due(on: Stage, crew: Crew) -> bool:
    """Neither now nor soon: what is put off for some seconds is still being done."""
    crew.restart_the_dead()
    with on.house.db.reading() as session:
        overdue, _ = keeping.owed(session, on.clock.now + SOON)
    return overdue is None


def each_process_is_killed(scene: Scene) -> None:
    for name in scene.crew.names:
        scene.crew.kill(name)
        scene.until_answered(BETWEEN)


def valkey_is_emptied_and_restarted(scene: Scene) -> None:
    with Redis.from_url(scene.on.valkey.url) as redis:
        redis.flushall()
    scene.until_answered(BETWEEN)
    scene.on.valkey.kill()
    scene.on.valkey.start()


def valkey_is_away(scene: Scene) -> None:
    scene.on.valkey.stop()
    scene.until_answered(3 * BETWEEN)  # the front takes requests all the same
    scene.on.valkey.start()


def everything_is_told_to_stop(scene: Scene) -> None:
    """As a deployment does: workers, relays and clocks one after the other, the site in place."""
    for name in scene.crew.names:
        if name.startswith("web"):
            scene.crew.signal(name, signal.SIGHUP)
        else:
            assert scene.crew.stop(name, STOPS_WITHIN_SECONDS + 5) < STOPS_WITHIN_SECONDS, name
            scene.crew.start(name)
        scene.until_answered(BETWEEN)


@pytest.mark.parametrize(
    "fault",
    [
        each_process_is_killed,
        valkey_is_emptied_and_restarted,
        valkey_is_away,
        everything_is_told_to_stop,
    ],
)
def test_requests_survive(fault: Fault, database_url: str, tmp_path: Path) -> None:
    with stage(database_url, tmp_path) as on:
        load = endure(on, fault)
    if fault is everything_is_told_to_stop:
        assert not load.repeated, load.repeated  # nobody noticed


KEEPS_ITS_WORD = {**FAST, "synchronous_commit": "on"}
"""As in production. With the tests' usual « off » the checker finds answered requests lost at a
restart in mid-transaction, as it should."""


def connections_are_cut(scene: Scene) -> None:
    for _ in range(5):
        with psycopg.connect(connection_string(scene.on.house.db.engine.url)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        scene.until_answered(BETWEEN)


def restarted(program: PostgresProgram) -> Fault:
    def fault(_scene: Scene) -> None:
        program.stop(signal.SIGQUIT)  # in the middle of whatever is written
        program.start()

    return fault


def away(program: PostgresProgram) -> Fault:
    def fault(scene: Scene) -> None:
        program.stop(signal.SIGINT)
        scene.until_refused(REFUSED)
        program.start()

    return fault


@pytest.mark.parametrize("breaking", [lambda _: connections_are_cut, restarted, away])
def test_requests_survive_what_happens_to_postgresql(
    breaking: Callable[[PostgresProgram], Fault], tmp_path: Path
) -> None:
    try:
        with postgres_server(KEEPS_ITS_WORD) as server, server.database() as url:
            if server.program is None:
                pytest.skip("TEST_DATABASE_URL names a server that is not ours to stop")
            upgrade(url)
            with stage(url, tmp_path) as on:
                endure(on, breaking(server.program))
    except NoPostgres as reason:
        pytest.skip(f"no PostgreSQL: {reason}")


def a_long_reader(scene: Scene) -> None:
    with holding(scene, "BEGIN", "SELECT count(*) FROM care_requests"):
        scene.until_answered(5 * BETWEEN)


def a_long_writer(scene: Scene) -> None:
    with holding(scene, "BEGIN IMMEDIATE"):
        scene.until_refused(REFUSED)


@contextlib.contextmanager
def holding(scene: Scene, *statements: str) -> Iterator[None]:
    """A transaction of somebody who takes their time."""
    path = scene.on.house.db.engine.url.database
    assert path is not None
    with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()
        yield
        connection.execute("ROLLBACK")


@pytest.mark.parametrize("fault", [a_long_reader, a_long_writer])
def test_requests_survive_what_happens_to_sqlite(fault: Fault, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'house.sqlite3'}"
    upgrade(url)
    with stage(url, tmp_path) as on:
        endure(on, fault)


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own. Skips the test where we may not mount one."""
    mounted = run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)])
    if mounted:
        pytest.skip(f"no small disk can be mounted: {mounted}")
    try:
        yield folder
    finally:
        run(["umount", "--lazy", str(folder)])


def run(command: Sequence[str]) -> str:
    """What it complained of; empty for nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or str(done.returncode)


def test_requests_survive_a_full_disk(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()

    def full(scene: Scene) -> None:
        ballast = folder / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(65536))
        with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(512))  # the last corner
        scene.until_refused(REFUSED)
        ballast.unlink()

    with small_disk(folder, 48) as disk:
        url = f"sqlite:///{disk / 'house.sqlite3'}"
        upgrade(url)
        with stage(url, tmp_path) as on:
            endure(on, full)
