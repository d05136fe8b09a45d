"""What a volunteer answers by SMS: which of our questions it is about, and what they are told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.events import Actor, ActorKind
from dispatcher.domain.inbound import Intent, Understood
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.spoken_hours import hour_meant
from dispatcher.domain.states import LIVE_OFFERS, WAITING_REQUESTS, Attention, OfferStatus
from dispatcher.services.answers import Answered, Outcome, say_no, say_yes
from dispatcher.services.appointments import live_appointment
from dispatcher.services.attention import put_in_front
from dispatcher.services.house import House
from dispatcher.services.notices import reply
from dispatcher.services.offers import tell
from dispatcher.services.practitioner_links import link_to_appointment
from dispatcher.storage.messages import Message
from dispatcher.storage.offers import Offer
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

VOLUNTEER = "practitioner"
"""To whom these answers go: the role of an SMS's reader."""
RECENT = timedelta(hours=96)
"""The longest delay that can be asked for, and the longest grace: no answer is about an older
offer."""
CHOICES = 3
WORD: dict[Intent, str] = {Intent.YES: "OUI", Intent.NO: "NON"}
_OVER = (OfferStatus.TOO_LATE, OfferStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class Question:
    """Something that a number was asked and may answer: an appointment, or an offer."""

    code: str
    words: str
    """What tells it from the others, after its code."""


@dataclass(frozen=True, slots=True)
class AskedOffer:
    """An offer to the number that wrote."""

    id: UUID
    request_id: UUID
    practitioner_id: UUID
    territory_id: UUID
    code: str
    status: OfferStatus
    expires_at: datetime
    is_won: bool
    """Its yes was the first, and the hour is still awaited."""

    def is_open(self, now: datetime) -> bool:
        """Whether an answer is still awaited."""
        return self.is_won or (self.status in LIVE_OFFERS and self.expires_at > now)


def answer_offer(
    house: House,
    unit: Unit,
    message: Message,
    phone: str,
    said: Understood,
    others: list[Question],
) -> bool:
    """Do what a OUI or a NON says about an offer; False if it is about none.

    `others` are the number's appointments, and what other territories asked it, with the code if
    one was written: they are questions too. A word counts when exactly one question is open;
    otherwise we ask which.
    """
    offers = _offers(unit, phone)
    if said.code is not None:
        meant = _best([each for each in offers if each.code == said.code], unit.now)
        if meant is None and not others and _is_volunteer(unit, phone, offers):
            reply(house, unit, message, phone, MessageKind.OFFER_UNKNOWN, VOLUNTEER, code=said.code)
            return True
    else:
        open_offers = [each for each in offers if each.is_open(unit.now)]
        if open_offers and len(open_offers) + len(others) > 1:
            _ask_which(house, unit, message, phone, said, open_offers, others)
            return True
        meant = None if others else _best(open_offers, unit.now) or _latest(offers)
    if meant is not None:
        _about(house, unit, message, phone, said, meant)
    return meant is not None


def is_asked(unit: Unit, phone: str) -> bool:
    """Whether an offer to the number still waits for its answer, or for an hour."""
    return any(each.is_open(unit.now) for each in _offers(unit, phone))


def territories_asking(phone_hashes: list[str], now: datetime, code: str | None) -> Select[UUID]:
    """The territories with an offer to the number: of that code, else one of the last days."""
    query = select(Offer.territory_id).where(
        Offer.phone_hash.in_(phone_hashes), Offer.made_at > now - RECENT
    )
    query = query.order_by(Offer.status.in_(LIVE_OFFERS).desc(), Offer.made_at.desc())
    return query if code is None else query.where(Offer.code == code)


def offers_to(session: Session, phone_hashes: list[str], now: datetime) -> list[AskedOffer]:
    """The offers of all territories to the number in the last days, the latest first."""
    rows = session.execute(
        select(
            Offer.id,
            Offer.request_id,
            Offer.practitioner_id,
            Offer.territory_id,
            Offer.code,
            Offer.status,
            Offer.expires_at,
            CareRequest.accepted_offer_id,
            CareRequest.status.label("request_status"),
        )
        .join(CareRequest, CareRequest.id == Offer.request_id)
        .where(Offer.phone_hash.in_(phone_hashes), Offer.made_at > now - RECENT)
        .order_by(Offer.made_at.desc(), Offer.id)
    )
    return [
        AskedOffer(
            id=row.id,
            request_id=row.request_id,
            practitioner_id=row.practitioner_id,
            territory_id=row.territory_id,
            code=row.code,
            status=OfferStatus(row.status),
            expires_at=row.expires_at,
            is_won=row.accepted_offer_id == row.id and row.request_status in WAITING_REQUESTS,
        )
        for row in rows
    ]


def _offers(unit: Unit, phone: str) -> list[AskedOffer]:
    """The territory's own."""
    known = offers_to(unit.session, unit.cipher.hashes(phone), unit.now)
    return [each for each in known if each.territory_id == unit.territory_id]


def _best(offers: list[AskedOffer], now: datetime) -> AskedOffer | None:
    """Of one code, the offer that is still open, else the latest: codes come back in time."""
    first = offers[0] if offers else None
    return next((each for each in offers if each.is_open(now)), first)


def _latest(offers: list[AskedOffer]) -> AskedOffer | None:
    """With nothing open: the latest that is over, or the only one; otherwise nothing is certain."""
    over = [each for each in offers if each.status in _OVER]
    if over:
        return over[0]
    return offers[0] if len(offers) == 1 else None


def _about(
    house: House, unit: Unit, message: Message, phone: str, said: Understood, asked: AskedOffer
) -> None:
    """Do what the answer says about that offer."""
    unit.actor = Actor(ActorKind.PRACTITIONER, asked.practitioner_id)
    message.request_id, message.offer_id = asked.request_id, asked.id
    message.practitioner_id = asked.practitioner_id
    message.handled_at = unit.now
    if said.intent == Intent.NO:
        answered = say_no(house, unit, asked.request_id, asked.id, said.words)
        if answered.outcome == Outcome.STANDS:
            _to_regulator(house, unit, message, phone, asked)
        return
    zone = ZoneInfo(unit.session.get_one(Territory, unit.territory_id).timezone)
    hour = hour_meant(said.words, unit.now, zone)
    answered = say_yes(house, unit, asked.request_id, asked.id, hour, words=said.words)
    _tell(house, unit, message, asked, answered)


def _to_regulator(
    house: House, unit: Unit, message: Message, phone: str, asked: AskedOffer
) -> None:
    """They cannot see a patient who was told that they do: a person has to read this, and soon."""
    message.handled_at = None
    request = unit.session.get_one(CareRequest, asked.request_id)
    put_in_front(unit, request, Attention.MESSAGE)
    link = _own_link(house, unit, asked)
    reply(
        house, unit, message, phone, MessageKind.OFFER_STANDS, VOLUNTEER, code=asked.code, link=link
    )


def _own_link(house: House, unit: Unit, asked: AskedOffer) -> str:
    """Where they can cancel the appointment themself; their agenda once it is somebody else's."""
    booked = live_appointment(unit, asked.request_id)
    if booked is None or booked.practitioner_id != asked.practitioner_id:
        return f"{house.settings.public_base_url}/agenda"
    return link_to_appointment(house, unit, booked.id, booked.practitioner_id, booked.ends_at)


def _tell(
    house: House, unit: Unit, message: Message, asked: AskedOffer, answered: Answered
) -> None:
    """What a yes is answered. An appointment is told by its own notice."""
    kinds = {
        Outcome.HOUR_AWAITED: MessageKind.OFFER_CHOOSE_HOUR,
        Outcome.HOUR_REFUSED: MessageKind.OFFER_HOUR_REFUSED,
        Outcome.TOO_LATE: MessageKind.OFFER_TOO_LATE,
    }
    kind = kinds.get(answered.outcome)
    if kind is not None:
        unit.session.flush()  # the text is made from the offer's row
        tell(house, unit, kind, [asked.id], answering=message.id, reason=answered.reason)


def _ask_which(
    house: House,
    unit: Unit,
    message: Message,
    phone: str,
    said: Understood,
    offers: list[AskedOffer],
    others: list[Question],
) -> None:
    zone = ZoneInfo(unit.session.get_one(Territory, unit.territory_id).timezone)
    questions = [
        Question(each.code, f"avant {calendar.day_and_hour(each.expires_at, zone)}")
        for each in offers
    ]
    questions += others
    message.handled_at = unit.now
    reply(
        house,
        unit,
        message,
        phone,
        MessageKind.OFFER_WHICH,
        VOLUNTEER,
        answer=WORD[said.intent],
        code=questions[0].code,
        choices=", ".join(f"{each.code} ({each.words})" for each in questions[:CHOICES]),
    )


def _is_volunteer(unit: Unit, phone: str, offers: list[AskedOffer]) -> bool:
    """Whether the number is one that we ask: a patient who mistypes a code is told otherwise."""
    if offers:
        return True
    found = unit.session.scalar(
        select(Practitioner.id).where(
            Practitioner.territory_id == unit.territory_id,
            Practitioner.phone == phone,
            Practitioner.accepts_offers,
        )
    )
    return found is not None
