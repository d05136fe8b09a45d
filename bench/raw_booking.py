"""Booking by hand-written SQL through the driver alone: the limit that the service is held to.

It takes the place, books the request and writes the same rows as the service does, with the same
guards. What the service works out (texts, sealed fields, links) is given to it ready made: copied
from a booking of the service's own.
"""

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.engine import make_url

from bench.clients import Step
from dispatcher.services.house import House
from dispatcher.storage.columns import Record
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message
from dispatcher.storage.promises import Promise
from dispatcher.storage.requests import Appointment
from tests.servers import connection_string

Row = dict[str, Any]
WRITTEN: tuple[type[Record], ...] = (Appointment, Message, LoggedEvent, Promise)

TAKE = """
UPDATE slots SET taken = taken + 1,
  status = CASE WHEN taken + 1 >= places THEN 'full' ELSE 'open' END
WHERE id = {0} AND territory_id = {0} AND status = 'open' AND taken < places AND ends_at > {0}
  AND (start_at > {0} OR places > 1)
RETURNING practitioner_id, ends_at
"""
BOOK = """
UPDATE care_requests SET status = 'booked', attention = NULL, refused = {0}, updated_at = {0}
WHERE id = {0} AND territory_id = {0} AND status IN ('open', 'searching', 'offering')
RETURNING due_at
"""


@dataclass(frozen=True)
class Pattern:
    """The rows that one booking of the service wrote, by table, in the order of its commit."""

    territory_id: UUID
    now: datetime
    rows: Mapping[str, Sequence[Row]]

    @classmethod
    def of(cls, house: House, appointment_id: UUID) -> "Pattern":
        """Read back what the service wrote for an appointment."""
        with house.db.reading() as session:
            appointment = session.get_one(Appointment, appointment_id)
            messages = session.scalars(
                select(Message).where(Message.appointment_id == appointment_id)
            ).all()
            owed = {str(message.id) for message in messages}
            found: dict[str, Sequence[Record]] = {
                "appointments": [appointment],
                "messages": messages,
                "event_log": session.scalars(
                    select(LoggedEvent).where(LoggedEvent.appointment_id == appointment_id)
                ).all(),
                "promises": [
                    promise
                    for promise in session.scalars(select(Promise))
                    if promise.ids.get("message_id") in owed
                ],
            }
            rows = {
                table: [
                    {column.key: getattr(row, column.key) for column in row.__table__.columns}
                    for row in written
                ]
                for table, written in found.items()
            }
        return cls(appointment.territory_id, appointment.booked_at, rows)

    def rows_for(self, request_id: UUID, slot_id: UUID) -> dict[str, list[Row]]:
        """The rows of another booking: the same values under ids of its own."""
        appointment = uuid.uuid4()
        made: dict[str, list[Row]] = {}
        for table, rows in self.rows.items():
            made[table] = [
                row
                | {
                    name: value
                    for name, value in (
                        ("request_id", request_id),
                        ("slot_id", slot_id),
                        ("appointment_id", appointment),
                    )
                    if row.get(name) is not None
                }
                for row in rows
            ]
        made["appointments"][0] |= {"id": appointment, "link_digest": uuid.uuid4().hex * 2}
        for message, promise in zip(made["messages"], made["promises"], strict=True):
            message |= {"id": uuid.uuid4(), "purpose": f"{message['kind']}:{appointment}"}
            promise |= {"id": uuid.uuid4(), "ids": {"message_id": str(message["id"])}}
        for event in made["event_log"]:
            del event["id"]
        return made


@dataclass(frozen=True)
class RawClient:
    """A client that books its pairs of request and slot, each in one transaction."""

    url: str
    pattern: Pattern
    pairs: Sequence[tuple[UUID, UUID]]

    def steps(self) -> Iterator[Step]:
        """One booking a step."""
        is_sqlite = self.url.startswith("sqlite")
        book = _sqlite(self.url) if is_sqlite else _postgresql(self.url)
        statements = _statements(self.pattern, "?" if is_sqlite else "%s")
        adapt = _for_sqlite if is_sqlite else _for_postgresql
        empty, now = adapt({}), adapt(self.pattern.now)
        territory = adapt(self.pattern.territory_id)
        work = []
        for request_id, slot_id in self.pairs:
            parameters: list[tuple[object, ...]] = [
                (adapt(slot_id), territory, now, now),
                (empty, now, adapt(request_id), territory),
            ]
            parameters.extend(
                tuple(adapt(value) for row in rows for value in row.values())
                for rows in self.pattern.rows_for(request_id, slot_id).values()
            )
            work.append(list(zip(statements, parameters, strict=True)))
        for booking in work:
            yield lambda booking=booking: book(booking)  # type: ignore[misc]


Booking = list[tuple[str, tuple[object, ...]]]


def _statements(pattern: Pattern, mark: str) -> list[str]:
    """The two guards, then one INSERT a table with all its rows."""
    inserts = []
    for table, rows in pattern.rows.items():
        names = [name for name in rows[0] if (table, name) != ("event_log", "id")]
        one = f"({', '.join([mark] * len(names))})"
        inserts.append(
            f"INSERT INTO {table} ({', '.join(names)}) "  # noqa: S608 - names of our own tables
            f"VALUES {', '.join([one] * len(rows))}"
        )
    return [TAKE.format(mark), BOOK.format(mark), *inserts]


def _sqlite(url: str) -> Callable[[Booking], None]:
    """The same settings as the house's own connections, without the gate."""
    connection = sqlite3.connect(make_url(url).database or "", isolation_level=None)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=10000",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")

    def book(booking: Booking) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for number, (statement, parameters) in enumerate(booking):
            cursor = connection.execute(statement, parameters)
            if number < 2 and cursor.fetchone() is None:
                raise AssertionError("the pair was taken")
        connection.execute("COMMIT")

    return book


def _postgresql(url: str) -> Callable[[Booking], None]:
    connection = psycopg.connect(connection_string(make_url(url)), autocommit=True)

    def book(booking: Booking) -> None:
        with connection.transaction(), connection.cursor() as cursor:
            for number, (statement, parameters) in enumerate(booking):
                cursor.execute(cast("Any", statement), parameters)
                if number < 2 and cursor.fetchone() is None:
                    raise AssertionError("the pair was taken")

    return book


def _for_sqlite(value: object) -> object:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", timespec="microseconds")
    return json.dumps(value) if isinstance(value, dict | list) else value


def _for_postgresql(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict | list) else value
