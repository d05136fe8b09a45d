"""What matching decides about: a territory's waiting requests, beside its rules and open slots."""

import math
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from dispatcher.domain.matching.needs import Need
from dispatcher.domain.states import RequestStatus
from dispatcher.reads.open_slots import open_slots
from dispatcher.reads.rules import Rules, rules_of
from dispatcher.storage.requests import CareRequest

__all__ = [
    "MATCHED_REQUESTS",
    "OUR_VISIBILITIES",
    "Rules",
    "need_of",
    "open_slots",
    "rules_of",
    "waiting_needs",
]

OUR_VISIBILITIES = frozenset({"PUBLIC", "PRO", "SNP", "CPTS"})
"""A territory's own regulators see all that its volunteers publish, whatever its visibility."""
MATCHED_REQUESTS = (RequestStatus.SEARCHING, RequestStatus.OFFERING)
"""Volunteers being asked, a slot that is published meanwhile still wins, until one of them accepts.
"""

_WAITING = (
    select(CareRequest)
    .where(
        CareRequest.territory_id == bindparam("territory"),
        CareRequest.status.in_([status.value for status in MATCHED_REQUESTS]),
        CareRequest.accepted_offer_id.is_(None),
    )
    .order_by(CareRequest.asked_at, CareRequest.id)
)


def need_of(request: CareRequest, rules: Rules) -> Need:
    """A request as matching sees it: no name, no motive."""
    return Need(
        request_id=request.id,
        profession=request.profession,
        specialty=request.specialty,
        modalities=frozenset(request.modalities),
        age=request.age,
        longitude=request.longitude,
        latitude=request.latitude,
        asked_at=request.asked_at,
        due_at=request.due_at,
        earliest=request.earliest_at,
        gp_id=request.gp_id,
        excluded_practitioners=frozenset(UUID(known) for known in request.excluded_practitioners),
        sees=OUR_VISIBILITIES,
        radius_km=rules.radius_km(request.radius_km),
        enlarged_km=rules.enlarged_km(request.radius_km),
        sex=request.sex,
        language=request.language,
        needs_step_free=request.needs_step_free,
        travel_km=math.inf if request.travel_km is None else request.travel_km,
    )


def waiting_needs(session: Session, rules: Rules) -> list[Need]:
    """The waiting queue, the longest waiting first."""
    requests = session.scalars(_WAITING, {"territory": rules.territory_id})
    return [need_of(request, rules) for request in requests]
