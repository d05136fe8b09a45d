"""The territories that one may share slots with, and where each agreement stands.

Named to cross territories: what is read of the others is their code, their name and the agreement.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, case, func, or_, select

from dispatcher.domain.states import SlotStatus
from dispatcher.storage.neighbours import NeighbourAgreement
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another territory. Instants are those of each side's word; None before it was given."""

    code: str
    name: str
    we_agreed_at: datetime | None
    they_agreed_at: datetime | None
    shared_slots: int
    """Their open slots that are marked for sharing; 0 while the agreement is not in force."""

    @property
    def in_force(self) -> bool:
        return self.we_agreed_at is not None and self.they_agreed_at is not None


def neighbours(db: Database, territory_id: UUID, now: datetime) -> list[Neighbour]:
    """Every other territory of the house, agreements in force first, then by name."""
    agreed = NeighbourAgreement
    is_pair = or_(
        and_(agreed.first_id == territory_id, agreed.second_id == Territory.id),
        and_(agreed.second_id == territory_id, agreed.first_id == Territory.id),
    )
    is_first = agreed.first_id == territory_id
    shared = (
        select(func.count())
        .where(
            Slot.territory_id == Territory.id,
            Slot.shared,
            Slot.status == SlotStatus.OPEN.value,
            Slot.blocked_since.is_(None),
            Slot.ends_at > now,
        )
        .scalar_subquery()
    )
    with db.reading() as session:
        rows = session.execute(
            select(
                Territory.code,
                Territory.name,
                case((is_first, agreed.first_agreed_at), else_=agreed.second_agreed_at),
                case((is_first, agreed.second_agreed_at), else_=agreed.first_agreed_at),
                shared,
            )
            .outerjoin(agreed, and_(is_pair, agreed.ended_at.is_(None)))
            .where(Territory.id != territory_id)
            .order_by(Territory.name, Territory.code)
        ).all()
    found = [
        Neighbour(code, name, ours, theirs, count if ours and theirs else 0)
        for code, name, ours, theirs, count in rows
    ]
    return sorted(found, key=lambda neighbour: not neighbour.in_force)
