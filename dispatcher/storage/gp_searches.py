"""Patients who said that they have no médecin traitant, until one is found."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record

OPEN = "status IN ('to_contact', 'proposed')"
"""As the partial index has it; whoever inserts with ON CONFLICT names it in the same words."""


class GpSearch(Record):
    """One patient of the coordinators' list; a patient has one that is open at most."""

    __tablename__ = "gp_searches"
    __table_args__ = (
        Index(
            "one_open_gp_search",
            "patient_id",
            unique=True,
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
        Index("gp_searches_by_status", "territory_id", "status", "created_at"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey("care_requests.id"))
    """The request in which they said so."""
    status: Mapped[Code]
    ald: Mapped[bool] = mapped_column(default=False, server_default=false())
    c2s: Mapped[bool] = mapped_column(default=False, server_default=false())
    practitioner_id: Mapped[UUID | None] = mapped_column(ForeignKey("practitioners.id"))
    """The doctor who was proposed last."""
    declined_by: Mapped[list[str]]
    """Ids of the doctors who said no: they are not proposed again."""
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
