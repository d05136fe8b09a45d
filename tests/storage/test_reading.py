"""Reading sessions cannot write, and a database that is away is said to be away."""

from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from sqlalchemy import Executable, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm import Session

from dispatcher.domain.errors import UnavailableError
from dispatcher.storage import engines
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.engines import make_engine
from dispatcher.storage.promises import Tick
from dispatcher.storage.unit import Database
from tests.fakes.clock import MONDAY_MORNING, FakeClock
from tests.houses import DATA_KEY
from tests.servers import free_port

CIPHER = Cipher([("k1", DATA_KEY)])
REFUSALS = (DBAPIError, UnavailableError, InvalidRequestError)


def ticks(db: Database) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Tick)) or 0


@pytest.mark.parametrize(
    "statement",
    [
        insert(Tick).values(name="planted", at=MONDAY_MORNING),
        update(Tick).values(at=MONDAY_MORNING),
        delete(Tick),
    ],
)
def test_a_reading_session_cannot_write(db: Database, statement: Executable) -> None:
    def attempt(again: bool) -> None:  # noqa: FBT001 - which transaction of the session
        with db.reading() as session:
            if again:
                session.commit()  # the refusal must not end with the first transaction
            session.execute(statement)
            session.commit()

    with db.writing() as session:
        session.add(Tick(name="kept", at=MONDAY_MORNING))

    for again in (False, True):
        with pytest.raises(REFUSALS):
            attempt(again)
    assert ticks(db) == 1


def test_a_connection_that_has_read_can_write_again(db: Database) -> None:
    """The companion: the same statement passes where writing is meant, on the same connections."""
    for number in range(3):
        assert ticks(db) == number
        with db.writing() as session:
            session.execute(insert(Tick).values(name=f"tick {number}", at=MONDAY_MORNING))


def test_a_reader_sees_what_was_committed_and_not_what_is_being_written(db: Database) -> None:
    with db.writing() as session:
        session.add(Tick(name="new", at=MONDAY_MORNING))
        session.flush()
        assert ticks(db) == 0
    assert ticks(db) == 1


def unreachable(tmp_path: Path, engine: str) -> str:
    if engine == "sqlite":
        path = tmp_path / "garbage.sqlite3"
        path.mkdir()
        return f"sqlite:///{path}"
    return f"postgresql://nobody@127.0.0.1:{free_port()}/none"


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_database_that_is_away_is_a_refusal_that_a_user_can_be_told(
    tmp_path: Path, clock: FakeClock, engine: str
) -> None:
    db = Database(unreachable(tmp_path, engine), CIPHER, clock, lambda rings: None)

    with pytest.raises(UnavailableError) as refused, db.writing() as session:
        session.execute(select(Tick))
    assert refused.value.status == 503
    assert "Rien n’a été modifié" in refused.value.sentence
    with pytest.raises(UnavailableError):
        ticks(db)
    db.dispose()


def test_a_writer_that_waits_too_long_is_told_so_and_the_next_one_passes(
    tmp_path: Path, sqlite_template: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite locked by a stranger (a backup, a shell): a clear refusal, then everything goes on."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_SECONDS", 0.05)
    path = tmp_path / "locked.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    db = Database(f"sqlite:///{path}", CIPHER, clock, lambda rings: None)

    def write(session: Session) -> None:
        session.add(Tick(name="late", at=MONDAY_MORNING))

    with closing(connect(path, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError), db.writing() as session:
            write(session)
    with db.writing() as session:
        write(session)
    assert ticks(db) == 1
    db.dispose()


def test_a_gate_that_somebody_holds_is_a_refusal_too(
    tmp_path: Path, sqlite_template: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_SECONDS", 0.05)
    path = tmp_path / "gated.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    one, other = (
        Database(f"sqlite:///{path}", CIPHER, clock, lambda rings: None) for _ in range(2)
    )

    with one.writing(), pytest.raises(UnavailableError), other.writing():
        pytest.fail("two writers at once")
    with other.writing() as session:
        session.add(Tick(name="later", at=MONDAY_MORNING))
    assert ticks(one) == 1
    one.dispose()
    other.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused_because_several_processes_share_it(url: str) -> None:
    with pytest.raises(ValueError, match="several processes"):
        make_engine(url)


def test_every_connection_of_sqlite_is_durable_and_checks_its_references(
    tmp_path: Path, sqlite_template: Path
) -> None:
    path = tmp_path / "set.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    engine = make_engine(f"sqlite:///{path}")

    def pragma(name: str) -> Any:
        with engine.connect() as connection:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()

    # synchronous 2 is FULL: what was committed survives a power cut
    assert [pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys")] == [
        "wal",
        2,
        1,
    ]
    engine.dispose()


def test_whose_number_an_sms_comes_from_is_looked_up(db: Database) -> None:
    look_up = "SELECT id FROM practitioners WHERE phone = '+33639980001'"
    is_sqlite = db.engine.dialect.name == "sqlite"
    with db.engine.connect() as connection:
        if not is_sqlite:  # PostgreSQL reads the whole of a small table whatever there is
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        how = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
        plan = connection.execute(text(how + look_up)).all()

    assert "practitioners_by_phone" in str(plan)
