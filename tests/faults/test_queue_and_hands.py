"""What stands on the queue, what stands in its place, and workers that neither work nor end."""

import signal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from redis import Redis
from sqlalchemy import delete, update

from dispatcher.demo.valkey import RunningValkey
from dispatcher.domain.errors import UnavailableError
from dispatcher.domain.events import ENGINE
from dispatcher.domain.jobs import Job
from dispatcher.reads.health import promises_and_ticks
from dispatcher.reads.watching import dead_promises
from dispatcher.storage.keeping import ATTEMPTS_MAXIMUM
from dispatcher.storage.promises import Promise
from tests.fakes.no_redis import NONSENSE, talking
from tests.fakes.twilio_emulator import slow
from tests.faults.scene import BETWEEN, Scene, endure
from tests.faults.stage import Stage, stage
from workers.queues import queues

pytestmark = pytest.mark.faults

HANDS = 3
HUNG = ("worker-1", "worker-2")


def the_queue_is_at_fault(scene: Scene) -> None:
    valkey = scene.on.valkey
    assert isinstance(valkey, RunningValkey)
    with Redis.from_url(valkey.url) as redis:
        for queue in queues(redis):
            queue.enqueue("workers.jobs.match_waiting", "no id of a promise")
            queue.enqueue("workers.jobs.no_such_job", str(uuid4()))
            queue.enqueue("workers.jobs.send_message")
            broken = queue.enqueue("workers.jobs.match_waiting", str(uuid4()))
            redis.hset(f"rq:job:{broken.id}", "data", b"\x80\x04not json")
            redis.lpush(queue.key, "a-job-that-does-not-exist")
        scene.until_answered(BETWEEN)

        redis.config_set("maxmemory", "1")
        scene.until_answered(BETWEEN)
        redis.config_set("maxmemory", "0")

    for words in NONSENSE:
        valkey.stop()
        with talking(valkey.socket_file, words):
            scene.until_answered(BETWEEN)  # the front takes requests all the same
        valkey.start()

    valkey.tell(signal.SIGSTOP)
    scene.until_answered(BETWEEN)
    valkey.tell(signal.SIGCONT)


def test_requests_survive_a_queue_that_holds_rubbish_is_full_lies_or_hangs(
    database_url: str, tmp_path: Path
) -> None:
    with stage(database_url, tmp_path) as on:
        scene = endure(on, the_queue_is_at_fault)
        assert scene.crew.deaths == 0


def hands_hang(scene: Scene) -> None:
    """Two workers of three are stopped while they hold something, and go on much later."""
    scene.on.provider.misbehave([slow(1.5)] * 30)
    while True:
        scene.until(lambda: held(scene.on) >= HANDS, "every worker is at something")
        to_all_hung(scene, signal.SIGSTOP)
        if can_write(scene.on) and held(scene.on) >= len(HUNG):
            break
        to_all_hung(scene, signal.SIGCONT)  # in the midst of writing: SQLite has one writer
    before = taken_over(scene.on)
    scene.until(lambda: taken_over(scene.on) > before, "another took over")
    scene.until_answered(BETWEEN)
    to_all_hung(scene, signal.SIGCONT)


def to_all_hung(scene: Scene, what: signal.Signals) -> None:
    for name in HUNG:
        scene.crew.signal(name, what)


def can_write(on: Stage) -> bool:
    try:
        with on.house.db.writing() as session:
            session.execute(delete(Promise).where(Promise.id == uuid4()))
    except UnavailableError:
        return False
    return True


def held(on: Stage) -> int:
    return on.counted(
        "SELECT count(*) FROM promises"
        " WHERE lease_until IS NOT NULL AND done_at IS NULL AND dead_at IS NULL"
    )


def taken_over(on: Stage) -> int:
    """Nothing fails here: what was claimed twice was taken over."""
    return on.counted("SELECT count(*) FROM promises WHERE attempts > 1")


def test_what_a_worker_that_hangs_held_is_done_by_another_and_the_late_one_changes_nothing(
    database_url: str, tmp_path: Path
) -> None:
    with stage(database_url, tmp_path) as on:
        scene = endure(on, hands_hang, workers=HANDS)
        assert scene.crew.deaths == 0


def a_promise_is_poison(scene: Scene) -> None:
    """It fails at each attempt, whose pauses are passed over; then it is dead and seen."""
    on = scene.on
    with on.house.db.transaction(on.town.territory_id, ENGINE) as unit:
        unit.promise(Job.MATCH_WAITING, {})  # it does not say whose
    (poison,) = (ring.promise_id for ring in unit.rings)

    def died() -> bool:
        hurry(on, poison)
        return promises_and_ticks(on.house.db).dead_promises == 1

    scene.until(died, "the poison is dead")
    (seen,) = dead_promises(on.house.db, on.town.territory_id)
    assert (seen.job, seen.attempts) == (Job.MATCH_WAITING, ATTEMPTS_MAXIMUM)
    assert "KeyError" in (seen.error or "")
    with on.house.db.writing() as session:
        session.execute(delete(Promise).where(Promise.id == poison))


def hurry(on: Stage, promise_id: UUID) -> None:
    """Its pause is over."""
    with on.house.db.writing() as session:
        session.execute(
            update(Promise)
            .where(Promise.id == promise_id, Promise.lease_until.is_(None))
            .values(due_at=on.clock.now)
        )


def test_a_poison_promise_dies_in_front_of_the_administrator_and_delays_nobody(
    database_url: str, tmp_path: Path
) -> None:
    with stage(database_url, tmp_path) as on:
        scene = endure(on, a_promise_is_poison)
        assert scene.crew.deaths == 0
