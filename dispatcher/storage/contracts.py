"""Signed contracts, and the figures that were typed in."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record

STANDS = text("ended_at IS NULL")


class SignedContract(Record):
    """A year of a territory's contract: what was agreed, and no result."""

    __tablename__ = "signed_contracts"
    __table_args__ = (
        Index(
            "one_contract_a_year",
            "territory_id",
            "first_day",
            unique=True,
            sqlite_where=STANDS,
            postgresql_where=STANDS,
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    first_day: Mapped[date]
    terms: Mapped[str]
    """TOML, as `services/contract_files.py` reads and writes it."""
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    entered_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]
    """When another version of the year took its place."""


class EvidenceBundle(Record):
    """A file of evidence for a year of contract, as a worker made it."""

    __tablename__ = "evidence_bundles"
    __table_args__ = (Index("evidence_by_year", "territory_id", "first_day", "asked_at"),)

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    first_day: Mapped[date]
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[Instant]
    made_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    digest: Mapped[str | None]
    """SHA-256 of the file; the log has it too."""
    content: Mapped[bytes | None]
    """A ZIP."""


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
