"""Each fault while requests come in: nothing lost, nothing doubled, no hand needed afterwards."""

import contextlib
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from redis import Redis

from dispatcher.storage.migrate import MIGRATIONS, configuration, upgrade
from tests.faults.scene import BETWEEN, STOPS_WITHIN_SECONDS, Fault, Scene, endure
from tests.faults.stage import stage
from tests.servers import (
    FAST,
    NoPostgres,
    PostgresProgram,
    connection_string,
    postgres_server,
)

pytestmark = pytest.mark.faults

REFUSED = 5
"""Clear refusals that show that callers noticed."""


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


NEXT_VERSION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "next_version", "{head}"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("care_requests", sa.Column("next_version", sa.Text(), nullable=True))
    op.create_index("ix_care_requests_next_version", "care_requests", ["next_version"])
"""


def a_new_version_is_deployed(scene: Scene) -> None:
    """The release step migrates while the version before works; then one after the other is new.

    The site is stopped and started on its port, without a second one behind a proxy: for a moment
    nobody listens there.
    """
    url = scene.on.house.db.engine.url.render_as_string(hide_password=False)
    versions = scene.on.folder / "versions"
    versions.mkdir()
    next_version = configuration(url)
    (head,) = ScriptDirectory.from_config(next_version).get_heads()
    (versions / "next_version.py").write_text(NEXT_VERSION.format(head=head))
    next_version.set_main_option("path_separator", "os")
    next_version.set_main_option("version_locations", f"{MIGRATIONS / 'versions'}:{versions}")
    command.upgrade(next_version, "head")
    assert scene.on.counted("SELECT count(next_version) FROM care_requests") == 0
    scene.until_answered(BETWEEN)
    for name in scene.crew.names:
        assert scene.crew.stop(name, STOPS_WITHIN_SECONDS + 5) < STOPS_WITHIN_SECONDS, name
        scene.crew.start(name)
        scene.until_answered(BETWEEN)


@pytest.mark.parametrize(
    "fault",
    [
        a_new_version_is_deployed,
        each_process_is_killed,
        valkey_is_emptied_and_restarted,
        valkey_is_away,
        everything_is_told_to_stop,
    ],
)
def test_requests_survive(fault: Fault, database_url: str, tmp_path: Path) -> None:
    with stage(database_url, tmp_path) as on:
        scene = endure(on, fault)
    if fault is everything_is_told_to_stop:
        assert not scene.load.repeated, scene.load.repeated  # nobody noticed


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
