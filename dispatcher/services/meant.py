"""For which territory an SMS is, and which of the questions that its number was asked it answers.

A telephone may be known to several territories, and a word without a code to mean something in each
of them: what is not certain is asked, never guessed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from dispatcher.domain import languages
from dispatcher.domain.inbound import Intent, Understood, mark_of
from dispatcher.domain.languages import Language
from dispatcher.domain.states import LIVE_APPOINTMENTS, LIVE_REQUESTS
from dispatcher.services.house import House
from dispatcher.services.replies import Question, offers_to, territories_asking
from dispatcher.services.satisfaction import territories_asking_mark
from dispatcher.storage.messages import Message
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

_ANSWERS = {Intent.CANCEL, Intent.YES, Intent.NO}


@dataclass(frozen=True, slots=True)
class Asked:
    """An appointment of the number's, or an offer to it: what an answer may be about."""

    id: UUID
    territory_id: UUID
    code: str
    at: datetime
    """The appointment's hour; until when the offer waits for an answer."""
    zone: ZoneInfo
    is_offer: bool = False

    def in_words(self, language: Language) -> Question:
        """With what tells it from the others. Volunteers are written to in French."""
        hour = languages.day_and_hour(self.at, self.zone, language)
        return Question(self.code, f"avant {hour}" if self.is_offer else hour)


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom an SMS is for. `elsewhere`: what it could as well be about in other territories."""

    territory_id: UUID
    elsewhere: Sequence[Asked] = ()


def territories_of(house: House, phone: str, written_to: Collection[str]) -> list[UUID]:
    """The territories for which a number's SMS may be, the likeliest first; none for a stranger.

    Those that write from the sender it was written to come first. Within them, who wrote to the
    number last, then those it volunteers in: who was never written to is no stranger.
    """
    with house.db.reading() as session:
        wrote = session.execute(
            select(Message.territory_id)
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
        found = list(dict.fromkeys(row.territory_id for row in (*wrote, *known)))
        its_own = _writing_from(house, session, found, written_to)
    return sorted(found, key=lambda each: each not in its_own)


def who_hears_stop(
    house: House, territories: Sequence[UUID], written_to: Collection[str]
) -> Sequence[UUID]:
    """The territories that a STOP or START counts for: all that write from the same sender.

    All of them where the sender is nobody's: rather one silent too many.
    """
    with house.db.reading() as session:
        its_own = _writing_from(house, session, territories, written_to)
    return [each for each in territories if each in its_own] or territories


def meant(
    house: House,
    territories: Sequence[UUID],
    phone: str,
    said: Understood,
    written_to: Collection[str],
) -> Meant:
    """For which of the territories an SMS is: the one where it can be about something.

    Where that is so in several, those that own the number written to count alone; if it is still
    so, the answer comes from the likeliest and names what the others asked.
    """
    if len(territories) == 1:
        return Meant(territories[0])
    cipher, now = house.db.cipher, house.clock()
    hashes = cipher.hashes(phone)
    with house.db.reading() as session:
        if said.intent not in _ANSWERS:
            return Meant(_that_asked(session, territories, hashes, said, now))
        asked = _asked(session, territories, hashes, said, now)
        if not asked:
            lately = session.scalars(territories_asking(hashes, now, said.code)).all()
            found = [each for each in territories if each in lately]
            return Meant(found[0] if found and said.intent != Intent.CANCEL else territories[0])
        its_own = _writing_from(house, session, territories, written_to)
    asked = [each for each in asked if each.territory_id in its_own] or asked
    # An offer's territory knows how to ask about both.
    first = min(asked, key=lambda each: (not each.is_offer, territories.index(each.territory_id)))
    return Meant(
        first.territory_id,
        [each for each in asked if each.territory_id != first.territory_id],
    )


def live_appointments(unit: Unit, phone: str, code: str | None) -> list[Asked]:
    """The territory's live appointments of that telephone, of that code if one was given."""
    query = _live(unit.cipher.hashes(phone), unit.now, code)
    rows = unit.session.execute(query.where(Appointment.territory_id == unit.territory_id))
    return [_appointment(row) for row in rows]


def _asked(
    session: Session,
    territories: Sequence[UUID],
    hashes: list[str],
    said: Understood,
    now: datetime,
) -> list[Asked]:
    """What the answer may be about in all of them: appointments, and offers unless it cancels."""
    asked = [_appointment(row) for row in session.execute(_live(hashes, now, said.code))]
    if said.intent != Intent.CANCEL:
        rows = session.execute(
            select(Territory.id, Territory.timezone).where(Territory.id.in_(territories))
        )
        zones = {row.id: ZoneInfo(row.timezone) for row in rows}
        asked += [
            Asked(
                each.id,
                each.territory_id,
                each.code,
                each.expires_at,
                zones[each.territory_id],
                is_offer=True,
            )
            for each in offers_to(session, hashes, now)
            if each.territory_id in zones and each.is_open(now) and said.code in {None, each.code}
        ]
    return [each for each in asked if each.territory_id in territories]


def _that_asked(
    session: Session,
    territories: Sequence[UUID],
    hashes: list[str],
    said: Understood,
    now: datetime,
) -> UUID:
    """Whose regulators read it: of the request of its code, or that asked for a mark."""
    found: Sequence[UUID] = ()
    if said.code is not None:
        found = session.scalars(
            select(CareRequest.territory_id)
            .join(Patient, Patient.id == CareRequest.patient_id)
            .where(
                CareRequest.code == said.code,
                CareRequest.status.in_([status.value for status in LIVE_REQUESTS]),
                Patient.phone_hash.in_(hashes),
            )
        ).all()
    elif mark_of(said.words) is not None:
        found = session.scalars(territories_asking_mark(hashes, now)).all()
    return next((each for each in territories if each in found), territories[0])


def _live(
    hashes: list[str], now: datetime, code: str | None
) -> Select[UUID, UUID, str, datetime, str]:
    query = (
        select(
            Appointment.id,
            Appointment.territory_id,
            CareRequest.code,
            Appointment.start_at,
            Territory.timezone,
        )
        .join(CareRequest, CareRequest.id == Appointment.request_id)
        .join(Patient, Patient.id == CareRequest.patient_id)
        .join(Territory, Territory.id == Appointment.territory_id)
        .where(
            Appointment.status.in_([status.value for status in LIVE_APPOINTMENTS]),
            Appointment.ends_at > now,
            Patient.phone_hash.in_(hashes),
        )
        .order_by(Appointment.start_at, Appointment.id)
    )
    return query if code is None else query.where(CareRequest.code == code)


def _appointment(row: Row[UUID, UUID, str, datetime, str]) -> Asked:
    return Asked(row.id, row.territory_id, row.code, row.start_at, ZoneInfo(row.timezone))


def _writing_from(
    house: House, session: Session, territories: Sequence[UUID], written_to: Collection[str]
) -> set[UUID]:
    """Those of the territories that the sender written to carries SMS for."""
    if not written_to:
        return set()
    rows = session.execute(
        select(Territory.id, Territory.code).where(Territory.id.in_(territories))
    )
    return {row.id for row in rows if house.sms.sender_of(row.code) in written_to}
