"""The database and the unit of work: a state change, its event and its next step are one commit."""

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from config.logging import get_logger
from dispatcher.domain.events import CLOCK, Actor, Event
from dispatcher.domain.jobs import Job
from dispatcher.storage.columns import table_of
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.engines import (
    WriteGate,
    answering,
    make_engine,
    reading_engine,
    rows_changed,
)
from dispatcher.storage.log import LoggedEvent, log_row
from dispatcher.storage.promises import Promise

log = get_logger(__name__)

_PROMISES = table_of(Promise)
_LOG_EVENTS = insert(table_of(LoggedEvent)).inline()
_OWE_PROMISES = insert(_PROMISES)
_MARK_DONE = (
    update(_PROMISES)
    .where(
        _PROMISES.c.id == bindparam("promise"),
        _PROMISES.c.token == bindparam("owner"),
        _PROMISES.c.done_at.is_(None),
    )
    .values(done_at=bindparam("now"), lease_until=None, last_error=None)
)


class LeaseLostError(Exception):
    """The promise passed to another worker while this one was at it: nothing was changed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A promise that this worker owns until its lease ends."""

    promise_id: UUID
    token: UUID
    job: Job
    ids: Mapping[str, str]
    attempts: int
    correlation: str | None

    def id(self, name: str) -> UUID:
        """The id that the promise carries under `name`. Raises KeyError."""
        return UUID(self.ids[name])


@dataclass(frozen=True, slots=True)
class Ring:
    """A promise that is due now, for whoever rings the bell."""

    promise_id: UUID
    job: Job


Ringer = Callable[[Sequence[Ring]], None]


@dataclass(slots=True)
class Unit:
    """One transaction. It has a session, `record` and `promise`, and deliberately no commit."""

    session: Session
    cipher: Cipher
    territory_id: UUID
    actor: Actor
    now: datetime
    correlation: str | None = None
    rings: list[Ring] = field(default_factory=list)
    _events: list[dict[str, object]] = field(default_factory=list)
    _promises: list[dict[str, object]] = field(default_factory=list)

    def record(
        self, event: Event, *, actor: Actor | None = None, territory_id: UUID | None = None
    ) -> None:
        """Log what happened, in this transaction.

        `territory_id` names a neighbour in whose log it belongs.
        """
        where = territory_id or self.territory_id
        self._events.append(log_row(event, where, self.now, actor or self.actor))

    def promise(
        self,
        job: Job,
        ids: Mapping[str, UUID],
        due_at: datetime | None = None,
    ) -> None:
        """Owe a job, now or at `due_at`. It is kept if and only if this transaction commits.

        It is the transaction's territory's, unless `ids` name a neighbour's.
        """
        promise_id = uuid.uuid4()
        due = due_at or self.now
        self._promises.append(
            {
                "id": promise_id,
                "territory_id": ids.get("territory_id", self.territory_id),
                "job": job.value,
                "ids": {name: str(value) for name, value in ids.items()},
                "due_at": due,
                "attempts": 0,
                "correlation": self.correlation,
                "created_at": self.now,
            }
        )
        if due <= self.now:
            self.rings.append(Ring(promise_id, job))

    def flush(self) -> None:
        """Write what was recorded and promised; called once, before the commit."""
        self.session.flush()
        if self._events:
            self.session.execute(_LOG_EVENTS, self._events)
        if self._promises:
            self.session.execute(_OWE_PROMISES, self._promises)


class Database:
    """Where transactions come from.

    `ring` is told, after the commit, what is due at once; whatever it misses, the relay finds in
    the table.
    """

    def __init__(
        self,
        url: str,
        cipher: Cipher,
        clock: Callable[[], datetime],
        ring: Ringer,
        correlation: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.engine = make_engine(url)
        self.cipher = cipher
        self.clock = clock
        self._ring = ring
        self._correlation = correlation
        self._reading = reading_engine(self.engine)
        self._gate = WriteGate(self.engine)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads: both engines refuse a write in it. Raises UnavailableError."""
        with (
            answering(),
            Session(self._reading, autoflush=False, expire_on_commit=False) as session,
            session.begin(),  # ends by COMMIT: at a ROLLBACK psycopg forgets what it has prepared
        ):
            yield session

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """A bare transaction without events: for promises, ticks and operators' work.

        Raises UnavailableError.
        """
        with (
            answering(),
            self._gate.held(),
            Session(self.engine, autoflush=False, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextlib.contextmanager
    def transaction(
        self, territory_id: UUID, actor: Actor, *, keeping: Claim | None = None
    ) -> Iterator[Unit]:
        """One unit of work; leaving normally commits, raising rolls back.

        With `keeping`, the promise is marked done in the same commit. Raises LeaseLostError if it
        has passed to another worker.
        """
        with self.writing() as session:
            unit = Unit(
                session, self.cipher, territory_id, actor, self.clock(), self._correlation()
            )
            yield unit
            unit.flush()
            if keeping is not None:
                mark_done(session, keeping, unit.now)
        if unit.rings:
            self._ring_for(unit.rings)

    def _ring_for(self, rings: Sequence[Ring]) -> None:
        """Tell the bell. Its failure is not the caller's: the transaction is committed."""
        try:
            self._ring(rings)
        except Exception:
            log.exception("bell_broken", promises=len(rings))

    def promise_each(self, job: Job, territories: Sequence[UUID], claim: Claim) -> None:
        """Promise a job to each of these territories, in the commit that keeps the clock's promise.

        One commit for all: eight hundred of them would take seconds.
        """
        if not territories:
            self.keep(claim)
            return
        with self.transaction(territories[0], CLOCK, keeping=claim) as unit:
            for territory_id in territories:
                unit.promise(job, {"territory_id": territory_id})

    def keep(self, claim: Claim) -> None:
        """Mark a promise done whose work wrote nothing, or wrote it in guarded steps before."""
        with self.writing() as session:
            mark_done(session, claim, self.clock())

    def dispose(self) -> None:
        """Close the pooled connections."""
        self._reading.dispose()
        self.engine.dispose()


def mark_done(session: Session, claim: Claim, now: datetime) -> None:
    """The promise is kept. Raises LeaseLostError if it is no longer this worker's."""
    kept = session.execute(
        _MARK_DONE, {"promise": claim.promise_id, "owner": claim.token, "now": now}
    )
    if rows_changed(kept) != 1:
        raise LeaseLostError
