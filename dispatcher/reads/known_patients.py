"""Patients whom a territory has met before, found again while their telephone or name is typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from dispatcher.storage.encryption import identity
from dispatcher.storage.patients import Patient
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Database

MOST = 4
"""A telephone that more people share is a practice's or a home's."""


@dataclass(frozen=True, slots=True)
class KnownPatient:
    """Who it is, and what their last request said of them. `phone` is E.164."""

    id: UUID
    last_name: str
    first_name: str
    birth_date: date
    phone: str
    commune: str
    has_gp: bool
    gp_id: UUID | None


def known_patients(
    db: Database, territory_id: UUID, phone: str, named: tuple[str, str, date] | None
) -> Sequence[KnownPatient]:
    """The patients of a telephone (E.164, empty while it is not whole) or of an identity.

    `named` is family name, first name and birth date. The last who asked come first, MOST at most.
    """
    cipher = db.cipher
    told = []
    if phone:
        told.append(Patient.phone_hash.in_(cipher.hashes(phone)))
    if named:
        told.append(Patient.identity_hash.in_(cipher.hashes(identity(*named))))
    if not told:
        return ()
    last = func.row_number().over(
        partition_by=CareRequest.patient_id,
        order_by=(CareRequest.asked_at.desc(), CareRequest.id),
    )
    asked = (
        select(CareRequest, last.label("place"))
        .join(Patient, Patient.id == CareRequest.patient_id)
        .where(CareRequest.territory_id == territory_id, or_(*told))
        .subquery()
    )
    with db.reading() as session:
        rows = session.execute(
            select(Patient, asked.c.commune, asked.c.has_gp, asked.c.gp_id)
            .join(asked, and_(asked.c.patient_id == Patient.id, asked.c.place == 1))
            .order_by(asked.c.asked_at.desc(), Patient.id)
            .limit(MOST)
        ).all()
    return [
        KnownPatient(
            id=row.Patient.id,
            last_name=cipher.open("patients.last_name", row.Patient.id, row.Patient.last_name),
            first_name=cipher.open("patients.first_name", row.Patient.id, row.Patient.first_name),
            birth_date=date.fromisoformat(
                cipher.open("patients.birth_date", row.Patient.id, row.Patient.birth_date)
            ),
            phone=cipher.open("patients.phone", row.Patient.id, row.Patient.phone),
            commune=row.commune,
            has_gp=row.has_gp,
            gp_id=row.gp_id,
        )
        for row in rows
    ]
