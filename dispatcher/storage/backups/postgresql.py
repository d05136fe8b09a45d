"""Copies of a PostgreSQL database, by the tools that come with it."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from dispatcher.storage.backups.refusals import HOLDS_DATA, IN_DOUBT, RUNNING, BackupError
from dispatcher.storage.migrate import upgrade

SCHEMA = "public"
DEBIAN = Path("/usr/lib/postgresql")
_OPTIONS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST"}
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = %s"


def copy_into(url: str, copy: Path) -> None:
    """Raises BackupError."""
    options = ["--format=custom", f"--schema={SCHEMA}", "--no-owner", "--no-privileges"]
    _run("pg_dump", [*options, f"--file={copy}"], _environment(url))


def revision_in(copy: Path) -> str:
    """Raises BackupError."""
    try:
        rows = _run("pg_restore", ["--data-only", "--table=alembic_version", "--file=-", str(copy)])
        _run("pg_restore", ["--file=/dev/null", str(copy)])  # reads it to its end
    except BackupError as error:
        raise BackupError(
            f"{copy}\N{NO-BREAK SPACE}: ce fichier n’est pas une sauvegarde PostgreSQL entière."
        ) from error
    found = re.search(r"^COPY .*\n(\S+)\n", rows, re.MULTILINE)
    if found is None:
        raise BackupError(f"{copy}\N{NO-BREAK SPACE}: ce n’est pas une sauvegarde de ce logiciel.")
    return found[1]


def put_back(url: str, copy: Path, now: datetime, *, replace: bool) -> str | None:
    """Raises BackupError."""
    kept = _kept_name(url, now, replace=replace)
    # The dump says CREATE SCHEMA itself, and sets no search_path for what follows it.
    aside = f"ALTER SCHEMA {SCHEMA} RENAME TO {kept}" if kept else f"DROP SCHEMA {SCHEMA}"
    in_doubt = IN_DOUBT.format(table=f"{SCHEMA}.messages")
    with tempfile.NamedTemporaryFile(suffix=".sql") as script:
        # Into a file first: at the end of a pipe psql cannot tell a whole script from half of one.
        _run("pg_restore", ["--no-owner", f"--file={script.name}", str(copy)])
        options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        options += ["--output=/dev/null", f"--command={aside}", f"--file={script.name}"]
        _run("psql", [*options, f"--command={in_doubt}"], _environment(url))
    upgrade(url)
    return kept


def _kept_name(url: str, now: datetime, *, replace: bool) -> str | None:
    """How the schema that stands there will be called; None where it is empty."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(address) as connection:
            (others,) = connection.execute(_OTHERS).fetchone() or (0,)
            (tables,) = connection.execute(_TABLES, [SCHEMA]).fetchone() or (0,)
            if not tables:
                connection.execute(
                    sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA))
                )
    except psycopg.Error as error:
        raise BackupError("La base de données ne répond pas.") from error
    if others:
        raise BackupError(RUNNING)
    if not tables:
        return None
    if not replace:
        raise BackupError(HOLDS_DATA)
    return f"avant_{now:%Y%m%d_%H%M%S}"


def _environment(url: str) -> dict[str, str]:
    """How the tools find the database: a password in an argument would be seen by everybody."""
    parsed = make_url(url)
    given = {
        "PGHOST": parsed.host,
        "PGPORT": str(parsed.port) if parsed.port else None,
        "PGUSER": parsed.username,
        "PGPASSWORD": parsed.password,
        "PGDATABASE": parsed.database,
    }
    given |= {name: str(parsed.query[key]) for key, name in _OPTIONS.items() if key in parsed.query}
    return {name: value for name, value in given.items() if value}


def _run(
    tool: str,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> str:
    done = subprocess.run(
        [_found(tool), *arguments],
        env={**os.environ, "PGTZ": "UTC", **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        why = done.stderr.strip().splitlines()[-1:] or ["?"]
        raise BackupError(f"{tool} a échoué\N{NO-BREAK SPACE}: {why[0]}")
    return done.stdout


def _found(tool: str) -> str:
    """The newest of Debian's, which can read older servers, else that of PATH."""
    versions = sorted(
        (folder for folder in DEBIAN.glob("*/bin") if (folder / tool).is_file()),
        key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0),
    )
    path = str(versions[-1] / tool) if versions else shutil.which(tool)
    if path is None:
        raise BackupError(
            f"Il manque {tool}. Sous Debian ou Ubuntu\N{NO-BREAK SPACE}: "
            "sudo apt install postgresql-client."
        )
    return path
