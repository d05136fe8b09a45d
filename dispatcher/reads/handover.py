"""What whoever takes over at the desk has to know beside the board: promises, and what is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import not_, select

from dispatcher.domain.jobs import Job
from dispatcher.domain.states import LIVE_APPOINTMENTS, LIVE_REQUESTS, RequestStatus
from dispatcher.storage.patients import Patient
from dispatcher.storage.promises import Promise
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.unit import Database

TOLD = (Job.ASK_VOLUNTEERS, Job.EXPIRE_OFFERS, Job.ESCALATE_REQUEST, Job.REMIND_PATIENT)
"""What will happen by itself, and concerns one request."""


@dataclass(frozen=True, slots=True)
class ClosedRequest:
    """A request that is over, and how it ended; codes are the catalogue's."""

    id: UUID
    code: str
    first_name: str
    last_name: str
    profession: str
    status: RequestStatus
    closing_code: str | None
    closed_at: datetime


def promised(db: Database, territory_id: UUID, now: datetime) -> dict[UUID, Mapping[Job, datetime]]:
    """By request: when each of those jobs is due next, from an aware instant on."""
    with db.reading() as session:
        rows = session.execute(
            select(Promise.job, Promise.ids, Promise.due_at)
            .where(
                Promise.territory_id == territory_id,
                Promise.job.in_([job.value for job in TOLD]),
                Promise.done_at.is_(None),
                Promise.dead_at.is_(None),
                Promise.due_at >= now,
            )
            .order_by(Promise.due_at.desc())
        ).all()
        appointments = session.execute(
            select(Appointment.id, Appointment.request_id).where(
                Appointment.territory_id == territory_id,
                Appointment.status.in_([status.value for status in LIVE_APPOINTMENTS]),
            )
        ).all()
    requests = {row.id: row.request_id for row in appointments}
    found: dict[UUID, dict[Job, datetime]] = {}
    for row in rows:
        request_id = (
            UUID(row.ids["request_id"])
            if "request_id" in row.ids
            else requests.get(UUID(row.ids["appointment_id"]))
        )
        if request_id is not None:
            found.setdefault(request_id, {})[Job(row.job)] = row.due_at
    return dict(found)


def closed_since(db: Database, territory_id: UUID, since: datetime) -> list[ClosedRequest]:
    """What was closed from an aware instant on, the last one first."""
    cipher = db.cipher
    with db.reading() as session:
        rows = session.execute(
            select(CareRequest, Patient)
            .join(Patient, Patient.id == CareRequest.patient_id)
            .where(
                CareRequest.territory_id == territory_id,
                not_(CareRequest.status.in_([status.value for status in LIVE_REQUESTS])),
                CareRequest.updated_at >= since,
            )
            .order_by(CareRequest.updated_at.desc(), CareRequest.id)
        ).all()
    return [
        ClosedRequest(
            id=request.id,
            code=request.code,
            first_name=cipher.open("patients.first_name", patient.id, patient.first_name),
            last_name=cipher.open("patients.last_name", patient.id, patient.last_name),
            profession=request.profession,
            status=RequestStatus(request.status),
            closing_code=request.closing_code,
            closed_at=request.updated_at,
        )
        for request, patient in rows
    ]
