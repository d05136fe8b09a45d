"""Copies of the whole database, taken while the house runs and put back while it rests.

One file each: a database of SQLite's, or an archive of pg_dump's. Identities in it are sealed as
they are in the house: without DATA_KEY, which it does not hold, they stay so.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType

from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from dispatcher.storage.backups import postgresql, sqlite
from dispatcher.storage.backups.refusals import BackupError
from dispatcher.storage.migrate import configuration

__all__ = ["BackupError", "back_up", "restore", "revision_in"]
ENGINES = {"sqlite": sqlite, "postgresql": postgresql}


def back_up(url: str, file: Path) -> None:
    """Copy the database into a new file, readable by its owner alone.

    What stands in it is one moment's; writers do not wait. The file bears its name once it is
    whole. Raises BackupError: the file exists, its folder does not, or the copy failed.
    """
    if file.exists():
        raise BackupError(f"{file}\N{NO-BREAK SPACE}: ce fichier existe déjà.")
    if not file.parent.is_dir():
        raise BackupError(f"{file.parent}\N{NO-BREAK SPACE}: ce dossier n’existe pas.")
    with _unfinished(file) as copy:
        _engine(url).copy_into(url, copy)
        _flush(copy)
        os.link(copy, file)  # unlike a renaming, never over what was put there meanwhile
        _flush(file.parent)


def revision_in(url: str, file: Path) -> str:
    """The schema's revision in a copy for the engine of `url`.

    Raises BackupError where it is no whole copy, is another engine's, or is of a newer version.
    """
    if not file.is_file():
        raise BackupError(f"{file}\N{NO-BREAK SPACE}: ce fichier n’existe pas.")
    revision: str = _engine(url).revision_in(file)
    scripts = ScriptDirectory.from_config(configuration(url)).walk_revisions()
    known = {script.revision for script in scripts}
    if revision not in known:
        raise BackupError(
            f"{file}\N{NO-BREAK SPACE}: cette sauvegarde vient d’une version plus récente "
            f"(schéma {revision}). Mettez d’abord le logiciel à jour."
        )
    return revision


def restore(url: str, file: Path, now: datetime, *, replace: bool) -> str | None:
    """Put a copy in place of the database, brought to the newest schema.

    All or nothing. What stood there is kept, with `replace`, under the name that is returned, which
    has `now` in it (None where nothing stood there). SMS that had not left when the copy was made
    may have left since: each is looked up at the provider before it is sent.

    Raises BackupError: something is connected to the database, it holds data and `replace` was not
    said, or the copy cannot be used.
    """
    revision_in(url, file)
    kept: str | None = _engine(url).put_back(url, file, now, replace=replace)
    return kept


def _engine(url: str) -> ModuleType:
    return ENGINES[make_url(url).get_backend_name()]


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    os.close(descriptor)
    path = Path(name)
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
