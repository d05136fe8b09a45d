"""Claiming, deferring and failing promises, and what is due. The only SQL that leases."""

import functools
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Integer, Select, Uuid, bindparam, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatcher.domain.jobs import Job
from dispatcher.storage.columns import table_of
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.promises import Promise, Tick
from dispatcher.storage.unit import Claim, Database, LeaseLostError, Ring

ATTEMPTS_MAXIMUM = 8
RETRY_FIRST_SECONDS = 2.0
RETRY_LONGEST_SECONDS = 600.0
ERROR_LENGTH = 200

_PROMISES = table_of(Promise).c
_OWED_AND_FREE = (
    _PROMISES.done_at.is_(None),
    _PROMISES.dead_at.is_(None),
    _PROMISES.due_at <= bindparam("now"),
    _PROMISES.attempts < bindparam("most_attempts"),
    or_(_PROMISES.lease_until.is_(None), _PROMISES.lease_until < bindparam("now")),
)
"""What a promise must be for a worker to take it now."""
_CLAIM = (
    update(table_of(Promise))
    .where(_PROMISES.id == bindparam("promise"), *_OWED_AND_FREE)
    .values(
        token=bindparam("owner"), lease_until=bindparam("until"), attempts=_PROMISES.attempts + 1
    )
    .returning(_PROMISES.job, _PROMISES.ids, _PROMISES.attempts, _PROMISES.correlation)
)
_OWNED = (
    select(_PROMISES.id)
    .where(
        _PROMISES.id == bindparam("promise"),
        _PROMISES.token == bindparam("owner"),
        _PROMISES.done_at.is_(None),
    )
    .with_for_update()
)
_PROLONG = (
    update(table_of(Promise))
    .where(
        _PROMISES.id == bindparam("promise"),
        _PROMISES.token == bindparam("owner"),
        _PROMISES.done_at.is_(None),
    )
    .values(lease_until=bindparam("until"))
)
_REVIVE = (
    update(table_of(Promise))
    .where(
        _PROMISES.id == bindparam("promise"),
        _PROMISES.dead_at.is_not(None),
        or_(
            _PROMISES.territory_id.is_(None),
            _PROMISES.territory_id == bindparam("territory", type_=Uuid()),
        ),
    )
    .values(dead_at=None, attempts=0, due_at=bindparam("now"))
    .returning(_PROMISES.job)
)
_DUE = (
    select(_PROMISES.id, _PROMISES.job)
    .where(*_OWED_AND_FREE, _PROMISES.job.in_([job.value for job in Job]))
    .order_by(_PROMISES.due_at, _PROMISES.id)
    .limit(bindparam("limit", type_=Integer))
)


@functools.cache
def _ranked(urgency: tuple[tuple[Job, int], ...]) -> "Select[tuple[UUID, str]]":
    rank = case({job.value: rank for job, rank in urgency}, value=_PROMISES.job, else_=0)
    return _DUE.order_by(None).order_by(rank, _PROMISES.due_at, _PROMISES.id)


def claim(db: Database, promise_id: UUID, lease_seconds: float) -> Claim | None:
    """Own a promise for `lease_seconds`; None if it is done, dead, not due or another's.

    None as well once its attempts are spent: work that kills its worker is not given to one more.
    """
    now, owner = db.clock(), uuid.uuid4()
    with db.writing() as session:
        row = session.execute(
            _CLAIM,
            {
                "promise": promise_id,
                "owner": owner,
                "now": now,
                "most_attempts": ATTEMPTS_MAXIMUM,
                "until": now + timedelta(seconds=lease_seconds),
            },
        ).one_or_none()
    if row is None:
        return None
    return Claim(promise_id, owner, Job(row.job), row.ids, row.attempts, row.correlation)


def is_owned(session: Session, claimed: Claim) -> bool:
    """Whether the promise is still this worker's, locked until the transaction ends."""
    owned = session.scalar(_OWNED, {"promise": claimed.promise_id, "owner": claimed.token})
    return owned is not None


def defer(db: Database, claimed: Claim, due_at: datetime, reason: str | None = None) -> None:
    """Hand a promise back to be done at `due_at`; this was no failure and costs no attempt.

    `reason` is kept for whoever looks why it is still owed; it must hold no personal data.
    """
    with db.writing() as session:
        _release(
            session,
            claimed,
            due_at=due_at,
            attempts=claimed.attempts - 1,
            last_error=reason and reason[:ERROR_LENGTH],
        )


def prolong(db: Database, claimed: Claim, lease_seconds: float) -> None:
    """Own a promise for so many seconds from now on, while long work goes on.

    Raises LeaseLostError when it has passed to another worker.
    """
    until = db.clock() + timedelta(seconds=lease_seconds)
    with db.writing() as session:
        held = session.execute(
            _PROLONG, {"promise": claimed.promise_id, "owner": claimed.token, "until": until}
        )
        if rows_changed(held) != 1:
            raise LeaseLostError


