"""Migrations and models say the same, on both engines, and each step can be taken back."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, inspect, select, text

from dispatcher.services.house import House
from dispatcher.storage.engines import make_engine
from dispatcher.storage.migrate import configuration, downgrade, upgrade
from dispatcher.storage.models import METADATA
from tests.builders import Town

TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "target_metadata": METADATA}
    )
    return list(compare_metadata(context, METADATA))


def schema(engine: Engine) -> dict[str, object]:
    """Everything that the inspector sees, and the triggers."""
    seen = inspect(engine)
    with engine.connect() as connection:
        triggers = sorted(connection.scalars(text(TRIGGERS[engine.dialect.name])))
    tables: dict[str, object] = {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)],
            sorted(plain(index) for index in seen.get_indexes(table)),
            sorted(plain(check) for check in seen.get_check_constraints(table)),
            sorted(plain(unique) for unique in seen.get_unique_constraints(table)),
            sorted(plain(key) for key in seen.get_foreign_keys(table)),
        )
        for table in seen.get_table_names()
    }
    return tables | {"triggers": triggers}


def plain(value: object) -> str:
    """A reflected thing in words: SQL expressions as their SQL."""
    if isinstance(value, Mapping):
        return str(sorted((str(key), plain(held)) for key, held in value.items()))
    return str(value)


def rows(engine: Engine) -> dict[str, int]:
    present = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in METADATA.sorted_tables
            if table.name in present
        }


def test_the_migrations_are_one_line_with_one_head_and_numbered() -> None:
    script = ScriptDirectory.from_config(configuration("sqlite:///unused"))
    line = [revision.revision for revision in script.walk_revisions()][::-1]

    assert script.get_heads() == line[-1:]
    assert line == [f"{number:04d}" for number in range(1, len(line) + 1)]
    for revision in script.walk_revisions():
        assert Path(revision.path).name.startswith(f"{revision.revision}_")


def test_the_models_are_what_the_migrations_make(engine: Engine) -> None:
    with engine.connect() as connection:
        assert differences(connection) == []


@pytest.mark.parametrize(
    "drift",
    [
        "ALTER TABLE slots ADD COLUMN planted INTEGER",
        "DROP INDEX one_live_appointment_per_request",
        "CREATE TABLE planted (id INTEGER PRIMARY KEY)",
    ],
)
def test_a_model_that_drifts_from_the_migrations_is_seen(engine: Engine, drift: str) -> None:
    """The companion."""
    with engine.begin() as connection:
        connection.execute(text(drift))

    with engine.connect() as connection:
        assert len(differences(connection)) == 1


def test_the_head_can_be_taken_back_and_made_again_over_data(
    house: House, town: Town, engine: Engine
) -> None:
    """What an older schema has room for stays; the schema is the same afterwards."""
    town.slot(places=3, minutes=120)
    town.request()
    before, held = schema(engine), rows(engine)
    url = house.settings.database_url
    house.db.dispose()
    assert held["care_requests"] == held["slots"] == 1

    downgrade(url, "-1")
    older = rows(engine)
    upgrade(url)

    assert schema(engine) == before
    assert {table: rows(engine)[table] for table in older} == older
    with engine.connect() as connection:
        assert differences(connection) == []


def test_taking_everything_back_leaves_nothing_behind(database_url: str, engine: Engine) -> None:
    before = schema(engine)

    downgrade(database_url, "base")

    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    assert schema(engine)["triggers"] == []
    upgrade(database_url)
    assert schema(engine) == before


def test_migrating_what_is_migrated_changes_nothing(database_url: str, engine: Engine) -> None:
    before = schema(engine)

    upgrade(database_url)

    assert schema(engine) == before
