"""One care request as it stands: its appointment, what was refused, its SMS and its steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select

from dispatcher.domain.matching.candidates import NearMiss
from dispatcher.domain.matching.cost import Term
from dispatcher.domain.states import AppointmentStatus, RequestStatus
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.unit import Database


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
    """Slots refused by the last search, by reason."""
    near_misses: tuple[NearMiss, ...]
    messages: tuple[MessageFacts, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """What the opening of a request said, whatever became of it since."""

    id: UUID
    code: str
    at: datetime


def opening(db: Database, territory_id: UUID, request_id: UUID) -> Opening | None:
    """How a request was opened; None where the territory has no such request."""
    with db.reading() as session:
        row = session.execute(
            select(CareRequest.id, CareRequest.code, CareRequest.asked_at).where(
                CareRequest.id == request_id, CareRequest.territory_id == territory_id
            )
        ).one_or_none()
    return None if row is None else Opening(row.id, row.code, row.asked_at)


def request_story(db: Database, territory_id: UUID, request_id: UUID) -> RequestStory | None:
    """All of it, of one moment; None where the territory has no such request."""
    with db.reading() as session:
        found = session.execute(
            select(CareRequest, Appointment)
            .outerjoin(
                Appointment,
                and_(
                    Appointment.request_id == CareRequest.id,
                    Appointment.status != AppointmentStatus.CANCELLED,
                ),
            )
            .where(CareRequest.id == request_id, CareRequest.territory_id == territory_id)
        ).one_or_none()
        if found is None:
            return None
        messages = session.execute(
            select(
                Message.id, Message.to_role, Message.status, Message.segments, Message.created_at
            )
            .where(Message.request_id == request_id, Message.direction == "out")
            .order_by(Message.created_at, Message.id)
        ).all()
        steps = session.execute(
            select(LoggedEvent.kind, LoggedEvent.at)
            .where(LoggedEvent.request_id == request_id)
            .order_by(LoggedEvent.id)
        ).all()
    request, appointment = found
    return RequestStory(
        id=request.id,
        code=request.code,
        status=RequestStatus(request.status),
        appointment=_facts(appointment),
        refused=request.refused.get("refused", {}),
        near_misses=tuple(
            NearMiss.from_json(stored) for stored in request.refused.get("near_misses", [])
        ),
        messages=tuple(
            MessageFacts(row.id, row.to_role, row.status, row.segments, row.created_at)
            for row in messages
        ),
        steps=tuple(Step(row.kind, row.at) for row in steps),
    )


def _facts(appointment: Appointment | None) -> AppointmentFacts | None:
    if appointment is None:
        return None
    return AppointmentFacts(
        id=appointment.id,
        slot_id=appointment.slot_id,
        practitioner_id=appointment.practitioner_id,
        start=appointment.start_at,
        end=appointment.ends_at,
        distance_km=appointment.distance_km,
        status=AppointmentStatus(appointment.status),
        terms=tuple(Term.from_json(stored) for stored in appointment.terms),
    )
