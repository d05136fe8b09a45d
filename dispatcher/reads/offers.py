"""Who was asked about a request and what they answered; and the page behind an offer’s link."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from config.communes import Communes
from dispatcher.domain.messages import NOT_ARRIVED, MessageKind
from dispatcher.domain.offers import next_wave
from dispatcher.domain.states import (
    LIVE_OFFERS,
    WAITING_REQUESTS,
    AppointmentStatus,
    OfferStatus,
    RequestStatus,
)
from dispatcher.reads import queue
from dispatcher.reads.volunteers import askable, modality_at
from dispatcher.storage.encryption import Cipher, digest_token
from dispatcher.storage.messages import Message
from dispatcher.storage.offers import Offer
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

LINK_LIFE = timedelta(days=1)
"""A link answers this long after its offer or its appointment is over, then as if it had never
been."""


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """One volunteer who was asked. `phone` is E.164, `distance_km` as the crow flies."""

    id: UUID
    practitioner_id: UUID
    practitioner_name: str
    phone: str | None
    wave: int
    status: OfferStatus
    distance_km: float | None
    words: str
    """What they wrote after OUI or NON."""
    made_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    """When they answered, also where that was too late."""
    is_unreached: bool
    """Whether the SMS did not arrive."""
    is_hour_awaited: bool
    """Whether theirs is the yes, without its hour."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """A volunteer who fits and cannot be asked by SMS: `phone` is their place's, if it has one."""

    practitioner_id: UUID
    practitioner_name: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class OfferPage:
    """What an offer's link shows. Nobody's name before the yes; telephones are E.164."""

    offer_id: UUID
    practitioner_id: UUID
    code: str
    status: OfferStatus
    request_status: RequestStatus
    is_accepted: bool
    """Whether theirs is the yes that counts."""
    is_excluded: bool
    """Whether they gave this patient up before."""
    expires_at: datetime
    earliest_at: datetime | None
    """From when on the patient can come; None for at once."""
    due_at: datetime
    asked_at: datetime
    delay_hours: int
    age: int
    modality: str
    motive: str | None
    distance_km: float | None
    place_label: str
    commune: str
    practitioner_name: str
    patient: "PatientFacts | None"
    """Only once they have said yes."""
    appointment: "AppointmentFacts | None"
    busy: tuple[tuple[datetime, datetime], ...]
    """Their own appointments until the request is due."""
    territory_name: str
    territory_phone: str
    timezone: str
    department: str

    @property
    def can_answer(self) -> bool:
        """Whether a yes may still be the first."""
        is_answerable = self.status in (*LIVE_OFFERS, OfferStatus.DECLINED)
        return (is_answerable and not self.is_excluded) and self.request_status in (
            RequestStatus.SEARCHING,
            RequestStatus.OFFERING,
        )


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """The patient of an accepted offer."""

    first_name: str
    last_name: str
    birth_date: date
    phone: str


@dataclass(frozen=True, slots=True)
class AppointmentFacts:
    """The hour that was chosen."""

    start: datetime
    end: datetime


def offers_of(session: Session, cipher: Cipher, request_id: UUID) -> tuple[OfferFacts, ...]:
    """Everybody who was asked, wave by wave, the nearest first; the caller knows the territory."""
    rows = session.execute(
        select(Offer, Practitioner, CareRequest, Message.status)
        .join(Practitioner, Practitioner.id == Offer.practitioner_id)
        .join(CareRequest, CareRequest.id == Offer.request_id)
        .outerjoin(
            Message,
            and_(
                Message.request_id == Offer.request_id,
                Message.offer_id == Offer.id,
                Message.kind == MessageKind.OFFER,
            ),
        )
        .where(Offer.request_id == request_id)
        .order_by(Offer.wave, Offer.distance_km, Offer.id, Message.created_at)
    )
    # Whoever was asked again has several SMS; the last one counts.
    found = {
        offer.id: OfferFacts(
            id=offer.id,
            practitioner_id=offer.practitioner_id,
            practitioner_name=practitioner.display_name,
            phone=practitioner.phone,
            wave=offer.wave,
            status=OfferStatus(offer.status),
            distance_km=offer.distance_km,
            words=cipher.open("offers.words", offer.id, offer.words) if offer.words else "",
            made_at=offer.made_at,
            expires_at=offer.expires_at,
            answered_at=offer.answered_at,
            is_unreached=sms in NOT_ARRIVED,
            is_hour_awaited=(
                request.accepted_offer_id == offer.id and request.status in WAITING_REQUESTS
            ),
        )
        for offer, practitioner, request, sms in rows
    }
    return tuple(found.values())


