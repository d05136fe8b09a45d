"""The log and its seals grow, and refuse every other change, whoever asks in SQL."""

import uuid
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dispatcher.domain.errors import UnavailableError
from dispatcher.domain.events import ENGINE, UserSignedIn
from dispatcher.storage.append_only import unprotect
from dispatcher.storage.log import DaySeal, LoggedEvent
from dispatcher.storage.unit import Database

USER = UUID("00000000-0000-4000-8000-00000000000a")


@pytest.fixture
def written(db: Database, territory_id: UUID) -> Database:
    """A log of two events, one day sealed."""
    for _ in range(2):
        with db.transaction(territory_id, ENGINE) as unit:
            unit.record(UserSignedIn(user_id=USER))
    with db.writing() as session:
        session.add(
            DaySeal(
                day=date(2026, 11, 22),
                last_event_id=2,
                events=2,
                digest="0" * 64,
                sealed_at=db.clock(),
            )
        )
    return db


def execute(db: Database, statement: str) -> None:
    with db.writing() as session:
        session.execute(text(statement))


CHANGES = [
    "UPDATE event_log SET kind = 'never_happened'",
    "UPDATE event_log SET data = '{}' WHERE id = 2",
    "DELETE FROM event_log WHERE id = 2",
    "DELETE FROM event_log",
    "UPDATE day_seals SET digest = 'ffff'",
    "DELETE FROM day_seals",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_log_refuses_to_be_changed(written: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match="is append-only"):
        execute(written, statement)

    with written.reading() as session:
        events = session.scalars(select(LoggedEvent)).all()
        assert [event.kind for event in events] == ["user_signed_in", "user_signed_in"]
        assert session.scalars(select(DaySeal.digest)).all() == ["0" * 64]


@pytest.mark.parametrize("table", ["event_log", "day_seals"])
def test_the_log_refuses_to_be_emptied_at_once(written: Database, table: str) -> None:
    """PostgreSQL's TRUNCATE; SQLite has none, its DELETE without WHERE is refused above."""
    with pytest.raises((DBAPIError, UnavailableError)):
        execute(written, f"TRUNCATE {table}")


UPSERT = (
    "INSERT INTO event_log SELECT * FROM event_log WHERE id = 1"
    " ON CONFLICT (id) DO UPDATE SET kind = 'planted'"
)
REPLACEMENTS = {
    "sqlite": [
        "INSERT OR REPLACE INTO event_log SELECT * FROM event_log WHERE id = 1",
        "REPLACE INTO day_seals SELECT * FROM day_seals",
        UPSERT,
    ],
    "postgresql": [UPSERT],
}


def test_a_replacement_does_not_pass_for_an_insertion(written: Database) -> None:
    for statement in REPLACEMENTS[written.engine.dialect.name]:
        with pytest.raises(DBAPIError, match="append-only"):
            execute(written, statement)


def test_positions_grow_and_are_never_given_again(written: Database, territory_id: UUID) -> None:
    with written.reading() as session:
        assert session.scalars(select(LoggedEvent.id).order_by(LoggedEvent.id)).all() == [1, 2]

    with written.transaction(territory_id, ENGINE) as unit:
        unit.record(UserSignedIn(user_id=uuid.uuid4()))

    with written.reading() as session:
        assert session.scalars(select(LoggedEvent.id).order_by(LoggedEvent.id)).all() == [1, 2, 3]


def test_the_triggers_are_what_refuses(written: Database) -> None:
    """The companion: without them, the same statements pass."""
    with written.engine.begin() as connection:
        unprotect(connection, "event_log")
        unprotect(connection, "day_seals")

    for statement in CHANGES:
        execute(written, statement)

    with written.reading() as session:
        assert session.scalars(select(LoggedEvent)).all() == []
