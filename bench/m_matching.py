"""M1 to M5: what the engine costs, beside the clairvoyant optimum and the other ways of deciding.

Three territories of different geography live through the same scenarios; a seed is a week of calls
and slots. Prices are learned once for each territory from weeks of its own past, as each night in
production, and the engine is the product's with the settings it ships. Costs are in points per
request: a kilometre by road is one, an hour of waiting half a one, somebody unserved a thousand.

The whole takes half an hour of one core; --seeds 2 gives a first idea in seven minutes. The other
ways of deciding, on one week: ./snp simulate bench/scenarios/base.toml --compare.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean

from bench.figures import Figure, run
from dispatcher.domain.matching.prices import Prices
from dispatcher.domain.simulation.comparing import compare, prices_of
from dispatcher.domain.simulation.policies import PolicyName
from dispatcher.domain.simulation.scenario import Scenario, Shape
from dispatcher.domain.simulation.tally import Tally
from dispatcher.simulate_verb import read_file

SCENARIOS = Path(__file__).parent / "scenarios"
ENGINE, SCORE, BEST = PolicyName.ENGINE, PolicyName.SCORE, PolicyName.OPTIMUM
BY_HAND = PolicyName.FIXED_LIST
M1 = {"base": (1.05, 1.03), "scarce": (1.11, 1.07), "rural": (1.04, 1.02)}
"""Ratio to the optimum: what must hold first, and what is aimed at."""
M1B = {"base": (1.15, 1.08), "scarce": (1.25, 1.15)}
M2 = {"base": 0.1, "scarce": 0.4, "rural": 0.2}
"""Points of per cent served less than the optimum."""
M4_COST, M4_GAP = 0.70, 0.5
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Week:
    """One seed in one territory: the figures of each policy."""

    cost: Mapping[PolicyName, float]
    of_served: Mapping[PolicyName, float]
    served: Mapping[PolicyName, float]
    """Per cent."""
    gini: Mapping[PolicyName, float]
    cold: float | None
    """Cost of the engine in a territory without a past; of the first week of each only."""

    def ratio(self, to: PolicyName = BEST) -> float:
        return self.cost[ENGINE] / self.cost[to]

    def gap(self, of: PolicyName = ENGINE) -> float:
        """Points of per cent served less than the optimum."""
        return self.served[BEST] - self.served[of]


def territory(scenario: Scenario, shape: Shape, number: int) -> Scenario:
    """The scenario in another territory."""
    return replace(
        scenario, territory=replace(scenario.territory, shape=shape, seed=number), weeks=1
    )


def live(task: tuple[Scenario, int]) -> list[Week]:
    """All seeds of one territory."""
    scenario, seeds = task
    prices = prices_of(replace(scenario, seed=seeds + 1))
    return [_week(replace(scenario, seed=seed), prices) for seed in range(1, seeds + 1)]


def _week(scenario: Scenario, prices: Prices) -> Week:
    tallies: dict[PolicyName, Tally] = compare(scenario, [ENGINE, SCORE, BY_HAND, BEST], prices)
    cold = compare(replace(scenario, past_weeks=0), [ENGINE]) if scenario.seed == 1 else {}
    return Week(
        cost={name: tally.cost for name, tally in tallies.items()},
        of_served={name: tally.cost_of_served for name, tally in tallies.items()},
        served={name: 100 * tally.served / tally.requests for name, tally in tallies.items()},
        gini={name: tally.gini for name, tally in tallies.items()},
        cold=cold[ENGINE].cost if cold else None,
    )


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    names = [name for name in ("base", "scarce", "rural") if name in arguments.scenarios]
    tasks = [
        (territory(read_file(SCENARIOS / f"{name}.toml"), shape, number), arguments.seeds)
        for name in names
        for number, shape in enumerate(Shape, start=1)
    ]
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as processes:
        found = iter(processes.map(live, tasks))
        for name in names:
            yield from figures(name, [week for _ in Shape for week in next(found)])


def figures(name: str, weeks: Sequence[Week]) -> Iterator[Figure]:
    """The lines of one scenario."""

    def mean(values: Iterable[float]) -> float:
        return fmean(values)

    costs = {policy: mean(week.cost[policy] for week in weeks) for policy in weeks[0].cost}
    first, aim = M1[name]
    ratio = mean(week.ratio() for week in weeks)
    others = ", ".join(
        f"{policy} {mean(week.cost[policy] / week.cost[BEST] for week in weeks):.3f}"
        for policy in (SCORE, BY_HAND)
    )
    yield Figure(
        number="M1", what=f"{name}: cost, engine to optimum ({others})", unit="pts",
        ours=costs[ENGINE], limit=costs[BEST], limit_is="optimum", ratio=ratio,
        target=f"≤ {first} (aim {aim})", holds=ratio <= first,
    )  # fmt: skip
    if name in M1B:
        first, aim = M1B[name]
        ratio = mean(week.of_served[ENGINE] / week.of_served[BEST] for week in weeks)
        yield Figure(
            number="M1b", what=f"{name}: km + 0.5 h of those served", unit="pts",
            ours=mean(week.of_served[ENGINE] for week in weeks),
            limit=mean(week.of_served[BEST] for week in weeks), limit_is="optimum", ratio=ratio,
            target=f"≤ {first} (aim {aim})", holds=ratio <= first,
        )  # fmt: skip
    gap = mean(week.gap() for week in weeks)
    yield Figure(
        number="M2", what=f"{name}: served less than the optimum", unit="% pt", ours=gap,
        limit=mean(week.gap(SCORE) for week in weeks), limit_is="score",
        target=f"≤ {M2[name]}", holds=gap <= M2[name],
    )  # fmt: skip
    gini = mean(week.gini[ENGINE] for week in weeks)
    best_gini = mean(week.gini[BEST] for week in weeks)
    yield Figure(
        number="M3", what=f"{name}: Gini of load relative to offer", unit="", ours=gini,
        limit=best_gini, limit_is="optimum", ratio=gini / best_gini, target="≤ 1",
        holds=gini <= best_gini,
    )  # fmt: skip
    if name == "scarce":
        yield from _against_by_hand(weeks, costs)
    worst = max(week.cold - week.cost[SCORE] for week in weeks if week.cold is not None)
    yield Figure(
        number="M5", what=f"{name}: cold start above score, the worst week", unit="pts",
        ours=max(0.0, worst), target="0", holds=worst <= SAME,
    )  # fmt: skip


def _against_by_hand(weeks: Sequence[Week], costs: Mapping[PolicyName, float]) -> Iterator[Figure]:
    ratio = fmean(week.ratio(BY_HAND) for week in weeks)
    yield Figure(
        number="M4", what="scarce: cost against a list of telephone numbers", unit="pts",
        ours=costs[ENGINE], limit=costs[BY_HAND], limit_is="by hand", ratio=ratio,
        target=f"≤ {M4_COST}", holds=ratio <= M4_COST,
    )  # fmt: skip
    gap, by_hand = (fmean(week.gap(name) for week in weeks) for name in (ENGINE, BY_HAND))
    yield Figure(
        number="M4", what="scarce: served less than the optimum, against by hand", unit="% pt",
        ours=gap, limit=by_hand, limit_is="by hand", ratio=gap / by_hand,
        target=f"≤ {M4_GAP}", holds=gap <= M4_GAP * by_hand,
    )  # fmt: skip


def declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, default=10, help="weeks in each territory")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--scenarios", nargs="+", default=["base", "scarce", "rural"])


if __name__ == "__main__":
    run(__doc__, measure, declare)
