"""A database of each engine with nothing above it: no house, no services."""

import uuid
from collections.abc import Iterator
from uuid import UUID

import pytest

from dispatcher.storage.encryption import Cipher
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.houses import DATA_KEY


@pytest.fixture
def db(database_url: str, clock: FakeClock, bell: RecordingBell) -> Iterator[Database]:
    """The storage, once on each engine."""
    database = Database(database_url, Cipher([("k1", DATA_KEY)]), clock, bell.ring, lambda: "r-1")
    yield database
    database.dispose()


@pytest.fixture
def territory_id(db: Database, clock: FakeClock) -> UUID:
    """A territory, for what has to belong to one."""
    row = uuid.uuid4()
    with db.writing() as session:
        session.add(
            Territory(
                id=row,
                code="jura",
                name="CPTS jura",
                timezone="Europe/Paris",
                department="39",
                phone="+33353010001",
                settings={},
                created_at=clock.now,
            )
        )
    return row
