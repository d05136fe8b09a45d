"""What matching decides about: a territory's waiting requests and its published slots."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from dispatcher.domain.matching.cost import Weights
from dispatcher.domain.matching.needs import Limits, Need, OpenSlot
from dispatcher.domain.states import AppointmentStatus, RequestStatus, SlotStatus
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory

LOAD_PERIOD = timedelta(days=28)
"""Fairness looks at what each volunteer offered and was booked over this long."""
HORIZON = timedelta(hours=96)
"""Slots further away than the longest delay, and a day for the near misses, are not looked at."""
OUR_VISIBILITIES = frozenset({"PUBLIC", "PRO", "SNP", "CPTS"})
"""A territory's own regulators see all that its volunteers publish, whatever its visibility."""

_WAITING = (
    select(CareRequest)
    .where(
        CareRequest.territory_id == bindparam("territory"),
        CareRequest.status == RequestStatus.SEARCHING.value,
    )
    .order_by(CareRequest.asked_at, CareRequest.id)
)
_OPEN_SLOTS = (
    select(
        Slot.id,
        Slot.practitioner_id,
        Slot.place_id,
        Slot.modality,
        Slot.visibility,
        Slot.start_at,
        Slot.ends_at,
        Slot.places,
        Slot.taken,
        Practitioner.profession,
        Practitioner.specialty,
        Practitioner.min_age,
        Practitioner.max_age,
        Practitioner.daily_cap,
        Practitioner.minimum_notice_minutes,
        Place.longitude,
        Place.latitude,
    )
    .join(Practitioner, Practitioner.id == Slot.practitioner_id)
    .join(Place, Place.id == Slot.place_id)
    .where(
        Slot.territory_id == bindparam("territory"),
        Slot.status.in_([SlotStatus.OPEN.value, SlotStatus.FULL.value]),
        Slot.ends_at > bindparam("now"),
        Practitioner.active,
    )
    .order_by(Slot.start_at, Slot.id)
)
_SLOTS_AHEAD = _OPEN_SLOTS.where(Slot.start_at < bindparam("horizon"))
_THE_SLOT = _OPEN_SLOTS.where(Slot.id == bindparam("slot"))
_BOOKED_SINCE = select(Appointment.practitioner_id, Appointment.start_at).where(
    Appointment.territory_id == bindparam("territory"),
    Appointment.status != AppointmentStatus.CANCELLED.value,
    Appointment.start_at > bindparam("since"),
)
_LOAD_SINCE = (
    select(
        Slot.practitioner_id,
        func.sum(Slot.taken).label("taken"),
        func.sum(Slot.places).label("places"),
    )
    .where(Slot.territory_id == bindparam("territory"), Slot.ends_at > bindparam("since"))
    .group_by(Slot.practitioner_id)
)


def radius_km(territory: Territory, by_department: Mapping[str, float]) -> float:
    """How far a request of the territory looks: its own setting, else its département's.

    Two overseas départements have a radius of 0 in the national table, which stands for none.
    """
    default = by_department.get(territory.department) or math.inf
    return float(territory.settings.get("radius_km") or default)


def weights_of(territory: Territory) -> Weights:
    """The territory's weights over the defaults."""
    return Weights.from_mapping(territory.settings.get("weights", {}))


def limits_of(territory: Territory) -> Limits:
    """The territory's tolerances."""
    return Limits(grace=timedelta(hours=float(territory.settings.get("grace_hours", 0))))


def need_of(request: CareRequest, radius: float) -> Need:
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
        radius_km=radius,
    )


def waiting_needs(session: Session, territory: Territory, radius: float) -> list[Need]:
    """The waiting queue, the longest waiting first."""
    requests = session.scalars(_WAITING, {"territory": territory.id})
    return [need_of(request, radius) for request in requests]


def open_slots(
    session: Session, territory: Territory, now: datetime, only: UUID | None = None
) -> list[OpenSlot]:
    """Published slots that are not over, full ones included: a refusal has to be counted.

    With `only`, that slot if it is one of them, however far away: somebody chose it.
    """
    zone = ZoneInfo(territory.timezone)
    asked = {"territory": territory.id, "now": now}
    rows = session.execute(
        _SLOTS_AHEAD if only is None else _THE_SLOT,
        asked | ({"horizon": now + HORIZON} if only is None else {"slot": only}),
    ).all()
    booked = (
        _booked_by_day(session, territory, now, zone)
        if any(row.daily_cap is not None for row in rows)
        else Counter()
    )
    load = _load(session, territory, now)
    visibility = {tuple(row.visibility): frozenset(row.visibility) for row in rows}
    slots = []
    for row in rows:
        day = row.start_at.astimezone(zone).date()
        slots.append(
            OpenSlot(
                slot_id=row.id,
                practitioner_id=row.practitioner_id,
                place_id=row.place_id,
                profession=row.profession,
                specialty=row.specialty,
                modality=row.modality,
                visibility=visibility[tuple(row.visibility)],
                start=row.start_at,
                end=row.ends_at,
                places=row.places,
                taken=row.taken,
                longitude=row.longitude,
                latitude=row.latitude,
                min_age=row.min_age,
                max_age=row.max_age,
                day=day,
                daily_cap=row.daily_cap,
                booked_that_day=booked[row.practitioner_id, day],
                load=load.get(row.practitioner_id, 0.0),
                minimum_notice=timedelta(minutes=row.minimum_notice_minutes),
            )
        )
    return slots


def _booked_by_day(
    session: Session, territory: Territory, now: datetime, zone: ZoneInfo
) -> Counter[tuple[UUID, date]]:
    starts = session.execute(
        _BOOKED_SINCE, {"territory": territory.id, "since": now - timedelta(days=1)}
    )
    return Counter((row.practitioner_id, row.start_at.astimezone(zone).date()) for row in starts)


def _load(session: Session, territory: Territory, now: datetime) -> dict[UUID, float]:
    rows: Sequence[Any] = session.execute(
        _LOAD_SINCE, {"territory": territory.id, "since": now - LOAD_PERIOD}
    ).all()
    return {row.practitioner_id: row.taken / row.places for row in rows if row.places}
