"""What of a live request can be corrected, as texts that two versions are compared by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.domain.events import RequestCorrected
from dispatcher.domain.states import LIVE_REQUESTS, RequestStatus
from dispatcher.storage.accounts import User
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.patients import Patient
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Database

Texts = Mapping[str, str]
"""By dotted field of `OpenRequest`: E.164 telephones, ISO days, codes, whole hours."""


@dataclass(frozen=True, slots=True)
class Correctable:
    """A request as it stands."""

    code: str
    profession: str
    is_booked: bool
    is_live: bool
    texts: Texts
    """Of a live request alone: of one that is over, the patient may be forgotten."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """The last correction of a request."""

    by: str
    at: datetime


def correctable(db: Database, territory_id: UUID, request_id: UUID) -> Correctable | None:
    """The request as it stands; None where the territory has no such request."""
    with db.reading() as session:
        row = session.execute(
            select(CareRequest, Patient)
            .join(Patient, Patient.id == CareRequest.patient_id)
            .where(CareRequest.id == request_id, CareRequest.territory_id == territory_id)
        ).one_or_none()
    if row is None:
        return None
    request, patient = row
    status = RequestStatus(request.status)
    is_live = status in LIVE_REQUESTS
    return Correctable(
        code=request.code,
        profession=request.profession,
        is_booked=status == RequestStatus.BOOKED,
        is_live=is_live,
        texts=texts_of(db.cipher, request, patient) if is_live else {},
    )


def texts_of(cipher: Cipher, request: CareRequest, patient: Patient) -> dict[str, str]:
    """What can be corrected, of the rows."""
    opened = {
        name: cipher.open(f"patients.{name}", patient.id, getattr(patient, name))
        for name in ("last_name", "first_name", "birth_date", "phone")
    }
    note = request.note
    return {f"patient.{name}": text for name, text in opened.items()} | {
        "patient.commune": request.commune,
        "need.motive": request.motive or "",
        "need.note": cipher.open("care_requests.note", request.id, note) if note else "",
        "need.delay_hours": str(request.delay_hours),
    }


def last_correction(session: Session, request_id: UUID) -> Corrected | None:
    """Who corrected it last, and when."""
    row = session.execute(
        select(User.display_name, LoggedEvent.at)
        .join(User, User.id == LoggedEvent.actor_id)
        .where(LoggedEvent.request_id == request_id, LoggedEvent.kind == RequestCorrected.kind())
        .order_by(LoggedEvent.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Corrected(row.display_name, row.at)
