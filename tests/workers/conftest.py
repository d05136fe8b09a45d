"""A real Valkey, a real bell, and a worker that runs what is on the queues in this very process."""

import signal
from collections.abc import Callable, Iterator, Mapping

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from structlog.testing import capture_logs
from structlog.typing import EventDict

from dispatcher.demo.valkey import RunningValkey
from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import open_house, settings_for
from tests.servers import valkey_server
from workers.bell import RqBell
from workers.keeping import furnish
from workers.queues import QueueName, connect, queues

Work = Callable[[], None]


@pytest.fixture(scope="session")
def valkey() -> Iterator[RunningValkey]:
    """A server for these tests."""
    with valkey_server() as server:
        yield server


@pytest.fixture
def redis(valkey: RunningValkey) -> Iterator[Redis]:
    """A connection to it, with nothing in it."""
    connection = connect(valkey.url)
    connection.flushall()
    yield connection
    connection.close()


@pytest.fixture
def by_name(redis: Redis) -> Mapping[QueueName, Queue]:
    return dict(zip(QueueName, queues(redis), strict=True))


@pytest.fixture
def house(
    database_url: str, clock: FakeClock, sms: FakeSms, valkey: RunningValkey, redis: Redis
) -> Iterator[House]:
    """A house with the bell that processes have."""
    rq_bell = RqBell(valkey.url)
    settings = settings_for(database_url, redis_url=valkey.url)
    with open_house(database_url, clock=clock, sms=sms, bell=rq_bell, settings=settings) as opened:
        furnish(opened)
        yield opened
    rq_bell.connection.close()


@pytest.fixture
def town(house: House, clock: FakeClock) -> Town:
    return Town.found(house, clock)


@pytest.fixture
def work(redis: Redis) -> Iterator[Work]:
    """Run what waits on the queues, and what that rings for, as a worker process does."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def burst() -> None:
        worker = SimpleWorker(queues(redis), connection=redis, serializer="json")
        worker.log_job_description = False
        worker.work(burst=True, logging_level="ERROR")

    yield burst
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What is logged, not drawn: a traceback with its colours takes half a second."""
    with capture_logs() as entries:
        yield entries
