"""The servers of the tests: PostgreSQL and Valkey, started on this machine, gone with the tests.

`tests/conftest.py` makes fixtures of the two functions. Each pytest-xdist worker has its own.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from dispatcher.demo.tether import Tether
from dispatcher.demo.valkey import RunningValkey

PATIENCE = 30.0
OWNER = "snp"
UNPRIVILEGED = ("postgres", "nobody")
"""Whom root becomes to run PostgreSQL, which refuses root."""

DEBIAN_BINARIES = "/usr/lib/postgresql"
FAST = {
    # a test's database need not survive a power cut
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "Pacific/Auckland",  # whoever forgets UTC is to notice
    "log_min_messages": "warning",
}


class NoPostgres(Exception):
    """There is no PostgreSQL to test with; the message is the reason to show."""


class PostgresProgram:
    """The process of a server, which can be stopped and started again on the same data."""

    def __init__(
        self, command: list[str], folder: Path, user: int | None, tether: Tether, url: URL
    ) -> None:
        self.url = url
        self._command = command
        self._folder = folder
        self._user = user
        self._tether = tether
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises NoPostgres."""
        log = self._folder / "log"
        with log.open("ab") as output:
            self._process = self._tether.start(
                self._command, output=output, directory=self._folder, user=self._user
            )
        _wait_until_it_answers(self.url, self._process, log)

    def stop(self, how: signal.Signals) -> None:
        """SIGTERM lets everybody finish, SIGINT cuts them off, SIGQUIT is as a power cut."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._tether.forget(process)


class PostgresServer:
    """A server in which databases are made and dropped."""

    def __init__(self, url: URL, program: "PostgresProgram | None" = None) -> None:
        self.url = url
        self.program = program
        """None where TEST_DATABASE_URL names a server that is not ours to stop."""

    def new_database(self, template: str | None = None) -> str:
        """The URL of an empty database, or of a copy of the one whose URL is `template`.

        Nobody may be connected to the template meanwhile.
        """
        name = f"snp_test_{uuid.uuid4().hex}"
        source = make_url(template).database if template else "template0"
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'").format(
                sql.Identifier(name), sql.Identifier(source or "template0")
            )
        )
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Drop it, whoever is connected."""
        name = make_url(url).database or ""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextlib.contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """A database for as long as the block."""
        url = self.new_database(template)
        try:
            yield url
        finally:
            self.drop_database(url)

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(connection_string(self.url), autocommit=True) as connection:
            connection.execute(statement)


