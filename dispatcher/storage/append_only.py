"""Triggers that let a table grow and refuse every other change, on both engines."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

CHANGES = ("UPDATE", "DELETE")
REPLACEMENT = "REPLACEMENT"


def protect(connection: Connection, table: str, key: str) -> None:
    """Make `table` append-only: UPDATE, DELETE and (PostgreSQL) TRUNCATE raise.

    `key` is its primary key: SQLite's INSERT OR REPLACE deletes the row that stands there without
    calling the trigger on DELETE.
    """
    if connection.dialect.name == "sqlite":
        connection.execute(
            text(
                f"CREATE TRIGGER {_trigger(table, REPLACEMENT)} BEFORE INSERT ON {table}"  # noqa: S608 - names are ours
                f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        )
        for change in CHANGES:
            connection.execute(
                text(
                    f"CREATE TRIGGER {_trigger(table, change)} BEFORE {change} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
            )
        return
    connection.execute(
        text(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
    )
    for change in (*CHANGES, "TRUNCATE"):
        connection.execute(
            text(
                f"CREATE TRIGGER {_trigger(table, change)} BEFORE {change} ON {table}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
            )
        )


def unprotect(connection: Connection, table: str) -> None:
    """Take the triggers away again: for a downgrade."""
    if connection.dialect.name == "sqlite":
        for change in (*CHANGES, REPLACEMENT):
            connection.execute(text(f"DROP TRIGGER {_trigger(table, change)}"))
        return
    for change in (*CHANGES, "TRUNCATE"):
        connection.execute(text(f"DROP TRIGGER {_trigger(table, change)} ON {table}"))
    connection.execute(text(f"DROP FUNCTION {table}_refuse()"))


def _trigger(table: str, change: str) -> str:
    return f"{table}_refuses_{change.lower()}"


def refuse_updates(connection: Connection, table: str, key: Sequence[str]) -> None:
    """Make the rows of `table` stay what they are: UPDATE and (PostgreSQL) TRUNCATE raise.

    Rows may be deleted: for those that are kept for a time only. On SQLite a row that stands there
    under the same `key` is not replaced.
    """
    if connection.dialect.name == "sqlite":
        same = " AND ".join(f"{name} = NEW.{name}" for name in key)
        connection.execute(
            text(
                f"CREATE TRIGGER {_trigger(table, REPLACEMENT)} BEFORE INSERT ON {table}"  # noqa: S608 - names are ours
                f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"
                " BEGIN SELECT RAISE(IGNORE); END"
            )
        )
        connection.execute(
            text(
                f"CREATE TRIGGER {_trigger(table, 'UPDATE')} BEFORE UPDATE ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        )
        return
    connection.execute(
        text(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
    )
    for change in ("UPDATE", "TRUNCATE"):
        connection.execute(
            text(
                f"CREATE TRIGGER {_trigger(table, change)} BEFORE {change} ON {table}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
            )
        )


def unrefuse_updates(connection: Connection, table: str) -> None:
    """Take the triggers away again: for a downgrade."""
    if connection.dialect.name == "sqlite":
        for change in ("UPDATE", REPLACEMENT):
            connection.execute(text(f"DROP TRIGGER {_trigger(table, change)}"))
        return
    for change in ("UPDATE", "TRUNCATE"):
        connection.execute(text(f"DROP TRIGGER {_trigger(table, change)} ON {table}"))
    connection.execute(text(f"DROP FUNCTION {table}_refuse()"))
