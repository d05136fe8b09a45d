"""The bell is rung after the commit; what it misses, or Redis forgets, the relay rings again."""

from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job as RqJob
from rq.registry import FailedJobRegistry

from dispatcher.domain.events import ENGINE
from dispatcher.domain.jobs import Job
from dispatcher.services.house import House
from dispatcher.storage import keeping
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import open_house
from tests.invariants import check
from tests.servers import free_port
from tests.workers.conftest import Work
from workers import jobs
from workers.bell import RqBell, waiting
from workers.keeping import furnish
from workers.queues import QUEUE_OF, QueueName, connect, queues
from workers.relay import relay_once

ByName = Mapping[QueueName, Queue]


def waits(by_name: ByName) -> dict[str, int]:
    return {name.value: queue.count for name, queue in by_name.items()}


def promise(house: House, job: Job) -> str:
    """Owe a job; its promise's id."""
    with house.db.transaction(uuid4(), ENGINE) as unit:
        unit.promise(job, {})
    return str(unit.rings[0].promise_id)


def test_a_request_is_matched_and_told_by_what_the_commit_rings_for_alone(
    house: House, town: Town, sms: FakeSms, work: Work, by_name: ByName
) -> None:
    """No relay: a commit rings, the match rings for its SMS, the worker does it all in one go."""
    town.slot()
    request_id = town.request()
    assert waits(by_name) == {"urgent": 2, "messages": 0, "routine": 0, "unhurried": 0}

    work()

    assert town.the_request(request_id).status == "booked"
    assert len(sms.taken) == 2
    assert waits(by_name) == {"urgent": 0, "messages": 0, "routine": 0, "unhurried": 0}
    accepted = [taken.message.message_id for taken in sms.taken]
    check(house.db.engine, house.clock(), settled=True, accepted=accepted)


def test_jobs_carry_a_promises_id_as_json_and_nothing_about_anybody(
    house: House, town: Town, redis: Redis, by_name: ByName
) -> None:
    town.request(patient={"last_name": "Zébulon", "phone": "06 39 98 00 12"})

    (job_id,) = by_name[QueueName.URGENT].get_job_ids()
    job = RqJob.fetch(job_id, connection=redis, serializer="json")
    assert job.func_name == "workers.jobs.match_waiting"
    assert job.args == [job_id.partition("_")[0]]
    assert job.kwargs == {}
    stored = str(redis.hgetall(f"rq:job:{job_id}"))
    assert "bulon" not in stored
    assert "639980012" not in stored


def test_the_relay_rings_for_what_is_due_and_not_for_what_waits_or_is_held(
    house: House, clock: FakeClock, by_name: ByName, redis: Redis
) -> None:
    waiting_already = promise(house, Job.SEAL_LOG)
    held = promise(house, Job.SWEEP_WAITING)
    forgotten = promise(house, Job.CLOSE_PAST_SLOTS)
    assert keeping.claim(house.db, UUID(held), 20) is not None
    redis.flushall()
    by_name[QueueName.ROUTINE].enqueue(
        "workers.jobs.seal_log", waiting_already, job_id=f"{waiting_already}_0"
    )

    assert relay_once(house, by_name) == 1
    assert relay_once(house, by_name) == 0
    assert waiting(by_name) == {waiting_already, forgotten}

    clock.advance(seconds=21)  # whoever held it is taken to be dead
    assert relay_once(house, by_name) == 1
    assert waiting(by_name) == {waiting_already, forgotten, held}


def test_what_is_due_later_is_rung_for_when_its_hour_comes(
    house: House, town: Town, clock: FakeClock, work: Work, by_name: ByName
) -> None:
    request_id = town.request(need={"delay_hours": 12})
    work()
    assert relay_once(house, by_name) == 0

    clock.advance(hours=8)
    assert relay_once(house, by_name) == 2  # volunteers to ask, and a delay in danger
    work()

    assert town.the_request(request_id).attention == "deadline"


