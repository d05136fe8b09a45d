"""Keeping one promise: claim it, have its service do it, and note what went wrong."""

import time
from collections.abc import Callable
from uuid import UUID

from config.logging import get_logger, remember
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.unit import Claim, LeaseLostError

log = get_logger(__name__)
Service = Callable[[House, Claim], object]
_houses: list[House] = []
_shown_at = [0.0]
LIFE_SECONDS = 30.0


def furnish(house: House) -> None:
    """Give this process the house that its jobs work in; once, before the first job."""
    _houses[:] = [house]


def keep(promise_id: str, service: Service, last_words: Service | None = None) -> None:
    """Do what a promise says, if it is still owed and nobody else is at it.

    A service that fails leaves the promise owed, with a pause; the last attempt leaves it dead, in
    front of the administrator, and `last_words` tells whoever counted on it. The error's kind is
    kept, not its text: that may name people.
    """
    (house,) = _houses
    claim = keeping.claim(house.db, UUID(promise_id), house.settings.promise_lease)
    if claim is None:
        return
    _show_life(house)
    remember(promise_id=promise_id, job_name=claim.job.value, request_id=claim.correlation)
    try:
        service(house, claim)
    except LeaseLostError:
        log.warning("lease_lost", attempts=claim.attempts)
    except Exception as error:
        died = _fail(house, claim, error)
        log.exception("promise_died" if died else "job_failed", attempts=claim.attempts)
        if died and last_words is not None:
            last_words(house, claim)


def _show_life(house: House) -> None:
    """Note that a worker lives, now and then: the clock gives one something to do each minute."""
    now = time.monotonic()
    if now - _shown_at[0] > LIFE_SECONDS:
        _shown_at[0] = now
        keeping.tick(house.db, "worker")


def _fail(house: House, claim: Claim, error: Exception) -> bool:
    """Note the failure; True if it was the last. One that comes too late is not noted."""
    try:
        return keeping.fail(house.db, claim, _kind_of(error))
    except LeaseLostError:
        return False


def _kind_of(error: Exception) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"
