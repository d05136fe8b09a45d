"""An SMS came in: understand it, do what it says once, and show the rest to a regulator."""

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from dispatcher.domain import languages
from dispatcher.domain.errors import TransitionError
from dispatcher.domain.events import (
    Actor,
    ActorKind,
    MessageReceived,
    PhoneOptedIn,
)
from dispatcher.domain.inbound import Intent, Understood, mark_of, understand
from dispatcher.domain.languages import CANCEL_WORDS, YES_WORDS, Language
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.states import LIVE_REQUESTS, Attention
from dispatcher.services.appointment_notices import AppointmentNotices
from dispatcher.services.appointments import (
    cancel_appointment,
    confirm_appointment,
    lock_appointment,
)
from dispatcher.services.attention import put_in_front
from dispatcher.services.house import House
from dispatcher.services.meant import (
    Asked,
    Meant,
    live_appointments,
    meant,
    territories_of,
    who_hears_stop,
)
from dispatcher.services.notices import language_of_number, note_stop, reply
from dispatcher.services.replies import answer_offer, is_asked
from dispatcher.services.satisfaction import open_question, record_mark
from dispatcher.storage.messages import Message, OptOut
from dispatcher.storage.patients import Patient
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Unit

PATIENT = Actor(ActorKind.PATIENT)
CHOICES = 3
"""How many appointments an SMS can name within two segments."""
ONCE_AN_HOUR = timedelta(hours=1)
"""How often a number is told that a person reads it: two machines must not answer for ever."""


def receive_message(
    house: House, phone: str, body: str, sid: str, written_to: Collection[str] = ()
) -> bool:
    """Take an SMS from `phone` (E.164). `sid` is the provider's number: a replay does nothing.

    `written_to` are our senders that it was written to, as the provider calls them. A number that
    no territory knows gets no answer and changes nothing; returns False then.
    """
    territories = territories_of(house, phone, written_to)
    if not territories:
        return False
    said = understand(body)
    if said.intent in {Intent.STOP, Intent.START}:
        for each in who_hears_stop(house, territories, written_to):
            _receive(house, Meant(each), phone, body, f"received:{sid}:{each}", said)
    else:
        found = meant(house, territories, phone, said, written_to)
        _receive(house, found, phone, body, f"received:{sid}", said)
    return True


def _receive(
    house: House, found: Meant, phone: str, body: str, purpose: str, said: Understood
) -> None:
    """Carry it out under `purpose`, which makes a replay collide with the first."""
    try:
        with house.db.transaction(found.territory_id, PATIENT) as unit:
            message = _write(unit, phone, body, purpose, said)
            _act(house, unit, message, phone, said, found.elsewhere)
    except IntegrityError:
        with house.db.reading() as session:
            replayed = session.scalar(select(Message.id).where(Message.purpose == purpose))
        if replayed is None:
            raise


def _write(unit: Unit, phone: str, body: str, purpose: str, said: Understood) -> Message:
    row = uuid.uuid4()
    message = Message(
        id=row,
        territory_id=unit.territory_id,
        direction="in",
        kind=said.intent.value,
        purpose=purpose,
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


def _act(
    house: House,
    unit: Unit,
    message: Message,
    phone: str,
    said: Understood,
    elsewhere: Sequence[Asked],
) -> None:
    match said.intent:
        case Intent.STOP:
            _opt_out(house, unit, message, phone)
        case Intent.START:
            _opt_in(house, unit, message, phone)
        case Intent.HELP:
            reply(house, unit, message, phone, MessageKind.HELP)
            message.handled_at = unit.now
        case Intent.CANCEL:
            _answer_about_appointment(house, unit, message, phone, said, elsewhere)
        case Intent.YES | Intent.NO if _answers_offer(house, unit, message, phone, said, elsewhere):
            pass
        case Intent.YES:
            _answer_about_appointment(house, unit, message, phone, said, elsewhere)
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
    house: House,
    unit: Unit,
    message: Message,
    phone: str,
    said: Understood,
    elsewhere: Sequence[Asked],
) -> bool:
    """Whether it was about an offer, and done; the number's appointments are questions as well."""
    others = [*live_appointments(unit, phone, said.code), *elsewhere]
    questions = [each.in_words(Language.FRENCH) for each in others]
    return answer_offer(house, unit, message, phone, said, questions)


def _answer_about_appointment(
    house: House,
    unit: Unit,
    message: Message,
    phone: str,
    said: Understood,
    elsewhere: Sequence[Asked],
) -> None:
    """ANNULER or OUI: about the appointment of that code, or the only one there is."""
    live = live_appointments(unit, phone, said.code)
    asked = [*live, *elsewhere]
    if len(asked) > 1 and said.code is not None:
        _to_regulator(house, unit, message, phone, said.code)  # of two territories, by chance
        return
    if len(asked) > 1:
        language = language_of_number(unit, phone)
        words = CANCEL_WORDS if said.intent == Intent.CANCEL else YES_WORDS
        questions = [each.in_words(language) for each in asked[:CHOICES]]
        choices = [f"{each.code} ({each.words})" for each in questions]
        reply(
            house,
            unit,
            message,
            phone,
            MessageKind.WHICH_APPOINTMENT,
            answer=words[language],
            code=asked[0].code,
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
    note_stop(unit, phone, message.id)
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
