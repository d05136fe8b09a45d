"""How busy each volunteer is: places booked over places offered, for fairness between them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Select, bindparam, func, select
from sqlalchemy.orm import Session

from dispatcher.storage.columns import table_of
from dispatcher.storage.slots import Slot

PERIOD = timedelta(days=28)
"""Fairness looks back this long, to the hour …"""
AHEAD = timedelta(hours=24)
"""… and ahead this long, where the patients of this moment go."""
LONGEST = timedelta(days=1)
"""Slots are shorter: what is not over began less than this ago."""
MOST_REMEMBERED = 64
"""Territories with their neighbours."""

_Tally = tuple[Counter[UUID], Counter[UUID]]
"""Places booked and places offered, by practitioner."""
_Key = tuple[datetime, tuple[UUID, ...]]

_SLOTS = table_of(Slot).c
_OFFERED = select(
    _SLOTS.practitioner_id,
    func.sum(_SLOTS.taken).label("taken"),
    func.sum(_SLOTS.places).label("places"),
).group_by(_SLOTS.practitioner_id)
_BEFORE = _OFFERED.where(
    _SLOTS.territory_id.in_(bindparam("around", expanding=True)),
    _SLOTS.ends_at > bindparam("since"),
    _SLOTS.ends_at <= bindparam("hour"),
)
_SINCE = _OFFERED.where(
    _SLOTS.practitioner_id.in_(bindparam("by", expanding=True)),
    _SLOTS.start_at > bindparam("begun"),  # which the index knows
    _SLOTS.start_at < bindparam("soon"),
    _SLOTS.ends_at > bindparam("hour"),
)

_remembered: WeakKeyDictionary[Engine | Connection, dict[_Key, _Tally]] = WeakKeyDictionary()


def load_of(
    session: Session, now: datetime, around: Sequence[UUID], practitioners: Sequence[UUID]
) -> dict[UUID, float]:
    """The load of those who offered anything, 0 to 1.

    `around` are the territories that they belong to. What is over changes no more: it is added up
    once an hour in each process.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    before = _before(session, hour, around)
    ahead = _tally(
        session,
        _SINCE,
        {"by": practitioners, "begun": hour - LONGEST, "soon": now + AHEAD, "hour": hour},
    )
    taken, places = (one + other for one, other in zip(before, ahead, strict=True))
    return {each: taken[each] / places[each] for each in places}


def _before(session: Session, hour: datetime, around: Sequence[UUID]) -> _Tally:
    known = _remembered.setdefault(session.get_bind(), {})
    key = (hour, tuple(around))
    if key not in known:
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        known[key] = _tally(
            session, _BEFORE, {"around": around, "since": hour - PERIOD, "hour": hour}
        )
    return known[key]


def _tally(session: Session, statement: Select[Any], wish: Mapping[str, object]) -> _Tally:
    taken: Counter[UUID] = Counter()
    places: Counter[UUID] = Counter()
    for row in session.execute(statement, wish):
        taken[row.practitioner_id], places[row.practitioner_id] = row.taken, row.places
    return taken, places
