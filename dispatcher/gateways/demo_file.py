"""The small SQLite files that stand in the demonstration for the outside, shared by all processes.

Each call opens its own short connection, so that threads and processes need nothing in common but
the path. What they hold is written between fictitious people; nothing of it leaves the machine.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

_BUSY_TIMEOUT: Final = 10.0
"""Seconds."""


class DemonstrationFile:
    """One file with the tables of `schema` (CREATE … IF NOT EXISTS)."""

    def __init__(self, path: Path, schema: str) -> None:
        """Make the file and its folder unless they are there."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._prepare(schema)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """One statement is one transaction: nothing is held between two."""
        connection = sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT, isolation_level=None)
        with closing(connection):
            connection.row_factory = sqlite3.Row
            yield connection

    def _prepare(self, schema: str) -> None:
        """Turn to WAL and make the tables.

        SQLite answers "locked" at once, without its busy timeout, to two processes that turn the
        same new file to WAL together: the second one asks again.
        """
        deadline = time.monotonic() + _BUSY_TIMEOUT
        while True:
            try:
                with self.connection() as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.execute(schema)
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return
