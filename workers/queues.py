"""Queues by urgency, and which job waits in which."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from rq import Queue

from dispatcher.domain.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterable

CONNECT_TIMEOUT_SECONDS = 1.0
JOB_TIMEOUT_SECONDS = 120
"""The last resort against a job that hangs; its lease has long passed by then."""
LONG_JOB_TIMEOUT_SECONDS = 1800
LONG_JOBS = frozenset({Job.MAKE_EVIDENCE})
"""What reads a year of the log again, which takes minutes for a large territory (bench P9)."""
RESULT_SECONDS = 0
FAILURE_SECONDS = 3600


class QueueName(StrEnum):
    """Most urgent first: a worker empties them in this order."""

    URGENT = "urgent"
    MESSAGES = "messages"
    ROUTINE = "routine"
    UNHURRIED = "unhurried"
    """SMS that can wait: thousands of them at once keep nothing else waiting."""


QUEUE_OF: Mapping[Job, QueueName] = {
    Job.MATCH_WAITING: QueueName.URGENT,
    Job.ESCALATE_REQUEST: QueueName.URGENT,
    Job.ASK_VOLUNTEERS: QueueName.URGENT,
    Job.EXPIRE_OFFERS: QueueName.URGENT,
    Job.MISS_HOUR: QueueName.URGENT,
    Job.SEND_MESSAGE: QueueName.MESSAGES,
    Job.SEND_AGAIN: QueueName.MESSAGES,
    Job.MATCH_AGAIN: QueueName.ROUTINE,
    Job.SEND_EMAIL: QueueName.ROUTINE,
    Job.IMPORT_DIRECTORY: QueueName.ROUTINE,
    Job.SWEEP_WAITING: QueueName.ROUTINE,
    Job.WATCH_UNSENT: QueueName.ROUTINE,
    Job.SEAL_LOG: QueueName.ROUTINE,
    Job.CLOSE_PAST_SLOTS: QueueName.ROUTINE,
    Job.ASK_PRACTITIONERS: QueueName.ROUTINE,
    Job.PUBLISH_OCCURRENCES: QueueName.ROUTINE,
    Job.LEARN_PRICES: QueueName.ROUTINE,
    Job.RUN_SIMULATION: QueueName.ROUTINE,
    Job.REMIND_PATIENT: QueueName.UNHURRIED,
    Job.FOLLOW_UP_VISIT: QueueName.UNHURRIED,
    Job.READ_AGENDAS: QueueName.ROUTINE,
    Job.READ_AGENDA: QueueName.ROUTINE,
    Job.SEND_UNHURRIED: QueueName.UNHURRIED,
    Job.COUNT_DAYS: QueueName.ROUTINE,
    Job.FORGET_OLD: QueueName.UNHURRIED,
    Job.MAKE_EVIDENCE: QueueName.ROUTINE,
    Job.MAIL_REPORTS: QueueName.ROUTINE,
}

URGENCY: Mapping[Job, int] = {job: list(QueueName).index(name) for job, name in QUEUE_OF.items()}
"""Least first."""


def timeout_of(job: Job) -> int:
    """Seconds that a job may take."""
    return LONG_JOB_TIMEOUT_SECONDS if job in LONG_JOBS else JOB_TIMEOUT_SECONDS


def connect(url: str) -> Redis:
    """A connection for ringing and looking: gives up fast, since Redis is never the truth."""
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=CONNECT_TIMEOUT_SECONDS,
        retry=Retry(ExponentialBackoff(cap=0.05, base=0.01), 1),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )


def connect_patiently(url: str) -> Redis:
    """A connection for a worker, which waits for jobs on it."""
    return Redis.from_url(url, socket_connect_timeout=CONNECT_TIMEOUT_SECONDS)


def queues(connection: Redis, names: "Iterable[QueueName]" = QueueName) -> list[Queue]:
    """The queues of those names, most urgent first."""
    return [Queue(name.value, connection=connection, serializer="json") for name in names]
