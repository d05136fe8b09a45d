"""Figures that were typed in."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record

STANDS = text("ended_at IS NULL")


class TypedFigure(Record):
    """A figure of the CPAM, the ARS or the coordinator: a later one of the same day ends it."""

    __tablename__ = "typed_figures"
    __table_args__ = (
        Index(
            "one_figure_a_day",
            "territory_id",
            "code",
            "figure_on",
            unique=True,
            sqlite_where=STANDS,
            postgresql_where=STANDS,
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    code: Mapped[Code]
    """Of `domain.indicators.outside`, or a line of the territory's contract."""
    figure: Mapped[float]
    figure_on: Mapped[date]
    """The local day that the figure describes."""
    origin: Mapped[str]
    """The document that it is from, in the coordinator's words."""
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    entered_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]
    """When it was taken back, or replaced by another of the same day."""
