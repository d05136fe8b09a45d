"""Patients' identities, apart from everything else and encrypted field by field."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record, Sealed

KNOWN = "forgotten_at IS NULL"
"""As the partial index has it."""


class Patient(Record):
    """The only table that knows who a patient is. Hashes allow to find, not to read."""

    __tablename__ = "patients"
    __table_args__ = (
        Index("patients_by_phone", "territory_id", "phone_hash"),
        Index("patients_by_identity", "territory_id", "identity_hash"),
        Index(
            "patients_known",
            "created_at",
            sqlite_where=text(KNOWN),
            postgresql_where=text(KNOWN),
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    last_name: Mapped[Sealed]
    first_name: Mapped[Sealed]
    birth_date: Mapped[Sealed]
    phone: Mapped[Sealed]
    phone_hash: Mapped[str]
    identity_hash: Mapped[str]
    language: Mapped[Code] = mapped_column(default="fr", server_default="fr")
    """ISO 639-1, in which they are written to; a `domain.languages.Language`."""
    created_at: Mapped[Instant]
    forgotten_at: Mapped[datetime | None]
    """Since when nothing here says who it was."""
