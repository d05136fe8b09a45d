"""Every live request of a territory, as the regulators' board shows it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.calling import Whom
from dispatcher.domain.events import AppointmentBooked, RequestOpened
from dispatcher.domain.inbound import Intent
from dispatcher.domain.states import LIVE_REQUESTS, AppointmentStatus, OfferStatus, RequestStatus
from dispatcher.reads.in_hand import Holder, NoteFacts, holder_of, notes_of
from dispatcher.storage.accounts import User
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message
from dispatcher.storage.offers import Offer
from dispatcher.storage.patients import Patient
from dispatcher.storage.practices import Practice, PracticeMember
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Database

CLOSED_SEARCHED = timedelta(days=14)
"""A search also looks among what was closed this recently."""
CLOSED_SEARCHED_MOST = 500
_STANDING = or_(
    CareRequest.status.in_([status.value for status in LIVE_REQUESTS]),
    CareRequest.call_patient_since.is_not(None),
    CareRequest.call_practitioner_since.is_not(None),
)


@dataclass(frozen=True, slots=True)
class BookedFor:
    """The appointment on a card. `status` is the appointment's own."""

    start: datetime
    end: datetime
    is_walk_in: bool
    status: AppointmentStatus
    practitioner_name: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried beside the slots that are published."""

    radius_km: float | None
    """Where a regulator has set how far this request is searched for."""
    waves: int
    offers: Mapping[OfferStatus, int]
    """Volunteers asked, by where their answer stands."""


@dataclass(frozen=True, slots=True)
class BoardRequest:
    """One request with its patient's name. `phone` is E.164; codes are the catalogue's."""

    id: UUID
    code: str
    status: RequestStatus
    attention: str | None
    to_call: tuple[Whom, ...]
    """Who has to be telephoned, because no SMS told them."""
    last_name: str
    first_name: str
    birth_date: date
    phone: str
    commune: str
    profession: str
    motive: str | None
    modalities: Sequence[str]
    delay_hours: int
    asked_at: datetime
    due_at: datetime
    tried: Tried
    holder: Holder | None
    """Who has it in hand."""
    note: str
    """The last words that a regulator left for colleagues, or empty."""
    appointment: BookedFor | None
    practice: str = ""
    """Who asked for it, where that was a requester."""
    to_validate: bool = False


@dataclass(frozen=True, slots=True)
class Today:
    """The day in figures: a territory's local day."""

    opened: int
    booked: int
    to_read: int
    """SMS received that nobody has dealt with yet, whatever their day."""
    to_call_back: int
    """Telephones that asked by SMS to be called, with or without a request."""


def board_state(db: Database, territory_id: UUID) -> str:
    """A digest that changes whenever something on the board does; cheap, and opens no name."""
    with db.reading() as session:
        rows = session.execute(
            select(
                CareRequest.id,
                CareRequest.status,
                CareRequest.attention,
                CareRequest.call_patient_since,
                CareRequest.call_practitioner_since,
                CareRequest.in_hand_of,
                CareRequest.updated_at,
                Appointment.id,
                Appointment.status,
            )
            .outerjoin(Appointment, _is_standing())
            .where(CareRequest.territory_id == territory_id, _STANDING)
            .order_by(CareRequest.id)
        ).all()
        to_read = session.scalar(_to_read(territory_id))
        asked = _asked(session, CareRequest.territory_id == territory_id, _STANDING)
    return hashlib.sha256(repr((rows, to_read, asked)).encode()).hexdigest()


def board_requests(db: Database, territory_id: UUID, now: datetime) -> list[BoardRequest]:
    """All live requests, and those over of which somebody is to be called; due first in front."""
    with db.reading() as session:
        rows = session.execute(
            _requests(territory_id).where(_STANDING).order_by(CareRequest.due_at, CareRequest.id)
        ).all()
        ours = (CareRequest.territory_id == territory_id, _STANDING)
        asked, notes = _asked(session, *ours), notes_of(session, db.cipher, *ours)
    none: list[NoteFacts] = []
    return [
        _request(row, db.cipher, now, asked.get(row.id, {}), notes.get(row.id, none))
        for row in rows
    ]


def closed_requests(db: Database, territory_id: UUID, now: datetime) -> list[BoardRequest]:
    """The requests closed within CLOSED_SEARCHED, the last one first."""
    with db.reading() as session:
        rows = session.execute(
            _requests(territory_id)
            .where(not_(_STANDING), CareRequest.updated_at > now - CLOSED_SEARCHED)
            .order_by(CareRequest.updated_at.desc(), CareRequest.id)
            .limit(CLOSED_SEARCHED_MOST)
        ).all()
    return [_request(row, db.cipher, now, {}, ()) for row in rows]


