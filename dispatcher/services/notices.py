"""Writing an SMS down to be sent: the row, its event and the promise to send it are one commit."""

import functools
import hmac
import string
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from config.sms_texts import SHAPES, fill
from dispatcher.domain import calendar, gsm, phones
from dispatcher.domain.calling import MUST_BE_KNOWN
from dispatcher.domain.events import MessageQueued, PhoneOptedOut
from dispatcher.domain.jobs import Job
from dispatcher.domain.languages import Language, language_of
from dispatcher.domain.messages import CAN_WAIT, MessageKind, MessageStatus
from dispatcher.domain.phones import PhoneKind
from dispatcher.reads.own_texts import Key, own_texts, text_in_force
from dispatcher.services.calling import weigh_calls
from dispatcher.services.house import House
from dispatcher.storage.columns import table_of
from dispatcher.storage.messages import Message, OptOut, purpose_again
from dispatcher.storage.patients import Patient
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

ANSWER_HOURS = timedelta(hours=12)
"""An answer to what somebody wrote only confuses them the day after."""
OPTED_OUT = "opted_out"
LINK_SIGNS = string.ascii_letters + string.digits
LINK_LENGTH = 16
"""95 bits: cannot be guessed, and keeps the link short. No sign is a - or _: telephones take one at
the end of a link for punctuation, and one link in thirty would lead nowhere."""

_MESSAGES = table_of(Message)
_WRITE_MESSAGE = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(_MESSAGES)
    .on_conflict_do_nothing(index_elements=["purpose"])
    .returning(_MESSAGES.c.id)  # PostgreSQL's driver does not count the rows of an INSERT
    for dialect in (postgresql, sqlite)
}
_OPT_OUTS = table_of(OptOut)
_NOTE_STOP = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(_OPT_OUTS)
    .on_conflict_do_nothing(index_elements=["territory_id", "phone_hash"])
    .returning(_OPT_OUTS.c.since)
    for dialect in (postgresql, sqlite)
}
_SAID_STOP = select(OptOut.phone_hash).where(
    OptOut.territory_id == bindparam("territory"),
    OptOut.phone_hash.in_(bindparam("hashes", expanding=True)),
)


