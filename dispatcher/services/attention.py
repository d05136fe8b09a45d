"""What is put in front of a regulator."""

from dispatcher.domain.events import RequestEscalated
from dispatcher.domain.states import Attention, pressing
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Unit


def put_in_front(unit: Unit, request: CareRequest, why: Attention) -> None:
    """Ask something of the regulator; what is more pressing and asked already stays.

    The caller holds the request's lock.
    """
    request.attention = pressing(request.attention, why)
    request.updated_at = unit.now
    unit.record(RequestEscalated(request_id=request.id, attention=why))
