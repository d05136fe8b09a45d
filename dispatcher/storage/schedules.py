"""Weekly templates of slots (FHIR Schedule), and a practitioner's absences."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record, Sealed


class Schedule(Record):
    """A template. It is never rewritten: a change ends it on a day and begins another one."""

    __tablename__ = "schedules"
    __table_args__ = (
        CheckConstraint("places >= 1", "places"),
        CheckConstraint("every_weeks >= 1", "every_weeks"),
        CheckConstraint("each_minutes > 0", "each_minutes"),
        CheckConstraint("last_day >= first_day", "order"),
        Index("schedules_by_practitioner", "practitioner_id", "ended_at"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    place_id: Mapped[UUID] = mapped_column(ForeignKey("places.id"))
    weekdays: Mapped[Code]
    """Digits from 0, Monday: « 024 »."""
    hours: Mapped[list[dict[str, Any]]]
    """Wall time: `[{"start": "09:00", "end": "12:00"}]`."""
    each_minutes: Mapped[int | None]
    """Cut into slots for one patient of so many minutes; None for walk-in periods of `places`."""
    places: Mapped[int]
    modality: Mapped[Code]
    visibility: Mapped[list[str]]
    shared: Mapped[bool] = mapped_column(default=False, server_default=false())
    minimum_notice_minutes: Mapped[int | None]
    note: Mapped[Sealed | None]
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    every_weeks: Mapped[int]
    on_holidays: Mapped[bool]
    asks_first: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Each day is published once its practitioner has said so, and not by itself."""
    exceptions: Mapped[list[str]]
    """ISO days on which it does not take place."""
    created_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]
    """When it was stopped or changed into another before it began."""


class Absence(Record):
    """Instants between which nothing is offered, templates included."""

    __tablename__ = "absences"
    __table_args__ = (
        CheckConstraint("ends_at > start_at", "order"),
        Index("absences_by_practitioner", "practitioner_id", "ends_at"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    start_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    declared_at: Mapped[Instant]
    cancelled_at: Mapped[datetime | None]
