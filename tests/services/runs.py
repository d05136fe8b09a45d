"""Matching runs, as a worker would begin them."""

from uuid import UUID

from dispatcher.domain.events import ENGINE
from dispatcher.domain.jobs import Job
from dispatcher.storage import keeping
from dispatcher.storage.unit import Claim
from tests.builders import Town


def booked_slot(town: Town, request_id: UUID) -> UUID | None:
    appointment = town.the_appointment(request_id)
    return appointment.slot_id if appointment else None


def a_run(town: Town, **ids: UUID) -> Claim:
    """A promise of a run, claimed."""
    with town.house.db.transaction(town.territory_id, ENGINE) as unit:
        unit.promise(Job.MATCH_WAITING, {"territory_id": town.territory_id, **ids})
    claim = keeping.claim(town.house.db, unit.rings[0].promise_id, 20)
    assert claim is not None
    return claim
