"""Promises: owned by one worker at a time, never lost, never kept twice, dead in the end."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from dispatcher.domain.events import ENGINE
from dispatcher.domain.jobs import Job
from dispatcher.reads.health import promises_and_ticks
from dispatcher.storage import keeping
from dispatcher.storage.keeping import ATTEMPTS_MAXIMUM
from dispatcher.storage.promises import Promise
from dispatcher.storage.unit import Claim, Database, LeaseLostError
from tests.fakes.clock import FakeClock
from tests.threads import at_once

LEASE = 20.0


@pytest.fixture
def promise_id(db: Database) -> UUID:
    """A promise that is due."""
    return promised(db, Job.SEAL_LOG)


def promised(db: Database, job: Job, *, after: float = 0.0) -> UUID:
    before = {row.id for row in promises(db)}
    with db.transaction(uuid.uuid4(), ENGINE) as unit:
        unit.promise(job, {}, db.clock() + timedelta(seconds=after))
    (new,) = {row.id for row in promises(db)} - before
    return new


def promises(db: Database) -> list[Promise]:
    with db.reading() as session:
        return list(session.scalars(select(Promise)))


def the_promise(db: Database, promise_id: UUID) -> Promise:
    with db.reading() as session:
        return session.get_one(Promise, promise_id)


def claimed(db: Database, promise_id: UUID) -> Claim:
    claim = keeping.claim(db, promise_id, LEASE)
    assert claim is not None
    return claim


def due(db: Database) -> list[UUID]:
    return [ring.promise_id for ring in keeping.due(db, 100)]


def test_one_of_sixteen_workers_gets_the_promise(db: Database, promise_id: UUID) -> None:
    claims = at_once([lambda: keeping.claim(db, promise_id, LEASE)] * 16)

    (winner,) = [claim for claim in claims if claim is not None]
    row = the_promise(db, promise_id)
    assert (row.token, row.attempts) == (winner.token, 1)
    assert row.lease_until == db.clock() + timedelta(seconds=20)


def test_a_claim_says_what_is_to_be_done(db: Database) -> None:
    ids = {"message_id": uuid.uuid4()}
    with db.transaction(uuid.uuid4(), ENGINE) as unit:
        unit.promise(Job.SEND_MESSAGE, ids)
    claim = claimed(db, promises(db)[0].id)

    assert (claim.job, claim.attempts, claim.correlation) == (Job.SEND_MESSAGE, 1, "r-1")
    assert claim.id("message_id") == ids["message_id"]
    with pytest.raises(KeyError):
        claim.id("territory_id")


def test_what_is_not_due_yet_is_not_given(db: Database, clock: FakeClock) -> None:
    later = promised(db, Job.SEAL_LOG, after=60)

    assert keeping.claim(db, later, LEASE) is None
    assert due(db) == []
    clock.advance(seconds=60)
    assert due(db) == [later]
    assert keeping.claim(db, later, LEASE) is not None


def test_what_is_owned_is_not_due_until_its_lease_has_passed(
    db: Database, promise_id: UUID, clock: FakeClock
) -> None:
    claimed(db, promise_id)

    clock.advance(seconds=20)  # the lease's last instant still counts
    assert due(db) == []
    assert keeping.claim(db, promise_id, LEASE) is None
    clock.advance(seconds=0.001)
    assert due(db) == [promise_id]
    assert claimed(db, promise_id).attempts == 2


@pytest.mark.parametrize(
    "late_wish",
    [
        lambda db, claim: db.keep(claim),
        lambda db, claim: keeping.defer(db, claim, db.clock()),
        lambda db, claim: keeping.fail(db, claim, "late"),
    ],
)
@pytest.mark.parametrize("meanwhile", ["owned", "done"])
def test_a_worker_that_comes_too_late_changes_nothing(
    db: Database,
    promise_id: UUID,
    clock: FakeClock,
    late_wish: Callable[[Database, Claim], object],
    meanwhile: str,
) -> None:
    late = claimed(db, promise_id)
    clock.advance(seconds=21)
    other = claimed(db, promise_id)
    if meanwhile == "done":
        db.keep(other)
    before = the_promise(db, promise_id)

    with pytest.raises(LeaseLostError):
        late_wish(db, late)

    after = the_promise(db, promise_id)
    assert (after.token, after.lease_until, after.done_at, after.due_at, after.last_error) == (
        before.token,
        before.lease_until,
        before.done_at,
        before.due_at,
        None,
    )


def test_a_worker_whose_lease_passed_without_another_may_still_finish(
    db: Database, promise_id: UUID, clock: FakeClock
) -> None:
    """The token decides, not the hour: slow work that nobody took over is not done twice."""
    claim = claimed(db, promise_id)
    clock.advance(seconds=21)

    db.keep(claim)

    assert the_promise(db, promise_id).done_at == clock.now


def test_whether_a_promise_is_still_owned_can_be_asked(
    db: Database, promise_id: UUID, clock: FakeClock
) -> None:
    late = claimed(db, promise_id)
    clock.advance(seconds=21)
    owner = claimed(db, promise_id)

    with db.writing() as session:
        assert keeping.is_owned(session, owner)
        assert not keeping.is_owned(session, late)
    db.keep(owner)
    with db.writing() as session:
        assert not keeping.is_owned(session, owner)


def test_what_is_done_is_never_given_again(
    db: Database, promise_id: UUID, clock: FakeClock
) -> None:
    db.keep(claimed(db, promise_id))
    clock.advance(days=365)

    assert due(db) == []
    assert keeping.claim(db, promise_id, LEASE) is None


def test_deferring_costs_no_attempt(db: Database, promise_id: UUID, clock: FakeClock) -> None:
    for _ in range(3 * ATTEMPTS_MAXIMUM):
        claim = claimed(db, promise_id)
        assert claim.attempts == 1
        keeping.defer(db, claim, clock.now + timedelta(seconds=5))
        assert keeping.claim(db, promise_id, LEASE) is None
        clock.advance(seconds=5)
    assert due(db) == [promise_id]


def test_each_failure_doubles_the_pause_and_the_last_one_is_the_end(
    db: Database, promise_id: UUID, clock: FakeClock
) -> None:
    # 2 s, doubled at each attempt; 8 attempts, 7 pauses: 2 + 4 + 8 + 16 + 32 + 64 + 128
    for pause in (2, 4, 8, 16, 32, 64, 128):
        assert not keeping.fail(db, claimed(db, promise_id), "builtins.ValueError")
        row = the_promise(db, promise_id)
        assert row.due_at == clock.now + timedelta(seconds=pause)
        assert (row.lease_until, row.token) == (None, None)
        assert row.last_error == "builtins.ValueError"
        clock.advance(seconds=pause)

    assert keeping.fail(db, claimed(db, promise_id), "x" * 1000)

    row = the_promise(db, promise_id)
    assert (row.attempts, row.dead_at, row.done_at) == (8, clock.now, None)
    assert row.last_error == "x" * 200
    clock.advance(days=1)
    assert due(db) == []
    assert keeping.claim(db, promise_id, LEASE) is None


def test_the_pause_between_attempts_has_a_limit_and_may_be_prescribed(
    db: Database, promise_id: UUID, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "ATTEMPTS_MAXIMUM", 20)
    with db.writing() as session:
        session.execute(update(Promise).values(attempts=12))
    keeping.fail(db, claimed(db, promise_id), "")
    assert the_promise(db, promise_id).due_at == clock.now + timedelta(minutes=10)

    clock.advance(minutes=10)
    keeping.fail(db, claimed(db, promise_id), "", retry_after=45)
    assert the_promise(db, promise_id).due_at == clock.now + timedelta(seconds=45)


def test_work_that_kills_its_worker_is_given_out_eight_times_and_then_buried(
    db: Database, promise_id: UUID, clock: FakeClock
) -> None:
    """Nobody says that it failed: the lease passes, in a row, however quick the relay is."""
    for attempt in range(1, 9):
        assert due(db) == [promise_id]
        assert claimed(db, promise_id).attempts == attempt
        assert keeping.bury_exhausted(db) == 0  # the last worker may still be at it
        clock.advance(seconds=21)

    assert due(db) == []
    assert keeping.claim(db, promise_id, LEASE) is None
    assert keeping.bury_exhausted(db) == 1
    row = the_promise(db, promise_id)
    assert (row.dead_at, row.last_error) == (clock.now, "worker lost")
    assert keeping.bury_exhausted(db) == 0


def test_the_longest_due_is_rung_first_and_a_foreign_job_delays_nobody(
    db: Database, clock: FakeClock
) -> None:
    second, first = promised(db, Job.SEAL_LOG, after=2), promised(db, Job.SWEEP_WAITING, after=1)
    of_a_newer_version = promised(db, Job.SEAL_LOG)
    with db.writing() as session:
        session.execute(
            update(Promise)
            .where(Promise.id == of_a_newer_version)
            .values(job="send_a_postcard", due_at=clock.now)
        )
    clock.advance(seconds=2)

    assert due(db) == [first, second]
    assert [ring.promise_id for ring in keeping.due(db, 1)] == [first]


def test_a_backlog_of_what_can_wait_hides_nothing_that_cannot(
    db: Database, clock: FakeClock
) -> None:
    reminders = [promised(db, Job.SEND_UNHURRIED) for _ in range(3)]
    confirmation = promised(db, Job.SEND_MESSAGE, after=1)
    clock.advance(seconds=1)
    urgency = {Job.SEND_MESSAGE: 1, Job.SEND_UNHURRIED: 3}

    assert [ring.promise_id for ring in keeping.due(db, 1, urgency)] == [confirmation]
    ranked = [ring.promise_id for ring in keeping.due(db, 4, urgency)]
    assert (ranked[0], set(ranked[1:])) == (confirmation, set(reminders))
    # the companion: by their time alone the confirmation would be the last
    assert confirmation not in [ring.promise_id for ring in keeping.due(db, 3)]


def test_two_clocks_promise_an_occurrence_once(db: Database, clock: FakeClock) -> None:
    def promise() -> bool:
        with db.writing() as session:
            return keeping.promise_once(
                session, Job.SEAL_LOG, "seal_log:2026-11-23", clock.now, clock.now
            )

    made = at_once([promise] * 8)

    assert sorted(made) == [False] * 7 + [True]
    assert [row.key for row in promises(db)] == ["seal_log:2026-11-23"]
    db.keep(claimed(db, promises(db)[0].id))
    assert not promise()  # done is done: a restarted clock does not make it again


def test_what_is_owed_is_told_by_the_oldest_that_is_overdue_and_the_dead(
    db: Database, promise_id: UUID, clock: FakeClock
) -> None:
    promised(db, Job.SEAL_LOG, after=3600)
    clock.advance(seconds=90)
    with db.reading() as session:
        assert keeping.owed(session, clock.now) == (90.0, 0)

    with db.writing() as session:
        session.execute(
            update(Promise).where(Promise.id == promise_id).values(attempts=7, due_at=clock.now)
        )
    keeping.fail(db, claimed(db, promise_id), "last")
    with db.reading() as session:
        assert keeping.owed(session, clock.now) == (None, 1)


def test_a_tick_is_renewed(db: Database, clock: FakeClock) -> None:
    keeping.tick(db, "relay")
    clock.advance(seconds=10)
    keeping.tick(db, "relay")

    assert promises_and_ticks(db).ticks == {"relay": clock.now}


def test_long_work_holds_on_to_its_promise(
    db: Database, clock: FakeClock, promise_id: UUID
) -> None:
    claim = claimed(db, promise_id)
    clock.advance(seconds=LEASE - 1)
    keeping.prolong(db, claim, LEASE)
    clock.advance(seconds=LEASE - 1)
    assert keeping.claim(db, promise_id, LEASE) is None
    clock.advance(seconds=2)
    assert keeping.claim(db, promise_id, LEASE) is not None
    with pytest.raises(LeaseLostError):
        keeping.prolong(db, claim, LEASE)
