"""Crises of a territory, and who was called to help in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record

_OPEN = text("closed_at IS NULL")


class Episode(Record):
    """A crisis with a name. A territory has one that is open at most."""

    __tablename__ = "episodes"
    __table_args__ = (
        CheckConstraint("radius_km > 0", "radius_km"),
        Index(
            "one_open_episode",
            "territory_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), index=True)
    name: Mapped[str]
    radius_km: Mapped[float]
    """Searches go at least so far while it is open."""
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    opened_at: Mapped[Instant]
    closed_at: Mapped[datetime | None]


class EpisodeCall(Record):
    """One professional called for one crisis."""

    __tablename__ = "episode_calls"
    __table_args__ = (
        UniqueConstraint("link_digest"),
        UniqueConstraint("episode_id", "practitioner_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    episode_id: Mapped[UUID] = mapped_column(ForeignKey("episodes.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    status: Mapped[Code]
    """`called`, `comes` or `stays`."""
    slot_id: Mapped[UUID | None] = mapped_column(ForeignKey("slots.id"))
    """What they opened last by the link."""
    link_digest: Mapped[str]
    called_at: Mapped[Instant]
    answered_at: Mapped[datetime | None]
