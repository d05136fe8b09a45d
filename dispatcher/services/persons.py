"""All that is kept of one person: handed over to them, or erased, as the GDPR lets them ask."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, inspect, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.events import OPERATOR, PersonExported
from dispatcher.domain.openings import Way
from dispatcher.domain.phones import NotAPhone, normalise, region_of
from dispatcher.reads.openings import openings_of
from dispatcher.services.forgetting import forget_patient
from dispatcher.services.house import House
from dispatcher.services.openings import write_openings
from dispatcher.storage.columns import Record
from dispatcher.storage.desk import RequestNote
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.gp_searches import GpSearch
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message
from dispatcher.storage.offers import Offer
from dispatcher.storage.patients import Patient
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.territories import Territory

OF_THE_HOUSE = ("_hash", "_digest")
"""Columns that say nothing about anybody: they find rows, or make a link good."""


def persons_of(house: House, territory_code: str, phone: str, born: date) -> list[UUID]:
    """The patients of a territory with that telephone and birth date, however their name is spelt.

    Both are asked for: a family shares a telephone. Raises InvalidError by field.
    """
    cipher = house.db.cipher
    with house.db.reading() as session:
        territory = session.scalars(
            select(Territory).where(Territory.code == territory_code)
        ).one_or_none()
        if territory is None:
            raise InvalidError({"territory": "Ce territoire n’existe pas."})
        try:
            number = normalise(phone, region_of(territory.department)).e164
        except NotAPhone as fault:
            raise InvalidError({"phone": fault.sentence}) from None
        found = session.scalars(
            select(Patient)
            .where(
                Patient.territory_id == territory.id,
                Patient.phone_hash.in_(cipher.hashes(number)),
            )
            .order_by(Patient.created_at)
        ).all()
    return [
        patient.id
        for patient in found
        if cipher.open("patients.birth_date", patient.id, patient.birth_date) == born.isoformat()
    ]


def erase_person(house: House, patients: Sequence[UUID]) -> int:
    """Forget these rows of a person; how many were not forgotten yet.

    Raises StillCaredForError: that row, and those after it, stay as they are.
    """
    erased = 0
    for patient_id in patients:
        with house.db.transaction(_territory_of(house, patient_id), OPERATOR) as unit:
            erased += forget_patient(unit, patient_id)
    return erased


def export_person(house: House, patients: Sequence[UUID]) -> list[dict[str, Any]]:
    """What is kept of these rows of a person, as JSON takes it. The log says that it was given."""
    exported = []
    for patient_id in patients:
        with house.db.transaction(_territory_of(house, patient_id), OPERATOR) as unit:
            write_openings(unit.session, OPERATOR, Way.EXPORT, "patient", [patient_id], unit.now)
            exported.append(_whole(unit.session, unit.cipher, patient_id))
            unit.record(PersonExported(patient_id=patient_id))
    return exported


def _territory_of(house: House, patient_id: UUID) -> UUID:
    with house.db.reading() as session:
        return session.scalars(select(Patient.territory_id).where(Patient.id == patient_id)).one()


def _whole(session: Session, cipher: Cipher, patient_id: UUID) -> dict[str, Any]:
    patient = session.get_one(Patient, patient_id)
    requests = session.scalars(
        select(CareRequest.id).where(CareRequest.patient_id == patient_id)
    ).all()

    def rows(model: type[Record], of_request: InstrumentedAttribute[Any]) -> list[dict[str, Any]]:
        return _rows(session, cipher, model, of_request.in_(requests))

    return {
        "patient": _told(cipher, patient),
        "requests": rows(CareRequest, CareRequest.id),
        "appointments": rows(Appointment, Appointment.request_id),
        "offers": rows(Offer, Offer.request_id),
        "notes": rows(RequestNote, RequestNote.request_id),
        "gp_searches": rows(GpSearch, GpSearch.request_id),
        "events": rows(LoggedEvent, LoggedEvent.request_id),
        "openings": [
            {
                "at": each.at.isoformat(),
                "who": each.who,
                "role": each.kind.value,
                "territory": each.elsewhere,
                "way": each.way.value,
                "request": each.code,
            }
            for each in openings_of(session, patient_id)
        ],
        "messages": _rows(
            session,
            cipher,
            Message,
            or_(
                Message.request_id.in_(requests),
                (Message.territory_id == patient.territory_id)
                & (Message.phone_hash == patient.phone_hash),
            ),
        ),
    }


def _rows(
    session: Session, cipher: Cipher, model: type[Record], condition: ColumnElement[bool]
) -> list[dict[str, Any]]:
    return [_told(cipher, row) for row in session.scalars(select(model).where(condition))]


def _told(cipher: Cipher, row: Record) -> dict[str, Any]:
    """The row by column, what is sealed opened."""
    table = inspect(type(row)).local_table
    told = {}
    for column in table.columns:
        if column.name.endswith(OF_THE_HOUSE):
            continue
        value = getattr(row, column.name)
        if value is not None and column.info.get("sealed"):
            value = cipher.open(f"{table.name}.{column.name}", row.id, value)  # type: ignore[attr-defined]
        told[column.name] = value.isoformat() if isinstance(value, datetime | date) else value
    return {name: str(value) if isinstance(value, UUID) else value for name, value in told.items()}
