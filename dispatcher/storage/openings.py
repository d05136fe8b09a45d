"""Who opened which patient's file: one row for each person, patient, way and hour."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Instant, Record, UTCDateTime


class FileOpening(Record):
    """Ids and codes alone. A trigger refuses every change; only age takes a row away."""

    __tablename__ = "file_openings"
    __table_args__ = (
        Index("openings_of_a_day", "territory_id", "hour"),
        Index("openings_by_age", "hour"),
    )

    patient_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("patients.id"), primary_key=True)
    actor_id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True)
    """A user's id, a practitioner's where a link was opened; all zeros for the command line."""
    way: Mapped[Code] = mapped_column(primary_key=True)
    """A `domain.openings.Way`."""
    hour: Mapped[datetime] = mapped_column(UTCDateTime(), primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    """The patient's, whosever the account is: a neighbour's practitioner stands in it too."""
    actor_kind: Mapped[Code]
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("care_requests.id"))
    """The first that was opened in that hour; None where none was known."""
    opened_at: Mapped[Instant]