def test_an_emptied_valkey_loses_nothing(
    house: House, town: Town, sms: FakeSms, redis: Redis, work: Work, by_name: ByName
) -> None:
    town.slot(places=20, minutes=600)
    for _ in range(20):
        town.request()
    redis.flushall()
    work()
    assert sms.taken == []

    relay_once(house, by_name)
    work()

    accepted = [taken.message.message_id for taken in sms.taken]
    assert len(accepted) == 40
    check(house.db.engine, house.clock(), settled=True, accepted=accepted)


def test_rung_for_twice_is_done_once(
    house: House, town: Town, sms: FakeSms, redis: Redis, work: Work, by_name: ByName
) -> None:
    """Two relays at once, or a job popped and not claimed yet: all claims but one find nothing."""
    town.slot()
    town.request()
    for _ in range(3):
        for ring in keeping.due(house.db, 100):
            by_name[QUEUE_OF[ring.job]].enqueue(f"workers.jobs.{ring.job}", str(ring.promise_id))
    work()

    accepted = [taken.message.message_id for taken in sms.taken]
    check(house.db.engine, house.clock(), settled=True, accepted=accepted)
    assert len(accepted) == 2


def test_with_redis_away_the_front_takes_requests_and_nothing_is_lost(
    database_url: str,
    clock: FakeClock,
    sms: FakeSms,
    redis: Redis,
    by_name: ByName,
    work: Work,
) -> None:
    away = RqBell(f"redis://127.0.0.1:{free_port()}/0")
    assert not away.answers()
    with open_house(database_url, clock=clock, sms=sms, bell=away) as house:
        town = Town.found(house, clock)
        town.slot()
        request_id = town.request()
        assert town.the_request(request_id).status == "searching"
        away_queues = dict(zip(QueueName, queues(away.connection), strict=True))
        with pytest.raises(RedisError):
            relay_once(house, away_queues)

        furnish(house)
        for _ in range(3):  # Redis is back: the relay, the worker, the relay …
            relay_once(house, by_name)
            work()

        assert town.the_request(request_id).status == "booked"
        assert len(sms.taken) == 2
    away.connection.close()


def test_a_bell_that_is_there_answers(house: House) -> None:
    assert house.bell.answers()


def test_a_corrupt_job_harms_nobody(
    house: House, town: Town, sms: FakeSms, redis: Redis, work: Work, by_name: ByName
) -> None:
    urgent = by_name[QueueName.URGENT]
    urgent.enqueue("workers.jobs.match_waiting", "no id of a promise")
    urgent.enqueue("workers.jobs.no_such_job", "x")
    urgent.enqueue("workers.jobs.match_waiting")
    broken = urgent.enqueue("workers.jobs.match_waiting", "x")
    redis.hset(f"rq:job:{broken.id}", "data", b"\x80\x04not json")
    redis.lpush("rq:queue:urgent", "a-job-that-does-not-exist")
    town.slot()
    request_id = town.request()

    work()

    assert town.the_request(request_id).status == "booked"
    assert len(sms.taken) == 2
    assert FailedJobRegistry(queue=urgent).count >= 3


def test_a_valkey_that_is_full_refuses_and_the_commit_stands(
    house: House, town: Town, redis: Redis, work: Work, by_name: ByName
) -> None:
    town.slot()
    redis.config_set("maxmemory", "1")
    try:
        request_id = town.request()
    finally:
        redis.config_set("maxmemory", "0")
    assert waits(by_name)["urgent"] == 1  # the publication's; the request's was refused

    relay_once(house, by_name)
    work()

    assert town.the_request(request_id).status == "booked"


def test_urgent_work_goes_first(
    house: House, town: Town, by_name: ByName, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    for job in (Job.SEND_UNHURRIED, Job.SEAL_LOG, Job.SEND_MESSAGE, Job.MATCH_WAITING):
        monkeypatch.setattr(jobs, job.value, lambda _, name=job.value: order.append(name))
        promise(house, job)

    work()

    assert order == ["match_waiting", "send_message", "seal_log", "send_unhurried"]


def test_the_queues_are_read_most_urgent_first() -> None:
    connection = connect("redis://127.0.0.1:1/0")

    names = [queue.name for queue in queues(connection)]
    assert names == ["urgent", "messages", "routine", "unhurried"]
    connection.close()
