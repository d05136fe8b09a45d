"""An SMS came in: understand it, do what it says once, and show the rest to a regulator."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError

from dispatcher.domain import calendar, languages
from dispatcher.domain.errors import TransitionError
from dispatcher.domain.events import (
    Actor,
    ActorKind,
    MessageReceived,
    PhoneOptedIn,
    PhoneOptedOut,
)
from dispatcher.domain.inbound import Intent, Understood, mark_of, understand
from dispatcher.domain.languages import CANCEL_WORDS, YES_WORDS
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.states import LIVE_APPOINTMENTS, LIVE_REQUESTS, Attention
from dispatcher.services.appointment_notices import AppointmentNotices
from dispatcher.services.appointments import (
    cancel_appointment,
    confirm_appointment,
    lock_appointment,
)
from dispatcher.services.attention import put_in_front
from dispatcher.services.house import House
from dispatcher.services.notices import language_of_number, reply
from dispatcher.services.replies import Question, answer_offer, is_asked, territories_asking
from dispatcher.services.satisfaction import open_question, record_mark, territories_asking_mark
from dispatcher.storage.messages import Message, OptOut
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

PATIENT = Actor(ActorKind.PATIENT)
CHOICES = 3
"""How many appointments an SMS can name within two segments."""
ONCE_AN_HOUR = timedelta(hours=1)
"""How often a number is told that a person reads it: two machines must not answer for ever."""


def receive_message(house: House, phone: str, body: str, sid: str) -> bool:
    """Take an SMS from `phone` (E.164). `sid` is the provider's number: a replay does nothing.

    A number that no territory knows gets no answer and changes nothing; returns False then.
    """
    territories = _territories_of(house, phone)
    if not territories:
        return False
    said = understand(body)
    if said.intent in {Intent.STOP, Intent.START}:
        # One sender number may serve several territories: STOP counts for each of them.
        for territory_id in territories:
            _receive(house, territory_id, phone, body, sid, said)
    else:
        _receive(house, _meant(house, territories, phone, said), phone, body, sid, said)
    return True


def _receive(
    house: House, territory_id: UUID, phone: str, body: str, sid: str, said: Understood
) -> None:
    try:
        with house.db.transaction(territory_id, PATIENT) as unit:
            message = _write(unit, phone, body, sid, said)
            _act(house, unit, message, phone, said)
    except IntegrityError:
        with house.db.reading() as session:
            replayed = session.scalar(
                select(Message.id).where(Message.purpose == _purpose(sid, territory_id))
            )
        if replayed is None:
            raise


def _write(unit: Unit, phone: str, body: str, sid: str, said: Understood) -> Message:
    row = uuid.uuid4()
    message = Message(
        id=row,
        territory_id=unit.territory_id,
        direction="in",
        kind=said.intent.value,
        purpose=_purpose(sid, unit.territory_id),
        phone=unit.cipher.seal("messages.phone", row, phone),
        phone_hash=unit.cipher.hash(phone),
        body=unit.cipher.seal("messages.body", row, body),
        status="received",
        created_at=unit.now,
        updated_at=unit.now,
    )
    unit.session.add(message)
    unit.session.flush()  # a replay must stop here, before it does anything
    return message


def _purpose(sid: str, territory_id: UUID) -> str:
    """What makes a replay of the same SMS collide with the first."""
    return f"received:{sid}:{territory_id}"


def _act(house: House, unit: Unit, message: Message, phone: str, said: Understood) -> None:
    match said.intent:
        case Intent.STOP:
            _opt_out(house, unit, message, phone)
        case Intent.START:
            _opt_in(house, unit, message, phone)
        case Intent.HELP:
            reply(house, unit, message, phone, MessageKind.HELP)
            message.handled_at = unit.now
        case Intent.CANCEL:
            _answer_about_appointment(house, unit, message, phone, said)
        case Intent.YES | Intent.NO if _answers_offer(house, unit, message, phone, said):
            pass
        case Intent.YES:
            _answer_about_appointment(house, unit, message, phone, said)
        case Intent.CALL_BACK:
            _to_regulator(house, unit, message, phone, said.code, Attention.CALL_BACK)
        case Intent.UNKNOWN if _is_mark(house, unit, message, phone, said):
            pass
        case _:
            # A patient's NON answers no question of ours: to guess would free a place.
            _to_regulator(house, unit, message, phone, said.code)
    unit.record(
        MessageReceived(message_id=message.id, request_id=message.request_id, intent=message.kind)
    )


def _is_mark(house: House, unit: Unit, message: Message, phone: str, said: Understood) -> bool:
    """Whether it was the mark that the number was asked for, and noted.

    Not while it is also asked as a volunteer: a bare « 10 » could be the hour.
    """
    mark = mark_of(said.words)
    if mark is None or is_asked(unit, phone):
        return False
    question = open_question(unit, phone)
    if question is None:
        return False
    record_mark(house, unit, message, phone, question, mark)
    return True


def _answers_offer(
    house: House, unit: Unit, message: Message, phone: str, said: Understood
) -> bool:
    """Whether it was about an offer, and done; the number's appointments are questions as well."""
    zone = ZoneInfo(unit.session.get_one(Territory, unit.territory_id).timezone)
    appointments = [
        Question(each.code, calendar.day_and_hour(each.start, zone))
        for each in _live_appointments(unit, phone, said.code)
    ]
    return answer_offer(house, unit, message, phone, said, appointments)


