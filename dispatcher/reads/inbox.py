"""Messages received and not dealt with, by number, each with its conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.domain.inbound import Intent
from dispatcher.reads.opt_outs import stopped_since
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.messages import Message
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Database

THREAD = timedelta(days=30)
"""How far back a conversation is shown."""
MOST_NUMBERS = 100
"""Conversations on one page; dealing with them brings the next."""


@dataclass(frozen=True, slots=True)
class Said:
    """One SMS of a conversation. `direction` is "in" or "out", `status` a message's code."""

    direction: str
    body: str
    status: str
    at: datetime
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one number (E.164) wrote and was written. `last_id` is its latest message that waits.

    The names are those of the patient, or of the practitioner, whose number it is.
    """

    last_id: UUID
    phone: str
    patient: tuple[str, str] | None
    """First name, last name."""
    practitioner_name: str | None
    request_id: UUID | None
    request_code: str
    said: tuple[Said, ...]
    asks_call: bool
    """Whether one of the waiting messages asks to be telephoned."""
    stopped_since: datetime | None
    """When the number said STOP; it cannot be answered by SMS then."""


def inbox(db: Database, territory_id: UUID) -> list[Conversation]:
    """The conversations with a message that waits, the longest waiting first."""
    with db.reading() as session:
        waiting = _waiting(session, territory_id)
        threads = _threads(session, territory_id, waiting, db.clock() - THREAD)
        patients = _patients(session, db.cipher, territory_id, list(waiting))
        practitioners = _practitioners(session, territory_id)
        codes = _codes(session, territory_id, waiting)
        found = []
        for number, messages in waiting.items():
            last = messages[-1]
            phone = db.cipher.open("messages.phone", last.id, last.phone)
            request_id = next((row.request_id for row in messages[::-1] if row.request_id), None)
            found.append(
                Conversation(
                    last_id=last.id,
                    phone=phone,
                    patient=patients.get(number),
                    practitioner_name=practitioners.get(phone),
                    request_id=request_id,
                    request_code=codes.get(request_id, ""),
                    said=tuple(_said(db.cipher, message) for message in threads[number]),
                    asks_call=any(row.kind == Intent.CALL_BACK for row in messages),
                    stopped_since=stopped_since(session, db.cipher, territory_id, phone),
                )
            )
    return found


def _waiting(session: Session, territory_id: UUID) -> dict[str, list[Message]]:
    """The messages nobody dealt with, by number, the oldest first."""
    by_number: dict[str, list[Message]] = {}
    for message in session.scalars(
        select(Message)
        .where(
            Message.territory_id == territory_id,
            Message.direction == "in",
            Message.handled_at.is_(None),
        )
        .order_by(Message.created_at, Message.id)
    ):
        by_number.setdefault(message.phone_hash, []).append(message)
    return dict(list(by_number.items())[:MOST_NUMBERS])


def _threads(
    session: Session, territory_id: UUID, waiting: Mapping[str, Sequence[Message]], since: datetime
) -> dict[str, list[Message]]:
    """All messages of those numbers, the oldest first; what waits, whatever its age."""
    rows = session.scalars(
        select(Message)
        .where(
            Message.territory_id == territory_id,
            Message.phone_hash.in_(list(waiting)),
            Message.created_at >= min([since, *(own[0].created_at for own in waiting.values())]),
        )
        # an answer is written in the transaction of its question, at the same instant
        .order_by(Message.phone_hash, Message.created_at, Message.direction, Message.id)
    )
    return {number: list(own) for number, own in groupby(rows, key=lambda row: row.phone_hash)}


def _patients(
    session: Session, cipher: Cipher, territory_id: UUID, numbers: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Whose number it is; of several people with one telephone, the latest who asked."""
    rows = session.scalars(
        select(Patient)
        .where(Patient.territory_id == territory_id, Patient.phone_hash.in_(numbers))
        .order_by(Patient.created_at, Patient.id)
    )
    return {
        row.phone_hash: (
            cipher.open("patients.first_name", row.id, row.first_name),
            cipher.open("patients.last_name", row.id, row.last_name),
        )
        for row in rows
    }


def _practitioners(session: Session, territory_id: UUID) -> dict[str, str]:
    rows = session.scalars(
        select(Practitioner)
        .where(Practitioner.territory_id == territory_id, Practitioner.phone.is_not(None))
        .order_by(Practitioner.id)
    )
    return {row.phone: row.display_name for row in rows if row.phone}


def _codes(
    session: Session, territory_id: UUID, waiting: Mapping[str, Sequence[Message]]
) -> dict[UUID | None, str]:
    asked = {row.request_id for own in waiting.values() for row in own if row.request_id}
    rows = session.execute(
        select(CareRequest.id, CareRequest.code).where(
            CareRequest.territory_id == territory_id, CareRequest.id.in_(asked)
        )
    )
    return {row.id: row.code for row in rows}


def _said(cipher: Cipher, message: Message) -> Said:
    return Said(
        direction=message.direction,
        body=cipher.open("messages.body", message.id, message.body),
        status=message.status,
        at=message.created_at,
        is_waiting=message.direction == "in" and message.handled_at is None,
    )
