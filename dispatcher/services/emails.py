"""E-mails: written down with what they follow from, sent by a promise, tried until it is late.

Only professionals are written to, and never about a patient: the texts cannot name one.
"""

import base64
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from config.logging import get_logger
from dispatcher.domain.emails import (
    EMAIL_TRANSITIONS,
    UNSENT,
    EmailKind,
    EmailStatus,
    normal_address,
)
from dispatcher.domain.events import ENGINE, EmailProgressed, EmailQueued
from dispatcher.domain.jobs import Job
from dispatcher.gateways.email import (
    Attachment,
    EmailGateway,
    EmailRefused,
    EmailRetry,
    OutgoingEmail,
)
from dispatcher.services.house import House
from dispatcher.services.pauses import pause_until_retry
from dispatcher.storage import keeping
from dispatcher.storage.columns import table_of
from dispatcher.storage.emails import Email
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim, LeaseLostError, Unit

log = get_logger(__name__)
USEFUL_FOR = timedelta(days=2)
RETRY_SECONDS, RETRY_LONGEST_SECONDS = 60.0, 1800.0
"""Between these the pauses grow while a server does not take it (`pauses`). A server that does not
know us yet wants a quarter of an hour (greylisting, RFC 6647)."""
EXPIRED = "expired"
ATTEMPTS_SPENT = "attempts_spent"
NO_SERVER = "no SMTP server is set"
_EMAILS = table_of(Email)
_WRITE = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(_EMAILS)
    .on_conflict_do_nothing(index_elements=["purpose"])
    .returning(_EMAILS.c.id)  # PostgreSQL's driver does not count the rows of an INSERT
    for dialect in (postgresql, sqlite)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEmail:
    """An e-mail to be written down."""

    kind: EmailKind
    address: str
    purpose: str
    """Unique: the same e-mail is never written twice."""
    values: dict[str, str]
    """What its text names; `config/email_texts.py` lists it."""
    practitioner_id: UUID | None = None
    attachment: Attachment | None = None
    expires_at: datetime | None = None
    """When it would only confuse; None: USEFUL_FOR from now."""


def queue_email(house: House, unit: Unit, new: NewEmail) -> UUID | None:
    """Write an e-mail and promise its sending; None if it was written before.

    Raises NotAnEmail. Without a server (`house.email` is None) it waits for one until it is late:
    ask first, and say so to whoever wants it sent.
    """
    email_id = uuid.uuid4()
    seal, address = unit.cipher.seal, normal_address(new.address)
    file = new.attachment
    row = {
        "id": email_id,
        "territory_id": unit.territory_id,
        "kind": new.kind.value,
        "purpose": new.purpose,
        "practitioner_id": new.practitioner_id,
        "address": seal("emails.address", email_id, address),
        "text": seal(
            "emails.text", email_id, "\n".join(house.email_texts.render(new.kind, new.values))
        ),
        "attachment_name": file and file.name,
        "attachment_type": file and file.media_type,
        "attachment": file
        and seal("emails.attachment", email_id, base64.b64encode(file.content).decode()),
        "status": EmailStatus.QUEUED.value,
        "expires_at": new.expires_at or unit.now + USEFUL_FOR,
        "created_at": unit.now,
        "updated_at": unit.now,
    }
    unit.session.flush()  # it may refer to a practitioner of this very transaction
    if unit.session.scalar(_WRITE[unit.session.get_bind().dialect.name], row) is None:
        return None
    unit.record(
        EmailQueued(
            email_id=email_id, email_kind=new.kind.value, practitioner_id=new.practitioner_id
        )
    )
    unit.promise(Job.SEND_EMAIL, {"email_id": email_id})
    return email_id


