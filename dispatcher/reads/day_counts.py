"""The facts of local days: as they were kept, or folded from the log where it knows more."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session, aliased

from dispatcher.domain import calendar
from dispatcher.domain.calendar import Period, local_day
from dispatcher.domain.indicators import DEFINITIONS, DayFacts, Ledger, facts_of
from dispatcher.domain.indicators import LoggedEvent as Counted
from dispatcher.domain.indicators.stories import ABOUT_PLACES, ABOUT_REQUESTS, OPENED
from dispatcher.storage.columns import table_of
from dispatcher.storage.facts import CountedSpan, DayCount
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.slots import Slot

_COUNTS = table_of(DayCount)
LONGEST_SLOT = timedelta(hours=12)
"""A walk-in patient is seen this long after the start of their slot at most."""
BATCH = 5000
AT_A_TIME = 500
"""Ids in one statement."""
AT_ONCE = 31
"""So many days are folded together at most: the memory of a long period is that of a month."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which days of a territory are kept, of those whose zone and definitions are today's."""

    first_day: date
    last_day: date
    until: datetime
    """What was logged from here on may concern any day."""
    token: UUID


def facts_of_days(session: Session, territory_id: UUID, period: Period) -> dict[date, DayFacts]:
    """The facts of a period's days, as the log has them at this moment.

    Kept ones where nothing was logged about the day since; the others are folded afresh. A day
    without facts is one on which nothing happened.
    """
    days = list(period.days())
    # In this order: what is counted meanwhile is then taken for changed, and never for unchanged.
    span = span_of(session, territory_id, period.zone)
    if span is None:
        return folded(session, territory_id, days, period.zone)
    kept = kept_days(session, territory_id, days[0], days[-1])
    changed = changed_days(session, territory_id, span.until, period.zone)
    due = [
        day
        for day in days
        if day in changed or (day not in kept and span.first_day <= day <= span.last_day)
    ]
    return {day: DayFacts.from_json(facts) for day, facts in kept.items() if day not in changed} | (
        folded(session, territory_id, due, period.zone)
    )


def span_of(session: Session, territory_id: UUID, zone: ZoneInfo) -> Span | None:
    """The days that are kept; None where there are none by this zone and today's definitions."""
    found = session.get(CountedSpan, territory_id)
    if found is None or (found.timezone, found.definitions) != (zone.key, DEFINITIONS):
        return None
    return Span(found.first_day, found.last_day, found.counted_until, found.token)


def kept_days(
    session: Session, territory_id: UUID, first: date, last: date
) -> dict[date, dict[str, Any]]:
    """The facts that are kept of these days, as JSON."""
    rows = session.execute(
        select(_COUNTS.c.day, _COUNTS.c.facts).where(
            _COUNTS.c.territory_id == territory_id, _COUNTS.c.day.between(first, last)
        )
    )
    return {row.day: row.facts for row in rows}


def changed_days(
    session: Session, territory_id: UUID, since: datetime, zone: ZoneInfo
) -> set[date]:
    """The local days of which something was logged from an instant on."""
    event, slot = aliased(LoggedEvent), aliased(Slot)
    newer = (event.territory_id == territory_id, event.at >= since)
    # Not one join: a planner that began with all openings would read the whole log.
    requests = session.scalars(
        select(event.request_id)
        .distinct()
        .where(*newer, event.kind.in_(ABOUT_REQUESTS), event.request_id.is_not(None))
    ).all()
    opened = [
        instant
        for start in range(0, len(requests), AT_A_TIME)
        for instant in session.scalars(
            select(LoggedEvent.at).where(
                LoggedEvent.request_id.in_(requests[start : start + AT_A_TIME]),
                LoggedEvent.kind == OPENED,
                LoggedEvent.territory_id == territory_id,
            )
        )
    ]
    # A walk-in patient's place is one of the day on which their slot starts.
    start = func.coalesce(slot.start_at, event.occurs_at, type_=event.occurs_at.type)
    starts = session.scalars(
        select(start)
        .select_from(event)
        .distinct()
        .outerjoin(slot, slot.id == event.slot_id)
        .where(*newer, event.kind.in_(ABOUT_PLACES), event.occurs_at.is_not(None))
    )
    return {local_day(instant, zone) for instant in (*opened, *starts)}


def days_of_the_log(session: Session, territory_id: UUID, zone: ZoneInfo) -> list[date] | None:
    """Every local day from the first to the last that the log speaks of; None of an empty one."""
    bounds = [
        session.scalar(select(extreme(column)).where(LoggedEvent.territory_id == territory_id))
        for column in (LoggedEvent.at, LoggedEvent.occurs_at)
        for extreme in (func.min, func.max)
    ]
    known = [bound for bound in bounds if bound is not None]
    if not known:
        return None
    first, last = local_day(min(known), zone), local_day(max(known), zone)
    return [first + timedelta(days=each) for each in range((last - first).days + 1)]


def folded(
    session: Session, territory_id: UUID, days: Iterable[date], zone: ZoneInfo
) -> dict[date, DayFacts]:
    """The facts of local days, from the log alone."""
    facts: dict[date, DayFacts] = {}
    for first, last in runs(days):
        part = calendar.period(first, last, zone)
        ledger = Ledger.of(events_about(session, territory_id, part))
        facts |= facts_of(ledger, list(part.days()), zone)
    return facts


def runs(days: Iterable[date], longest: int = AT_ONCE) -> Iterator[tuple[date, date]]:
    """First and last of the runs of days that follow each other, cut at `longest` days."""
    first = last = None
    for day in sorted(days):
        if first is None or last is None:
            first = last = day
        elif day - last == timedelta(days=1) and (day - first).days < longest:
            last = day
        else:
            yield first, last
            first = last = day
    if first is not None and last is not None:
        yield first, last


def events_about(session: Session, territory_id: UUID, period: Period) -> Iterator[Counted]:
    """What the log says of the requests opened in a period and of the places around it, in order.

    Of the requests it is everything that counts, whenever it happened; never the whole log.
    """
    event, opening = LoggedEvent, aliased(LoggedEvent)
    of_requests = _in_order(
        session,
        event.kind.in_(ABOUT_REQUESTS),
        event.request_id == opening.request_id,
        opening.territory_id == territory_id,
        opening.kind == OPENED,
        opening.at >= period.start,
        opening.at < period.end,
        event.territory_id == territory_id,
    )
    of_places = _in_order(
        session,
        event.territory_id == territory_id,
        event.occurs_at >= period.start - LONGEST_SLOT,
        event.occurs_at < period.end + LONGEST_SLOT,
        event.kind.in_(ABOUT_PLACES),
    )
    merged = heapq.merge(of_requests, of_places, key=itemgetter(0))
    for _, same in groupby(merged, key=itemgetter(0)):
        yield Counted(*tuple(next(same))[1:])


def _in_order(session: Session, *which: ColumnElement[bool]) -> Iterator[Row[Any]]:
    return iter(
        session.execute(
            select(
                LoggedEvent.id,
                LoggedEvent.kind,
                LoggedEvent.at,
                LoggedEvent.request_id,
                LoggedEvent.appointment_id,
                LoggedEvent.slot_id,
                LoggedEvent.practitioner_id,
                LoggedEvent.data,
            )
            .where(*which)
            .order_by(LoggedEvent.id)
            .execution_options(yield_per=BATCH)
        )
    )
