"""Whatever the queue and the agenda: no rule broken, nobody left out needlessly, at least cost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.matching import solver
from dispatcher.domain.matching.assign import Assignment, assign
from dispatcher.domain.matching.candidates import weigh
from dispatcher.domain.matching.cost import Weights, unserved
from dispatcher.domain.matching.feasibility import feasibility
from dispatcher.domain.matching.needs import Need, OpenSlot, monday_of
from tests.domain.morning import COLLEAGUE, DOCTOR, NOW, SLOT, TODAY, hours, need, north, slot

WEIGHTS = Weights()


@pytest.fixture(scope="module", autouse=True)
def solver_is_loaded() -> None:
    """Its import must not count as the time of a first example."""
    solver.load_solver()


def pairs_of(found: Assignment) -> dict[UUID, UUID]:
    return {pair.request_id: pair.slot_id for pair in found.pairs}


def faults(needs: Sequence[Need], slots: Sequence[OpenSlot], pairs: dict[UUID, UUID]) -> list[str]:
    """What is wrong with giving these requests these slots."""
    by_id = {each.slot_id: each for each in slots}
    used = Counter(pairs.values())
    given_slots = [by_id[slot_id] for slot_id in pairs.values()]
    days = Counter((each.practitioner_id, each.day) for each in given_slots)
    weeks = Counter((each.practitioner_id, monday_of(each.day)) for each in given_slots)

    def that_day(each: OpenSlot) -> int:
        return each.booked_that_day + days[each.practitioner_id, each.day]

    def that_week(each: OpenSlot) -> int:
        return each.booked_that_week + weeks[each.practitioner_id, monday_of(each.day)]

    def is_left(each: OpenSlot) -> bool:
        has_place = each.taken + used[each.slot_id] < each.places
        has_day = each.daily_cap is None or that_day(each) < each.daily_cap
        has_week = each.weekly_cap is None or that_week(each) < each.weekly_cap
        return has_place and has_day and has_week

    found = [
        f"{each.slot_id} has {each.taken + used[each.slot_id]} of {each.places} places taken"
        for each in slots
        if each.taken + used[each.slot_id] > each.places and used[each.slot_id]
    ]
    found += [
        f"{each.practitioner_id} has more than {each.daily_cap} that day"
        for each in given_slots
        if each.daily_cap is not None and that_day(each) > each.daily_cap
    ]
    found += [
        f"{each.practitioner_id} has more than {each.weekly_cap} that week"
        for each in given_slots
        if each.weekly_cap is not None and that_week(each) > each.weekly_cap
    ]
    for each in needs:
        given_slot = pairs.get(each.request_id)
        if given_slot is not None:
            found += [str(reason) for reason in feasibility(each, by_id[given_slot], NOW)]
        elif any(not feasibility(each, other, NOW) and is_left(other) for other in slots):
            found.append(f"{each.request_id} is left out and need not be")
    return found


def cost_of(needs: Sequence[Need], slots: Sequence[OpenSlot], pairs: dict[UUID, UUID]) -> float:
    """The total that the engine makes as small as it can."""
    by_id = {each.slot_id: each for each in slots}
    return sum(
        weigh(each, by_id[pairs[each.request_id]], WEIGHTS, NOW)[1].cost
        if each.request_id in pairs
        else unserved(each, WEIGHTS)
        for each in needs
    )


def least_cost(needs: Sequence[Need], slots: Sequence[OpenSlot]) -> float:
    """The smallest total of all ways to give these slots, tried one after the other."""
    places = [each.slot_id for each in slots for _ in range(each.places - each.taken)]
    nobody = [None] * len(needs)
    ways = {way[: len(needs)] for way in permutations([*places, *nobody])}
    totals = []
    for way in ways:
        pairs = {
            each.request_id: slot_id
            for each, slot_id in zip(needs, way, strict=True)
            if slot_id is not None
        }
        wrong = [fault for fault in faults(needs, slots, pairs) if "need not be" not in fault]
        if not wrong:
            totals.append(cost_of(needs, slots, pairs))
    return min(totals)


NEEDS = st.builds(
    lambda number, delay, latitude, modalities, gp, excluded, own: replace(
        need(number),
        due_at=hours(delay),
        latitude=latitude,
        modalities=modalities,
        gp_id=gp,
        excluded_practitioners=excluded,
        **own,
    ),
    st.integers(0, 99),
    st.sampled_from([4, 8, 24, 72]),
    st.sampled_from([None, north(0), north(5), north(25)]),
    st.sampled_from([frozenset({"AMB"}), frozenset({"AMB", "VR"})]),
    st.sampled_from([None, None, DOCTOR]),
    st.sampled_from([frozenset(), frozenset(), frozenset({COLLEAGUE})]),
    st.fixed_dictionaries(
        {},
        optional={
            "sex": st.sampled_from(["female", "male"]),
            "language": st.sampled_from(["fr", "ar"]),
            "needs_step_free": st.booleans(),
            "travel_km": st.sampled_from([0.0, 5.0, 22.0]),
            "radius_km": st.sampled_from([3.0, 20.0]),
            "enlarged_km": st.sampled_from([22.0, 60.0]),
        },
    ),
)
SLOTS = st.builds(
    lambda number, start, latitude, modality, places, taken, doctor, own: replace(
        slot(number),
        day=NOW.date() + timedelta(hours=start + 8) // timedelta(days=1) * timedelta(days=1),
        start=hours(start),
        end=hours(start + 1),
        latitude=latitude,
        modality=modality,
        places=places,
        taken=min(taken, places),
        practitioner_id=doctor,
        **own,
    ),
    st.integers(0, 99),
    st.sampled_from([-0.5, 0.25, 3, 3.25, 7, 30, 54]),
    st.sampled_from([north(0), north(1), north(-20)]),
    st.sampled_from(["AMB", "AMB", "AMB", "VR", "HH"]),
    st.sampled_from([1, 1, 2]),
    st.sampled_from([0, 0, 1]),
    st.sampled_from([DOCTOR, COLLEAGUE]),
    st.fixed_dictionaries(
        {},
        optional={
            "patient_sex": st.sampled_from(["female", "male"]),
            "languages": st.sampled_from([frozenset({"fr", "ar"})]),
            "step_free": st.booleans(),
            "price": st.sampled_from([1.0, 40.0, 900.0]),
            "outside_hours": st.booleans(),
        },
    ),
)


@st.composite
def markets(draw: st.DrawFn, most_needs: int, most_slots: int) -> tuple[list[Need], list[OpenSlot]]:
    """A queue and an agenda; a practitioner has one cap, whichever of their slots one looks at."""
    needs = draw(st.lists(NEEDS, max_size=most_needs, unique_by=lambda each: each.request_id))
    slots = draw(st.lists(SLOTS, max_size=most_slots, unique_by=lambda each: each.slot_id))
    doctors = (DOCTOR, COLLEAGUE)
    caps = {doctor: draw(st.sampled_from([None, 1, 2, 3])) for doctor in doctors}
    booked = {doctor: draw(st.integers(0, 1)) for doctor in doctors}
    weekly = {doctor: draw(st.sampled_from([None, 1, 3, 4])) for doctor in doctors}
    loads = {doctor: draw(st.sampled_from([0.0, 0.5, 1.0])) for doctor in doctors}
    return needs, [
        replace(
            each,
            daily_cap=caps[each.practitioner_id],
            booked_that_day=booked[each.practitioner_id] if each.day == TODAY else 0,
            weekly_cap=weekly[each.practitioner_id],
            booked_that_week=booked[each.practitioner_id],
            load=loads[each.practitioner_id],
        )
        for each in slots
    ]


SOLVERS = st.sampled_from([0.0, 2.0])
"""Always the full matrix, always the sparse graph."""


@given(markets(8, 12), SOLVERS)
def test_no_run_breaks_a_rule_or_leaves_out_whom_a_free_place_could_serve(
    market: tuple[list[Need], list[OpenSlot]], full_from: float
) -> None:
    needs, slots = market
    with patch.object(solver, "FULL_FROM", full_from):
        found = assign(needs, slots, WEIGHTS, NOW)
    assert faults(needs, slots, pairs_of(found)) == []
    assert set(pairs_of(found)) | set(found.unmatched) == {each.request_id for each in needs}
    assert not set(pairs_of(found)) & set(found.unmatched)


@given(markets(3, 3), SOLVERS)
def test_no_way_to_share_out_the_slots_costs_less(
    market: tuple[list[Need], list[OpenSlot]], full_from: float
) -> None:
    needs, slots = market
    with patch.object(solver, "FULL_FROM", full_from):
        found = assign(needs, slots, WEIGHTS, NOW)
    cost = cost_of(needs, slots, pairs_of(found))
    assert cost == pytest.approx(least_cost(needs, slots), abs=1e-3)


@given(markets(6, 8), SOLVERS)
def test_the_order_in_which_things_are_handed_over_changes_nothing(
    market: tuple[list[Need], list[OpenSlot]], full_from: float
) -> None:
    needs, slots = market
    with patch.object(solver, "FULL_FROM", full_from):
        found = assign(needs, slots, WEIGHTS, NOW)
        again = assign(needs[::-1], slots[::-1], WEIGHTS, NOW)
    assert found == again


def test_the_checks_above_see_what_they_are_there_to_see() -> None:
    first, second = need(1), need(2)
    both = {first.request_id: SLOT.slot_id, second.request_id: SLOT.slot_id}
    assert any("2 of 1 places" in fault for fault in faults([first, second], [SLOT], both))
    capped = replace(SLOT, places=2, end=hours(6), daily_cap=1)
    assert any("more than 1" in fault for fault in faults([first, second], [capped], both))
    weekly = [replace(slot(each), weekly_cap=2, booked_that_week=1) for each in (1, 2)]
    both_days = {first.request_id: weekly[0].slot_id, second.request_id: weekly[1].slot_id}
    assert any(
        "more than 2 that week" in each for each in faults([first, second], weekly, both_days)
    )
    nurse = replace(SLOT, profession="60", specialty=None)
    assert faults([first], [nurse], {first.request_id: nurse.slot_id}) == ["profession"]
    assert any("need not be" in fault for fault in faults([first], [SLOT], {}))
    dearer = replace(slot(2), latitude=north(20))
    wrong = cost_of([first], [SLOT, dearer], {first.request_id: dearer.slot_id})
    assert wrong > least_cost([first], [SLOT, dearer]) + 10


def test_without_blockers_the_checks_above_would_see_a_cap_exceeded() -> None:
    weekly = [replace(slot(each), weekly_cap=1) for each in (1, 2)]
    waiting = [need(1), need(2)]
    with patch.object(solver, "_blockers", return_value=[]):
        found = assign(waiting, weekly, WEIGHTS, NOW)
    assert any("more than 1 that week" in each for each in faults(waiting, weekly, pairs_of(found)))
    found = assign(waiting, weekly, WEIGHTS, NOW)
    assert faults(waiting, weekly, pairs_of(found)) == []
