"""The visits that may open a majoration, as the database has them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain import calendar
from dispatcher.domain.calendar import Period, local_day
from dispatcher.domain.payments.majorations import (
    MajorationWeek,
    Visit,
    majoration_weeks,
    monday_of,
)
from dispatcher.domain.states import AppointmentStatus
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.unit import Database


def weeks_of_majorations(
    db: Database, territory_id: UUID, period: Period, practitioner_id: UUID | None = None
) -> Sequence[MajorationWeek]:
    """The weeks that the period touches in which a practitioner of the territory has majorations.

    Visits of neighbours' patients count with the others: the limit is the doctor's. Newest week
    first.
    """
    first = monday_of(local_day(period.start, period.zone))
    last = monday_of(local_day(period.end - timedelta(microseconds=1), period.zone))
    whole = calendar.period(first, last + timedelta(days=6), period.zone)
    weeks = majoration_weeks(visits(db, territory_id, whole, practitioner_id), period.zone)
    return sorted(
        weeks.values(), key=lambda week: (-week.monday.toordinal(), week.practitioner_id.hex)
    )


def visits(
    db: Database, territory_id: UUID, period: Period, practitioner_id: UUID | None = None
) -> Sequence[Visit]:
    """What the practitioners of a territory, or one of them, saw in a period, in order."""
    statement = (
        select(
            Appointment.id,
            Appointment.practitioner_id,
            Practitioner.profession,
            Practitioner.specialty,
            Appointment.start_at,
            CareRequest.regulated_at,
            CareRequest.regulated_for_sas,
            CareRequest.gp_id,
        )
        .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
        .join(CareRequest, CareRequest.id == Appointment.request_id)
        .where(
            Practitioner.territory_id == territory_id,
            Appointment.status == AppointmentStatus.FULFILLED,
            Appointment.start_at >= period.start,
            Appointment.start_at < period.end,
        )
        .order_by(Appointment.start_at, Appointment.id)
    )
    if practitioner_id is not None:
        statement = statement.where(Appointment.practitioner_id == practitioner_id)
    with db.reading() as session:
        return [
            Visit(
                appointment_id=row.id,
                practitioner_id=row.practitioner_id,
                profession=row.profession,
                specialty=row.specialty,
                start=row.start_at,
                regulated_at=row.regulated_at if row.regulated_for_sas else None,
                own_patient=row.gp_id == row.practitioner_id,
            )
            for row in session.execute(statement)
        ]
