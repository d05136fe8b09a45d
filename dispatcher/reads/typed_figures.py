"""The figures that coordinators typed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from dispatcher.storage.accounts import User
from dispatcher.storage.contracts import TypedFigure
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class Typed:
    """One figure that stands, with who typed it."""

    id: UUID
    code: str
    figure: float
    on: date
    origin: str
    entered_at: datetime
    entered_by: str


def typed_figures(db: Database, territory_id: UUID) -> Sequence[Typed]:
    """All that stand, the latest day first."""
    with db.reading() as session:
        rows = session.execute(
            select(
                TypedFigure.id,
                TypedFigure.code,
                TypedFigure.figure,
                TypedFigure.figure_on,
                TypedFigure.origin,
                TypedFigure.entered_at,
                User.display_name,
            )
            .join(User, User.id == TypedFigure.entered_by)
            .where(TypedFigure.territory_id == territory_id, TypedFigure.ended_at.is_(None))
            .order_by(TypedFigure.figure_on.desc(), TypedFigure.code)
        )
        return [Typed(*row) for row in rows]


def latest(figures: Sequence[Typed], first: date | None, last: date) -> Mapping[str, Typed]:
    """By code, the one of the latest day up to `last`, and not before `first` where it is given."""
    found: dict[str, Typed] = {}
    for each in figures:
        if (first is None or each.on >= first) and each.on <= last:
            found.setdefault(each.code, each)
    return found
