"""A state change, its event and its next step are one commit: all of it or nothing."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from dispatcher.domain.errors import SlotFullError
from dispatcher.domain.events import CLOCK, ENGINE, RequestSearched, UserSignedIn
from dispatcher.domain.jobs import Job
from dispatcher.storage import keeping
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.promises import Promise, Tick
from dispatcher.storage.unit import Database, LeaseLostError, Ring, Unit
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.houses import DATA_KEY


def counts(db: Database) -> tuple[int, int, int]:
    """Rows of a state, of the log, of promises."""
    with db.reading() as session:
        found = [
            session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Tick, LoggedEvent, Promise)
        ]
    return found[0], found[1], found[2]


def do_everything(unit: Unit) -> None:
    """A state change, its event, its next step."""
    unit.session.add(Tick(name=uuid.uuid4().hex, at=unit.now))
    unit.record(UserSignedIn(user_id=uuid.uuid4()))
    unit.promise(Job.MATCH_WAITING, {"territory_id": unit.territory_id})


def test_leaving_normally_commits_the_change_its_event_and_its_promise(
    db: Database, territory_id: UUID, clock: FakeClock
) -> None:
    user, request = uuid.uuid4(), uuid.uuid4()
    with db.transaction(territory_id, ENGINE) as unit:
        do_everything(unit)
        unit.record(RequestSearched(request_id=request))
        unit.record(UserSignedIn(user_id=user), actor=CLOCK)

    assert counts(db) == (1, 3, 1)
    with db.reading() as session:
        searched, signed_in = session.scalars(select(LoggedEvent).order_by(LoggedEvent.id)).all()[
            1:
        ]
        promise = session.scalars(select(Promise)).one()
    assert (searched.kind, searched.request_id, searched.data) == (
        "request_searched",
        request,
        {},
    )
    assert (searched.actor_kind, searched.actor_id, searched.at) == ("engine", None, clock.now)
    assert (signed_in.actor_kind, signed_in.data) == (
        "clock",
        {"user_id": str(user), "by": "password"},
    )
    assert (promise.job, promise.ids) == ("match_waiting", {"territory_id": str(territory_id)})
    assert (promise.due_at, promise.attempts, promise.correlation) == (clock.now, 0, "r-1")


@pytest.mark.parametrize("error", [SlotFullError(), ValueError("broken"), KeyboardInterrupt()])
def test_leaving_by_an_exception_rolls_everything_back_and_rings_nobody(
    db: Database, bell: RecordingBell, territory_id: UUID, error: BaseException
) -> None:
    def work() -> None:
        with db.transaction(territory_id, ENGINE) as unit:
            do_everything(unit)
            unit.flush()
            raise error

    with pytest.raises(type(error)):
        work()

    assert counts(db) == (0, 0, 0)
    assert bell.rung == []


def test_a_lost_lease_rolls_everything_back(
    db: Database, bell: RecordingBell, territory_id: UUID, clock: FakeClock
) -> None:
    with db.transaction(territory_id, ENGINE) as unit:
        unit.promise(Job.SEAL_LOG, {})
    (ring,) = bell.rung
    late = keeping.claim(db, ring.promise_id, 20)
    assert late is not None
    clock.advance(seconds=21)
    assert keeping.claim(db, ring.promise_id, 20) is not None

    def work() -> None:
        with db.transaction(territory_id, ENGINE, keeping=late) as unit:
            do_everything(unit)

    with pytest.raises(LeaseLostError):
        work()

    assert counts(db) == (0, 0, 1)
    assert bell.rung == [ring]


def test_the_promise_is_done_in_the_same_commit_as_its_work(
    db: Database, bell: RecordingBell, territory_id: UUID, clock: FakeClock
) -> None:
    with db.transaction(territory_id, ENGINE) as unit:
        unit.promise(Job.SEAL_LOG, {})
    claim = keeping.claim(db, bell.rung[0].promise_id, 20)
    assert claim is not None

    with db.transaction(territory_id, ENGINE, keeping=claim) as unit:
        do_everything(unit)

    assert counts(db) == (1, 1, 2)
    with db.reading() as session:
        done = session.get_one(Promise, claim.promise_id)
    assert (done.done_at, done.lease_until) == (clock.now, None)


def test_the_bell_is_rung_after_the_commit_and_only_for_what_is_due(
    database_url: str, clock: FakeClock
) -> None:
    """Whoever is rung for finds the promise in the table: another connection sees it already."""
    seen: list[tuple[Job, bool]] = []

    def ring(rings: Sequence[Ring]) -> None:
        with db.reading() as session:
            seen.extend((r.job, session.get(Promise, r.promise_id) is not None) for r in rings)

    db = Database(database_url, Cipher([("k1", DATA_KEY)]), clock, ring)
    with db.transaction(uuid.uuid4(), ENGINE) as unit:
        unit.promise(Job.SEAL_LOG, {})
        unit.promise(Job.ESCALATE_REQUEST, {}, clock.now + timedelta(seconds=1))
        unit.promise(Job.SWEEP_WAITING, {}, clock.now - timedelta(seconds=1))
        assert seen == []
    db.dispose()

    assert seen == [(Job.SEAL_LOG, True), (Job.SWEEP_WAITING, True)]


def test_a_bell_that_breaks_harms_nothing(database_url: str, clock: FakeClock) -> None:
    def ring(rings: Sequence[Ring]) -> None:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "Redis answers nonsense")

    db = Database(database_url, Cipher([("k1", DATA_KEY)]), clock, ring)
    with db.transaction(uuid.uuid4(), ENGINE) as unit:
        do_everything(unit)

    assert counts(db) == (1, 1, 1)
    assert [ring.job for ring in keeping.due(db, 10)] == [Job.MATCH_WAITING]
    db.dispose()


def test_a_unit_offers_no_commit() -> None:
    assert not {"commit", "rollback", "close", "begin"} & set(dir(Unit))
