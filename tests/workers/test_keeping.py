"""One promise at a time: kept, failed, dead in the end, and never in anybody's way."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from rq import Queue
from rq.registry import FailedJobRegistry
from sqlalchemy import select
from structlog.typing import EventDict

from dispatcher.domain.errors import UnavailableError
from dispatcher.domain.events import ENGINE
from dispatcher.domain.jobs import Job
from dispatcher.reads.health import promises_and_ticks
from dispatcher.services import sealing
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.promises import Promise
from dispatcher.storage.unit import Claim
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.workers.conftest import Work
from workers import jobs
from workers.keeping import furnish, keep
from workers.queues import QueueName
from workers.relay import relay_once

ByName = Mapping[QueueName, Queue]


def promise(house: House, job: Job = Job.SEAL_LOG) -> UUID:
    with house.db.transaction(uuid4(), ENGINE) as unit:
        unit.promise(job, {})
    return unit.rings[0].promise_id


def the_promise(house: House, promise_id: UUID) -> Promise:
    with house.db.reading() as session:
        return session.get_one(Promise, promise_id)


def test_a_poison_promise_dies_after_its_attempts_and_delays_nobody(
    house: House,
    town: Town,
    sms: FakeSms,
    clock: FakeClock,
    work: Work,
    by_name: ByName,
    logs: list[EventDict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It fails for ever; meanwhile requests are served at once, and its death is seen."""
    attempts = []

    def poison(promise_id: str) -> None:
        def break_down(_house: House, claim: Claim) -> None:
            attempts.append(clock.now)
            raise ValueError("Madame Zébulon, 06 39 98 00 12")

        keep(promise_id, break_down)

    monkeypatch.setattr(jobs, "seal_log", poison)
    poisoned = promise(house)
    served = 0
    while the_promise(house, poisoned).dead_at is None:
        assert len(attempts) < 20, "it never dies"
        town.slot(hours=1)
        request_id = town.request()
        relay_once(house, by_name)
        work()
        assert town.the_request(request_id).status == "booked"
        served += 1
        clock.advance(seconds=130)  # more than its longest pause

    assert len(attempts) == keeping.ATTEMPTS_MAXIMUM
    assert len(sms.taken) == 2 * served
    dead = the_promise(house, poisoned)
    assert dead.last_error == "builtins.ValueError"  # its kind: the text may name people
    assert promises_and_ticks(house.db).dead_promises == 1
    assert [entry["event"] for entry in logs if "exc_info" in entry] == [
        *["job_failed"] * 7,
        "promise_died",
    ]
    relay_once(house, by_name)
    work()
    assert len(attempts) == keeping.ATTEMPTS_MAXIMUM


def test_the_last_words_are_said_once_at_the_end(
    house: House, clock: FakeClock, work: Work
) -> None:
    promise_id = promise(house)
    said: list[int] = []

    def break_down(_house: House, _claim: Claim) -> None:
        raise ValueError

    def last_words(_house: House, claim: Claim) -> None:
        said.append(claim.attempts)

    for _ in range(keeping.ATTEMPTS_MAXIMUM + 2):
        keep(str(promise_id), break_down, last_words)
        clock.advance(seconds=600)

    assert said == [8]


def test_a_worker_that_hangs_is_replaced_and_changes_nothing_when_it_wakes(
    house: House, town: Town, clock: FakeClock
) -> None:
    """No processor, no exit: its lease passes, another does the work, the late one is too late."""
    promise_id = promise(house)
    done: list[str] = []

    def quick(house: House, claim: Claim) -> None:
        done.append("other")
        house.db.keep(claim)

    def slow(house: House, claim: Claim) -> None:
        clock.advance(seconds=21)
        keep(str(promise_id), quick)
        with house.db.transaction(town.territory_id, ENGINE, keeping=claim) as unit:
            done.append("late")
            unit.promise(Job.SWEEP_WAITING, {})

    keep(str(promise_id), slow)

    assert done == ["other", "late"]
    row = the_promise(house, promise_id)
    assert (row.attempts, row.last_error, row.done_at) == (2, None, clock.now)
    with house.db.reading() as session:
        swept = select(Promise).where(Promise.job == Job.SWEEP_WAITING)
        assert session.scalars(swept).all() == []


def test_a_failure_that_comes_too_late_is_not_held_against_the_one_who_took_over(
    house: House, clock: FakeClock
) -> None:
    promise_id = promise(house)

    def late_failure(_house: House, _claim: Claim) -> None:
        clock.advance(seconds=21)
        assert keeping.claim(house.db, promise_id, 20) is not None
        raise ValueError

    keep(str(promise_id), late_failure)

    row = the_promise(house, promise_id)
    assert (row.attempts, row.last_error, row.dead_at) == (2, None, None)
    assert row.lease_until == clock.now + timedelta(seconds=20)


def test_what_nobody_owes_any_more_is_not_done(house: House) -> None:
    promise_id = promise(house)
    keep(str(promise_id), lambda house, claim: house.db.keep(claim))

    keep(str(promise_id), lambda *_: pytest.fail("done twice"))
    keep(str(uuid4()), lambda *_: pytest.fail("never promised"))


def test_a_database_that_goes_away_in_mid_work_leaves_the_promise_for_later(
    house: House,
    clock: FakeClock,
    work: Work,
    by_name: ByName,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The failure cannot even be noted: the job fails, the lease passes, the relay rings again."""
    promise_id = promise(house)

    def away(*_: object, **__: object) -> None:
        raise UnavailableError

    with monkeypatch.context() as patched:
        patched.setattr(sealing, "seal_log", away)
        patched.setattr(keeping, "fail", away)
        work()
    assert FailedJobRegistry(queue=by_name[QueueName.ROUTINE]).count == 1
    assert the_promise(house, promise_id).lease_until is not None

    clock.advance(seconds=21)
    assert relay_once(house, by_name) == 1
    work()

    assert the_promise(house, promise_id).done_at == clock.now


def test_the_logs_of_a_job_carry_the_request_that_promised_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered: dict[str, object] = {}
    monkeypatch.setattr("workers.keeping.remember", lambda **ids: remembered.update(ids))
    promise_id = promise(house)

    keep(str(promise_id), lambda house, claim: house.db.keep(claim))

    assert remembered == {
        "promise_id": str(promise_id),
        "job_name": "seal_log",
        "request_id": None,
    }


def test_a_process_has_one_house(house: House) -> None:
    furnish(house)
    furnish(house)

    keep(str(promise(house)), lambda house, claim: house.db.keep(claim))
