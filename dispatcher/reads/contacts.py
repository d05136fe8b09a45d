"""Who is behind a number, for the demonstration's telephone: fictitious people only."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from dispatcher.storage.messages import Message
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.unit import Database

MOST = 1000


@dataclass(frozen=True, slots=True)
class Contact:
    """A number, E.164, and whose it is."""

    phone: str
    label: str
    kind: Literal["patient", "practitioner"]


def contacts_of_every_territory(db: Database) -> list[Contact]:
    """Practitioners with a mobile, and the latest patients that were written to."""
    with db.reading() as session:
        practitioners = session.scalars(
            select(Practitioner)
            .where(Practitioner.phone.is_not(None), Practitioner.active)
            .order_by(Practitioner.last_name, Practitioner.id)
        ).all()
        patients = session.scalars(
            select(Patient)
            .where(Patient.phone_hash.in_(select(Message.phone_hash)))
            .order_by(Patient.created_at.desc(), Patient.id)
            .limit(MOST)
        ).all()
    found = {
        practitioner.phone: Contact(practitioner.phone, practitioner.display_name, "practitioner")
        for practitioner in practitioners
        if practitioner.phone is not None
    }
    for patient in patients:
        phone = db.cipher.open("patients.phone", patient.id, patient.phone)
        first_name = db.cipher.open("patients.first_name", patient.id, patient.first_name)
        last_name = db.cipher.open("patients.last_name", patient.id, patient.last_name)
        found.setdefault(phone, Contact(phone, f"{first_name} {last_name}", "patient"))
    return list(found.values())
