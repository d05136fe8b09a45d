"""Telling practitioners: by SMS, by e-mail, or both, as each of them wishes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, select

from config.email_texts import PLACEHOLDERS
from dispatcher.domain.emails import NOTICES, NoticeChannel
from dispatcher.domain.messages import MessageKind
from dispatcher.services.emails import NewEmail, queue_email
from dispatcher.services.house import House
from dispatcher.services.notices import ANSWER_HOURS, Sms, queue_all
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.unit import Unit

SMS_AFTER = timedelta(minutes=30)
"""A notice that no server has taken by then is given up, and what must be known goes by SMS."""


BY_EMAIL = and_(
    Practitioner.notice_channel != NoticeChannel.SMS.value,
    Practitioner.email.is_not(None),
    Practitioner.email_refused_at.is_(None),
)
"""Who wishes it, and has an address that works as far as we know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a practitioner is told. `phone` is their mobile, E.164, if they gave one.

    `values` are all that its SMS may say; the e-mail says some of it.
    """

    kind: MessageKind
    practitioner_id: UUID
    phone: str | None
    purpose: str
    """Unique: nothing is told twice."""
    values: dict[str, str]
    request_id: UUID | None = None
    appointment_id: UUID | None = None
    offer_id: UUID | None = None
    expires_at: datetime | None = None
    """When it would only confuse; None: ANSWER_HOURS from now."""


@dataclass(frozen=True, slots=True)
class _Wish:
    address: str
    also_by_sms: bool


def tell_practitioners(house: House, unit: Unit, several: Sequence[Notice]) -> None:
    """Write what each of them is told down to be sent, as they wish it.

    Whoever gave neither a mobile nor an address is not told: they read their agenda.
    """
    queue_all(house, unit, left_for_sms(house, unit, several))


def left_for_sms(house: House, unit: Unit, several: Sequence[Notice]) -> list[Sms]:
    """Write the e-mails of those who wish them; returns the SMS that remain to be queued.

    An offer is asked by SMS whatever they wish: its answer is waited for, and may come by SMS.
    """
    wishes = _wishes(house, unit, several)
    remaining = []
    for notice in several:
        wish = wishes.get(notice.practitioner_id) if notice.kind in NOTICES else None
        if wish is not None:
            _write(house, unit, notice, wish)
        if notice.phone is not None and (
            wish is None or wish.also_by_sms or notice.kind == MessageKind.OFFER
        ):
            remaining.append(as_sms(notice, notice.phone))
    return remaining


def as_sms(notice: Notice, phone: str) -> Sms:
    """The SMS of a notice."""
    return Sms(
        kind=notice.kind,
        to_role="practitioner",
        phone=phone,
        purpose=notice.purpose,
        values=notice.values,
        request_id=notice.request_id,
        appointment_id=notice.appointment_id,
        practitioner_id=notice.practitioner_id,
        offer_id=notice.offer_id,
        expires_at=notice.expires_at,
    )


def _wishes(house: House, unit: Unit, several: Collection[Notice]) -> dict[UUID, _Wish]:
    asked = {each.practitioner_id for each in several if each.kind in NOTICES}
    if house.email is None or not asked:
        return {}
    rows = unit.session.execute(
        select(Practitioner.id, Practitioner.email, Practitioner.notice_channel).where(
            Practitioner.id.in_(asked), BY_EMAIL
        )
    )
    return {
        row.id: _Wish(
            address=unit.cipher.open("practitioners.email", row.id, row.email),
            also_by_sms=row.notice_channel == NoticeChannel.BOTH,
        )
        for row in rows
        if row.email is not None
    }


def _write(house: House, unit: Unit, notice: Notice, wish: _Wish) -> None:
    kind = NOTICES[notice.kind]
    expires_at = notice.expires_at or unit.now + ANSWER_HOURS
    if notice.phone is not None and notice.appointment_id is not None:
        expires_at = min(expires_at, unit.now + SMS_AFTER)
    queue_email(
        house,
        unit,
        NewEmail(
            kind=kind,
            address=wish.address,
            purpose=notice.purpose,
            values={name: notice.values[name] for name in PLACEHOLDERS[kind]},
            practitioner_id=notice.practitioner_id,
            request_id=notice.request_id,
            appointment_id=notice.appointment_id,
            offer_id=notice.offer_id,
            expires_at=expires_at,
        ),
    )
