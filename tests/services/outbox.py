"""One SMS that waits to be sent, and the promise to send it."""

from datetime import timedelta
from uuid import UUID

from dispatcher.services import matching
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.messages import Message
from dispatcher.storage.unit import Claim
from tests.builders import Town, mobile
from tests.services.tables import messages, promises

PATIENT = "+33639980042"


def booked_request(house: House, town: Town) -> UUID:
    """A booked request: one SMS waits for the patient; the practitioner has no telephone."""
    town.slot(town.volunteer(phone=None))
    asked = town.request(patient={"phone": mobile(42)})
    for promise in promises(house, "match_waiting"):
        claim = keeping.claim(house.db, promise.id, 20)
        assert claim is not None
        matching.match_waiting(house, claim)
    return asked


def the_message(house: House) -> Message:
    (message,) = messages(house, "confirmation")
    return message


def claimed(house: House) -> Claim:
    (promise,) = promises(house, "send_message")
    claim = keeping.claim(house.db, promise.id, house.settings.promise_lease)
    assert claim is not None
    return claim


def pause(house: House) -> timedelta:
    """Until when the send is put off, from now."""
    (promise,) = promises(house, "send_message")
    return promise.due_at - house.clock()
