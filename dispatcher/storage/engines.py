"""The two engines, set up so that they behave alike."""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, String, bindparam, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from dispatcher.domain.errors import UnavailableError

BUSY_TIMEOUT_SECONDS = 10.0
GATE_POLL_SECONDS = 0.001
GATE_POLL_LEAST = 0.0001
IMPATIENCE = 0.01
"""Seconds of waiting after which a writer tries twice as often as at first."""
LOCK_TIMEOUT = "10s"
GONE_AFTER_SECONDS = 10
"""A machine of which nothing has been heard for so long, though it was asked, is given up."""
_ASK_AFTER, _ASK_EVERY, _ASK_TIMES = 5, 2, 3
POSTGRES_SESSION = {
    "lock_timeout": LOCK_TIMEOUT,
    "timezone": "UTC",
    # Every row of a cursor is read: a plan that is quick to give the first ones went through the
    # log of all territories (bench P15).
    "cursor_tuple_fraction": "1",
    # The server's side of the same: what a machine that is cut off held is free for others again.
    "tcp_keepalives_idle": str(_ASK_AFTER),
    "tcp_keepalives_interval": str(_ASK_EVERY),
    "tcp_keepalives_count": str(_ASK_TIMES),
    "tcp_user_timeout": str(GONE_AFTER_SECONDS * 1000),
}
POSTGRES_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": _ASK_AFTER,
    "keepalives_interval": _ASK_EVERY,
    "keepalives_count": _ASK_TIMES,
    "tcp_user_timeout": GONE_AFTER_SECONDS * 1000,
    "options": " ".join(f"-c {name}={value}" for name, value in POSTGRES_SESSION.items()),
}
"""As libpq names them, in seconds, tcp_user_timeout in milliseconds. Without them a connection to a
machine that no packet reaches any more is waited for a quarter of an hour or longer."""
POOL_SIZE = 20
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
SQLITE_READING = (*SQLITE_PRAGMAS, "query_only=ON", f"mmap_size={64 << 20}")
"""Readers look at the file itself: rows found through an index would else be copied page by page,
which made the search among 20,000 slots twice as slow."""

_QUEUE_ON = select(
    func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name", type_=String), 0))
)


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Say UnavailableError for whatever means that the database is away or stays locked."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise UnavailableError from error


def make_engine(url: str, *, pool_size: int = POOL_SIZE) -> Engine:
    """An engine for `sqlite:///…` or `postgresql://…`. Opens nothing yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database is None or parsed.database == ":memory:":
            raise ValueError("SQLite needs a file: several processes share it")
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # A read that later writes would fail with SQLITE_BUSY_SNAPSHOT: writers say so at once.
        return _sqlite_engine(parsed, pool_size, SQLITE_PRAGMAS, "BEGIN IMMEDIATE")
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        connect_args=POSTGRES_CONNECTION,
    )


def reading_engine(engine: Engine) -> Engine:
    """The same database for those who only read: it refuses them every write.

    PostgreSQL is told with each BEGIN. SQLite's readers have connections of their own: one that
    changed between reading and writing would compile all its statements anew at each change.
    """
    if engine.dialect.name == "sqlite":
        return _sqlite_engine(engine.url, POOL_SIZE, SQLITE_READING, "BEGIN")
    return engine.execution_options(postgresql_readonly=True)


def _sqlite_engine(url: URL, pool_size: int, pragmas: Sequence[str], begin: str) -> Engine:
    engine = create_engine(url, pool_size=pool_size, max_overflow=10)

    def prepare(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_SECONDS * 1000)}")
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    def begin_so(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin_so)
    return engine


class WriteGate:
    """Lets SQLite's writers in one by one, each in its turn.

    SQLite itself makes a second writer sleep ever longer between its tries, so that under load one
    of them can wait for seconds (performance.md §1). Here the threads of a process queue at its
    door, without a sound; one of each process at most then tries two advisory file locks, every
    millisecond or faster. Whoever holds the turnstile stands in front of the gate, and who has just
    left the gate has to queue for the turnstile like all others: that keeps the longest wait short.
    On PostgreSQL the gate is always open.
    """

    def __init__(self, engine: Engine) -> None:
        self._door = threading.Lock()
        self._path: str | None = None
        if engine.dialect.name == "sqlite":
            self._path = f"{engine.url.database}.gate"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the gate. Raises UnavailableError after BUSY_TIMEOUT_SECONDS."""
        if self._path is None:
            yield
            return
        deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
        if not self._door.acquire(timeout=BUSY_TIMEOUT_SECONDS):
            raise UnavailableError
        try:
            with _opened(self._path) as gate:
                with _opened(f"{self._path}.turnstile") as turnstile:
                    _lock(turnstile, deadline)
                    _lock(gate, deadline)
                yield
        finally:
            self._door.release()


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    """A descriptor of its own: what holds the lock is this opening of the file."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # and with it the lock


def _lock(descriptor: int, deadline: float) -> None:
    """Lock it; the longer one has waited the more often one tries, and the likelier one is next."""
    begun = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
            if now > deadline:
                raise UnavailableError from None
            time.sleep(max(GATE_POLL_SECONDS / (1 + (now - begun) / IMPATIENCE), GATE_POLL_LEAST))
        else:
            return


def queue_on(session: Session, name: str) -> None:
    """Make the transactions that call the same name wait for each other, until they end.

    For what no row stands for yet. SQLite's writers queue in any case.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_QUEUE_ON, {"name": name})


def rows_changed(result: Any) -> int:  # noqa: ANN401 - Result's rowcount is typed on CursorResult only
    """How many rows an UPDATE or DELETE touched."""
    return int(result.rowcount)
