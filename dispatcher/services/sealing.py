"""Sealing each day of the log, and finding any change made to it since."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatcher.services.house import House
from dispatcher.storage.log import DaySeal, LoggedEvent
from dispatcher.storage.unit import Claim

SETTLING = timedelta(hours=1)
"""A day is sealed this long after it ended in UTC: its last transaction has then committed."""
PATIENCE = timedelta(days=1)
"""The clock seals once a day: a seal that is later than this is missing."""
GENESIS = "0" * 64
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify_log` found. `broken` lists the days whose rows no longer match their seal."""

    days: int
    events: int
    broken: tuple[date, ...]
    unsealed: tuple[date, ...] = ()
    """Days that should have their seal for a day and have none: it was removed, or never made."""
    digest: str = field(default="", compare=False)
    """The last seal. Kept elsewhere, it finds out whoever makes all the seals anew."""


def seal_log(house: House, claim: Claim) -> int:
    """Seal every day that is over and not yet sealed; returns how many."""
    with house.db.writing() as session:
        last = session.scalars(select(DaySeal).order_by(DaySeal.day.desc()).limit(1)).first()
        day = last.day + timedelta(days=1) if last else _first_day(session)
        before = last.digest if last else GENESIS
        sealed = 0
        while day is not None and _end_of(day) + SETTLING <= house.clock():
            digest, count, last_id = _digest(session, day, before)
            session.add(
                DaySeal(
                    day=day,
                    last_event_id=last_id,
                    events=count,
                    digest=digest,
                    sealed_at=house.clock(),
                )
            )
            before, day, sealed = digest, day + timedelta(days=1), sealed + 1
    house.db.keep(claim)
    return sealed


def verify_log(house: House) -> Verdict:
    """Recompute every seal from the rows: a row changed, added or removed breaks its day's seal.

    So does one that was slipped in before the first day. A day whose seal is missing is named.
    """
    broken: list[date] = []
    days = events = 0
    before = GENESIS
    with house.db.reading() as session:
        seals = session.scalars(select(DaySeal).order_by(DaySeal.day)).all()
        first = _first_day(session)
        if seals and first is not None and first < seals[0].day:
            broken.append(first)
        for seal in seals:
            digest, count, _ = _digest(session, seal.day, before)
            if digest != seal.digest or count != seal.events:
                broken.append(seal.day)
            before = seal.digest
            days, events = days + 1, events + count
    missing = _unsealed(first, {seal.day for seal in seals}, house.clock())
    return Verdict(days, events, tuple(broken), missing, before if seals else "")


def _unsealed(first: date | None, sealed: set[date], now: datetime) -> tuple[date, ...]:
    """The days from the first on that ended long ago and have no seal."""
    found: list[date] = []
    day = first
    while day is not None and _end_of(day) + SETTLING + PATIENCE <= now:
        if day not in sealed:
            found.append(day)
        day += timedelta(days=1)
    return tuple(found)


def _digest(session: Session, day: date, before: str) -> tuple[str, int, int]:
    """The seal of a day: digest over the seal before and the day's rows, their number, last id."""
    chain = hashlib.sha256(before.encode())
    count = last_id = 0
    for row in _rows(session, day):
        chain.update(_canonical(row))
        count, last_id = count + 1, max(last_id, row.id)
    return chain.hexdigest(), count, last_id


def _rows(session: Session, day: date) -> Iterator[LoggedEvent]:
    start = datetime.combine(day, time(), UTC)
    return iter(
        session.scalars(
            select(LoggedEvent)
            .where(LoggedEvent.at >= start, LoggedEvent.at < _end_of(day))
            .order_by(LoggedEvent.id)
            .execution_options(yield_per=BATCH)
        )
    )


def _canonical(row: LoggedEvent) -> bytes:
    """Every column of the row, in one unambiguous spelling on both engines."""
    values = {
        column.key: _plain(getattr(row, column.key))
        for column in sorted(LoggedEvent.__table__.columns, key=lambda column: column.key)
    }
    return json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return (
        value if value is None or isinstance(value, int | float | str | dict | list) else str(value)
    )


def _first_day(session: Session) -> date | None:
    moment = session.scalar(select(func.min(LoggedEvent.at)))
    return moment.astimezone(UTC).date() if moment else None


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)
