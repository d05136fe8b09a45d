"""Questions of the kind « and if there were three more slots a day », and their answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record


class Simulation(Record):
    """One run of the simulator over a territory's last weeks, as a job."""

    __tablename__ = "simulations"
    __table_args__ = (
        CheckConstraint("progress BETWEEN 0 AND 1", "progress"),
        Index("simulations_by_territory", "territory_id", "asked_at"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[Instant]
    question: Mapped[dict[str, Any]]
    progress: Mapped[float] = mapped_column(default=0.0)
    """Share done, 0 to 1."""
    status: Mapped[Code]
    """`waiting`, `running`, `done` or `failed`."""
    result: Mapped[dict[str, Any] | None]
    finished_at: Mapped[datetime | None]
