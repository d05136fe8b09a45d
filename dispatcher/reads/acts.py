"""The acts behind a figure, told by codes alone: the log again, never the person."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.domain.calendar import Period, local_day
from dispatcher.domain.calendar import period as days_between
from dispatcher.domain.indicators import Ledger
from dispatcher.domain.indicators.definition import (
    Indicator,
    Ratio,
    RequestCount,
    RequestDurations,
)
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.domain.indicators.stories import Request, Slot
from dispatcher.reads.day_counts import events_about, facts_of_days, runs
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Database

ENOUGH = 200
"""A page shows whole days until it has so many acts."""


@dataclass(frozen=True, slots=True)
class Act:
    """One request that counts; codes are the catalogue's."""

    request_id: UUID
    code: str
    """What the regulators call it; empty when the request is no longer there."""
    opened_at: datetime
    profession: str
    origin: str
    outcome: str
    cause: str
    seen_at: datetime | None
    within_delay: bool
    counts: float
    """How much it adds to the figure; of a duration the seconds."""


@dataclass(frozen=True, slots=True)
class Acts:
    """Acts of the last days of a period, newest first; `before` is the day to go on from."""

    acts: Sequence[Act]
    total: int
    """The figure of the whole period."""
    before: date | None


def acts_behind(db: Database, territory_id: UUID, period: Period, indicator: RequestCount) -> Acts:
    """The requests that make up a figure of a period, day by day from its end."""
    found: list[Act] = []
    with db.reading() as session:
        facts = facts_of_days(session, territory_id, period)
        counts = {day: each.counts[indicator.code] for day, each in facts.items()}
        left = sorted((day for day, count in counts.items() if count), reverse=True)
        while left and len(found) < ENOUGH:
            day = left.pop(0)
            found += _of_day(session, territory_id, day, period, indicator)
    return Acts(found, sum(counts.values()), left[0] if left else None)


@dataclass(frozen=True, slots=True)
class Behind:
    """All that stands behind some indicators of a period, in the order of the log."""

    acts: Mapping[str, Sequence[Act]]
    """By indicator that is counted over requests."""
    slots: Sequence[Slot]
    """Slots with places that start in the period; empty where no indicator counts them."""


def everything_behind(
    db: Database,
    territory_id: UUID,
    period: Period,
    codes: Collection[str],
    at_each_month: Callable[[], None],
) -> Behind:
    """The acts and slots behind indicators of the registry, read once, a month at a time."""
    by_code = {code: INDICATORS[code] for code in codes}
    of_requests = {code: what for code, what in by_code.items() if isinstance(what, _OF_REQUESTS)}
    found: defaultdict[str, list[Act]] = defaultdict(list)
    slots: list[Slot] = []
    for first, last in runs(period.days()):
        at_each_month()
        part = days_between(first, last, period.zone)
        with db.reading() as session:
            ledger = Ledger.of(events_about(session, territory_id, part))
        for request in ledger.requests:
            if request.id is None or request.opened_at not in part:
                continue
            for code, what in of_requests.items():
                if (counts := _counted(what, request)) is not None:
                    found[code].append(_act(request.id, request, counts, ""))
        if len(of_requests) < len(by_code):
            slots += [slot for slot in ledger.slots if slot.places > 0 and slot.start in part]
    return Behind({code: found[code] for code in of_requests}, slots)


_OF_REQUESTS = (RequestCount, RequestDurations, Ratio)


def _counted(what: Indicator, request: Request) -> float | None:
    """What a request adds to an indicator; None where it does not count for it."""
    if isinstance(what, RequestDurations):
        spans = [span.total_seconds() for span in what.durations(request)]
        return sum(spans) if spans else None
    if isinstance(what, Ratio):
        part, whole = (_counted(INDICATORS[code], request) for code in what.over)
        return None if whole is None else part or 0
    return (int(what.count(request)) or None) if isinstance(what, RequestCount) else None


def _of_day(
    session: Session, territory_id: UUID, day: date, period: Period, indicator: RequestCount
) -> list[Act]:
    one = days_between(day, day, period.zone)
    ledger = Ledger.of(events_about(session, territory_id, one))
    counted = {
        request.id: (request, count)
        for request in ledger.requests
        if request.id is not None
        and local_day(request.opened_at, period.zone) == day
        and (count := int(indicator.count(request)))
    }
    rows = session.execute(
        select(CareRequest.id, CareRequest.code).where(
            CareRequest.territory_id == territory_id, CareRequest.id.in_(counted)
        )
    )
    codes = {row.id: row.code for row in rows}
    acts = [
        _act(request_id, request, count, codes.get(request_id, ""))
        for request_id, (request, count) in counted.items()
    ]
    return sorted(acts, key=lambda act: act.opened_at, reverse=True)


def _act(request_id: UUID, request: Request, count: float, code: str) -> Act:
    stands = request.appointment
    return Act(
        request_id,
        code,
        request.opened_at,
        request.profession,
        request.origin,
        request.outcome.value,
        request.cause,
        None if stands is None else stands.start,
        stands is not None and stands.within_delay,
        count,
    )
