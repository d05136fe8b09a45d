"""Seven machines, each cut off in turn while requests come in: nothing lost, nothing doubled.

Two with the site, three with workers (two of these with relay and clock), one with PostgreSQL, one
with Valkey, in network namespaces. A machine that is cut off is told nothing: its packets are lost.
"""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import URL

from dispatcher.demo.tether import Tether
from dispatcher.demo.valkey import find_binary
from dispatcher.domain.errors import UnavailableError
from dispatcher.services.day_counts import recount_all_days
from dispatcher.storage import keeping
from dispatcher.storage.migrate import upgrade
from tests.faults.crew import GUNICORN, ROOT, wait_until
from tests.faults.load import Load
from tests.faults.network import ADDRESSES, HERE, Host, apart, hosts
from tests.faults.stage import Stage, stage
from tests.servers import (
    FAST,
    OWNER,
    NoPostgres,
    PostgresProgram,
    PostgresServer,
    find_binaries,
    prepare_data,
    unprivileged_user,
)

pytestmark = [pytest.mark.faults, pytest.mark.allow_hosts(["127.0.0.1", "::1", *ADDRESSES])]

SITE, DATABASE_PORT, VALKEY_PORT = 8000, 5432, 6379
RATE = 8.0
VOLUNTEERS, PLACES = 60, 20
BEFORE, BETWEEN = 20, 12
"""Requests that are answered before the first cut, and after each."""
REFUSED = 5
GIVEN_UP_WITHIN_SECONDS, BACK_WITHIN_SECONDS = 30.0, 30.0
"""The database is asked for ten seconds, looks every few, and shares this machine with all."""
PATIENCE_SECONDS = 120.0
SOON = timedelta(minutes=5)
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE host(client_addr) = '{}'"


class DistantValkey:
    """A Valkey on a machine of its own."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.url = f"redis://{host.address}:{VALKEY_PORT}/0"
        self._host = host
        self._folder = folder

    def start(self) -> None:
        """Start it and wait until it answers."""
        told = {"port": VALKEY_PORT, "bind": self._host.address, "protected-mode": "no"}
        told |= {"dir": self._folder, "save": "", "appendonly": "yes"}
        options = [part for name, value in told.items() for part in (f"--{name}", str(value))]
        self._host.run("valkey", [str(find_binary()), *options], {})
        with Redis.from_url(self.url, socket_timeout=1) as redis:

            def answers() -> bool:
                with contextlib.suppress(RedisError, OSError):
                    return bool(redis.ping())
                return False

            wait_until(answers, 30, "Valkey answers")

    def stop(self) -> None:
        """Stop it in good order."""
        self._host.stop("valkey")

    kill = stop


@contextlib.contextmanager
def distant_valkey(host: Host, folder: Path) -> Iterator[DistantValkey]:
    """For as long as the block."""
    folder.mkdir()
    valkey = DistantValkey(host, folder)
    valkey.start()
    yield valkey
    valkey.stop()


@contextlib.contextmanager
def distant_database(host: Host) -> Iterator[str]:
    """The URL of a migrated database of a PostgreSQL on that machine. Raises NoPostgres."""
    binaries, user = find_binaries(), unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="snp-postgres-"))
    settings = FAST | {"synchronous_commit": "on", "listen_addresses": host.address}
    settings["port"] = str(DATABASE_PORT)
    url = URL.create("postgresql", OWNER, None, host.address, DATABASE_PORT, "postgres")
    try:
        if user is not None:
            os.chown(folder, user, -1)
        data = prepare_data(binaries, folder, user)
        with (data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write(f"host all all {HERE}/24 trust\n")
        # root makes the namespace's processes; this one may not be root's
        become = ["setpriv", f"--reuid={user}", "--clear-groups", "--pdeathsig=KILL"]
        command = host.within(
            *(become if user is not None else []),
            *(str(binaries / "postgres"), "-D", str(data)),
            *(f"--{name}={value}" for name, value in settings.items()),
        )
        with Tether() as tether:
            program = PostgresProgram(command, folder, None, tether, url)
            program.start()
            try:
                with PostgresServer(url, program).database() as made:
                    upgrade(made)
                    yield made
            finally:
                program.stop(signal.SIGTERM)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Scene:
    """The machines of a house while it is called."""

    def __init__(self, on: Stage, machines: list[Host], load: Load) -> None:
        self.on = on
        self.machines = machines
        self.load = load

    def until_answered(self, more: int) -> None:
        """Until so many more requests were answered."""
        wanted = len(self.load.answered) + more
        self.until(lambda: len(self.load.answered) >= wanted, f"{more} more requests answered")

    def until_refused(self, more: int) -> None:
        """Until so many more callers were told to come back."""
        wanted = self.load.repeated["503"] + more
        self.until(lambda: self.load.repeated["503"] >= wanted, f"{more} clear refusals")

    def until_connected(self, host: Host, *, is_so: bool) -> None:
        """Until the database has connections from that machine, or none any more."""
        counted = CONNECTED.format(host.address)
        self.until(
            lambda: bool(self.on.counted(counted)) is is_so,
            f"the database {'hears of' if is_so else 'gave up'} {host.name}",
        )

    def until(self, condition: Callable[[], bool], what: str) -> None:
        def met() -> bool:
            for machine in self.machines:
                machine.restart_the_dead()
            return condition() or bool(self.load.unexpected)

        wait_until(met, PATIENCE_SECONDS, what)


@contextlib.contextmanager
def manned(on: Stage, webs: list[Host], workers: list[Host]) -> Iterator[None]:
    """Start what each machine runs; relay and clock on the first two of the workers'."""
    environment = {**on.environment, "PYTHONPATH": str(ROOT), "WEB_CONCURRENCY": "1"}
    python = (sys.executable, "-P", "-m")
    for host in webs:
        bound = ("--bind", f"{host.address}:{SITE}", "wsgi:app")
        host.run("web", (*python, *GUNICORN, "--chdir", str(ROOT), *bound), environment)
    for number, host in enumerate(workers):
        for name in ("main", "relay", "clock") if number < 2 else ("main",):
            host.run(name, (*python, f"workers.{name}"), environment)
    yield
    for host in workers[:2]:
        host.stop("clock")  # it would promise for ever


