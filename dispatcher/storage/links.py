"""The links that practitioners are sent, of which only the digest is kept."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Instant, Record


class PractitionerLink(Record):
    """What the secret of a link opens, until when. The row is what makes the signature good."""

    __tablename__ = "practitioner_links"
    __table_args__ = (
        CheckConstraint("(appointment_id IS NULL) = (day IS NOT NULL)", "one_subject"),
        Index("practitioner_links_by_end", "expires_at"),
    )

    digest: Mapped[str] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    """Of what is to be changed: of a neighbour's patient, the neighbour's."""
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    purpose: Mapped[Code]
    """A `LinkPurpose`."""
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    day: Mapped[date | None]
    """The local day that it is about, where it is not about one appointment."""
    made_at: Mapped[Instant]
    expires_at: Mapped[Instant]
