"""What was put in front of a regulator and settled by telephone."""

from uuid import UUID

from dispatcher.domain.errors import TransitionError
from dispatcher.domain.events import RequestAttended
from dispatcher.domain.roles import Account
from dispatcher.services.house import House
from dispatcher.services.requests import lock_request

UNDELIVERED = "undelivered"


def attend_request(house: House, account: Account, request_id: UUID) -> None:
    """The patient whom an SMS did not reach was called: nothing is asked of the regulator any more.

    Every other kind of attention passes with the request's state or its messages. Raises
    NotFoundError, and TransitionError when nobody has to be called (any more).
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        if request.attention != UNDELIVERED:
            raise TransitionError("Il n’y a plus personne à appeler pour cette demande.")
        request.attention = None
        request.updated_at = unit.now
        unit.record(RequestAttended(request_id=request_id, attention=UNDELIVERED))
