"""The mark from 0 to 10 that a patient gives in answer to our question after the visit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased

from dispatcher.domain.events import SatisfactionAnswered
from dispatcher.domain.inbound import Intent
from dispatcher.domain.messages import MessageKind, MessageStatus
from dispatcher.services.house import House
from dispatcher.services.notices import Sms, language_of_number, queue_sms
from dispatcher.storage.messages import Message
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

OPEN_FOR = timedelta(days=7)
"""How long a bare number counts as the answer to the question."""
_NOT_ASKED = (MessageStatus.QUEUED, MessageStatus.REFUSED)


@dataclass(frozen=True, slots=True)
class Asked:
    """The visit of which somebody was asked what they thought."""

    request_id: UUID
    appointment_id: UUID


def open_question(unit: Unit, phone: str) -> Asked | None:
    """The question that a mark from this number answers; None when none was asked lately.

    Of several, the latest without an answer; once all have one, a new mark corrects the latest.
    """
    mark = aliased(Message)
    answered = (
        select(mark.id)
        .where(mark.appointment_id == Message.appointment_id, mark.kind == Intent.MARK.value)
        .exists()
    )
    found = unit.session.execute(
        select(Message.request_id, Message.appointment_id)
        .where(
            Message.territory_id == unit.territory_id,
            Message.request_id.is_not(None),
            Message.appointment_id.is_not(None),
            *_questions(unit.cipher.hashes(phone), unit.now),
        )
        .order_by(answered, Message.created_at.desc(), Message.id)
        .limit(1)
    ).one_or_none()
    return None if found is None else Asked(found.request_id, found.appointment_id)


def territories_asking_mark(phone_hashes: list[str], now: datetime) -> Select[UUID]:
    """The territories that asked the number for a mark, the latest first."""
    return (
        select(Message.territory_id)
        .where(*_questions(phone_hashes, now))
        .order_by(Message.created_at.desc(), Message.id)
    )


def record_mark(
    house: House, unit: Unit, message: Message, phone: str, question: Asked, mark: int
) -> None:
    """Note the mark and thank for it, once for each visit. Of several marks the last one counts."""
    message.kind = Intent.MARK.value
    message.request_id = question.request_id
    message.appointment_id = question.appointment_id
    message.handled_at = unit.now
    unit.record(
        SatisfactionAnswered(
            request_id=question.request_id, appointment_id=question.appointment_id, score=mark
        )
    )
    territory = unit.session.get_one(Territory, unit.territory_id)
    queue_sms(
        house,
        unit,
        Sms(
            kind=MessageKind.SATISFACTION_THANKS,
            to_role="patient",
            phone=phone,
            purpose=f"{MessageKind.SATISFACTION_THANKS.value}:{question.appointment_id}",
            values={"sender": territory.name},
            request_id=question.request_id,
            appointment_id=question.appointment_id,
            language=language_of_number(unit, phone),
        ),
    )


def _questions(phone_hashes: list[str], now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Message.kind == MessageKind.SATISFACTION.value,
        Message.direction == "out",
        Message.status.not_in([status.value for status in _NOT_ASKED]),
        Message.phone_hash.in_(phone_hashes),
        Message.created_at > now - OPEN_FOR,
    )
