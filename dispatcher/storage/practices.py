"""Pharmacies, nurses and practices that ask for their own patients."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record


class Practice(Record):
    """Who asks: its accounts see each other's requests, and nobody else's."""

    __tablename__ = "practices"
    __table_args__ = (Index("practices_by_name", "territory_id", "name", unique=True),)

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    name: Mapped[str]
    origin: Mapped[Code]
    """The origin that its requests have, of the catalogue: PHARMACY, PRACTICE …"""
    phone: Mapped[str]
    """Where the regulators call back, E.164."""
    created_at: Mapped[Instant]


class PracticeMember(Record):
    """Which practice a requester's account belongs to."""

    __tablename__ = "practice_members"
    __table_args__ = (Index("members_by_practice", "practice_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
