"""The worker process: builds the house once, then runs jobs in this very process.

SimpleWorker, because a fork per job costs ten times the work; the lease, not the fork, is what
survives a crash. RQ's own scheduler, retries and registries are not used for anything.
"""

import signal
import sys
import time

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from rq import SimpleWorker

import workers.jobs  # noqa: F401 - RQ finds the jobs by name: they are loaded before the first
from config.logging import get_logger
from dispatcher.domain.errors import UnavailableError
from dispatcher.domain.matching.solver import load_solver
from dispatcher.services.house import House
from dispatcher.storage import keeping
from workers.keeping import furnish
from workers.process import prepare
from workers.queues import connect_patiently, queues

log = get_logger(__name__)
WORKER_TTL_SECONDS = 30
MAINTENANCE_SECONDS = 30
MONITORING_SECONDS = 5
RECONNECT_SECONDS = 0.5


def main() -> None:
    """Work until told to stop; a Redis that is away, or answers nonsense, is waited for."""
    house = prepare("worker")
    load_solver()
    furnish(house)
    signal_life(house)
    while True:
        worker = None
        try:
            connection = connect_patiently(house.settings.redis_url)
            worker = SimpleWorker(
                queues(connection),
                connection=connection,
                serializer="json",
                worker_ttl=WORKER_TTL_SECONDS,
                maintenance_interval=MAINTENANCE_SECONDS,
                job_monitoring_interval=MONITORING_SECONDS,
            )
            worker.log_job_description = False  # job arguments stay out of the logs
            worker.work(with_scheduler=False)
            if not _was_told_to_stop(worker):
                log.warning("worker_gave_up")  # RQ ends as quietly when Redis is slow or strange
        except (RedisConnectionError, RedisError, OSError) as error:
            log.warning("redis_away", error=type(error).__name__)
        except Exception:  # what is no Redis makes RQ fail as it happens to
            log.exception("worker_failed")
        if _was_told_to_stop(worker):  # Redis may have gone before the worker could sign off
            sys.exit(0)
        _leave_when_told()
        time.sleep(RECONNECT_SECONDS)


def _was_told_to_stop(worker: SimpleWorker | None) -> bool:
    return worker is not None and worker._shutdown_requested_date is not None  # noqa: SLF001 - said nowhere else


def _leave_when_told() -> None:
    """In place of the ear of a worker that is no more."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))


def signal_life(house: House) -> None:
    """Note that a worker is ready, for whoever waits for the house to be complete."""
    try:
        keeping.tick(house.db, "worker")
    except UnavailableError as error:
        log.warning("life_not_signalled", error=type(error).__name__)


if __name__ == "__main__":
    main()