def _answer_about_appointment(
    house: House, unit: Unit, message: Message, phone: str, said: Understood
) -> None:
    """ANNULER or OUI: about the appointment of that code, or the only one there is."""
    live = _live_appointments(unit, phone, said.code)
    if len(live) > 1:
        territory = unit.session.get_one(Territory, unit.territory_id)
        zone, language = ZoneInfo(territory.timezone), language_of_number(unit, phone)
        words = CANCEL_WORDS if said.intent == Intent.CANCEL else YES_WORDS
        choices = [
            f"{each.code} ({languages.day_and_hour(each.start, zone, language)})"
            for each in live[:CHOICES]
        ]
        reply(
            house,
            unit,
            message,
            phone,
            MessageKind.WHICH_APPOINTMENT,
            answer=words[language],
            code=live[0].code,
            choices=languages.listed(choices, language),
        )
        message.handled_at = unit.now
        return
    if not live:
        _to_regulator(house, unit, message, phone, said.code)
        return
    appointment = lock_appointment(unit, live[0].id)
    message.request_id = appointment.request_id
    message.appointment_id = appointment.id
    notices = AppointmentNotices(house, unit, appointment.id)
    try:
        if said.intent == Intent.YES:
            confirm_appointment(unit, appointment)
            notices.to_patient(MessageKind.CONFIRM_ACKNOWLEDGED)
        else:
            cancel_appointment(house, unit, appointment, "patient")
            notices.to_patient(MessageKind.CANCEL_ACKNOWLEDGED)
    except TransitionError:
        _to_regulator(house, unit, message, phone, said.code)
        return
    message.handled_at = unit.now


def _to_regulator(
    house: House,
    unit: Unit,
    message: Message,
    phone: str,
    code: str | None,
    attention: Attention = Attention.MESSAGE,
) -> None:
    """Leave it in the inbox (`handled_at` stays empty) and say so to whoever wrote.

    It is about the live request of that code, or the latest one of the number.
    """
    request = unit.session.scalars(
        select(CareRequest)
        .join(Patient, Patient.id == CareRequest.patient_id)
        .where(
            CareRequest.territory_id == unit.territory_id,
            CareRequest.status.in_([status.value for status in LIVE_REQUESTS]),
            Patient.phone_hash.in_(unit.cipher.hashes(phone)),
        )
        .order_by((CareRequest.code == code).desc(), CareRequest.asked_at.desc())
        .with_for_update(of=CareRequest)
    ).first()
    if request is not None:
        message.request_id = request.id
        put_in_front(unit, request, attention)
    asks_call = attention == Attention.CALL_BACK
    kind = MessageKind.CALL_BACK_NOTED if asks_call else MessageKind.NOT_UNDERSTOOD
    if not _was_told(unit, phone, kind):
        reply(house, unit, message, phone, kind)


