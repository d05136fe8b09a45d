"""Columns for those who read thousands of rows at once: no Python object is made for each value."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

MICROSECONDS = 1e6


class as_text(GenericFunction[str]):  # noqa: N801 - written as SQL's functions are
    """An id or a JSON value as the database writes it."""

    type = String()
    inherit_cache = True


class as_number(GenericFunction[str]):  # noqa: N801 - the same
    """An instant as `seconds_of` takes it."""

    type = String()
    inherit_cache = True


@compiles(as_text, "sqlite")
@compiles(as_number, "sqlite")
def _as_it_is(element: GenericFunction[str], compiler: SQLCompiler, **options: object) -> str:
    # Text is how it is stored.
    return compiler.process(element.clauses, **options)


@compiles(as_text, "postgresql")
def _text(element: as_text, compiler: SQLCompiler, **options: object) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS TEXT)"


@compiles(as_number, "postgresql")
def _epoch(element: as_number, compiler: SQLCompiler, **options: object) -> str:
    return f"date_part('epoch', {compiler.process(element.clauses, **options)})"


def seconds_of(column: Sequence[str | float]) -> NDArray[np.float64]:
    """Seconds since 1970, of what `as_number` gave."""
    if column and isinstance(column[0], str):
        since_1970 = np.array(column, dtype="datetime64[us]").astype(np.int64)
        return since_1970 / MICROSECONDS
    return np.array(column, dtype=np.float64)