def send_email(house: House, claim: Claim) -> None:
    """Hand one e-mail to the server: claim, call, record.

    One whose answer was lost is sent again under the same Message-ID: SMTP knows no other way to
    settle it. What is temporary is tried again until the e-mail would be late; an error of ours,
    as any job's, a few times.
    """
    with house.db.reading() as session:
        found = session.execute(
            select(Email, Territory.name)
            .join(Territory, Territory.id == Email.territory_id)
            .where(
                Email.id == claim.id("email_id"), Email.status.in_([each.value for each in UNSENT])
            )
        ).one_or_none()
    if found is None:
        house.db.keep(claim)
        return
    email = found.Email
    if email.expires_at <= house.clock():
        _record(house, claim, email, EmailStatus.FAILED, EXPIRED)
        return
    if house.email is None:
        _later(house, claim, email, NO_SERVER)
        return
    if not _begin(house, claim, email):
        house.db.keep(claim)
        return
    _call(house, house.email, claim, email, _outgoing(house, email, found.name))


def give_up(house: House, claim: Claim) -> None:
    """The last attempt at an e-mail ended in an error of ours."""
    with house.db.reading() as session:
        email = session.get(Email, claim.id("email_id"))
    if email is not None:
        _record(house, None, email, EmailStatus.FAILED, ATTEMPTS_SPENT)


def _begin(house: House, claim: Claim, email: Email) -> bool:
    """Write down that a server is called now. Raises LeaseLostError; False if it has left since."""
    now = house.clock()
    with house.db.writing() as session:
        if not keeping.is_owned(session, claim):
            raise LeaseLostError
        begun = session.execute(
            update(Email)
            .where(Email.id == email.id, Email.status.in_([each.value for each in UNSENT]))
            .values(status=EmailStatus.SENDING.value, sending_since=now, updated_at=now)
        )
        return rows_changed(begun) == 1


def _call(
    house: House, gateway: EmailGateway, claim: Claim, email: Email, outgoing: OutgoingEmail
) -> None:
    try:
        gateway.send(outgoing)
    except EmailRefused as problem:
        _record(house, claim, email, EmailStatus.REFUSED, str(problem.code))
    except EmailRetry as problem:
        if problem.is_ours:
            log.critical("email_account_refused", reason=str(problem))
        _later(house, claim, email, str(problem))
    else:
        _record(house, claim, email, EmailStatus.SENT)


def _later(house: House, claim: Claim, email: Email, reason: str) -> None:
    """It is owed until it is late, whatever the attempts."""
    now = house.clock()
    pause = pause_until_retry(
        email.created_at, now, shortest=RETRY_SECONDS, longest=RETRY_LONGEST_SECONDS
    )
    keeping.defer(house.db, claim, now + pause, reason)


def _record(
    house: House,
    claim: Claim | None,
    email: Email,
    status: EmailStatus,
    error_code: str | None = None,
) -> None:
    """Keep how it ended; what was attached goes."""
    with house.db.transaction(email.territory_id, ENGINE, keeping=claim) as unit:
        row = unit.session.get_one(Email, email.id, with_for_update=True)
        if status not in EMAIL_TRANSITIONS[EmailStatus(row.status)]:
            return
        row.status, row.error_code, row.updated_at = status.value, error_code, unit.now
        row.attachment = None
        unit.record(
            EmailProgressed(
                email_id=row.id,
                practitioner_id=row.practitioner_id,
                status=status.value,
                error_code=error_code,
            )
        )


def _outgoing(house: House, email: Email, sender_name: str) -> OutgoingEmail:
    opened = house.db.cipher.open
    subject, _, body = opened("emails.text", email.id, email.text).partition("\n")
    attachment = None
    if email.attachment is not None:
        attachment = Attachment(
            email.attachment_name or "",
            email.attachment_type or "",
            base64.b64decode(opened("emails.attachment", email.id, email.attachment)),
        )
    return OutgoingEmail(
        email_id=email.id,
        to=opened("emails.address", email.id, email.address),
        subject=subject,
        body=body,
        sender_name=sender_name,
        written_at=email.created_at,
        attachment=attachment,
    )