def fail(db: Database, claimed: Claim, error: str, *, retry_after: float | None = None) -> bool:
    """Note a failed attempt: due again after a growing pause, or dead after the last attempt.

    Returns True when the promise died. `error` must hold no personal data.
    """
    now = db.clock()
    if claimed.attempts >= ATTEMPTS_MAXIMUM:
        with db.writing() as session:
            _release(session, claimed, dead_at=now, last_error=error[:ERROR_LENGTH])
        return True
    pause = retry_after or min(
        RETRY_FIRST_SECONDS * 2 ** (claimed.attempts - 1), RETRY_LONGEST_SECONDS
    )
    with db.writing() as session:
        _release(
            session,
            claimed,
            due_at=now + timedelta(seconds=pause),
            last_error=error[:ERROR_LENGTH],
        )
    return False


def _release(session: Session, claimed: Claim, **values: object) -> None:
    released = session.execute(
        update(Promise)
        .where(Promise.id == claimed.promise_id, Promise.token == claimed.token)
        .where(Promise.done_at.is_(None))
        .values(lease_until=None, token=None, **values)
    )
    if rows_changed(released) != 1:
        raise LeaseLostError


def due(db: Database, limit: int, urgency: Mapping[Job, int] | None = None) -> Sequence[Ring]:
    """Promises that are due and that nobody owns, the most urgent first, then the longest due.

    `urgency` gives jobs their rank, the least first: without it a backlog larger than `limit` of
    what can wait would hide what cannot.

    A job of a newer version than ours is left to the workers that know it.
    """
    query = _DUE if urgency is None else _ranked(tuple(urgency.items()))
    with db.reading() as session:
        rows = session.execute(
            query, {"now": db.clock(), "most_attempts": ATTEMPTS_MAXIMUM, "limit": limit}
        )
        return [Ring(row.id, Job(row.job)) for row in rows]


def owed_to(session: Session, job: Job, now: datetime) -> set[UUID]:
    """The territories to which such a job is due already."""
    due = select(Promise.territory_id).where(
        Promise.done_at.is_(None),
        Promise.dead_at.is_(None),
        Promise.due_at <= now,
        Promise.job == job.value,
        Promise.territory_id.is_not(None),
    )
    return {territory_id for territory_id in session.scalars(due) if territory_id is not None}


def bury_exhausted(db: Database) -> int:
    """Declare dead the promises whose last attempt ended without a word (the worker was killed)."""
    now = db.clock()
    with db.writing() as session:
        return rows_changed(
            session.execute(
                update(Promise)
                .where(Promise.done_at.is_(None), Promise.dead_at.is_(None))
                .where(Promise.attempts >= ATTEMPTS_MAXIMUM, Promise.lease_until < now)
                .values(dead_at=now, lease_until=None, token=None, last_error="worker lost")
            )
        )


def revive(session: Session, promise_id: UUID, territory_id: UUID, now: datetime) -> Job | None:
    """A dead promise is due again, with all its attempts; returns its job.

    None, and nothing is changed, where it is not dead, or belongs to another territory.
    """
    job = session.scalar(_REVIVE, {"promise": promise_id, "territory": territory_id, "now": now})
    return None if job is None else Job(job)


def promise_once(session: Session, job: Job, key: str, due_at: datetime, now: datetime) -> bool:
    """Promise recurring work under a key; False if another clock already did."""
    insert = (
        postgresql.insert(Promise)
        if session.get_bind().dialect.name == "postgresql"
        else sqlite.insert(Promise)
    )
    made = session.scalar(
        insert.values(
            id=uuid.uuid4(),
            job=job.value,
            ids={},
            key=key,
            due_at=due_at,
            attempts=0,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Promise.id)  # PostgreSQL's driver does not count the rows of an INSERT
    )
    return made is not None


def tick(db: Database, name: str) -> None:
    """Note that a recurring process lives."""
    now = db.clock()
    with db.writing() as session:
        if session.get_bind().dialect.name == "postgresql":
            statement = postgresql.insert(Tick).values(name=name, at=now)
            session.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_={"at": now})
            )
        else:
            session.merge(Tick(name=name, at=now))


def owed(session: Session, now: datetime) -> tuple[float | None, int]:
    """Age in seconds of the oldest overdue promise (None if none), and the number of dead ones."""
    oldest = session.scalar(
        select(func.min(Promise.due_at)).where(
            Promise.done_at.is_(None), Promise.dead_at.is_(None), Promise.due_at <= now
        )
    )
    dead = session.scalar(select(func.count()).where(Promise.dead_at.is_not(None))) or 0
    return (now - oldest).total_seconds() if oldest else None, dead
