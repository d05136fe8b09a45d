"""Forgetting who a patient was: when its time has come, or when the person asks for it.

Rows stay, so that history and figures stay: what names somebody is written over. The log needs no
change, since it never named anybody.
"""

import contextlib
import time
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, text, tuple_, update

from config import retention
from dispatcher.domain.emails import UNSENT
from dispatcher.domain.errors import RefusedError
from dispatcher.domain.events import CLOCK, PersonForgotten
from dispatcher.domain.nobody import BORN, GONE, NOBODY
from dispatcher.domain.states import LIVE_REQUESTS
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.accounts import IdempotencyKey
from dispatcher.storage.columns import table_of
from dispatcher.storage.desk import RequestNote
from dispatcher.storage.emails import Email
from dispatcher.storage.encryption import identity
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.gp_searches import GpSearch
from dispatcher.storage.links import PractitionerLink
from dispatcher.storage.messages import Message
from dispatcher.storage.offers import Offer
from dispatcher.storage.openings import FileOpening
from dispatcher.storage.patients import KNOWN, Patient
from dispatcher.storage.promises import Promise
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.sessions import UserSession
from dispatcher.storage.unit import Claim, Unit

BUDGET_SECONDS = 5.0
"""A job gives the worker back after this; the rest waits for its next turn, at once."""
PAGE, PAGE_DELETED = 100, 1000
_LIVE = [status.value for status in LIVE_REQUESTS]


class StillCaredForError(RefusedError):
    """A request of the person is open, or an appointment is still to come."""

    def __init__(self) -> None:
        super().__init__(
            "still-cared-for",
            "Une demande de cette personne est en cours. Close, elle pourra être effacée.",
        )


def forget_old(house: House, claim: Claim) -> int:
    """Forget and delete what is kept for longer than `config.retention` says.

    Returns how many patients were forgotten in this turn; comes back at once where some are left.
    """
    started, forgotten = time.monotonic(), 0
    _delete_old(house, claim)
    while found := _due(house):
        for patient_id, territory_id in found:
            # whoever called again meanwhile is no longer due
            with (
                contextlib.suppress(StillCaredForError),
                house.db.transaction(territory_id, CLOCK) as unit,
            ):
                forgotten += forget_patient(unit, patient_id)
        if time.monotonic() - started > BUDGET_SECONDS:
            keeping.defer(house.db, claim, house.clock())
            return forgotten
        keeping.prolong(house.db, claim, house.settings.promise_lease)
    house.db.keep(claim)
    return forgotten


def forget_patient(unit: Unit, patient_id: UUID) -> bool:
    """Write over all that names a patient of the unit's territory; False if it was done before.

    Raises StillCaredForError.
    """
    session, cipher = unit.session, unit.cipher
    patient = session.scalars(
        select(Patient)
        .where(Patient.id == patient_id, Patient.territory_id == unit.territory_id)
        .with_for_update()
    ).one_or_none()
    if patient is None or patient.forgotten_at is not None:
        return False
    requests = session.execute(
        select(CareRequest.id, CareRequest.status).where(CareRequest.patient_id == patient_id)
    ).all()
    if any(request.status in _LIVE for request in requests):
        raise StillCaredForError
    _forget_texts(unit, patient, [request.id for request in requests])
    for name, value in NOBODY.items():
        setattr(patient, name, cipher.seal(f"patients.{name}", patient_id, value))
    patient.phone_hash = cipher.hash(NOBODY["phone"])
    patient.identity_hash = cipher.hash(identity(NOBODY["last_name"], NOBODY["first_name"], BORN))
    patient.forgotten_at = unit.now
    unit.record(PersonForgotten(patient_id=patient_id))
    return True


def _forget_texts(unit: Unit, patient: Patient, requests: Sequence[UUID]) -> None:
    """What was written about the patient, by whomever: notes, SMS, reasons, answers.

    What came from their number and belongs to no request goes as well, unless somebody else who is
    known has that number too.
    """
    session, cipher = unit.session, unit.cipher
    for statement in (
        update(CareRequest)
        .where(CareRequest.id.in_(requests))
        .values(note=None, closing_note=None, longitude=None, latitude=None),
        update(Appointment).where(Appointment.request_id.in_(requests)).values(override_note=None),
        update(Offer).where(Offer.request_id.in_(requests)).values(words=None),
        delete(RequestNote).where(RequestNote.request_id.in_(requests)),
        delete(GpSearch).where(GpSearch.patient_id == patient.id),
    ):
        session.execute(statement)
    hashes = cipher.hashes(cipher.open("patients.phone", patient.id, patient.phone))
    theirs: ColumnElement[bool] = Message.request_id.in_(requests)
    others = select(Patient.id).where(
        Patient.territory_id == unit.territory_id,
        Patient.phone_hash.in_(hashes),
        Patient.id != patient.id,
    )
    if session.scalars(others.limit(1)).one_or_none() is None:
        theirs |= (
            (Message.territory_id == unit.territory_id)
            & Message.phone_hash.in_(hashes)
            & Message.request_id.is_(None)
        )
    for message in session.scalars(select(Message).where(theirs)):
        message.body = cipher.seal("messages.body", message.id, GONE)
        if message.phone_hash in hashes:
            message.phone = cipher.seal("messages.phone", message.id, NOBODY["phone"])
            message.phone_hash = cipher.hash(NOBODY["phone"])


def _due(house: House) -> list[tuple[UUID, UUID]]:
    """Patients of whom nothing was heard for as long as identities are kept, and their territory.

    The first ones, PAGE at most.
    """
    before = house.clock() - retention.IDENTITIES
    heard_of = (
        select(CareRequest.id)
        .where(
            CareRequest.patient_id == Patient.id,
            or_(CareRequest.status.in_(_LIVE), CareRequest.updated_at >= before),
        )
        .exists()
    )
    with house.db.reading() as session:
        found = session.execute(
            select(Patient.id, Patient.territory_id)
            .where(text(KNOWN), Patient.created_at < before, ~heard_of)
            .order_by(Patient.created_at)
            .limit(PAGE)
        )
        return [(row.id, row.territory_id) for row in found]


def _delete_old(house: House, claim: Claim) -> None:
    """What stands for nothing any more, so many rows in a transaction that nobody waits for it."""
    now = house.clock()
    for table, condition in (
        (IdempotencyKey, IdempotencyKey.created_at < now - retention.IDEMPOTENCY_KEYS),
        (Promise, Promise.done_at < now - retention.KEPT_PROMISES),
        (PractitionerLink, PractitionerLink.expires_at < now - retention.PRACTITIONER_LINKS),
        (
            Email,
            Email.status.not_in([status.value for status in UNSENT])
            & (Email.created_at < now - retention.SENT_EMAILS),
        ),
        (FileOpening, FileOpening.hour < now - retention.OPENINGS),
        (UserSession, UserSession.began_at < now - retention.SESSIONS),
    ):
        key = tuple_(*table_of(table).primary_key.columns)
        page = select(*table_of(table).primary_key.columns).where(condition).limit(PAGE_DELETED)
        deleted = PAGE_DELETED
        while deleted == PAGE_DELETED:
            with house.db.writing() as session:
                deleted = rows_changed(session.execute(delete(table).where(key.in_(page))))
            keeping.prolong(house.db, claim, house.settings.promise_lease)