def today(db: Database, territory_id: UUID, now: datetime, zone: ZoneInfo) -> Today:
    """What the day has brought so far, counted in the log."""
    start, end = calendar.local_day_bounds(calendar.local_day(now, zone), zone)
    with db.reading() as session:
        rows = session.execute(
            select(LoggedEvent.kind, func.count().label("number"))
            .where(
                LoggedEvent.territory_id == territory_id,
                LoggedEvent.at >= start,
                LoggedEvent.at < end,
                LoggedEvent.kind.in_([RequestOpened.kind(), AppointmentBooked.kind()]),
            )
            .group_by(LoggedEvent.kind)
        )
        counts = {row.kind: row.number for row in rows}
        to_read = session.scalar(_to_read(territory_id))
        to_call_back = session.scalar(
            select(func.count(Message.phone_hash.distinct())).where(
                Message.territory_id == territory_id,
                Message.direction == "in",
                Message.handled_at.is_(None),
                Message.kind == Intent.CALL_BACK.value,
            )
        )
    return Today(
        opened=counts.get(RequestOpened.kind(), 0),
        booked=counts.get(AppointmentBooked.kind(), 0),
        to_read=to_read or 0,
        to_call_back=to_call_back or 0,
    )


def _requests(territory_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(
            CareRequest.id,
            CareRequest.code,
            CareRequest.status,
            CareRequest.attention,
            CareRequest.call_patient_since,
            CareRequest.call_practitioner_since,
            CareRequest.commune,
            CareRequest.profession,
            CareRequest.motive,
            CareRequest.modalities,
            CareRequest.delay_hours,
            CareRequest.asked_at,
            CareRequest.due_at,
            CareRequest.radius_km,
            CareRequest.waves,
            CareRequest.to_validate,
            CareRequest.patient_id,
            Practice.name.label("practice"),
            Patient.last_name,
            Patient.first_name,
            Patient.birth_date,
            Patient.phone,
            Appointment.status.label("appointment_status"),
            Appointment.start_at,
            Appointment.ends_at,
            Slot.places,
            Practitioner,
            CareRequest.in_hand_of,
            CareRequest.in_hand_since,
            User.display_name.label("holder_name"),
        )
        .join(Patient, Patient.id == CareRequest.patient_id)
        .outerjoin(Appointment, _is_standing())
        .outerjoin(PracticeMember, PracticeMember.user_id == CareRequest.opened_by)
        .outerjoin(Practice, Practice.id == PracticeMember.practice_id)
        .outerjoin(Slot, Slot.id == Appointment.slot_id)
        .outerjoin(Practitioner, Practitioner.id == Appointment.practitioner_id)
        .outerjoin(User, User.id == CareRequest.in_hand_of)
        .where(CareRequest.territory_id == territory_id)
    )


def _is_standing() -> ColumnElement[bool]:
    """Joins the request's appointment that was not cancelled: there is one at most."""
    return and_(
        Appointment.request_id == CareRequest.id,
        Appointment.status != AppointmentStatus.CANCELLED,
    )


def _to_read(territory_id: UUID) -> Select[Any]:
    return select(func.count()).where(
        Message.territory_id == territory_id,
        Message.direction == "in",
        Message.handled_at.is_(None),
    )


def _asked(session: Session, *requests: ColumnElement[bool]) -> dict[UUID, dict[OfferStatus, int]]:
    """By request that volunteers were asked about: how many of them stand where."""
    rows = session.execute(
        select(Offer.request_id, Offer.status, func.count().label("number"))
        .join(CareRequest, CareRequest.id == Offer.request_id)
        .where(*requests)
        .group_by(Offer.request_id, Offer.status)
        .order_by(Offer.request_id, Offer.status)
    )
    found: dict[UUID, dict[OfferStatus, int]] = {}
    for row in rows:
        found.setdefault(row.request_id, {})[OfferStatus(row.status)] = row.number
    return found


def _request(
    row: Row[Any],
    cipher: Cipher,
    now: datetime,
    offers: Mapping[OfferStatus, int],
    notes: Sequence[NoteFacts],
) -> BoardRequest:
    patient = row.patient_id
    return BoardRequest(
        id=row.id,
        code=row.code,
        status=RequestStatus(row.status),
        attention=row.attention,
        to_call=who_to_call(row.call_patient_since, row.call_practitioner_since),
        last_name=cipher.open("patients.last_name", patient, row.last_name),
        first_name=cipher.open("patients.first_name", patient, row.first_name),
        birth_date=date.fromisoformat(cipher.open("patients.birth_date", patient, row.birth_date)),
        phone=cipher.open("patients.phone", patient, row.phone),
        commune=row.commune,
        profession=row.profession,
        motive=row.motive,
        modalities=tuple(row.modalities),
        delay_hours=row.delay_hours,
        asked_at=row.asked_at,
        due_at=row.due_at,
        tried=Tried(row.radius_km, row.waves, offers),
        practice=row.practice or "",
        to_validate=row.to_validate,
        holder=holder_of(row.in_hand_of, row.holder_name, row.in_hand_since, now),
        note=notes[0].text if notes else "",
        appointment=_booked_for(row) if row.appointment_status is not None else None,
    )


def who_to_call(patient: datetime | None, practitioner: datetime | None) -> tuple[Whom, ...]:
    """From since when each of them is to be telephoned."""
    asked = ((Whom.PATIENT, patient), (Whom.PRACTITIONER, practitioner))
    return tuple(whom for whom, since in asked if since is not None)


def _booked_for(row: Row[Any]) -> BookedFor:
    return BookedFor(
        start=row.start_at,
        end=row.ends_at,
        is_walk_in=row.places > 1,
        status=AppointmentStatus(row.appointment_status),
        practitioner_name=row.Practitioner.display_name,
    )
