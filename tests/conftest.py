"""What all tests share: a database of each engine made by the real migrations, and a house."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.logging import remember
from dispatcher.services.house import House
from dispatcher.storage.migrate import upgrade
from tests import shortcuts
from tests.builders import Town
from tests.fakes.agendas import FakeAgendas
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.emails import FakeEmail
from tests.fakes.sms import FakeSms
from tests.houses import open_house
from tests.servers import LentDatabase, NoPostgres, PostgresServer, postgres_server

ENGINES = ("sqlite", "postgresql")
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory, where there is one
ENOUGH_BYTES = 2 << 30


def pytest_configure() -> None:
    """Keep what tests write in memory, where there is room: a commit's flush costs nothing there.

    What a disk does to commits is for `bench/` to say.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
        os.environ.setdefault("TMPDIR", str(MEMORY))
        tempfile.tempdir = None  # ask the environment again


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """What a test before put on every line of the logs is forgotten."""
    remember()


@pytest.fixture(scope="session", autouse=True)
def shortcuts_are_taken() -> Iterator[None]:
    """What no test is about is not done again for each."""
    with shortcuts.taken():
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where SQLite's tests get their file, one after another."""
    return tmp_path_factory.mktemp("lent") / "test.sqlite3"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; its tests are skipped, with the reason, where there is none."""
    try:
        with postgres_server() as server:
            yield server
    except NoPostgres as reason:
        pytest.skip(f"no PostgreSQL: {reason}")


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> Iterator[str]:
    """A migrated, empty PostgreSQL database."""
    with postgres.database() as url:
        upgrade(url)
        yield url


@pytest.fixture(scope="session")
def postgres_database(postgres: PostgresServer, postgres_template: str) -> Iterator[LentDatabase]:
    """The database that PostgreSQL's tests get one after another."""
    database = LentDatabase(postgres, postgres_template)
    yield database
    database.close()


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database, once of each engine."""
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("sqlite_file")
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    lender: LentDatabase = request.getfixturevalue("postgres_database")
    with lender.lent() as url:
        yield url


@pytest.fixture
def clock() -> FakeClock:
    """Monday 23 November 2026, 09:00 in Paris."""
    return FakeClock()


@pytest.fixture
def sms() -> FakeSms:
    """A gateway in memory."""
    return FakeSms()


@pytest.fixture
def bell() -> RecordingBell:
    """A bell that notes what was rung."""
    return RecordingBell()


@pytest.fixture
def agendas() -> FakeAgendas:
    """Practitioners' agendas in memory."""
    return FakeAgendas()


@pytest.fixture
def email() -> FakeEmail:
    """E-mail in memory."""
    return FakeEmail()


@pytest.fixture
def house(
    database_url: str,
    clock: FakeClock,
    sms: FakeSms,
    bell: RecordingBell,
    agendas: FakeAgendas,
    email: FakeEmail,
) -> Iterator[House]:
    """A house over a fresh database, on both engines."""
    with open_house(
        database_url, clock=clock, sms=sms, bell=bell, agendas=agendas, email=email
    ) as opened:
        yield opened


@pytest.fixture
def town(house: House, clock: FakeClock) -> Town:
    """A territory of the Jura with a regulator, ready for builders to add to."""
    return Town.found(house, clock)
