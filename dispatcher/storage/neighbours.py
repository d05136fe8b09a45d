"""Agreements between two territories to show each other the slots that are marked for it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    case,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Id, Record, table_of

_STANDS = text("ended_at IS NULL")


class NeighbourAgreement(Record):
    """In force while both have agreed and neither has ended it."""

    __tablename__ = "neighbour_agreements"
    __table_args__ = (
        CheckConstraint("first_id < second_id", "order"),
        Index(
            "one_standing_agreement",
            "first_id",
            "second_id",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
    )

    id: Mapped[Id]
    first_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    """The smaller of the two ids, so that a pair is one row."""
    second_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    first_agreed_at: Mapped[datetime | None]
    second_agreed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    """The territory that ended it."""


def sharing_with(territory: ColumnElement[UUID]) -> Select[UUID]:
    """The ids of the territories that share their marked slots with one, both having agreed."""
    both = table_of(NeighbourAgreement).c
    other = case((both.first_id == territory, both.second_id), else_=both.first_id)
    return select(other).where(
        or_(both.first_id == territory, both.second_id == territory),
        both.ended_at.is_(None),
        both.first_agreed_at.is_not(None),
        both.second_agreed_at.is_not(None),
    )
