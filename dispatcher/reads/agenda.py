"""A practitioner's own slots with the patients expected there, and what is still to be marked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from dispatcher.domain import calendar
from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.lateness import delay_in_force
from dispatcher.domain.roles import Account
from dispatcher.domain.states import LIVE_APPOINTMENTS, AppointmentStatus, SlotStatus
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Database

AHEAD = timedelta(days=31)
"""How far the agenda is shown; later slots are counted."""
STILL_TO_MARK = timedelta(days=31)
"""An attendance nobody noted is asked for this long."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One patient of a slot. The practitioner treats them: identity and need are shown.

    `phone` is E.164, `commune` an INSEE code.
    """

    id: UUID
    start: datetime
    end: datetime
    status: AppointmentStatus
    code: str
    first_name: str
    last_name: str
    birth_date: date
    phone: str
    commune: str
    motive: str | None
    note: str
    regulated_by: str | None
    gp_name: str | None
    late_minutes: int | None
    """The delay that the patient announced."""

    @property
    def is_live(self) -> bool:
        """Whether the patient is still expected."""
        return self.status in LIVE_APPOINTMENTS


@dataclass(frozen=True, slots=True)
class AgendaSlot:
    """A published slot. `taken` of its `places` are booked."""

    id: UUID
    start: datetime
    end: datetime
    place_label: str
    modality: str
    places: int
    taken: int
    status: SlotStatus
    visits: tuple[Visit, ...]
    note: str
    """For the patient."""
    free_now: bool
    is_blocked: bool
    """Closed for now by the practitioner's own agenda."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """From today on: the slots in order; from before: the visits without an outcome."""

    practitioner_name: str
    slots: tuple[AgendaSlot, ...]
    to_mark: tuple[Visit, ...]
    later: int
    """Open slots further away than the agenda shows."""


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """A place where the practitioner works."""

    id: UUID
    label: str
    commune_name: str


def agenda(db: Database, account: Account) -> Agenda:
    """The agenda of the practitioner who is signed in. Raises NotFoundError without one."""
    now, zone = db.clock(), ZoneInfo(account.timezone)
    today, _ = calendar.local_day_bounds(calendar.local_day(now, zone), zone)
    with db.reading() as session:
        practitioner = _own(session, account)
        rows = session.execute(
            select(Slot, Place.label)
            .join(Place, Place.id == Slot.place_id)
            .where(
                Slot.practitioner_id == practitioner.id,
                Slot.ends_at > today,
                Slot.start_at < now + AHEAD,
            )
            .order_by(Slot.start_at, Slot.id)
        ).all()
        expected = _visits(session, db.cipher, practitioner, _in_slots(slot for slot, _ in rows))
        before = _visits(session, db.cipher, practitioner, _to_be_marked(today))
        later = session.scalar(
            select(func.count()).where(
                Slot.practitioner_id == practitioner.id,
                Slot.status != SlotStatus.CLOSED,
                Slot.start_at >= now + AHEAD,
            )
        )
    return Agenda(
        practitioner_name=practitioner.display_name,
        slots=tuple(
            _slot(db.cipher, slot, label, expected.get(slot.id, ()))
            for slot, label in rows
            if slot.id in expected or not _was_withdrawn(slot)
        ),
        to_mark=tuple(visit for visits in before.values() for visit in visits),
        later=later or 0,
    )


def own_places(db: Database, account: Account) -> list[OwnPlace]:
    """Where the practitioner who is signed in works, by label. Raises NotFoundError without one."""
    with db.reading() as session:
        practitioner = _own(session, account)
        rows = session.execute(
            select(Place.id, Place.label, Place.commune_name)
            .where(Place.practitioner_id == practitioner.id, Place.closed_at.is_(None))
            .order_by(Place.label, Place.id)
        )
        return [OwnPlace(row.id, row.label, row.commune_name) for row in rows]


