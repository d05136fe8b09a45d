"""Writing an SMS down to be sent: the row, its event and the promise to send it are one commit."""

import functools
import secrets
import string
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from config.sms_texts import SHAPES
from dispatcher.domain import calendar, gsm, languages, phones
from dispatcher.domain.events import MessageQueued
from dispatcher.domain.jobs import Job
from dispatcher.domain.languages import Language, language_of
from dispatcher.domain.messages import CAN_WAIT, MessageKind, MessageStatus
from dispatcher.services.attention import ask_to_telephone
from dispatcher.services.house import House
from dispatcher.storage.columns import table_of
from dispatcher.storage.messages import Message, OptOut
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

ANSWER_HOURS = timedelta(hours=12)
"""An answer to what somebody wrote only confuses them the day after."""
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
_SAID_STOP = select(OptOut.phone_hash).where(
    OptOut.territory_id == bindparam("territory"),
    OptOut.phone_hash.in_(bindparam("hashes", expanding=True)),
)
_AROUND_APPOINTMENT = (
    select(
        Appointment.id,
        Appointment.request_id,
        Appointment.practitioner_id,
        Appointment.start_at,
        Appointment.ends_at,
        CareRequest.code,
        CareRequest.patient_id,
        Patient.phone.label("patient_phone"),
        Patient.language.label("patient_language"),
        Practitioner.phone.label("practitioner_phone"),
        Slot.places,
        Slot.modality,
        Place.address,
        Place.commune_name,
        Territory.name.label("sender"),
        Territory.timezone,
        Territory.department,
        Territory.phone.label("territory_phone"),
    )
    .join(CareRequest, CareRequest.id == Appointment.request_id)
    .join(Patient, Patient.id == CareRequest.patient_id)
    .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
    .join(Slot, Slot.id == Appointment.slot_id)
    .join(Place, Place.id == Slot.place_id)
    .join(Territory, Territory.id == Appointment.territory_id)
    .where(Appointment.id == bindparam("appointment"))
)


def new_link_token() -> str:
    """The secret of a patient's link; only its digest is stored."""
    return "".join(secrets.choice(LINK_SIGNS) for _ in range(LINK_LENGTH))


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

    A number that said STOP gets a row marked refused, so that the regulator sees whom to telephone.
    """
    return queue_all(house, unit, [sms])[0]


def queue_all(house: House, unit: Unit, several: Sequence[Sms]) -> list[UUID | None]:
    """The same for several, with as many round trips as for one."""
    if not several:
        return []
    stopped = _stopped(unit, {sms.phone for sms in several if not sms.despite_stop})
    rows = [
        _row(house, unit, sms, refused=sms.phone in stopped and not sms.despite_stop)
        for sms in several
    ]
    write = _WRITE_MESSAGE[unit.session.get_bind().dialect.name]
    written = set(unit.session.scalars(write, rows))
    for sms, row in zip(several, rows, strict=True):
        if row["id"] in written:
            _follow(unit, sms, row)
    return [row["id"] if row["id"] in written else None for row in rows]


def _row(house: House, unit: Unit, sms: Sms, *, refused: bool) -> dict[str, Any]:
    """The row of a message, its number and text sealed."""
    message_id = uuid.uuid4()
    said = {name: value for name, value in sms.values.items() if name in SHAPES[sms.kind].allowed}
    language = house.texts.language_for(sms.kind, sms.language)
    text = gsm.encode(house.texts.render(sms.kind, language, **said))
    status = MessageStatus.REFUSED if refused else MessageStatus.QUEUED
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
        "error_code": "opted_out" if refused else None,
        "expires_at": sms.expires_at or unit.now + ANSWER_HOURS,
        "created_at": unit.now,
        "updated_at": unit.now,
    }


def _follow(unit: Unit, sms: Sms, row: Mapping[str, Any]) -> None:
    """What a message that was written brings with it."""
    unit.record(
        MessageQueued(
            message_id=row["id"],
            message_kind=sms.kind.value,
            to_role=sms.to_role,
            request_id=sms.request_id,
            appointment_id=sms.appointment_id,
        )
    )
    if row["status"] == MessageStatus.REFUSED:
        ask_to_telephone(unit, sms.kind, sms.request_id)
    else:
        job = Job.SEND_UNHURRIED if sms.kind in CAN_WAIT else Job.SEND_MESSAGE
        unit.promise(job, {"message_id": row["id"]})


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


@functools.lru_cache(maxsize=256)
def shown_phone(phone: str, department: str) -> str:
    """A territory's own number as an SMS shows it: national, without spaces."""
    shown = phones.normalise(phone, phones.region_of(department)).display()
    return shown.replace(calendar.NBSP, "")


