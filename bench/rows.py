"""Rows by the thousand: copies of one that the services wrote, each under its own id."""

import uuid
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert, inspect
from sqlalchemy.orm import Session

from dispatcher.services.house import House
from dispatcher.storage.columns import Record
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.slots import Slot

BATCH = 2000
FIRST_CODE = 100_000
"""Codes of copied requests are six digits, out of the way of those that the service gives."""


def copy_requests(house: House, pattern: UUID, count: int, first_code: int) -> list[UUID]:
    """Copies of a request; returns their ids."""
    with house.db.reading() as session:
        row = values_of(session, CareRequest, pattern)
    return _insert(
        house,
        CareRequest,
        [row | {"id": uuid.uuid4(), "code": str(first_code + number)} for number in range(count)],
    )


def copy_slots(house: House, pattern: UUID, count: int) -> list[UUID]:
    """Copies of a slot; returns their ids."""
    with house.db.reading() as session:
        row = values_of(session, Slot, pattern)
    return _insert(house, Slot, [row | {"id": uuid.uuid4()} for _ in range(count)])


def values_of(session: Session, model: type[Record], row_id: UUID) -> dict[str, Any]:
    """A row as a mapping from column to value."""
    found = session.get_one(model, row_id)
    return {column.key: getattr(found, column.key) for column in inspect(model).columns}


def _insert(house: House, model: type[Record], rows: list[dict[str, Any]]) -> list[UUID]:
    table = model.__table__
    assert isinstance(table, Table)
    with house.db.writing() as session:
        for start in range(0, len(rows), BATCH):
            session.connection().execute(insert(table), rows[start : start + BATCH])
    return [row["id"] for row in rows]
