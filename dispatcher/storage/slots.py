"""Published slots: a single appointment or a walk-in period of several places."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record, Sealed


class Slot(Record):
    """`places` offered, `taken` of them booked. The constraints, not the code, keep the count."""

    __tablename__ = "slots"
    __table_args__ = (
        CheckConstraint("places >= 1", "places"),
        CheckConstraint("taken >= 0 AND taken <= places", "taken"),
        CheckConstraint("ends_at > start_at", "order"),
        CheckConstraint("status <> 'open' OR taken < places", "open_has_room"),
        CheckConstraint("minimum_notice_minutes >= 0", "minimum_notice"),
        Index("slots_by_territory", "territory_id", "status", "ends_at"),
        Index("slots_by_practitioner", "practitioner_id", "start_at"),
        Index(
            "one_slot_per_occurrence", "schedule_id", "schedule_day", "schedule_hour", unique=True
        ),
        Index(
            "slots_held",
            "held_for",
            sqlite_where=text("held_for IS NOT NULL"),
            postgresql_where=text("held_for IS NOT NULL"),
        ),
        Index(
            "slots_by_feed",
            "feed_id",
            "start_at",
            sqlite_where=text("feed_id IS NOT NULL"),
            postgresql_where=text("feed_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"))
    start_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    places: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    modality: Mapped[Code]
    visibility: Mapped[list[str]]
    status: Mapped[Code]
    published_at: Mapped[Instant]
    closed_at: Mapped[datetime | None]
    shared: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Shown to the neighbours that agreed to it."""
    offer_id: Mapped[UUID | None]
    """The accepted offer that this slot was made for; None for a published one."""
    minimum_notice_minutes: Mapped[int | None]
    """None for the practitioner's own."""
    note: Mapped[Sealed | None]
    """What the practitioner tells the patient who is booked there: shown on their page, no SMS."""
    free_now: Mapped[bool] = mapped_column(default=False, server_default=false())
    """« Libre maintenant »: a period that began when it was announced."""
    schedule_id: Mapped[UUID | None]
    """The template that this is a slot of, with the local day and wall hour it has there."""
    schedule_day: Mapped[date | None]
    schedule_hour: Mapped[Code | None]
    """« 09:00 »."""
    blocked_since: Mapped[datetime | None]
    """Since when the practitioner's own agenda says that they are busy then: nobody is booked."""
    held_for: Mapped[UUID | None]
    """The call during which a regulator keeps one of the places for the patient at the ear …"""
    held_until: Mapped[datetime | None]
    """… and until when: nobody else takes it before."""
    feed_id: Mapped[UUID | None]
    """The agenda that offers this slot; None for one that was published here."""
    feed_key: Mapped[str | None]
    """Which of its events, and which part of it."""
