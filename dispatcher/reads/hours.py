"""A territory's rules and hours, for what pages say about them."""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from dispatcher.domain.policy import Policy
from dispatcher.domain.snp_hours import SnpHours
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

# Built once: the board asks every few seconds.
_TERRITORY = select(Territory.timezone, Territory.department, Territory.settings).where(
    Territory.id == bindparam("territory")
)


@dataclass(frozen=True, slots=True)
class TerritoryRules:
    """What the territory set, and when unscheduled care is its own."""

    department: str
    """INSEE."""
    policy: Policy
    hours: SnpHours


def territory_rules(db: Database, territory_id: UUID) -> TerritoryRules:
    """The rules of a territory that is known to exist."""
    with db.reading() as session:
        row = session.execute(_TERRITORY, {"territory": territory_id}).one()
    policy = Policy.in_force(row.settings)
    return TerritoryRules(
        department=row.department,
        policy=policy,
        hours=SnpHours(
            ZoneInfo(row.timezone), row.department, policy.saturday_until, policy.bridge_days
        ),
    )
