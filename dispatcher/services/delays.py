"""When the regulator has to know that a request's delay is running out."""

from datetime import datetime

from sqlalchemy import select

from dispatcher.domain.jobs import Job
from dispatcher.domain.policy import Policy
from dispatcher.domain.states import LIVE_REQUESTS
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

_LIVE = [status.value for status in LIVE_REQUESTS]


def watch_delay(unit: Unit, request: CareRequest) -> None:
    """Put a request that waits again in front of the regulator when its delay is in danger already.

    The promise of its opening was kept while it had an appointment; before that hour it still is
    to come.
    """
    if in_danger_at(unit, request) <= unit.now:
        unit.promise(Job.ESCALATE_REQUEST, {"request_id": request.id})


def watch_delays(unit: Unit) -> None:
    """The territory looks at its live requests earlier or later than it did: promise each look.

    Those that were promised before do no harm: they look at the settings again.
    """
    policy = _policy(unit)
    live = unit.session.execute(
        select(CareRequest.id, CareRequest.due_at, CareRequest.delay_hours)
        .where(CareRequest.territory_id == unit.territory_id, CareRequest.status.in_(_LIVE))
        .order_by(CareRequest.id)
    )
    for row in live:
        look_at = max(policy.in_danger_at(row.due_at, row.delay_hours), unit.now)
        unit.promise(Job.ESCALATE_REQUEST, {"request_id": row.id}, look_at)


def in_danger_at(unit: Unit, request: CareRequest) -> datetime:
    """When so little of the request's delay is left that the regulator has to know."""
    policy = _policy(unit)
    return policy.in_danger_at(request.due_at, request.delay_hours)


def _policy(unit: Unit) -> Policy:
    territory = unit.session.get_one(Territory, unit.territory_id)
    return Policy.in_force(territory.settings)