def unreached(
    session: Session, cipher: Cipher, request: CareRequest, rules: queue.Rules, now: datetime
) -> tuple[Unreached, ...]:
    """Volunteers who fit this request and to whom no SMS can go: a person telephones, or nobody."""
    people = askable(session, cipher, request, rules, now)
    volunteers = [each.volunteer for each in people.values()]
    ids = next_wave(queue.need_of(request, rules), volunteers, 1, now).unreachable
    rows = session.execute(
        select(Practitioner, Place.phone)
        .join(Place, Place.practitioner_id == Practitioner.id)
        .where(Practitioner.id.in_(ids))
        .order_by(Practitioner.last_name, Practitioner.id, Place.id)
    )
    found: dict[UUID, Unreached] = {}
    for practitioner, phone in rows:
        known = found.get(practitioner.id)
        if known is None or known.phone is None:
            reached_at = phone or practitioner.phone
            found[practitioner.id] = Unreached(
                practitioner.id, practitioner.display_name, reached_at
            )
    return tuple(found.values())


def offer_page(db: Database, communes: Communes, link_token: str) -> OfferPage | None:
    """The page behind a link; None when the link is unknown or used up. Writes nothing."""
    now = db.clock()
    with db.reading() as session:
        found = session.execute(
            select(Offer, CareRequest, Practitioner, Place, Territory)
            .join(CareRequest, CareRequest.id == Offer.request_id)
            .join(Practitioner, Practitioner.id == Offer.practitioner_id)
            .join(Place, Place.id == Offer.place_id)
            .join(Territory, Territory.id == Offer.territory_id)
            .where(Offer.link_digest == digest_token(link_token))
        ).one_or_none()
        if found is None:
            return None
        offer, request, practitioner, place, territory = found
        is_accepted = request.accepted_offer_id == offer.id
        appointment = _appointment(session, offer) if is_accepted else None
        over_at = appointment.end if appointment else offer.expires_at
        if over_at + LINK_LIFE <= now:
            return None
        rules = queue.rules_of(territory, communes)
        return OfferPage(
            offer_id=offer.id,
            practitioner_id=practitioner.id,
            code=offer.code,
            status=OfferStatus(offer.status),
            request_status=RequestStatus(request.status),
            is_accepted=is_accepted,
            is_excluded=str(practitioner.id) in request.excluded_practitioners,
            expires_at=offer.expires_at,
            earliest_at=request.earliest_at,
            due_at=request.due_at,
            asked_at=request.asked_at,
            delay_hours=request.delay_hours,
            age=request.age,
            modality=modality_at(session, request, rules, practitioner.id, place.id),
            motive=request.motive,
            distance_km=offer.distance_km,
            place_label=place.label,
            commune=request.commune,
            practitioner_name=practitioner.display_name,
            patient=_patient(session, db.cipher, request) if is_accepted else None,
            appointment=appointment,
            busy=_busy(session, offer, now),
            territory_name=territory.name,
            territory_phone=territory.phone,
            timezone=territory.timezone,
            department=territory.department,
        )


def _patient(session: Session, cipher: Cipher, request: CareRequest) -> PatientFacts:
    patient = session.get_one(Patient, request.patient_id)
    return PatientFacts(
        first_name=cipher.open("patients.first_name", patient.id, patient.first_name),
        last_name=cipher.open("patients.last_name", patient.id, patient.last_name),
        birth_date=date.fromisoformat(
            cipher.open("patients.birth_date", patient.id, patient.birth_date)
        ),
        phone=cipher.open("patients.phone", patient.id, patient.phone),
    )


def _appointment(session: Session, offer: Offer) -> AppointmentFacts | None:
    row = session.scalars(
        select(Appointment).where(
            Appointment.request_id == offer.request_id,
            Appointment.practitioner_id == offer.practitioner_id,
            Appointment.status != AppointmentStatus.CANCELLED,
        )
    ).one_or_none()
    if row is None:
        return None
    return AppointmentFacts(row.start_at, row.ends_at)


def _busy(session: Session, offer: Offer, now: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """When the volunteer already sees somebody; full periods too."""
    is_taken: ColumnElement[bool] = and_(
        Slot.taken > 0, (Slot.places == 1) | (Slot.taken >= Slot.places)
    )
    rows = session.execute(
        select(Slot.start_at, Slot.ends_at)
        .where(
            Slot.practitioner_id == offer.practitioner_id,
            is_taken,
            Slot.ends_at > now,
            Slot.start_at <= offer.expires_at,
        )
        .order_by(Slot.start_at, Slot.id)
    )
    return tuple((row.start_at, row.ends_at) for row in rows)
