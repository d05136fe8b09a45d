"""One care request as it stands: its appointment, what was refused, its SMS and its steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, select

from dispatcher.domain.matching.candidates import NearMiss
from dispatcher.domain.matching.cost import Term
from dispatcher.domain.states import AppointmentStatus, RequestStatus
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.unit import Database

# Built once: building a statement costs several times what the database needs to answer it.
_OF_REQUEST = and_(
    CareRequest.id == bindparam("request"), CareRequest.territory_id == bindparam("territory")
)
_OPENING = select(CareRequest.id, CareRequest.code, CareRequest.asked_at).where(_OF_REQUEST)
_STORY = (
    select(
        CareRequest.id,
        CareRequest.code,
        CareRequest.status,
        CareRequest.refused,
        Appointment.id.label("appointment_id"),
        Appointment.slot_id,
        Appointment.practitioner_id,
        Appointment.start_at,
        Appointment.ends_at,
        Appointment.distance_km,
        Appointment.status.label("appointment_status"),
        Appointment.terms,
        Appointment.refused.label("refused_then"),
    )
    .outerjoin(
        Appointment,
        and_(
            Appointment.request_id == CareRequest.id,
            Appointment.status != AppointmentStatus.CANCELLED.value,
        ),
    )
    .where(_OF_REQUEST)
)
_MESSAGES = (
    select(Message.id, Message.to_role, Message.status, Message.segments, Message.created_at)
    .where(Message.request_id == bindparam("request"), Message.direction == "out")
    .order_by(Message.created_at, Message.id)
)
_STEPS = (
    select(LoggedEvent.kind, LoggedEvent.at)
    .where(LoggedEvent.request_id == bindparam("request"))
    .order_by(LoggedEvent.id)
)


@dataclass(frozen=True, slots=True)
class AppointmentFacts:
    """The appointment that was not cancelled, with the reasons of the choice."""

    id: UUID
    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    end: datetime
    distance_km: float | None
    status: AppointmentStatus
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """One SMS that was written for the request: neither its number nor its text."""

    id: UUID
    to_role: str | None
    status: str
    segments: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the request's log."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestStory:
    """A request without the person: no name, no telephone, no note, no motive."""

    id: UUID
    code: str
    status: RequestStatus
    appointment: AppointmentFacts | None
    refused: Mapping[str, int]
    """Slots refused by the last search, or by the one that found the appointment, by reason."""
    near_misses: tuple[NearMiss, ...]
    messages: tuple[MessageFacts, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """What the opening of a request said, whatever became of it since."""

    id: UUID
    code: str
    at: datetime


def opening(db: Database, territory_id: UUID, request_id: UUID) -> Opening:
    """How a request of the territory was opened; it is known to exist."""
    asked = {"request": request_id, "territory": territory_id}
    with db.reading() as session:
        row = session.execute(_OPENING, asked).one()
    return Opening(row.id, row.code, row.asked_at)


def request_story(db: Database, territory_id: UUID, request_id: UUID) -> RequestStory | None:
    """All of it, of one moment; None where the territory has no such request."""
    asked = {"request": request_id, "territory": territory_id}
    with db.reading() as session:
        request = session.execute(_STORY, asked).one_or_none()
        if request is None:
            return None
        messages = session.execute(_MESSAGES, {"request": request_id}).all()
        steps = session.execute(_STEPS, {"request": request_id}).all()
    refused = request.refused or request.refused_then or {}
    return RequestStory(
        id=request.id,
        code=request.code,
        status=RequestStatus(request.status),
        appointment=_appointment(request),
        refused=refused.get("refused", {}),
        near_misses=tuple(NearMiss.from_json(stored) for stored in refused.get("near_misses", [])),
        messages=tuple(
            MessageFacts(row.id, row.to_role, row.status, row.segments, row.created_at)
            for row in messages
        ),
        steps=tuple(Step(row.kind, row.at) for row in steps),
    )


def _appointment(row: Row[Any]) -> AppointmentFacts | None:
    if row.appointment_id is None:
        return None
    return AppointmentFacts(
        id=row.appointment_id,
        slot_id=row.slot_id,
        practitioner_id=row.practitioner_id,
        start=row.start_at,
        end=row.ends_at,
        distance_km=row.distance_km,
        status=AppointmentStatus(row.appointment_status),
        terms=tuple(Term.from_json(stored) for stored in row.terms),
    )
