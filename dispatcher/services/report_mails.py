"""The month's report by e-mail: written down early each month for everybody who is to have it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.emails import EmailKind, NotAnEmail, normal_address
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.domain.events import CLOCK, ReportRecipientAdded, ReportRecipientRemoved
from dispatcher.domain.jobs import Job
from dispatcher.domain.payments.statements import last_day, month_of
from dispatcher.domain.roles import Account
from dispatcher.gateways.email import Attachment
from dispatcher.services.emails import NewEmail, queue_email
from dispatcher.services.house import House
from dispatcher.services.notices import shown_phone
from dispatcher.services.reports import activity_report
from dispatcher.storage.emails import Email
from dispatcher.storage.reports import ReportRecipient
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim

FROM_HOUR = 7
"""By the territory's clock, so that the last day's evening is in the log."""
UNTIL_DAY = 7
"""Of the month: whoever is added later gets the next one."""
USEFUL_FOR = timedelta(days=7)
MOST_RECIPIENTS = 20


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets the month's report."""

    id: UUID
    address: str


def add_recipient(house: House, account: Account, address: str) -> UUID:
    """Have the month's report sent to an address too. Raises InvalidError on `address`."""
    try:
        normal = normal_address(address)
    except NotAnEmail as fault:
        raise InvalidError({"address": fault.sentence}) from None
    with house.db.transaction(account.territory_id, account.actor) as unit:
        unit.session.execute(
            select(Territory.id).where(Territory.id == account.territory_id).with_for_update()
        )
        known = _opened(house, unit.session, account.territory_id)
        if normal in {each.address for each in known}:
            raise InvalidError({"address": "Cette adresse reçoit déjà le rapport."})
        if len(known) >= MOST_RECIPIENTS:
            raise InvalidError({"address": f"{MOST_RECIPIENTS} adresses au plus."})
        recipient_id = uuid.uuid4()
        unit.session.add(
            ReportRecipient(
                id=recipient_id,
                territory_id=account.territory_id,
                address=unit.cipher.seal("report_recipients.address", recipient_id, normal),
                added_by=account.user_id,
                added_at=unit.now,
            )
        )
        unit.record(ReportRecipientAdded(recipient_id=recipient_id))
    return recipient_id


def remove_recipient(house: House, account: Account, recipient_id: UUID) -> None:
    """Send no more there; the address is deleted. Raises NotFoundError."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        row = unit.session.scalars(
            _recipients(account.territory_id).where(ReportRecipient.id == recipient_id)
        ).one_or_none()
        if row is None:
            raise NotFoundError
        unit.session.delete(row)
        unit.record(ReportRecipientRemoved(recipient_id=recipient_id))


def recipients(house: House, territory_id: UUID) -> Sequence[Recipient]:
    """Everybody who gets the month's report, in the order they were added."""
    with house.db.reading() as session:
        return _opened(house, session, territory_id)


def send_report_now(house: House, account: Account) -> None:
    """Have last month's report sent to whoever has not had it yet. Raises RefusedError."""
    if house.email is None:
        raise RefusedError("no-smtp", "Aucun serveur d’e-mail n’est réglé sur ce site.")
    with house.db.transaction(account.territory_id, account.actor) as unit:
        unit.promise(Job.MAIL_REPORTS, {"territory_id": account.territory_id})


def mail_reports(house: House, claim: Claim) -> int:
    """Write last month's report to everybody of a territory who has not had it, once.

    The clock's promise names no territory: it promises those whose report is due. Returns how many
    e-mails, or how many territories, it was.
    """
    if "territory_id" not in claim.ids:
        return _promise_each(house, claim)
    territory_id = claim.id("territory_id")
    with house.db.reading() as session:
        territory = session.get_one(Territory, territory_id)
        month = _last_month(house.clock(), territory)
        missing = _missing(house, session, territory_id, month)
    if not missing:
        house.db.keep(claim)
        return 0
    before = month_of(month - timedelta(days=1))
    file = Attachment(
        f"rapport-{territory.code}-{month:%Y-%m}.pdf",
        "application/pdf",
        activity_report(house, territory_id, month, last_day(month), (before, last_day(before))),
    )
    written = 0
    with house.db.transaction(territory_id, CLOCK, keeping=claim) as unit:
        for recipient in missing:
            written += (
                queue_email(
                    house,
                    unit,
                    NewEmail(
                        kind=EmailKind.ACTIVITY_REPORT,
                        address=recipient.address,
                        purpose=_purpose(recipient, month),
                        values={
                            "sender": territory.name,
                            "month": calendar.month(month),
                            "link": f"{house.settings.public_base_url}/activite",
                            "phone": shown_phone(territory.phone, territory.department),
                        },
                        attachment=file,
                        expires_at=unit.now + USEFUL_FOR,
                    ),
                )
                is not None
            )
    return written


def _promise_each(house: House, claim: Claim) -> int:
    due = []
    if house.email is not None:
        with house.db.reading() as session:
            territories = session.scalars(
                select(Territory)
                .where(Territory.id.in_(select(ReportRecipient.territory_id)))
                .order_by(Territory.id)
            ).all()
            for territory in territories:
                local = house.clock().astimezone(ZoneInfo(territory.timezone))
                month = _last_month(house.clock(), territory)
                if (
                    local.hour >= FROM_HOUR
                    and local.day <= UNTIL_DAY
                    and _missing(house, session, territory.id, month)
                ):
                    due.append(territory.id)
    house.db.promise_each(Job.MAIL_REPORTS, due, claim)
    return len(due)


def _last_month(now: datetime, territory: Territory) -> date:
    today = calendar.local_day(now, ZoneInfo(territory.timezone))
    return month_of(month_of(today) - timedelta(days=1))


def _missing(house: House, session: Session, territory_id: UUID, month: date) -> list[Recipient]:
    found = {_purpose(each, month): each for each in _opened(house, session, territory_id)}
    written = set(session.scalars(select(Email.purpose).where(Email.purpose.in_(found))))
    return [each for purpose, each in found.items() if purpose not in written]


def _purpose(recipient: Recipient, month: date) -> str:
    return f"activity_report:{month}:{recipient.id}"


def _opened(house: House, session: Session, territory_id: UUID) -> list[Recipient]:
    opened = house.db.cipher.open
    return [
        Recipient(row.id, opened("report_recipients.address", row.id, row.address))
        for row in session.scalars(_recipients(territory_id))
    ]


def _recipients(territory_id: UUID) -> Select[ReportRecipient]:
    return (
        select(ReportRecipient)
        .where(ReportRecipient.territory_id == territory_id)
        .order_by(ReportRecipient.added_at, ReportRecipient.id)
    )
