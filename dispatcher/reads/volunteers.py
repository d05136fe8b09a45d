"""The volunteers who accept to be asked about one request, as the domain judges them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.offers import (
    ASKED_PERIOD,
    Office,
    Volunteer,
    has_room,
    ways_of,
    weeks_around,
)
from dispatcher.domain.states import AppointmentStatus, OfferStatus
from dispatcher.reads.queue import Rules, need_of
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.messages import OptOut
from dispatcher.storage.offers import Offer
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment, CareRequest

USUAL_PERIOD = timedelta(days=366)
"""Who saw the patient this long ago or less is one of their usual professionals."""
GP, USUAL = 0, 1


@dataclass(frozen=True, slots=True)
class Askable:
    """Somebody who can be asked; `phone` is E.164, None where no SMS can go."""

    volunteer: Volunteer
    phone: str | None
    told_taken: UUID | None
    """Their offer of before, when they heard that somebody else had been faster."""


def askable(
    session: Session, cipher: Cipher, request: CareRequest, rules: Rules, now: datetime
) -> dict[UUID, Askable]:
    """Those who accept to be asked and were not yet, by id; whether they fit is the domain's.

    Who was told that it is taken is asked again, since it is not any more; who said no is not.
    Nobody is left out here for want of a telephone: the regulator has to know of them.
    """
    before = _asked_before(session, request)
    practitioners = _to_ask(session, request, before)
    ids = [each.id for each in practitioners]
    offices = _offices(session, ids)
    stopped = _stopped(session, request.territory_id)
    usual = _usual(session, request, now)
    asked = _asked_lately(session, ids, now)
    until = max(request.due_at + timedelta(hours=rules.policy.grace_hours), now)
    booked = _booked_by_day(session, ids, rules, now, until)
    found = {}
    for each in practitioners:
        phone = each.phone
        if phone is not None and stopped.intersection(cipher.hashes(phone)):
            phone = None
        own = GP if each.id == request.gp_id else USUAL if each.id in usual else None
        volunteer = Volunteer(
            practitioner_id=each.id,
            profession=each.profession,
            specialty=each.specialty,
            modalities=frozenset(each.modalities),
            offices=tuple(offices[each.id]),
            min_age=each.min_age,
            max_age=each.max_age,
            patient_sex=each.patient_sex,
            languages=frozenset(each.languages),
            own=own,
            asked_lately=asked[each.id],
            has_room=has_room(
                booked[each.id],
                now,
                until,
                rules.zone,
                daily_cap=each.daily_cap,
                weekly_cap=each.weekly_cap,
            ),
            is_reachable=phone is not None,
        )
        found[each.id] = Askable(volunteer, phone, before.get(each.id))
    return found


def modality_at(
    session: Session, request: CareRequest, rules: Rules, practitioner_id: UUID, place_id: UUID
) -> str:
    """How a volunteer who accepted sees the patient from that place: AMB, HH or VR.

    Where the rules have changed since they were asked, what both said first.
    """
    practitioner = session.get_one(Practitioner, practitioner_id)
    place = session.get_one(Place, place_id)
    volunteer = Volunteer(
        practitioner_id=practitioner_id,
        profession=practitioner.profession,
        specialty=practitioner.specialty,
        modalities=frozenset(practitioner.modalities),
        offices=(Office(place.id, place.longitude, place.latitude, place.step_free),),
        languages=frozenset(practitioner.languages),
    )
    way = ways_of(need_of(request, rules), [volunteer], request.due_at).get(practitioner_id)
    if way is not None:
        return way.modality
    both = [each for each in request.modalities if each in practitioner.modalities]
    return (both or request.modalities)[0]


def _asked_before(session: Session, request: CareRequest) -> dict[UUID, UUID | None]:
    """Who was asked about this request; with their offer where they may be asked again."""
    rows = session.execute(
        select(Offer.practitioner_id, Offer.id, Offer.status).where(Offer.request_id == request.id)
    )
    return {
        row.practitioner_id: row.id if row.status == OfferStatus.TOO_LATE else None for row in rows
    }


def _to_ask(
    session: Session, request: CareRequest, before: Mapping[UUID, UUID | None]
) -> Sequence[Practitioner]:
    asked = [each for each, offer_id in before.items() if offer_id is None]
    return session.scalars(
        select(Practitioner)
        .where(
            Practitioner.territory_id == request.territory_id,
            Practitioner.accepts_offers,
            Practitioner.active,
            Practitioner.profession == request.profession,
            Practitioner.id.not_in(asked),
        )
        .order_by(Practitioner.id)
    ).all()


def _offices(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Office]]:
    found: dict[UUID, list[Office]] = defaultdict(list)
    for place in session.scalars(
        select(Place)
        .where(Place.practitioner_id.in_(ids), Place.closed_at.is_(None))
        .order_by(Place.id)
    ):
        found[place.practitioner_id].append(
            Office(place.id, place.longitude, place.latitude, place.step_free)
        )
    return found


def _stopped(session: Session, territory_id: UUID) -> frozenset[str]:
    """Hashes of the numbers that want no SMS from the territory."""
    return frozenset(
        session.scalars(select(OptOut.phone_hash).where(OptOut.territory_id == territory_id))
    )


def _usual(session: Session, request: CareRequest, now: datetime) -> frozenset[UUID]:
    """Practitioners who saw this very person, whatever telephone was given then."""
    identity = (
        select(Patient.identity_hash).where(Patient.id == request.patient_id).scalar_subquery()
    )
    return frozenset(
        session.scalars(
            select(Appointment.practitioner_id)
            .join(CareRequest, CareRequest.id == Appointment.request_id)
            .join(Patient, Patient.id == CareRequest.patient_id)
            .where(
                Appointment.territory_id == request.territory_id,
                Appointment.status == AppointmentStatus.FULFILLED,
                Appointment.start_at > now - USUAL_PERIOD,
                Patient.identity_hash == identity,
            )
        )
    )


def _asked_lately(session: Session, ids: Sequence[UUID], now: datetime) -> Counter[UUID]:
    rows = session.execute(
        select(Offer.practitioner_id, func.count().label("times"))
        .where(Offer.practitioner_id.in_(ids), Offer.made_at > now - ASKED_PERIOD)
        .group_by(Offer.practitioner_id)
    )
    return Counter({row.practitioner_id: row.times for row in rows})


def _booked_by_day(
    session: Session, ids: Sequence[UUID], rules: Rules, now: datetime, until: datetime
) -> dict[UUID, Counter[date]]:
    """Live appointments by local day, over the weeks that the wait touches."""
    first, after = weeks_around(now, until, rules.zone)
    rows = session.execute(
        select(Appointment.practitioner_id, Appointment.start_at).where(
            Appointment.practitioner_id.in_(ids),
            Appointment.status != AppointmentStatus.CANCELLED,
            Appointment.start_at >= calendar.local_day_bounds(first, rules.zone)[0],
            Appointment.start_at < calendar.local_day_bounds(after, rules.zone)[0],
        )
    )
    found: dict[UUID, Counter[date]] = defaultdict(Counter)
    for row in rows:
        found[row.practitioner_id][calendar.local_day(row.start_at, rules.zone)] += 1
    return found
