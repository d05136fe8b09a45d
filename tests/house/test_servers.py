"""The servers that the tests run on: really there, each test's own, and gone afterwards."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy.engine import make_url

from tests import servers
from tests.servers import (
    LentDatabase,
    NoPostgres,
    PostgresServer,
    connection_string,
    find_binaries,
    postgres_server,
    valkey_server,
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    try:
        with postgres_server() as server:
            yield server
    except NoPostgres as reason:
        pytest.skip(str(reason))


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(connection_string(make_url(url)))


def test_databases_are_apart(server: PostgresServer) -> None:
    with server.database() as one, server.database() as other:
        with connect(one) as connection:
            connection.execute("CREATE TABLE slots (id int)")
        with connect(other) as connection:
            assert connection.execute("SELECT to_regclass('slots')").fetchone() == (None,)


def test_a_database_can_be_copied_from_another(server: PostgresServer) -> None:
    with server.database() as model:
        with connect(model) as connection:
            connection.execute("CREATE TABLE slots AS SELECT 7 AS id")
        with server.database(template=model) as copy, connect(copy) as connection:
            assert connection.execute("SELECT id FROM slots").fetchone() == (7,)


def test_a_database_is_dropped_while_somebody_is_connected(server: PostgresServer) -> None:
    with server.database() as url:
        forgotten = connect(url)

    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    forgotten.close()


def test_the_url_given_is_used_and_nothing_is_started(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = server.url.render_as_string(hide_password=False)
    monkeypatch.setenv("TEST_DATABASE_URL", given)
    monkeypatch.setattr(servers, "find_binaries", pytest.fail)

    with postgres_server() as other, other.database() as url:
        assert make_url(url).port == server.url.port


def test_without_postgres_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "DEBIAN_BINARIES", "/nonexistent")
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(NoPostgres, match="apt install postgresql"):
        find_binaries()


def test_valkey_is_empty_and_gone_afterwards() -> None:
    with valkey_server() as valkey, redis.Redis.from_url(valkey.url) as client:
        assert client.dbsize() == 0
        folder = valkey.directory

    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_opens_no_folder_of_its_own(server: PostgresServer) -> None:
    home = Path("~root").expanduser()
    before = stat.S_IMODE(home.stat().st_mode)

    with server.database():
        assert stat.S_IMODE(home.stat().st_mode) == before


def test_a_lent_database_is_empty_again_and_a_changed_one_is_replaced(
    postgres: PostgresServer, postgres_template: str
) -> None:
    database = LentDatabase(postgres, postgres_template)
    with (
        database.lent() as first,
        connect(first) as connection,
    ):
        connection.execute("INSERT INTO ticks (name, at) VALUES ('left behind', now())")
        connection.commit()
    with (
        database.lent() as again,
        connect(again) as connection,
    ):
        assert again == first
        assert connection.execute("SELECT count(*) FROM ticks").fetchone() == (0,)
        connection.execute("DROP TABLE ticks")
        connection.commit()
    with (
        database.lent() as other,
        connect(other) as connection,
    ):
        assert other != first
        assert connection.execute("SELECT count(*) FROM ticks").fetchone() == (0,)
    database.close()
