"""What professionals are paid: rates, hours of regulation, and the months that are closed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record


class PaymentRule(Record):
    """A rate of a territory, see `domain.payments.statements.Rule`."""

    __tablename__ = "payment_rules"
    __table_args__ = (
        CheckConstraint("cents > 0", "cents"),
        Index("payment_rules_by_territory", "territory_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    basis: Mapped[Code]
    profession: Mapped[str | None]
    cents: Mapped[int]
    first_month: Mapped[date]
    last_month: Mapped[date | None]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Instant]


class RegulationHours(Record):
    """Time that a professional gave to regulation on a local day, as a coordinator noted it."""

    __tablename__ = "regulation_hours"
    __table_args__ = (
        CheckConstraint("minutes > 0", "minutes"),
        Index("regulation_hours_by_day", "territory_id", "worked_on"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    worked_on: Mapped[date]
    minutes: Mapped[int]
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    entered_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]
    """When it was taken back."""


class ClosedMonth(Record):
    """A month whose statements no longer change; `month` is its first day."""

    __tablename__ = "closed_months"

    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    statements: Mapped[list[dict[str, Any]]]
    digest: Mapped[str]
    """SHA-256 of the statements; the log has it too."""
    closed_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    closed_at: Mapped[Instant]
