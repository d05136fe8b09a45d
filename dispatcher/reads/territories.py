"""Which territories there are."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class TerritoryFacts:
    """A territory; `timezone` is an IANA name."""

    id: UUID
    code: str
    name: str
    timezone: str


def territory_of(db: Database, code: str) -> TerritoryFacts | None:
    """The territory of that code."""
    with db.reading() as session:
        row = session.scalars(select(Territory).where(Territory.code == code)).one_or_none()
    return TerritoryFacts(row.id, row.code, row.name, row.timezone) if row else None
