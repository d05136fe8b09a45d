"""Imports of the national directory: the lines that one brought, and what became of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record


class DirectoryImport(Record):
    """One reading of the extract for a territory, and one choice of what to keep of it."""

    __tablename__ = "directory_imports"
    __table_args__ = (
        CheckConstraint("progress BETWEEN 0 AND 1", "progress"),
        Index("directory_imports_by_territory", "territory_id", "asked_at"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    """None: an operator, by the command line."""
    asked_as: Mapped[Code]
    """The kind of actor that the log names."""
    asked_at: Mapped[Instant]
    file_name: Mapped[str]
    status: Mapped[Code]
    """`reading`, `read`, `waiting`, `running`, `done` or `failed`."""
    tally: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """Lines read and kept, and faults by kind."""
    findings: Mapped[list[dict[str, Any]]] = mapped_column(
        default=list, server_default="[]", deferred=True
    )
    """What is told about single lines."""
    choice: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """`communes`, `professions`, `employed`."""
    progress: Mapped[float] = mapped_column(default=0.0, server_default="0")
    """Share of the people who are done, 0 to 1."""
    done_through: Mapped[str] = mapped_column(default="", server_default="")
    """The last RPPS number that is done: whoever goes on begins behind it."""
    result: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """How many people by verdict."""
    report: Mapped[list[dict[str, Any]]] = mapped_column(
        default=list, server_default="[]", deferred=True
    )
    """Of imports until 2026-11-22: what is now in `directory_outcomes`."""
    finished_at: Mapped[datetime | None]


class DirectoryLine(Record):
    """One line of the extract, until the import is over. Open data of professionals."""

    __tablename__ = "directory_lines"
    __table_args__ = (Index("directory_lines_by_person", "import_id", "rpps"),)

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("directory_imports.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    rpps: Mapped[Code]
    commune: Mapped[Code]
    profession: Mapped[Code]
    employed: Mapped[bool]
    entry: Mapped[dict[str, Any]]
    """An `Entry`."""


class DirectoryOutcome(Record):
    """What an import did about one person, or that it did not find them."""

    __tablename__ = "directory_outcomes"

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("directory_imports.id", ondelete="CASCADE"), primary_key=True
    )
    rpps: Mapped[Code] = mapped_column(primary_key=True)
    told: Mapped[dict[str, Any]]
    """Number, name, verdict, lines, what changed and what was kept."""
