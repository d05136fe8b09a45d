"""Counting the days: what the log says of them is kept, so that a year is read in a moment.

What is kept is a copy: it is deleted and inserted again day by day, and any of it may be thrown
away. Whoever reads figures folds from the log what has not been counted yet.
"""

import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Delete, delete, insert, select, update
from sqlalchemy.orm import Session

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import RefusedError
from dispatcher.domain.events import CLOCK
from dispatcher.domain.indicators import DEFINITIONS
from dispatcher.domain.jobs import Job
from dispatcher.reads.day_counts import (
    changed_days,
    days_of_the_log,
    folded,
    runs,
    span_of,
)
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.columns import table_of
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.facts import CountedSpan, DayCount
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim

SETTLING = timedelta(minutes=2)
"""No transaction lasts as long: what was logged before that has been committed."""
BUDGET_SECONDS = 5.0
"""A job gives the worker back after this; the rest is promised."""
_COUNTS = table_of(DayCount)
_SPANS = table_of(CountedSpan)


class CountedElsewhereError(RefusedError):
    """Somebody else began to count this territory meanwhile: theirs is newer, ours is not kept."""

    def __init__(self) -> None:
        super().__init__(
            "counted-elsewhere",
            f"Ces jours sont recomptés ailleurs en ce moment{NBSP}: relancez dans une minute.",
        )


@dataclass(frozen=True, slots=True)
class _Due:
    """The days of a territory to be counted, by whoever has the token."""

    territory_id: UUID
    zone: ZoneInfo
    token: UUID
    days: Sequence[date]


def count_days(house: House, claim: Claim) -> int:
    """Count a territory's changed days, or have every territory with news count its own.

    The clock's promise names no territory. Returns how many days were counted, or how many
    territories were promised.
    """
    if "territory_id" not in claim.ids:
        return _promise_each(house, claim)
    territory_id = claim.id("territory_id")
    started, counted, is_whole = time.monotonic(), 0, True
    try:
        due = _take_note(house, territory_id)
        for first, last in runs(due.days):
            is_whole = time.monotonic() - started < BUDGET_SECONDS
            if not is_whole:
                break
            keeping.prolong(house.db, claim, house.settings.promise_lease)
            counted += _count(house, due, first, last)
    except CountedElsewhereError:
        is_whole = True
    with house.db.transaction(territory_id, CLOCK, keeping=claim) as unit:
        if not is_whole:
            unit.promise(Job.COUNT_DAYS, {"territory_id": territory_id})
    return counted


def recount_all_days(house: House, territory_id: UUID) -> int:
    """Throw away what is kept of a territory and count every day again, from the log alone.

    Returns how many days. Raises CountedElsewhereError when a worker counts it at the same time.
    """
    with house.db.writing() as session:
        _throw_away(session, territory_id)
    due = _take_note(house, territory_id)
    return sum(_count(house, due, first, last) for first, last in runs(due.days))


def _promise_each(house: House, claim: Claim) -> int:
    news = (
        select(LoggedEvent.id)
        .where(
            LoggedEvent.territory_id == Territory.id,
            LoggedEvent.at >= CountedSpan.counted_until,
        )
        .exists()
    )
    with house.db.reading() as session:
        territories = session.scalars(
            select(Territory.id)
            .outerjoin(CountedSpan, CountedSpan.territory_id == Territory.id)
            .where(CountedSpan.territory_id.is_(None) | news)
            .order_by(Territory.id)
        ).all()
    house.db.promise_each(Job.COUNT_DAYS, territories, claim)
    return len(territories)


def _take_note(house: House, territory_id: UUID) -> _Due:
    """Throw away the days that the log says more of than is kept, and tell all that are due.

    Raises CountedElsewhereError.
    """
    until, token = house.clock() - SETTLING, uuid.uuid4()
    with house.db.reading() as session:
        zone = ZoneInfo(session.get_one(Territory, territory_id).timezone)
        before = span_of(session, territory_id, zone)
        changed = (
            set() if before is None else changed_days(session, territory_id, before.until, zone)
        )
        logged = days_of_the_log(session, territory_id, zone)
    if logged is None:
        return _Due(territory_id, zone, token, ())
    span = {
        "timezone": zone.key,
        "definitions": DEFINITIONS,
        "first_day": logged[0],
        "last_day": logged[-1],
        "counted_until": until,
        "token": token,
    }
    with house.db.writing() as session:
        if before is None:
            _throw_away(session, territory_id)
            session.execute(insert(_SPANS), span | {"territory_id": territory_id})
        else:
            _hand_over(session, territory_id, before.token, span)
            session.execute(_of(territory_id, changed))
        kept = set(
            session.scalars(select(_COUNTS.c.day).where(_COUNTS.c.territory_id == territory_id))
        )
    return _Due(territory_id, zone, token, [day for day in logged if day not in kept])


def _count(house: House, due: _Due, first: date, last: date) -> int:
    """Count the days from `first` to `last`. Raises CountedElsewhereError."""
    days = [day for day in due.days if first <= day <= last]
    with house.db.reading() as session:
        facts = folded(session, due.territory_id, days, due.zone)
    rows = [
        {"territory_id": due.territory_id, "day": day, "facts": facts[day].as_json()}
        for day in days
    ]
    with house.db.writing() as session:
        _hand_over(session, due.territory_id, due.token, {"token": due.token})
        session.execute(_of(due.territory_id, days))
        session.execute(insert(_COUNTS), rows)
    return len(rows)


def _of(territory_id: UUID, days: Collection[date]) -> Delete:
    return delete(_COUNTS).where(_COUNTS.c.territory_id == territory_id, _COUNTS.c.day.in_(days))


def _throw_away(session: Session, territory_id: UUID) -> None:
    for table in (_COUNTS, _SPANS):
        session.execute(delete(table).where(table.c.territory_id == territory_id))


def _hand_over(
    session: Session, territory_id: UUID, token: UUID, values: Mapping[str, object]
) -> None:
    """Change the span if nobody else has since; it stays locked. Raises CountedElsewhereError."""
    changed = session.execute(
        update(_SPANS)
        .where(_SPANS.c.territory_id == territory_id, _SPANS.c.token == token)
        .values(**values)
    )
    if rows_changed(changed) != 1:
        raise CountedElsewhereError