def signed_link(house: House, purpose: str, subject: UUID) -> str:
    """The secret of a link: a signature, so that every SMS about the same thing shows the same one.

    Only its digest is stored; whoever looks a link up goes by that.
    """
    signed = hmac.digest(
        house.settings.secret_key.encode(), purpose.encode() + b"/" + subject.bytes, "sha256"
    )
    number, signs = int.from_bytes(signed), []
    for _ in range(LINK_LENGTH):
        number, sign = divmod(number, len(LINK_SIGNS))
        signs.append(LINK_SIGNS[sign])
    return "".join(signs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """An SMS to be written down. `phone` is E.164; of `values`, what the kind may say is used.

    The values are in `language`; a kind that is French alone is written in French.
    """

    kind: MessageKind
    to_role: str
    phone: str
    purpose: str
    """Unique: the same message is never written twice."""
    values: dict[str, str]
    request_id: UUID | None = None
    appointment_id: UUID | None = None
    practitioner_id: UUID | None = None
    offer_id: UUID | None = None
    expires_at: datetime | None = None
    """When it would only confuse; None: ANSWER_HOURS from now."""
    despite_stop: bool = False
    language: Language = Language.FRENCH


def queue_sms(house: House, unit: Unit, sms: Sms) -> UUID | None:
    """Write an SMS and promise its sending; None if it was written before.

    A number that said STOP or takes no SMS (a landline, a foreign one) gets a row marked refused,
    so that the regulator sees whom to telephone.
    """
    return queue_all(house, unit, [sms])[0]


def queue_all(house: House, unit: Unit, several: Sequence[Sms]) -> list[UUID | None]:
    """The same for several, with as many round trips as for one."""
    if not several:
        return []
    stopped = _stopped(unit, {sms.phone for sms in several if not sms.despite_stop})
    own = own_texts(unit.session, unit.territory_id, (sms.kind for sms in several))
    rows = [_row(house, unit, sms, own, _why_not(sms, stopped)) for sms in several]
    write = _WRITE_MESSAGE[unit.session.get_bind().dialect.name]
    written = set(unit.session.scalars(write, rows))
    for sms, row in zip(several, rows, strict=True):
        if row["id"] in written:
            _announce(unit, sms.kind, row)
    return [row["id"] if row["id"] in written else None for row in rows]


def _why_not(sms: Sms, stopped: set[str]) -> str | None:
    """The code under which a message is refused before anybody is asked to carry it."""
    if sms.phone in stopped and not sms.despite_stop:
        return OPTED_OUT
    kind = phones.kind_of(sms.phone)
    return None if kind is PhoneKind.MOBILE else kind.value


def _row(
    house: House, unit: Unit, sms: Sms, own: Mapping[Key, str], refused: str | None
) -> dict[str, Any]:
    """The row of a message, its number and text sealed. `own` are the territory's wordings."""
    message_id = uuid.uuid4()
    said = {name: value for name, value in sms.values.items() if name in SHAPES[sms.kind].allowed}
    language = house.texts.language_for(sms.kind, sms.language)
    wording = text_in_force(house.texts, own, sms.kind, language)
    text = gsm.encode(fill(sms.kind, wording, said))
    status = MessageStatus.QUEUED if refused is None else MessageStatus.REFUSED
    return {
        "id": message_id,
        "territory_id": unit.territory_id,
        "direction": "out",
        "kind": sms.kind.value,
        "purpose": sms.purpose,
        "to_role": sms.to_role,
        "phone": unit.cipher.seal("messages.phone", message_id, sms.phone),
        "phone_hash": unit.cipher.hash(sms.phone),
        "body": unit.cipher.seal("messages.body", message_id, text.text),
        "encoding": text.encoding,
        "segments": text.segments,
        "request_id": sms.request_id,
        "appointment_id": sms.appointment_id,
        "practitioner_id": sms.practitioner_id,
        "offer_id": sms.offer_id,
        "status": status.value,
        "error_code": refused,
        "expires_at": sms.expires_at or unit.now + ANSWER_HOURS,
        "created_at": unit.now,
        "updated_at": unit.now,
    }


def _announce(unit: Unit, kind: MessageKind, row: Mapping[str, Any]) -> None:
    """What a message that was written brings with it."""
    unit.record(
        MessageQueued(
            message_id=row["id"],
            message_kind=kind.value,
            to_role=row["to_role"],
            request_id=row["request_id"],
            appointment_id=row["appointment_id"],
        )
    )
    if row["status"] == MessageStatus.REFUSED:
        if kind in MUST_BE_KNOWN and row["request_id"] is not None:
            weigh_calls(unit, row["request_id"])
    else:
        job = Job.SEND_UNHURRIED if kind in CAN_WAIT else Job.SEND_MESSAGE
        unit.promise(job, {"message_id": row["id"]})


def queue_again(unit: Unit, message: Message) -> UUID | None:
    """Write a message that did not arrive once more, in its words, to its number.

    None if that was done before, or if the number has said STOP since.
    """
    phone = unit.cipher.open("messages.phone", message.id, message.phone)
    if message.purpose is None or _stopped(unit, [phone]):
        return None
    again = uuid.uuid4()
    body = unit.cipher.open("messages.body", message.id, message.body)
    row = {column.key: getattr(message, column.key) for column in _MESSAGES.columns} | {
        "id": again,
        "purpose": purpose_again(message.purpose),
        "phone": unit.cipher.seal("messages.phone", again, phone),
        "phone_hash": unit.cipher.hash(phone),
        "body": unit.cipher.seal("messages.body", again, body),
        "status": MessageStatus.QUEUED.value,
        "provider_sid": None,
        "error_code": None,
        "sending_since": None,
        "created_at": unit.now,
        "updated_at": unit.now,
    }
    write = _WRITE_MESSAGE[unit.session.get_bind().dialect.name]
    if unit.session.scalar(write, row) is None:
        return None
    _announce(unit, MessageKind(message.kind), row)
    return again


def language_of_number(unit: Unit, phone: str) -> Language:
    """The language of the patient who was last registered in the territory under that number."""
    return (
        language_of(
            unit.session.scalars(
                select(Patient.language)
                .where(
                    Patient.territory_id == unit.territory_id,
                    Patient.phone_hash.in_(unit.cipher.hashes(phone)),
                )
                .order_by(Patient.created_at.desc(), Patient.id)
                .limit(1)
            ).first()
        )
        or Language.FRENCH
    )


def reply(
    house: House,
    unit: Unit,
    received: Message,
    phone: str,
    kind: MessageKind,
    to_role: str = "patient",
    **values: str,
) -> None:
    """Answer an SMS to the very number that wrote it, once; a patient, in their language."""
    territory = unit.session.get_one(Territory, unit.territory_id)
    values |= {
        "sender": territory.name,
        "phone": shown_phone(territory.phone, territory.department),
    }
    is_patient = to_role == "patient"
    queue_sms(
        house,
        unit,
        Sms(
            kind=kind,
            to_role=to_role,
            phone=phone,
            purpose=f"{kind.value}:{received.id}",
            values=values,
            request_id=received.request_id,
            practitioner_id=received.practitioner_id,
            offer_id=received.offer_id,
            despite_stop=kind == MessageKind.STOP_ACKNOWLEDGED,
            language=language_of_number(unit, phone) if is_patient else Language.FRENCH,
        ),
    )


def note_stop(unit: Unit, phone: str, message_id: UUID) -> None:
    """Write nothing to a number any more; the message says how we know. Said twice, noted once."""
    row = {
        "territory_id": unit.territory_id,
        "phone_hash": unit.cipher.hash(phone),
        "since": unit.now,
    }
    note = _NOTE_STOP[unit.session.get_bind().dialect.name]
    if unit.session.scalar(note, row) is not None:
        unit.record(PhoneOptedOut(message_id=message_id))


@functools.lru_cache(maxsize=256)
def shown_phone(phone: str, department: str) -> str:
    """A territory's own number as an SMS shows it: national, without spaces."""
    shown = phones.normalise(phone, phones.region_of(department)).display()
    return shown.replace(calendar.NBSP, "")


def _stopped(unit: Unit, numbers: Iterable[str]) -> set[str]:
    """Those of the numbers that said STOP to the territory."""
    hashes = {digest: phone for phone in numbers for digest in unit.cipher.hashes(phone)}
    if not hashes:
        return set()
    asked = {"territory": unit.territory_id, "hashes": list(hashes)}
    return {hashes[found] for found in unit.session.scalars(_SAID_STOP, asked)}
