"""Having work tried again that the machines gave up."""

from uuid import UUID

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.events import PromiseRetried
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.unit import Ring


def retry_promise(house: House, account: Account, promise_id: UUID) -> Job:
    """A dead promise is due at once, with all its attempts; returns its job.

    Every job can be run twice without harm, so this can do none. Raises NotFoundError where it is
    not dead (any more), or is another territory's.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        job = keeping.revive(unit.session, promise_id, account.territory_id, unit.now)
        if job is None:
            raise NotFoundError
        unit.record(PromiseRetried(promise_id=promise_id, job=job.value))
        unit.rings.append(Ring(promise_id, job))
    return job
