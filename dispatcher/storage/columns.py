"""Column types that behave alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

JSON_VALUE = JSON().with_variant(JSONB(), "postgresql")
"""JSON on SQLite, JSONB on PostgreSQL."""
LOG_POSITION = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite only counts up by itself on a plain INTEGER primary key."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC. SQLite would give it back without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse an instant without a zone: it would silently mean another hour."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = Annotated[UUID, mapped_column(Uuid(), primary_key=True)]
Instant = Annotated[datetime, mapped_column(UTCDateTime())]
Code = Annotated[str, mapped_column(String(40))]
Sealed = Annotated[str, mapped_column(String(), info={"sealed": True})]
"""A value sealed by `encryption.Cipher`; the mark is what a change of keys finds it by."""


class Record(DeclarativeBase):
    """The parent of all models."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this class attribute
        datetime: UTCDateTime(),
        UUID: Uuid(),
        dict[str, Any]: JSON_VALUE,
        list[str]: JSON_VALUE,
        list[dict[str, Any]]: JSON_VALUE,
    }


def table_of(model: type[Record]) -> Table:
    """The table under a model, for the statements of hot paths.

    Such a statement is made once, at import, with `bindparam`, and run over the table: making an
    ORM statement anew at each call costs ten times what running it does (bench/README.md, P2).
    """
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is not mapped to a table")
    return table