def each_is_cut_off(scene: Scene, webs: list[Host], workers: list[Host]) -> None:
    """A machine with processes of ours: the database lets go of it, and it finds back by itself."""
    for host in (*webs, *workers):
        scene.until_connected(host, is_so=True)
        host.cut_off()
        began = time.monotonic()
        scene.until_connected(host, is_so=False)
        given_up = time.monotonic()
        scene.until_answered(BETWEEN)  # by the others
        host.join()
        joined = time.monotonic()
        scene.until_connected(host, is_so=True)
        back = time.monotonic()
        scene.until_answered(BETWEEN)
        if not scene.load.unexpected:
            assert given_up - began < GIVEN_UP_WITHIN_SECONDS, host.name
            assert back - joined < BACK_WITHIN_SECONDS, host.name


def requests_survive(folder: Path) -> None:
    names = ("database", "valkey", "web-1", "web-2", "work-1", "work-2", "work-3")
    with (
        hosts(folder, *names) as (database, valkey, *others),
        distant_database(database) as url,
        stage(url, folder, broker=distant_valkey(valkey, folder / "valkey"), address=HERE) as on,
    ):
        webs, workers = others[:2], others[2:]
        for _ in range(VOLUNTEERS):
            on.town.slot(on.town.volunteer(), hours=2, minutes=400, places=PLACES)
        with manned(on, webs, workers):
            sites = [f"{host.address}:{SITE}" for host in webs]
            with Load(on, sites, rate=RATE) as load:
                scene = Scene(on, [valkey, *others], load)
                scene.until_answered(BEFORE)
                each_is_cut_off(scene, webs, workers)
                valkey.cut_off()
                scene.until_answered(2 * BETWEEN)  # the front takes requests all the same
                valkey.join()
                scene.until_answered(BETWEEN)
                load.repeated.clear()
                database.cut_off()
                scene.until_refused(REFUSED)
                database.join()
                scene.until_answered(2 * BETWEEN)
            scene.until(lambda: nothing_is_due(on), "all that is due is done")
        hold(on, load)


def nothing_is_due(on: Stage) -> bool:
    """Neither now nor soon: what is put off for some seconds is still being done."""
    try:
        with on.house.db.reading() as session:
            overdue, _ = keeping.owed(session, on.clock.now + SOON)
    except UnavailableError:  # it has just come back
        return False
    return overdue is None


def hold(on: Stage, load: Load) -> None:
    """What is left is as it should be."""
    assert load.unexpected == []
    assert on.counted("SELECT count(*) FROM care_requests WHERE status <> 'booked'") == 0
    on.check(load.answered)
    shown = on.figures()
    recount_all_days(on.house, on.town.territory_id)
    assert on.figures() == shown


def test_requests_survive_each_machine_being_cut_off(tmp_path: Path) -> None:
    try:
        apart(lambda: requests_survive(tmp_path))
    except NoPostgres as reason:
        pytest.skip(f"no PostgreSQL: {reason}")
