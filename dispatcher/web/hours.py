"""What pages say when unscheduled care is not the CPTS's to answer: nights, Sundays, holidays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain import calendar
from dispatcher.domain.snp_hours import Hours
from dispatcher.reads.hours import TerritoryRules, territory_rules
from dispatcher.services.house import House

REASONS: Mapping[Hours, str] = {
    Hours.NIGHT: "nuit",
    Hours.SATURDAY: "samedi après-midi",
    Hours.SUNDAY: "dimanche",
    Hours.HOLIDAY: "jour férié",
    Hours.BRIDGE: "pont",
}


@dataclass(frozen=True, slots=True)
class Closure:
    """It is not the CPTS's turn; `uses_slots` where the territory's slots are used all the same."""

    reason: str
    """« jour férié »."""
    until: str
    """« demain à 8 h »."""
    opening: datetime
    """The same instant."""
    uses_slots: bool


def closure_of(house: House, territory_id: UUID) -> Closure | None:
    """Why and until when it is not the territory's turn now; None during its hours."""
    return closure(territory_rules(house.db, territory_id), house.clock())


def unused_reason(house: House, territory_id: UUID, start: datetime) -> str:
    """Why the territory does not use a slot that begins then; empty when it does."""
    rules = territory_rules(house.db, territory_id)
    hours = rules.hours.at(start)
    return "" if rules.policy.outside_hours or hours is Hours.SNP else REASONS[hours]


def closure(rules: TerritoryRules, now: datetime) -> Closure | None:
    """The same of rules that are known, at an aware instant."""
    hours = rules.hours.at(now)
    if hours is Hours.SNP:
        return None
    opening = rules.hours.next_opening(now)
    return Closure(
        reason=REASONS[hours],
        until=calendar.relative_day_and_hour(opening, now, rules.hours.zone),
        opening=opening,
        uses_slots=rules.policy.outside_hours,
    )
