"""Statements are made once, at import: what they are given must have a type by then."""

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import Executable, bindparam, select, text
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import NullType

import dispatcher.reads
import dispatcher.services
import dispatcher.storage
from dispatcher.storage.columns import Record
from dispatcher.storage.models import METADATA
from dispatcher.storage.promises import Tick
from dispatcher.storage.unit import Database

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (dispatcher.storage, dispatcher.reads, dispatcher.services)


def statements(module: ModuleType) -> Iterator[tuple[str, ClauseElement]]:
    """Those that a module made when it was imported, by name."""
    for name, value in vars(module).items():
        made = value.values() if isinstance(value, Mapping) else [value]
        for each in made:
            if isinstance(each, Executable) and isinstance(each, ClauseElement):
                yield f"{module.__name__}.{name}", each


def untyped(statement: ClauseElement) -> set[str]:
    """What it would be given as it comes: a UUID that SQLite does not take, for example."""
    binds = getattr(statement.compile(), "binds", {})
    return {name for name, bind in binds.items() if isinstance(bind.type, NullType)}


def test_what_statements_are_given_has_a_type() -> None:
    found = [
        (name, untyped(statement))
        for package in PACKAGES
        for each in pkgutil.iter_modules(package.__path__)
        if not each.ispkg
        for name, statement in statements(
            importlib.import_module(f"{package.__name__}.{each.name}")
        )
    ]
    assert len(found) > 20
    assert [(name, missing) for name, missing in found if missing] == []


def test_a_statement_that_takes_anything_is_found() -> None:
    """The companion: the check can fail."""
    assert untyped(select(bindparam("anything"))) == {"anything"}


def test_whoever_imports_a_part_of_storage_has_all_models() -> None:
    """Otherwise the order of imports would decide which types are known."""
    code = "import dispatcher.storage.columns as c; print(len(c.Record.metadata.tables))"
    told = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(told.stdout) == len(METADATA.tables) == len(Record.metadata.tables)


def test_postgresql_keeps_what_it_has_prepared_from_one_reading_to_the_next(db: Database) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite prepares in the process itself")

    def prepared() -> int:
        with db.reading() as session:
            return session.scalar(text("SELECT count(*) FROM pg_prepared_statements")) or 0

    for _ in range(10):  # the driver prepares what it has run five times
        with db.reading() as session:
            session.scalars(select(Tick)).all()
    assert prepared() > 0

    def read_and_fail() -> None:
        with db.reading() as session:
            session.scalars(select(Tick)).all()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        read_and_fail()
    assert prepared() == 0  # the companion: a ROLLBACK is what ended every reading before
