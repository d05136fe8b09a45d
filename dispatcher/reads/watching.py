"""What is owed, by job, and the work that the machines gave up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, case, func, or_, select, text

from dispatcher.domain.states import LIVE_REQUESTS, WAITING_REQUESTS, RequestStatus
from dispatcher.storage.columns import table_of
from dispatcher.storage.promises import Promise
from dispatcher.storage.requests import LIVE, CareRequest
from dispatcher.storage.unit import Database

DEAD_SHOWN = 100
_PROMISES = table_of(Promise).c
_NOW = bindparam("now", type_=_PROMISES.due_at.type)
_OWED = (
    select(
        _PROMISES.job,
        func.count().label("owed"),
        func.sum(case((_PROMISES.due_at <= _NOW, 1), else_=0)).label("due"),
        func.sum(case((_PROMISES.lease_until >= _NOW, 1), else_=0)).label("held"),
    )
    .where(_PROMISES.done_at.is_(None), _PROMISES.dead_at.is_(None))
    .group_by(_PROMISES.job)
)
_DEAD = (
    select(_PROMISES.job, func.count().label("dead"))
    .where(_PROMISES.dead_at.is_not(None))
    .group_by(_PROMISES.job)
)


@dataclass(frozen=True, slots=True)
class Owed:
    """How many promises of one job wait for their hour, are due, are being kept, were given up."""

    waiting: int = 0
    due: int = 0
    held: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class DeadPromise:
    """Work that failed its last attempt. `error` names a kind of error, never data."""

    id: UUID
    job: str
    """A `Job`, or the name that a version before ours knew."""
    attempts: int
    promised_at: datetime
    died_at: datetime
    error: str


def owed_by_job(db: Database) -> dict[str, Owed]:
    """By job: those that are owed or were given up, in all territories. Raises UnavailableError."""
    now = db.clock()
    with db.reading() as session:
        dead = {row.job: row.dead for row in session.execute(_DEAD)}
        found = {
            row.job: Owed(
                waiting=row.owed - row.due,
                due=row.due - row.held,
                held=row.held,
                dead=dead.pop(row.job, 0),
            )
            for row in session.execute(_OWED, {"now": now})
        }
    return dict(sorted({**found, **{job: Owed(dead=n) for job, n in dead.items()}}.items()))


def dead_promises(db: Database, territory_id: UUID) -> list[DeadPromise]:
    """The last DEAD_SHOWN pieces of work of a territory, or of the whole house, that were given up.

    Raises UnavailableError.
    """
    with db.reading() as session:
        rows = session.scalars(
            select(Promise)
            .where(
                Promise.dead_at.is_not(None),
                or_(Promise.territory_id.is_(None), Promise.territory_id == territory_id),
            )
            .order_by(Promise.dead_at.desc(), Promise.id)
            .limit(DEAD_SHOWN)
        ).all()
    return [
        DeadPromise(
            row.id, row.job, row.attempts, row.created_at, row.dead_at, row.last_error or ""
        )
        for row in rows
        if row.dead_at is not None
    ]


def live_requests(db: Database) -> Mapping[RequestStatus, tuple[int, int]]:
    """By state, the live requests of all territories: how many, and how many wait past their delay.

    Raises UnavailableError.
    """
    now = db.clock()
    with db.reading() as session:
        rows = session.execute(
            select(
                CareRequest.status,
                func.count().label("live"),
                func.sum(case((CareRequest.due_at < now, 1), else_=0)).label("late"),
            )
            .where(text(LIVE))  # in these very words: the index of live codes serves it
            .group_by(CareRequest.status)
        ).all()
    found = {row.status: (row.live, row.late) for row in rows}
    counts = {status: found.get(status.value, (0, 0)) for status in LIVE_REQUESTS}
    return {
        status: (live, late if status in WAITING_REQUESTS else 0)
        for status, (live, late) in counts.items()
    }
