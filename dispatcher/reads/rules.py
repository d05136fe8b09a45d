"""By which rules a territory matches."""

import math
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from config.communes import Communes
from dispatcher.domain.geography import Roads
from dispatcher.domain.matching.cost import Weights
from dispatcher.domain.matching.needs import Limits
from dispatcher.domain.policy import Policy
from dispatcher.domain.snp_hours import SnpHours
from dispatcher.storage.territories import Territory


@dataclass(frozen=True, slots=True)
class Rules:
    """How a territory matches: its own settings, with the national table and calendar."""

    territory_id: UUID
    zone: ZoneInfo
    policy: Policy
    national_km: float
    """Search radius of the département; `math.inf` where the table gives none."""
    national_enlargement: float
    """Kilometres added to it when nothing nearer fits."""
    hours: SnpHours
    crisis_km: float = 0.0
    """Searches go at least so far: a crisis is open. 0 when there is none."""

    @property
    def weights(self) -> Weights:
        return self.policy.weights

    @property
    def limits(self) -> Limits:
        return Limits(grace=timedelta(hours=self.policy.grace_hours))

    @property
    def roads(self) -> Roads:
        """By the territory's factor; a routing server's table comes on top (services/routes.py)."""
        return Roads(self.policy.road_factor)

    def radius_km(self, own: float | None = None) -> float:
        """How far a search goes: the request's own radius, else the territory's, else the table's.

        In a crisis at least as far as that says, unless a regulator set the request's own.

        Two overseas départements have a radius of 0 in the national table, which stands for none.
        """
        return own or max(self.policy.radius_km or self.national_km, self.crisis_km)

    def enlarged_km(self, own: float | None = None) -> float:
        """How far it goes when nothing nearer fits; half more of a radius that somebody set."""
        enlargement = 0.0 if own else self.national_enlargement
        return self.policy.limit_km(self.radius_km(own), enlargement)


def rules_of(territory: Territory, communes: Communes) -> Rules:
    """The territory's rules. Raises InvalidError on stored settings that cannot be read."""
    zone, policy = ZoneInfo(territory.timezone), Policy.in_force(territory.settings)
    return Rules(
        territory_id=territory.id,
        zone=zone,
        policy=policy,
        national_km=communes.radius_km.get(territory.department) or math.inf,
        national_enlargement=communes.enlarge_km.get(territory.department) or 0.0,
        hours=SnpHours(zone, territory.department, policy.saturday_until, policy.bridge_days),
        crisis_km=territory.crisis_km or 0.0,
    )
