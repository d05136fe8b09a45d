"""The relay: promises that are due, and that wait in no queue, are put on one."""

from collections.abc import Mapping

from redis.exceptions import RedisError
from rq import Queue

from config.logging import get_logger
from dispatcher.domain.errors import UnavailableError
from dispatcher.services.house import House
from dispatcher.storage import keeping, lanes
from workers.bell import enqueue, forget_connections, waiting
from workers.process import Stop, prepare
from workers.queues import URGENCY, QueueName, connect, queues

log = get_logger(__name__)
BATCH = 5000
HOUSEKEEPING_TICKS = 20
"""Dead promises are buried, and life is signalled, once in this many ticks."""


def relay_once(house: House, by_name: Mapping[QueueName, Queue]) -> int:
    """Ring for every promise that is due and not waiting; returns for how many.

    Two relays at once, or a job popped but not yet claimed, make a second ring at worst: its
    claim then finds nothing to do. Raises RedisError.
    """
    owed = keeping.due(house.db, BATCH, URGENCY)
    if not owed:
        return 0
    rung = waiting(by_name)
    missing = [ring for ring in owed if str(ring.promise_id) not in rung]
    enqueue(by_name, missing)
    return len(missing)


def main() -> None:
    """Run until told to stop; an unreachable Redis or database is tried again at every tick."""
    house = prepare("relay")
    stop = Stop()
    connection = connect(house.settings.redis_url)
    by_name = dict(zip(QueueName, queues(connection), strict=True))
    ticks = 0
    while not stop.wait(house.settings.relay_interval):
        try:
            relay_once(house, by_name)
            if ticks % HOUSEKEEPING_TICKS == 0:
                keeping.bury_exhausted(house.db)
                lanes.forget_idle(house.db)
                keeping.tick(house.db, "relay")
        except (RedisError, OSError, UnavailableError) as error:
            log.warning("relay_tick_failed", error=type(error).__name__)
            forget_connections(connection)
        except Exception:  # what is no Redis makes the client fail as it happens to
            log.exception("relay_tick_failed")
            forget_connections(connection)
        ticks += 1


if __name__ == "__main__":
    main()
