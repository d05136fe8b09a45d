"""Events say what happened under declared keys, and come back as they went."""

import dataclasses
import types
from datetime import UTC, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain import events
from dispatcher.domain.events import EVENTS, Actor, ActorKind, AppointmentBooked, Event, read_event
from dispatcher.domain.roles import Role

INSTANTS = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the zone is added
    datetime(2100, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
PERSONAL = (
    *("name", "phone", "birth", "address", "mail", "login", "body", "text", "note", "words"),
    *("reason", "password", "secret", "comment"),
)


def values(hint: object) -> st.SearchStrategy[Any]:
    """Anything that a key of this type may hold."""
    if get_origin(hint) in {Union, types.UnionType}:
        return st.one_of(
            *(st.none() if part is type(None) else values(part) for part in get_args(hint))
        )
    known: dict[object, st.SearchStrategy[Any]] = {
        UUID: st.uuids(),
        str: st.text(max_size=20),
        int: st.integers(0, 10_000),
        bool: st.booleans(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        datetime: INSTANTS,
        list[str]: st.lists(st.text(max_size=5), max_size=3),
        dict[str, int]: st.dictionaries(st.text(max_size=5), st.integers(0, 99), max_size=3),
    }
    return known[hint]


def fields_of(cls: type[Event]) -> dict[str, object]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


@st.composite
def any_event(draw: st.DrawFn) -> Event:
    cls = draw(st.sampled_from(sorted(EVENTS.values(), key=lambda each: each.kind())))
    return cls(**{name: draw(values(hint)) for name, hint in fields_of(cls).items()})


@given(any_event())
def test_an_event_comes_back_as_it_went(event: Event) -> None:
    assert read_event(event.kind(), event.references(), event.data()) == event


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_a_key_that_is_missing_or_was_never_declared_is_an_error(kind: str) -> None:
    cls = EVENTS[kind]
    whole: dict[str, Any] = {
        name: None if type(None) in get_args(hint) else _plainest(hint)
        for name, hint in fields_of(cls).items()
    }
    event = cls(**whole)
    needed = [
        name
        for name, hint in fields_of(cls).items()
        if name in cls.REFERENCES and type(None) not in get_args(hint)
    ]

    with pytest.raises(TypeError):
        read_event(kind, event.references(), event.data() | {"planted": 1})
    newer = {
        each.name: each.default
        for each in dataclasses.fields(cls)
        if each.default is not dataclasses.MISSING
    }
    for key in event.data():
        rest = {k: v for k, v in event.data().items() if k != key}
        if key in newer:
            # a row that is older than the key says nothing there
            assert getattr(read_event(kind, event.references(), rest), key) == newer[key]
            continue
        with pytest.raises(TypeError):
            read_event(kind, event.references(), rest)
    for name in needed:
        with pytest.raises(TypeError):
            read_event(
                kind, {k: v for k, v in event.references().items() if k != name}, event.data()
            )


def _plainest(hint: object) -> object:
    plain: dict[object, object] = {
        UUID: UUID(int=1),
        str: "x",
        int: 1,
        bool: True,
        float: 1.0,
        datetime: datetime(2026, 11, 23, tzinfo=UTC),
        list[str]: ["x"],
        dict[str, int]: {"x": 1},
    }
    return plain[hint]


def test_a_kind_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        read_event("never_happened", {}, {})


def test_kinds_are_apart_and_fit_their_column() -> None:
    classes = [
        cls
        for cls in vars(events).values()
        if isinstance(cls, type) and issubclass(cls, Event) and cls is not Event
    ]

    assert len(EVENTS) == len(classes)
    assert all(len(kind) <= 40 for kind in EVENTS)
    assert EVENTS["appointment_booked"] is AppointmentBooked


def names_people(names: list[str]) -> list[str]:
    """Keys that speak of a person; an id or a code does not, whatever it is of."""
    return [
        name
        for name in names
        if any(word in name.partition(".")[2] for word in PERSONAL)
        and not name.endswith(("_id", "_kind"))
    ]


def test_no_event_has_room_for_a_person_or_for_free_text() -> None:
    keys = [f"{kind}.{name}" for kind, cls in EVENTS.items() for name in fields_of(cls)]

    assert names_people(keys) == []


def test_the_guard_sees_a_key_that_names_somebody() -> None:
    """The companion."""
    assert names_people(["x.patient_name", "x.at"]) == ["x.patient_name"]


def test_what_an_event_speaks_of_is_found_without_reading_it() -> None:
    start = datetime(2026, 11, 23, 10, tzinfo=UTC)
    booked = AppointmentBooked(
        request_id=UUID(int=1),
        appointment_id=UUID(int=2),
        slot_id=UUID(int=3),
        practitioner_id=UUID(int=4),
        start=start,
        within_delay=True,
        decided_by="engine",
        distance_km=2.5,
        overridden=[],
        neighbour=False,
    )

    assert booked.occurs_at() == start
    assert booked.references() == {
        "request_id": UUID(int=1),
        "appointment_id": UUID(int=2),
        "slot_id": UUID(int=3),
        "practitioner_id": UUID(int=4),
    }
    assert booked.data()["start"] == "2026-11-23T10:00:00+00:00"


def test_every_role_can_be_the_author_of_an_event() -> None:
    for role in Role:
        assert Actor(ActorKind(role.value)).kind == role.value