def _own(session: Session, account: Account) -> Practitioner:
    found = session.scalars(
        select(Practitioner).where(
            Practitioner.id == account.practitioner_id,
            Practitioner.territory_id == account.territory_id,
        )
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def _in_slots(slots: Iterable[Slot]) -> ColumnElement[bool]:
    return Appointment.slot_id.in_([slot.id for slot in slots])


def _to_be_marked(today: datetime) -> ColumnElement[bool]:
    """Of the days before: without an outcome, or marked today, perhaps by a slip of the thumb."""
    return and_(
        Slot.ends_at <= today,
        Slot.ends_at > today - STILL_TO_MARK,
        Appointment.status != AppointmentStatus.CANCELLED,
        or_(Appointment.ended_at.is_(None), Appointment.ended_at >= today),
    )


def visits_of(
    session: Session, cipher: Cipher, practitioner: Practitioner, which: ColumnElement[bool]
) -> list[Visit]:
    """The practitioner's visits for which `which` holds, of Appointment and Slot, by hour."""
    return [visit for _, visit in _visits_and_slots(session, cipher, practitioner, which)]


def _visits(
    session: Session, cipher: Cipher, practitioner: Practitioner, which: ColumnElement[bool]
) -> dict[UUID, list[Visit]]:
    """The same by slot, each list in the order of arrival."""
    visits: dict[UUID, list[Visit]] = {}
    for slot_id, visit in _visits_and_slots(session, cipher, practitioner, which):
        visits.setdefault(slot_id, []).append(visit)
    return visits


def _visits_and_slots(
    session: Session, cipher: Cipher, practitioner: Practitioner, which: ColumnElement[bool]
) -> list[tuple[UUID, Visit]]:
    gp = aliased(Practitioner)
    rows = session.execute(
        select(Appointment, CareRequest, Patient, gp)
        .join(CareRequest, CareRequest.id == Appointment.request_id)
        .join(Patient, Patient.id == CareRequest.patient_id)
        .join(Slot, Slot.id == Appointment.slot_id)
        .outerjoin(gp, gp.id == CareRequest.gp_id)
        .where(Appointment.practitioner_id == practitioner.id, which)
        .order_by(Appointment.start_at, Appointment.booked_at, Appointment.id)
    ).all()
    return [
        (appointment.slot_id, _visit(cipher, appointment, request, patient, doctor))
        for appointment, request, patient, doctor in rows
    ]


def _visit(
    cipher: Cipher,
    appointment: Appointment,
    request: CareRequest,
    patient: Patient,
    gp: Practitioner | None,
) -> Visit:
    birth_date = cipher.open("patients.birth_date", patient.id, patient.birth_date)
    note = cipher.open("care_requests.note", request.id, request.note) if request.note else ""
    return Visit(
        id=appointment.id,
        start=appointment.start_at,
        end=appointment.ends_at,
        status=AppointmentStatus(appointment.status),
        code=request.code,
        first_name=cipher.open("patients.first_name", patient.id, patient.first_name),
        last_name=cipher.open("patients.last_name", patient.id, patient.last_name),
        birth_date=date.fromisoformat(birth_date),
        phone=cipher.open("patients.phone", patient.id, patient.phone),
        commune=request.commune,
        motive=request.motive,
        note=note,
        regulated_by=request.regulated_by,
        gp_name=gp.display_name if gp else None,
        late_minutes=delay_in_force(
            appointment.late_minutes,
            appointment.late_at,
            appointment.start_at,
            appointment.ends_at,
        ),
    )


def _was_withdrawn(slot: Slot) -> bool:
    """Closed before its time: without patients there is nothing to show of it."""
    return slot.closed_at is not None and slot.closed_at < slot.ends_at


def _slot(cipher: Cipher, slot: Slot, place_label: str, visits: Iterable[Visit]) -> AgendaSlot:
    return AgendaSlot(
        id=slot.id,
        start=slot.start_at,
        end=slot.ends_at,
        place_label=place_label,
        modality=slot.modality,
        places=slot.places,
        taken=slot.taken,
        status=SlotStatus(slot.status),
        visits=tuple(visits),
        note=cipher.open("slots.note", slot.id, slot.note) if slot.note else "",
        free_now=slot.free_now,
        is_blocked=slot.blocked_since is not None and slot.status != SlotStatus.CLOSED,
    )