class AppointmentNotices:
    """The messages around one appointment, with what they need read once."""

    def __init__(self, house: House, unit: Unit, appointment_id: UUID) -> None:
        self._house = house
        self._unit = unit
        self._known = unit.session.execute(
            _AROUND_APPOINTMENT, {"appointment": appointment_id}
        ).one()
        self._patient_language = language_of(self._known.patient_language) or Language.FRENCH

    def to_patient(self, kind: MessageKind) -> None:
        """Tell the patient."""
        queue_sms(self._house, self._unit, self._for_patient(kind))

    def to_practitioner(self, kind: MessageKind) -> None:
        """Tell the practitioner, if they gave a mobile."""
        queue_all(self._house, self._unit, self._for_practitioner(kind))

    def of_booking(self, link_token: str) -> None:
        """Tell both that the appointment is booked; the patient's message carries the link."""
        url = f"{self._house.settings.public_base_url}/r/{link_token}"
        queue_all(
            self._house,
            self._unit,
            [
                self._for_patient(MessageKind.CONFIRMATION, link=url),
                *self._for_practitioner(MessageKind.PRACTITIONER_NOTICE),
            ],
        )

    def of_delay(self, delay: timedelta) -> None:
        """Tell the practitioner that the patient will be late; each time it is announced."""
        minutes = f"{delay // timedelta(minutes=1)} minutes"
        queue_all(
            self._house,
            self._unit,
            [
                replace(
                    sms,
                    purpose=f"{sms.purpose}:{self._unit.now.isoformat()}",
                    values=sms.values | {"delay": minutes},
                )
                for sms in self._for_practitioner(MessageKind.LATE_NOTICE)
            ],
        )

    def _for_patient(self, kind: MessageKind, **more: str) -> Sms:
        known = self._known
        phone = self._unit.cipher.open("patients.phone", known.patient_id, known.patient_phone)
        values = self._said(self._patient_language) | more
        return self._sms(kind, "patient", phone, values, self._patient_language)

    def _for_practitioner(self, kind: MessageKind) -> list[Sms]:
        phone = self._known.practitioner_phone
        if phone is None:
            return []
        link = f"{self._house.settings.public_base_url}/agenda"
        values = self._said(Language.FRENCH) | {"link": link}
        return [self._sms(kind, "practitioner", phone, values, Language.FRENCH)]

    def _sms(
        self,
        kind: MessageKind,
        to_role: str,
        phone: str,
        values: dict[str, str],
        language: Language,
    ) -> Sms:
        known = self._known
        return Sms(
            kind=kind,
            to_role=to_role,
            phone=phone,
            purpose=f"{kind.value}:{known.id}",
            values=values,
            request_id=known.request_id,
            appointment_id=known.id,
            practitioner_id=known.practitioner_id if to_role == "practitioner" else None,
            expires_at=known.ends_at,
            language=language,
        )

    def _said(self, language: Language) -> dict[str, str]:
        known = self._known
        zone = ZoneInfo(known.timezone)
        if known.places > 1:
            time = languages.between(known.start_at, known.ends_at, zone, language)
        else:
            time = languages.at(known.start_at, zone, language)
        return {
            "sender": known.sender,
            "code": known.code,
            "day": languages.day(known.start_at, zone, language),
            "time": time,
            "address": self._address(language),
            "phone": shown_phone(known.territory_phone, known.department),
        }

    def _address(self, language: Language) -> str:
        if self._known.modality == "HH":
            return languages.at_home(language)
        if self._known.modality == "VR":
            return languages.remotely(language)
        where = f"{self._known.address}, {self._known.commune_name}"
        return languages.address(where, language)


def _stopped(unit: Unit, numbers: Iterable[str]) -> set[str]:
    """Those of the numbers that said STOP to the territory."""
    hashes = {digest: phone for phone in numbers for digest in unit.cipher.hashes(phone)}
    if not hashes:
        return set()
    asked = {"territory": unit.territory_id, "hashes": list(hashes)}
    return {hashes[found] for found in unit.session.scalars(_SAID_STOP, asked)}
