"""What came of replays, in figures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from dispatcher.domain.matching.cost import Weights
from dispatcher.domain.simulation.replay import Ending, Replay

MEASURE = Weights(
    unserved=1000.0, wait=0.5, distance=1.0, gp=0.0, fairness=0.0, price=0.0, enlarged=0.0
)
"""What a replay is judged by, whatever a territory's own weights: a kilometre by road is a point,
an hour of waiting half a one, somebody left unserved a thousand."""
HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Tally:
    """Adds up replays. Hours and kilometres are of those served; kilometres by road."""

    road_factor: float = 1.0
    requests: int = 0
    in_delay: int = 0
    by_volunteers: int = 0
    asked: int = 0
    """SMS to volunteers."""
    no_shows: int = 0
    waits: list[float] = field(default_factory=list)
    km: float = 0.0
    unfilled: Counter[str] = field(default_factory=Counter)
    taken: Counter[UUID] = field(default_factory=Counter)
    offered: Counter[UUID] = field(default_factory=Counter)

    def add(self, replay: Replay) -> None:
        """Count one more replay; practitioners' loads are added up over all of them."""
        for ending in replay.endings:
            self._add_ending(ending)
        self.taken.update(replay.taken)
        self.offered.update(replay.offered)

    def _add_ending(self, ending: Ending) -> None:
        need, given = ending.call.need, ending.given
        self.requests += 1
        self.asked += ending.asked
        if given is None:
            self.unfilled[ending.reason] += 1
            return
        self.waits.append((given.seen_at - need.asked_at) / HOUR)
        self.km += given.distance_km * self.road_factor
        self.in_delay += given.seen_at <= need.due_at
        self.by_volunteers += ending.by_volunteer
        self.no_shows += not ending.call.comes

    @property
    def served(self) -> int:
        return len(self.waits)

    @property
    def cost(self) -> float:
        """Points per request (`MEASURE`)."""
        waited = MEASURE.wait * sum(self.waits)
        left_out = MEASURE.unserved * (self.requests - self.served)
        return _share(MEASURE.distance * self.km + waited + left_out, self.requests)

    @property
    def cost_of_served(self) -> float:
        """Points of way and wait for each of those served."""
        return _share(MEASURE.distance * self.km + MEASURE.wait * sum(self.waits), self.served)

    @property
    def gini(self) -> float:
        """Of the share that each practitioner's offer was used by."""
        return gini([self.taken[who] / places for who, places in self.offered.items() if places])

    def compared(self) -> dict[str, float]:
        """The figures by which policies are compared: points, %, mean km and mean h per patient."""
        return {
            "cost": round(self.cost, 3),
            "served_pct": _percent(self.served, self.requests),
            "served_in_delay_pct": _percent(self.in_delay, self.requests),
            "km": round(_share(self.km, self.served), 3),
            "wait_h": round(_share(sum(self.waits), self.served), 3),
            "gini": round(self.gini, 4),
        }

    def as_json(self) -> dict[str, Any]:
        """Everything that is known of one policy's replays."""
        waits = sorted(self.waits)
        return {
            "requests": self.requests,
            "cost": round(self.cost, 3),
            "served_pct": _percent(self.served, self.requests),
            "served_in_delay_pct": _percent(self.in_delay, self.requests),
            "wait_h": {
                "mean": round(_share(sum(waits), len(waits)), 3),
                "median": round(quantile(waits, 0.5), 3),
                "p90": round(quantile(waits, 0.9), 3),
            },
            "km": round(_share(self.km, self.served), 3),
            "gini": round(self.gini, 4),
            "places": sum(self.offered.values()),
            "places_used_pct": _percent(sum(self.taken.values()), sum(self.offered.values())),
            "offers_per_request": round(_share(self.asked, self.requests), 3),
            "served_by_volunteers_pct": _percent(self.by_volunteers, self.requests),
            "no_show_pct": _percent(self.no_shows, self.served),
            "unfilled": dict(self.unfilled.most_common()),
        }


def gini(values: Sequence[float]) -> float:
    """How unevenly it is shared: 0 for all alike, near 1 for one who has it all.

    Half the mean difference between two of them, over the mean (C. Gini, 1912). 0 of nothing.
    """
    ordered = sorted(values)
    count, whole = len(ordered), sum(ordered)
    if not whole:
        return 0.0
    ranked = sum(rank * value for rank, value in enumerate(ordered, start=1))
    return 2 * ranked / (count * whole) - (count + 1) / count


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which that share of them lies, between two if need be; 0 of nothing."""
    if not ordered:
        return 0.0
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _percent(part: float, whole: float) -> float:
    return round(100 * _share(part, whole), 3)
