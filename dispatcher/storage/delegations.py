"""Who acts for which practitioner."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Id, Instant, Record

_LIVE = text("ended_at IS NULL")


class Delegation(Record):
    """A secretary's account acts for one named practitioner, until somebody ends it."""

    __tablename__ = "delegations"
    __table_args__ = (
        Index(
            "one_live_delegation",
            "user_id",
            "practitioner_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index("delegations_by_practitioner", "practitioner_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    granted_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]
