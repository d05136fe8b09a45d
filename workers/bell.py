"""The bell: puts a promise's job on its queue. What it misses, the relay finds in the table."""

import secrets
import time
from collections.abc import Mapping, Sequence

from redis import Redis
from rq import Queue

from config.logging import get_logger
from dispatcher.storage.unit import Ring
from workers.queues import (
    FAILURE_SECONDS,
    QUEUE_OF,
    RESULT_SECONDS,
    QueueName,
    connect,
    queues,
    timeout_of,
)

log = get_logger(__name__)
JOB_ID_SEPARATOR = "_"
REST_SECONDS = 1.0


class RqBell:
    """Rings through RQ. Never raises: a bell that cannot be rung is logged and forgotten.

    Whatever it is: what stands at Redis' address may be no Redis, and then the client library fails
    as it happens to. What was committed is committed, and the relay rings again.
    """

    def __init__(self, redis_url: str) -> None:
        self.connection: Redis = connect(redis_url)
        self._rests_until = 0.0
        self._queues: Mapping[QueueName, Queue] = dict(
            zip(QueueName, queues(self.connection), strict=True)
        )

    def ring(self, rings: Sequence[Ring]) -> None:
        """Put these promises' jobs on their queues.

        After a failure nobody tries, or waits, for a moment: the relay does it no later.
        """
        if time.monotonic() < self._rests_until:
            return
        try:
            enqueue(self._queues, rings)
        except Exception as error:  # noqa: BLE001 - see above
            self._rests_until = time.monotonic() + REST_SECONDS
            forget_connections(self.connection)
            log.warning("bell_not_rung", error=type(error).__name__, promises=len(rings))

    def answers(self) -> bool:
        """Whether Redis answers now."""
        try:
            is_there = bool(self.connection.ping())
        except Exception:  # noqa: BLE001 - see above
            is_there = False
        if not is_there:
            forget_connections(self.connection)
        return is_there

    def depths(self) -> dict[str, int]:
        """How many jobs wait in each queue, the most urgent first; empty if Redis is away."""
        try:
            counts = {name.value: queue.count for name, queue in self._queues.items()}
        except Exception:  # noqa: BLE001 - see above
            counts = {}
        if counts and all(type(count) is int and count >= 0 for count in counts.values()):
            return counts
        forget_connections(self.connection)
        return {}


def forget_connections(connection: Redis) -> None:
    """Begin anew after a failure.

    A connection whose answer came too late gives it to the next question, and so on for ever: a
    relay whose Redis had hung failed at every tick until it was restarted.
    """
    connection.connection_pool.disconnect(inuse_connections=False)


def enqueue(by_name: Mapping[QueueName, Queue], rings: Sequence[Ring]) -> None:
    """One RQ job for each promise.

    Its id begins with the promise's, so that the relay sees what waits already; the rest makes each
    ring a job of its own, whatever became of an earlier one.

    Raises RedisError.
    """
    for name, queue in by_name.items():
        jobs = [
            Queue.prepare_data(
                f"workers.jobs.{ring.job.value}",
                args=(str(ring.promise_id),),
                job_id=f"{ring.promise_id}{JOB_ID_SEPARATOR}{secrets.token_hex(4)}",
                timeout=timeout_of(ring.job),
                result_ttl=RESULT_SECONDS,
                failure_ttl=FAILURE_SECONDS,
            )
            for ring in rings
            if QUEUE_OF[ring.job] == name
        ]
        if jobs:
            queue.enqueue_many(jobs)


def waiting(by_name: Mapping[QueueName, Queue]) -> set[str]:
    """The ids of the promises whose jobs wait in a queue. Raises RedisError."""
    return {
        job_id.partition(JOB_ID_SEPARATOR)[0]
        for queue in by_name.values()
        for job_id in queue.get_job_ids()
    }
