"""Offers: volunteers asked by SMS whether they take a request that no published slot fits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record, Sealed

_ACCEPTED = text("status = 'accepted'")


class Offer(Record):
    """One volunteer asked about one request (FHIR AppointmentResponse, its answer)."""

    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("link_digest"),
        UniqueConstraint("request_id", "practitioner_id"),
        CheckConstraint("wave >= 1", "wave"),
        Index(
            "one_accepted_offer_per_request",
            "request_id",
            unique=True,
            sqlite_where=_ACCEPTED,
            postgresql_where=_ACCEPTED,
        ),
        Index("offers_by_phone", "phone_hash", "made_at"),
        Index("offers_by_practitioner", "practitioner_id", "made_at"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey("care_requests.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"))
    """Where the patient would be seen."""
    wave: Mapped[int]
    status: Mapped[Code]
    phone_hash: Mapped[str]
    code: Mapped[Code]
    """What the volunteer writes after OUI or NON: the request's own digits."""
    link_digest: Mapped[str]
    distance_km: Mapped[float | None]
    words: Mapped[Sealed | None]
    """What was written after OUI or NON."""
    made_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    answered_at: Mapped[datetime | None]
