"""Lives through a scenario: with the engine alone, or with every policy on the same calls."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import numpy as np

from dispatcher.domain.geography import Roads
from dispatcher.domain.matching.hindsight import look_back
from dispatcher.domain.matching.prices import Prices, learn_prices
from dispatcher.domain.policy import Policy
from dispatcher.domain.simulation import policies
from dispatcher.domain.simulation.demand import Demand
from dispatcher.domain.simulation.drawing import draw_past, draw_weeks
from dispatcher.domain.simulation.policies import Decide, Given, PolicyName, limits_of
from dispatcher.domain.simulation.replay import (
    Asking,
    Ending,
    Progress,
    Replay,
    replay,
)
from dispatcher.domain.simulation.scenario import Scenario
from dispatcher.domain.simulation.tally import MEASURE, Tally

_ANSWERS = 3
"""What this part of a seed is for: the volunteers' answers."""


def simulate(scenario: Scenario, progress: Progress = lambda _: None) -> Tally:
    """The engine as it would run there, volunteers asked when nothing fits."""
    prices = prices_of(scenario)
    tally = Tally(scenario.policy.road_factor)
    for number, week in enumerate(draw_weeks(scenario)):
        chance = np.random.default_rng((scenario.seed, _ANSWERS, number))
        asking = Asking(week.volunteers, scenario.volunteering, chance)
        tally.add(
            replay(
                week,
                policies.by_engine(scenario.policy),
                scenario.policy,
                prices,
                asking=asking,
                progress=partial(_part_of, progress, number, scenario.weeks),
            )
        )
    return tally


def _part_of(progress: Progress, done: int, stretches: int, share: float) -> None:
    progress((done + share) / stretches)


def compare(
    scenario: Scenario,
    names: Iterable[PolicyName] = PolicyName,
    prices: Prices | None = None,
) -> dict[PolicyName, Tally]:
    """Every policy on the same weeks. Nobody is asked by SMS: only published places are compared.

    With `prices`, these instead of those learned from the scenario's own past.
    """
    found = prices_of(scenario) if prices is None else prices
    weeks = draw_weeks(scenario)
    return {name: _tally(name, weeks, scenario, found) for name in names}


def prices_of(scenario: Scenario) -> Prices:
    """What slots are worth there, learned from the weeks before; nothing without a past."""
    if scenario.past_weeks == 0:
        return Prices(scenario.zone, {})
    policy = scenario.policy
    return learn_prices(
        ((past.needs, past.slots) for past in draw_past(scenario)),
        scenario.zone,
        policy.weights,
        limits_of(policy),
        Roads(policy.road_factor),
    )


def _tally(name: PolicyName, weeks: Iterable[Demand], scenario: Scenario, prices: Prices) -> Tally:
    tally = Tally(scenario.policy.road_factor)
    for week in weeks:
        if name is PolicyName.OPTIMUM:
            tally.add(optimum(week, scenario.policy))
        else:
            decide = _decide(name, week, scenario)
            tally.add(replay(week, decide, scenario.policy, prices))
    return tally


def _decide(name: PolicyName, week: Demand, scenario: Scenario) -> Decide:
    policy = scenario.policy
    match name:
        case PolicyName.FIXED_LIST:
            holders = [slot.practitioner_id for slot in week.slots]
            return policies.fixed_list(policy, holders, scenario.territory.seed)
        case PolicyName.EARLIEST:
            return policies.earliest(policy)
        case PolicyName.NEAREST:
            return policies.nearest(policy)
        case PolicyName.SCORE:
            return policies.by_engine_without_prices(policy)
        case _:
            return policies.by_engine(policy)


def optimum(week: Demand, policy: Policy) -> Replay:
    """What somebody would have done who knew all calls and slots beforehand."""
    calls = sorted(week.calls, key=lambda call: (call.need.asked_at, call.need.request_id))
    publications = sorted(week.publications, key=lambda each: (each.slot.start, each.slot.slot_id))
    slots = [each.slot for each in publications]
    taken: dict[UUID, int] = dict.fromkeys((slot.practitioner_id for slot in slots), 0)
    offered = dict(taken)
    for slot in slots:
        offered[slot.practitioner_id] += slot.places
    given: dict[int, Given] = {}
    if calls:
        needs = [call.need for call in calls]
        pairs = look_back(needs, slots, MEASURE, limits_of(policy), Roads(policy.road_factor)).pairs
        for need, slot, arrival, distance in zip(
            pairs.needs.tolist(),
            pairs.slots.tolist(),
            pairs.arrival.tolist(),
            np.nan_to_num(pairs.distance_km).tolist(),
            strict=True,
        ):
            holder = slots[slot].practitioner_id
            taken[holder] += 1
            given[need] = Given(
                needs[need].request_id,
                slots[slot].slot_id,
                holder,
                datetime.fromtimestamp(arrival, UTC),
                distance,
            )
    endings = [
        Ending(call, given.get(row), reason="" if row in given else "optimum")
        for row, call in enumerate(calls)
    ]
    return Replay(tuple(endings), taken, offered)