class LentDatabase:
    """A copy of a template that one test after another gets, emptied in between.

    To copy the template for every test takes a hundred milliseconds, to empty a few tables five.
    A test that left another schema behind costs a new copy.
    """

    SCHEMA = (
        "SELECT string_agg(relname || relkind::text, ',' ORDER BY relname), "
        "(SELECT string_agg(tgname || tgenabled::text, ',' ORDER BY tgname, tgrelid) "
        "FROM pg_trigger WHERE NOT tgisinternal), "
        "(SELECT string_agg(conname, ',' ORDER BY conname, conrelid) FROM pg_constraint), "
        "(SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "WHERE c.relnamespace = 'public'::regnamespace) "
        "FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    )

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self._url: str | None = None
        self._schema: object = None

    @contextlib.contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of an empty database, for one test."""
        if self._url is None:
            self._url = self._server.new_database(self._template)
            with psycopg.connect(connection_string(make_url(self._url))) as connection:
                self._schema = connection.execute(self.SCHEMA).fetchone()
        try:
            yield self._url
        finally:
            if not self._emptied(self._url):
                self.close()

    def close(self) -> None:
        """Drop it; the next test gets a new copy."""
        if self._url is not None:
            self._server.drop_database(self._url)
            self._url = None

    def _emptied(self, url: str) -> bool:
        """Empty it; False when it cannot be lent again."""
        with psycopg.connect(connection_string(make_url(url)), autocommit=True) as connection:
            # whoever a test left connected must not hold a lock on what is emptied
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if connection.execute(self.SCHEMA).fetchone() != self._schema:
                return False
            tables = [
                row[0]
                for row in connection.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                    "AND tablename <> 'alembic_version'"
                )
            ]
            # without triggers: neither foreign keys nor the log's refusal of deletions
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")
                for table in tables:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                connection.execute(
                    "SELECT setval(c.oid::regclass, 1, false) FROM pg_class c "
                    "WHERE c.relkind = 'S' AND c.relnamespace = 'public'::regnamespace"
                )
            return True


@contextlib.contextmanager
def postgres_server(settings: Mapping[str, str] = FAST) -> Iterator[PostgresServer]:
    """The server of TEST_DATABASE_URL if that is set, else one run with these settings.

    Raises NoPostgres with the reason when there is neither.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield PostgresServer(make_url(given))
        return
    binaries = find_binaries()
    user = unprivileged_user()
    # not pytest's tmp_path: its folders are closed to the user that root becomes
    folder = Path(tempfile.mkdtemp(prefix="snp-postgres-"))
    try:
        if user is not None:
            os.chown(folder, user, -1)
        with Tether() as tether, _running(binaries, folder, user, tether, settings) as program:
            yield PostgresServer(program.url, program)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_binaries() -> Path:
    """The folder of initdb and postgres: the newest of Debian's, else that of PATH.

    Raises NoPostgres.
    """
    found = sorted(
        (folder for folder in Path(DEBIAN_BINARIES).glob("*/bin") if (folder / "initdb").exists()),
        key=lambda folder: float(folder.parent.name),
    )
    if found:
        return found[-1]
    if initdb := shutil.which("initdb"):
        return Path(initdb).resolve().parent
    raise NoPostgres(
        "neither TEST_DATABASE_URL, nor /usr/lib/postgresql/*/bin, nor initdb in "
        "PATH (Debian: apt install postgresql)"
    )


def unprivileged_user() -> int | None:
    """The user to run PostgreSQL under: None is ourselves. Raises NoPostgres."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise NoPostgres(f"PostgreSQL refuses root, and there is no user {' or '.join(UNPRIVILEGED)}")


def prepare_data(binaries: Path, folder: Path, user: int | None) -> Path:
    """An empty cluster in `folder`, without passwords for this machine. Raises NoPostgres."""
    data = folder / "data"
    initdb = subprocess.run(
        [
            *(str(binaries / "initdb"), "--pgdata", str(data), "--username", OWNER),
            *("--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        ],
        cwd=folder,
        user=user,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if initdb.returncode != 0:
        raise NoPostgres(f"initdb failed: {initdb.stderr.strip()}")
    return data


@contextlib.contextmanager
def _running(
    binaries: Path, folder: Path, user: int | None, tether: Tether, settings: Mapping[str, str]
) -> Iterator["PostgresProgram"]:
    data = prepare_data(binaries, folder, user)
    url = URL.create("postgresql", OWNER, host="127.0.0.1", port=free_port(), database="postgres")
    options = [f"--{name}={value}" for name, value in {**settings, "port": str(url.port)}.items()]
    program = PostgresProgram(
        [str(binaries / "postgres"), "-D", str(data), *options], folder, user, tether, url
    )
    program.start()
    try:
        yield program
    finally:
        program.stop(signal.SIGTERM)


def _wait_until_it_answers(url: URL, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(connection_string(url), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise NoPostgres(f"PostgreSQL does not start: {said}") from error
            time.sleep(0.02)
        else:
            return


def connection_string(url: URL) -> str:
    """A URL of SQLAlchemy's as psycopg reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def valkey_server() -> Iterator[RunningValkey]:
    """A Valkey of our own, empty. Its `url` is what REDIS_URL takes."""
    folder = Path(tempfile.mkdtemp(prefix="snp-valkey-"))
    try:
        with RunningValkey(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
