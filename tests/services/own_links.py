"""The links that practitioners are sent, and the hour at which the clock writes some of them."""

import re

from dispatcher.domain.jobs import Job
from dispatcher.services.house import House
from dispatcher.storage import keeping
from tests.builders import Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.offering import e164


def ask_practitioners_now(house: House, clock: FakeClock) -> None:
    """What the clock has done each hour, and what follows from it."""
    with house.db.writing() as session:
        key = f"ask:{clock.now.isoformat()}"
        keeping.promise_once(session, Job.ASK_PRACTITIONERS, key, clock.now, clock.now)
    keep_promises(house)


def secret_in(body: str) -> str:
    """The secret of the link in an SMS to a practitioner."""
    found = re.search(r"/p/([A-Za-z0-9]+)", body)
    assert found is not None, body
    return found[1]


def latest_secret(sms: FakeSms, volunteer: Volunteer) -> str:
    """Of the last SMS that the volunteer was sent."""
    return secret_in(sms.bodies_to(e164(volunteer))[-1])
