"""The addresses at which practitioners' other calendars read their appointments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Id, Instant, Record

_LIVE = text("revoked_at IS NULL")


class AgendaExport(Record):
    """A secret address, of which only the digest is kept; a practitioner has one at a time."""

    __tablename__ = "agenda_exports"
    __table_args__ = (
        Index(
            "one_live_export_per_practitioner",
            "practitioner_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    digest: Mapped[str] = mapped_column(unique=True)
    with_identity: Mapped[bool]
    """Whether patients are named there: their practitioner asked for it."""
    made_at: Mapped[Instant]
    revoked_at: Mapped[datetime | None]
