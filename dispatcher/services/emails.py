"""Writing an e-mail down to be sent: the row, its event and the promise to send it are one commit.

Only professionals are written to, and the texts cannot name a patient.
"""

import base64
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.domain.emails import EmailKind, EmailStatus, normal_address
from dispatcher.domain.events import EmailQueued
from dispatcher.domain.jobs import Job
from dispatcher.gateways.email import Attachment
from dispatcher.services.house import House
from dispatcher.storage.columns import table_of
from dispatcher.storage.emails import Email
from dispatcher.storage.unit import Unit

USEFUL_FOR = timedelta(days=2)
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
    request_id: UUID | None = None
    appointment_id: UUID | None = None
    offer_id: UUID | None = None
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
        "request_id": new.request_id,
        "appointment_id": new.appointment_id,
        "offer_id": new.offer_id,
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
            email_id=email_id,
            email_kind=new.kind.value,
            practitioner_id=new.practitioner_id,
            request_id=new.request_id,
        )
    )
    unit.promise(Job.SEND_EMAIL, {"email_id": email_id})
    return email_id
