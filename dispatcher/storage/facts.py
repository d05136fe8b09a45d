"""The facts of each local day, counted from the log; they can be thrown away and counted again."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Instant, Record


class DayCount(Record):
    """What happened on a territory's local day, as `domain.indicators.DayFacts` keeps it."""

    __tablename__ = "day_counts"

    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    facts: Mapped[dict[str, Any]]


class CountedSpan(Record):
    """Which days of a territory are counted; one that lies in the span and has no row is due.

    Counted by another zone or other definitions than today's, they count for nothing.
    """

    __tablename__ = "counted_spans"

    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), primary_key=True)
    timezone: Mapped[str]
    definitions: Mapped[int]
    first_day: Mapped[date]
    """Nothing happened before it, nor is anything planned after the last one."""
    last_day: Mapped[date]
    counted_until: Mapped[Instant]
    """What was logged from here on may concern any day."""
    token: Mapped[UUID]
    """Of whoever counts last: an earlier count that is still at it keeps nothing."""
