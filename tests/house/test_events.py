"""Every event survives the log of both engines, and somebody records it."""

import ast
import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints
from uuid import UUID, uuid4

from sqlalchemy import select

from dispatcher.domain.events import EVENTS, OPERATOR, Event, read_event
from dispatcher.services.house import House
from dispatcher.storage.log import LoggedEvent

ROOT = Path(__file__).resolve().parents[2]
SAMPLES: dict[object, Any] = {
    UUID: uuid4(),
    str: 'é ’ " \\ €',
    int: 2**31 - 1,
    bool: False,
    float: 27.123456789,
    datetime: datetime(2026, 10, 25, 1, 30, 0, 123456, tzinfo=UTC),
    list[str]: ["AMB", "é"],
    dict[str, int]: {"too_late": 3, "é": 0},
}


def sample(cls: type[Event], *, empty: bool) -> Event:
    """An event of the class; what is optional is left out when `empty`."""
    values = {}
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        parts = [part for part in get_args(hint) if part is not type(None)]
        is_optional = type(None) in get_args(hint)
        values[field.name] = (
            None if is_optional and empty else SAMPLES[parts[0] if is_optional else hint]
        )
    return cls(**values)


def test_every_event_comes_back_from_the_log_as_it_was_recorded(house: House) -> None:
    recorded = [
        sample(cls, empty=empty) for _, cls in sorted(EVENTS.items()) for empty in (False, True)
    ]
    with house.db.transaction(uuid4(), OPERATOR) as unit:
        for event in recorded:
            unit.record(event)

    with house.db.reading() as session:
        rows = session.scalars(select(LoggedEvent).order_by(LoggedEvent.id)).all()
    read = [
        read_event(row.kind, {name: getattr(row, name) for name in Event.REFERENCES}, row.data)
        for row in rows
    ]
    assert read == recorded
    assert [row.occurs_at for row in rows] == [event.occurs_at() for event in recorded]


def recorded_in(sources: list[str]) -> set[str]:
    """Names that are called somewhere in these sources."""
    return {
        node.func.id
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    } | {
        node.id
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.IfExp)
        for node in ast.walk(node)
        if isinstance(node, ast.Name)
    }


def test_somebody_records_every_event() -> None:
    services = (ROOT / "dispatcher" / "services").glob("*.py")
    recorded = recorded_in([path.read_text(encoding="utf-8") for path in services])

    assert {cls.__name__ for cls in EVENTS.values()} - recorded == set()


def test_the_guard_sees_an_event_that_nobody_records() -> None:
    """The companion."""
    assert recorded_in(["unit.record(SlotPassed(slot_id=1))"]) == {"SlotPassed"}