def _was_told(unit: Unit, phone: str, kind: MessageKind) -> bool:
    found = unit.session.scalar(
        select(Message.id)
        .where(
            Message.territory_id == unit.territory_id,
            Message.direction == "out",
            Message.kind == kind.value,
            Message.phone_hash.in_(unit.cipher.hashes(phone)),
            Message.created_at > unit.now - ONCE_AN_HOUR,
        )
        .limit(1)
    )
    return found is not None


def _opt_out(house: House, unit: Unit, message: Message, phone: str) -> None:
    hashed = unit.cipher.hash(phone)
    if unit.session.get(OptOut, (unit.territory_id, hashed)) is None:
        unit.session.add(OptOut(territory_id=unit.territory_id, phone_hash=hashed, since=unit.now))
        unit.record(PhoneOptedOut(message_id=message.id))
    message.handled_at = unit.now
    reply(house, unit, message, phone, MessageKind.STOP_ACKNOWLEDGED)


def _opt_in(house: House, unit: Unit, message: Message, phone: str) -> None:
    unit.session.execute(
        delete(OptOut).where(
            OptOut.territory_id == unit.territory_id,
            OptOut.phone_hash.in_(unit.cipher.hashes(phone)),
        )
    )
    unit.record(PhoneOptedIn(message_id=message.id))
    message.handled_at = unit.now
    reply(house, unit, message, phone, MessageKind.START_ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class _Live:
    """An appointment that an answer may be about."""

    id: UUID
    code: str
    start: datetime


def _live_appointments(unit: Unit, phone: str, code: str | None) -> list[_Live]:
    """The territory's live appointments of that telephone, of that code if one was given."""
    rows = unit.session.execute(
        _live(unit.cipher.hashes(phone), unit.now, code).where(
            Appointment.territory_id == unit.territory_id
        )
    )
    return [_Live(row.id, row.code, row.start_at) for row in rows]


def _live(
    phone_hashes: list[str], now: datetime, code: str | None
) -> Select[UUID, str, datetime, UUID]:
    query = (
        select(Appointment.id, CareRequest.code, Appointment.start_at, Appointment.territory_id)
        .join(CareRequest, CareRequest.id == Appointment.request_id)
        .join(Patient, Patient.id == CareRequest.patient_id)
        .where(
            Appointment.status.in_([status.value for status in LIVE_APPOINTMENTS]),
            Appointment.ends_at > now,
            Patient.phone_hash.in_(phone_hashes),
        )
        .order_by(Appointment.start_at, Appointment.id)
    )
    return query if code is None else query.where(CareRequest.code == code)


def _meant(house: House, territories: list[UUID], phone: str, said: Understood) -> UUID:
    """Which of the territories that write to this number an answer is for.

    The one that holds the appointment, made the offer or asked for the mark it is about, else the
    one that wrote last.
    """
    if len(territories) == 1:
        return territories[0]
    hashes, now = house.db.cipher.hashes(phone), house.clock()
    with house.db.reading() as session:
        if said.intent not in {Intent.CANCEL, Intent.YES, Intent.NO}:
            asking = None
            if mark_of(said.words) is not None:
                asking = session.scalars(territories_asking_mark(hashes, now)).first()
            return asking or territories[0]
        if said.intent != Intent.CANCEL:
            asking = session.scalars(territories_asking(hashes, now, said.code)).first()
            if asking is not None:
                return asking
        found = session.execute(_live(hashes, now, said.code))
        holding = {row.territory_id for row in found}
    return next((each for each in territories if each in holding), territories[0])


def _territories_of(house: House, phone: str) -> list[UUID]:
    """The territories that wrote to this number, the latest first, then those it volunteers in.

    A volunteer who was registered and never written to is no stranger.
    """
    with house.db.reading() as session:
        wrote = session.execute(
            select(Message.territory_id, Message.created_at)
            .where(
                Message.direction == "out",
                Message.phone_hash.in_(house.db.cipher.hashes(phone)),
            )
            .order_by(Message.created_at.desc(), Message.id)
        )
        known = session.execute(
            select(Practitioner.territory_id)
            .where(Practitioner.phone == phone, Practitioner.active)
            .order_by(Practitioner.created_at, Practitioner.id)
        )
        return list(dict.fromkeys(row.territory_id for row in (*wrote, *known)))
