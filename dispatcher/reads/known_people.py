"""People the territory knows already: doctors who may be médecin traitant, live requests."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, literal, or_, select

from dispatcher.domain.states import AppointmentStatus, RequestStatus
from dispatcher.storage.neighbours import sharing_with
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

DOCTOR = "10"
"""TRE_G15: médecin."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """A doctor of the territory."""

    id: UUID
    display_name: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """A volunteer; profession TRE_G15."""

    id: UUID
    display_name: str
    profession: str
    lender: str
    """The neighbouring territory, empty for one's own."""


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """A request that a patient has already; `appointment` is its hour, if there is one."""

    id: UUID
    code: str
    status: RequestStatus
    profession: str
    asked_at: datetime
    appointment: datetime | None


def doctors(db: Database, territory_id: UUID) -> list[Doctor]:
    """The territory's doctors by family name."""
    with db.reading() as session:
        rows = session.scalars(
            select(Practitioner)
            .where(
                Practitioner.territory_id == territory_id,
                Practitioner.profession == DOCTOR,
                Practitioner.active,
            )
            .order_by(Practitioner.last_name, Practitioner.first_name, Practitioner.id)
        ).all()
    return [Doctor(row.id, row.display_name) for row in rows]


def colleagues(db: Database, territory_id: UUID) -> list[Colleague]:
    """Whom a request may be given to: the territory's volunteers, then its neighbours', by name.

    Named to cross territories: of the neighbours, those with whom slots are shared.
    """
    is_ours = Practitioner.territory_id == territory_id
    with db.reading() as session:
        rows = session.execute(
            select(Practitioner, Territory.name, is_ours.label("ours"))
            .join(Territory, Territory.id == Practitioner.territory_id)
            .where(
                or_(
                    is_ours,
                    Practitioner.territory_id.in_(sharing_with(literal(territory_id))),
                ),
                Practitioner.active,
            )
            .order_by(
                is_ours.desc(),
                Territory.name,
                Practitioner.last_name,
                Practitioner.first_name,
                Practitioner.id,
            )
        ).all()
    return [
        Colleague(each.id, each.display_name, each.profession, "" if ours else name)
        for each, name, ours in rows
    ]


def live_requests(
    db: Database, territory_id: UUID, request_ids: Collection[UUID]
) -> list[LiveRequest]:
    """These requests of the territory, the oldest first."""
    with db.reading() as session:
        rows = session.execute(
            select(CareRequest, Appointment.start_at)
            .outerjoin(
                Appointment,
                and_(
                    Appointment.request_id == CareRequest.id,
                    Appointment.status != AppointmentStatus.CANCELLED,
                ),
            )
            .where(CareRequest.territory_id == territory_id, CareRequest.id.in_(request_ids))
            .order_by(CareRequest.asked_at, CareRequest.id)
        ).all()
    return [
        LiveRequest(
            id=request.id,
            code=request.code,
            status=RequestStatus(request.status),
            profession=request.profession,
            asked_at=request.asked_at,
            appointment=start,
        )
        for request, start in rows
    ]
