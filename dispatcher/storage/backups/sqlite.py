"""Copies of SQLite's file."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from dispatcher.storage.backups.refusals import HOLDS_DATA, IN_DOUBT, RUNNING, BackupError
from dispatcher.storage.migrate import upgrade

BUSY_SECONDS = 10.0
BESIDE = ("-wal", "-shm")


def copy_into(url: str, copy: Path) -> None:
    """Raises BackupError."""
    source = _file(url)
    if not source.is_file():
        raise BackupError(f"{source}\N{NO-BREAK SPACE}: cette base n’existe pas.")
    try:
        with contextlib.closing(_open(source)) as connection:
            connection.execute("VACUUM INTO :copy", {"copy": str(copy)})
    except sqlite3.Error as error:
        raise BackupError(f"La copie a échoué\N{NO-BREAK SPACE}: {error}.") from error


def revision_in(copy: Path) -> str:
    """Raises BackupError."""
    try:
        with contextlib.closing(_open(copy, "mode=ro&immutable=1")) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise BackupError(f"{copy}\N{NO-BREAK SPACE}: cette copie est abîmée.")
            return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    except (sqlite3.Error, TypeError) as error:
        raise BackupError(
            f"{copy}\N{NO-BREAK SPACE}: ce fichier n’est pas une sauvegarde SQLite entière."
        ) from error


def put_back(url: str, copy: Path, now: datetime, *, replace: bool) -> str | None:
    """Raises BackupError."""
    target = _file(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(descriptor)
    made = Path(name)
    try:
        shutil.copyfile(copy, made)
        upgrade(make_url(url).set(database=str(made)).render_as_string(hide_password=False))
        with contextlib.closing(_open(made)) as connection:
            connection.execute(IN_DOUBT.format(table="messages"))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode = DELETE")  # no file beside it; WAL comes back
        kept = _set_aside(target, now, replace=replace) if target.exists() else None
        made.replace(target)
    finally:
        for leftover in ("", *BESIDE):
            Path(f"{made}{leftover}").unlink(missing_ok=True)
    return kept


def _set_aside(target: Path, now: datetime, *, replace: bool) -> str:
    """Rename the file that stands there, once nobody has it open."""
    connection = _open(target)
    with contextlib.closing(connection):
        try:
            # Leaving WAL needs the file to oneself: every other connection, even idle, forbids it.
            connection.execute("PRAGMA busy_timeout = 0")
            (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as error:
            raise BackupError(RUNNING) from error
        if mode != "delete":
            raise BackupError(RUNNING)
        holds = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if holds and not replace:
        raise BackupError(HOLDS_DATA)
    aside = target.with_name(f"{target.name}.avant-{now:%Y%m%d-%H%M%S}")
    target.rename(aside)
    for beside in BESIDE:
        Path(f"{target}{beside}").unlink(missing_ok=True)
    return str(aside)


def _file(url: str) -> Path:
    return Path(_database(make_url(url)))


def _database(url: URL) -> str:
    if url.database is None:
        raise BackupError("Cette base n’a pas de fichier.")
    return url.database


def _open(file: Path, query: str = "mode=rw") -> sqlite3.Connection:
    return sqlite3.connect(
        f"{file.resolve().as_uri()}?{query}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
