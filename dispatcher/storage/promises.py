"""Promises: work that a committed change owes. The database holds them; Redis only rings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record

_OWED = "done_at IS NULL AND dead_at IS NULL"


class Promise(Record):
    """One job to be done at `due_at` or later; leased while a worker is at it."""

    __tablename__ = "promises"
    __table_args__ = (
        UniqueConstraint("key"),
        Index(
            "promises_owed",
            "due_at",
            sqlite_where=text(_OWED),
            postgresql_where=text(_OWED),
        ),
        Index(
            "promises_dead",
            "dead_at",
            postgresql_where=text("dead_at IS NOT NULL"),
            sqlite_where=text("dead_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID | None]
    """In whose name it was promised; None for the whole house's recurring work."""
    job: Mapped[Code]
    ids: Mapped[dict[str, Any]]
    key: Mapped[str | None]
    """Recurring work: job and period, so that two clocks make one promise."""
    due_at: Mapped[Instant]
    lease_until: Mapped[datetime | None]
    token: Mapped[UUID | None]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    correlation: Mapped[str | None]
    """The id of the web request or job that made it, for the logs."""
    created_at: Mapped[Instant]


class Tick(Record):
    """When each recurring process last lived."""

    __tablename__ = "ticks"

    name: Mapped[Code] = mapped_column(primary_key=True)
    at: Mapped[Instant]
