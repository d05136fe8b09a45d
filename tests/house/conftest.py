"""What several guards of the house look at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.walking import Walk, walking


@pytest.fixture(scope="session")
def walk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Two towns behind one site; whoever changes something undoes it."""
    with walking(sqlite_template, tmp_path_factory.mktemp("walk") / "walk.sqlite3") as opened:
        yield opened
