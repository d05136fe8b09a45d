"""A look at a database that was just put back: is it what was sealed, and does it open?"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from dispatcher.services.house import House
from dispatcher.services.sealing import Verdict, verify_log
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.patients import Patient

LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Restored:
    """`unreadable` counts, among the LOOKED_AT last patients, those that no listed key opens."""

    log: Verdict
    unreadable: int

    @property
    def is_whole(self) -> bool:
        """Whether the house can start on it."""
        return not self.log.broken and not self.unreadable


def look_at_restored(house: House) -> Restored:
    """Verify every seal, and open some identities. Raises UnavailableError."""
    with house.db.reading() as session:
        patients = session.scalars(
            select(Patient).order_by(Patient.created_at.desc()).limit(LOOKED_AT)
        ).all()
    unreadable = sum(not _opens(house.db.cipher, patient) for patient in patients)
    return Restored(verify_log(house), unreadable)


def _opens(cipher: Cipher, patient: Patient) -> bool:
    try:
        cipher.open("patients.last_name", patient.id, patient.last_name)
    except (KeyError, InvalidTag):
        return False
    return True
