"""The whole queue at once: the best in total, within every limit, and the same every time."""

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.matching import solver
from dispatcher.domain.matching.assign import Assignment, assign
from dispatcher.domain.matching.candidates import candidates, weigh
from dispatcher.domain.matching.cost import Weights, unserved
from dispatcher.domain.matching.feasibility import Reason, feasibility
from dispatcher.domain.matching.needs import Need, OpenSlot
from tests.domain.morning import (
    COLLEAGUE,
    DOCTOR,
    NEED,
    NOW,
    SLOT,
    TODAY,
    hours,
    need,
    north,
    slot,
    walk_in,
)

WEIGHTS = Weights()
HOUSE = Path(__file__).parents[2]


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
    days = Counter(
        (by_id[slot_id].practitioner_id, by_id[slot_id].day) for slot_id in pairs.values()
    )

    def is_left(each: OpenSlot) -> bool:
        booked = each.booked_that_day + days[each.practitioner_id, each.day]
        has_place = each.taken + used[each.slot_id] < each.places
        return has_place and (each.daily_cap is None or booked < each.daily_cap)

    found = [
        f"{each.slot_id} has {each.taken + used[each.slot_id]} of {each.places} places taken"
        for each in slots
        if each.taken + used[each.slot_id] > each.places and used[each.slot_id]
    ]
    found += [
        f"{each.practitioner_id} has more than {each.daily_cap} that day"
        for each in slots
        if each.daily_cap is not None
        and days[each.practitioner_id, each.day]
        and each.booked_that_day + days[each.practitioner_id, each.day] > each.daily_cap
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


def test_a_burst_is_shared_out_better_than_by_each_taking_the_nearest() -> None:
    # the first is 1 km from the near slot and 2 km from the far one; the second 3 km and 29 km:
    # each taking the nearest in turn would cost 1 + 29, the other way round costs 2 + 3
    first = replace(need(1), latitude=north(0))
    second = replace(need(2), latitude=north(4))
    near = replace(slot(1), latitude=north(1))
    far = replace(slot(2), latitude=north(-2))
    second_far = assign([first, second], [near, far], WEIGHTS, NOW)
    assert pairs_of(second_far) == {
        first.request_id: far.slot_id,
        second.request_id: near.slot_id,
    }
    # 2 + 3 km and twice 3 h of waiting
    assert sum(pair.cost for pair in second_far.pairs) == pytest.approx(2 + 3 + 2 * 1.5, abs=0.01)


def test_one_request_gets_what_heads_its_candidates() -> None:
    slots = [replace(slot(number), latitude=north(number % 7)) for number in range(20)]
    best = candidates(NEED, slots, WEIGHTS, NOW).best[0]
    (pair,) = assign([NEED], slots, WEIGHTS, NOW).pairs
    assert pair == best


def test_the_last_slot_goes_to_the_most_urgent() -> None:
    urgent = replace(need(2), due_at=hours(4))
    patient = replace(need(1), due_at=hours(48))
    found = assign([patient, urgent], [SLOT], WEIGHTS, NOW)
    assert pairs_of(found) == {urgent.request_id: SLOT.slot_id}


def test_urgency_never_leaves_two_unserved_for_one() -> None:
    # the urgent one fits only the slot without which neither of the others fits anything
    urgent = replace(need(1), due_at=hours(4), modalities=frozenset({"AMB"}))
    others = [replace(need(number), due_at=hours(72)) for number in (2, 3)]
    period = walk_in(3, 6, places=2)
    found = assign([urgent, *others], [period], WEIGHTS, NOW)
    assert len(found.pairs) == 2
    assert urgent.request_id in pairs_of(found)


def test_the_gp_keeps_their_patient_when_others_could_do() -> None:
    known = replace(need(1), gp_id=DOCTOR)
    stranger = need(2)
    gps = replace(slot(1), start=hours(6))
    colleagues = replace(slot(2), practitioner_id=COLLEAGUE)
    found = assign([known, stranger], [gps, colleagues], WEIGHTS, NOW)
    assert pairs_of(found) == {
        known.request_id: gps.slot_id,
        stranger.request_id: colleagues.slot_id,
    }


def test_a_walk_in_period_takes_as_many_as_it_has_places_left() -> None:
    period = replace(walk_in(3, 6, places=4), taken=1)
    found = assign([need(number) for number in range(5)], [period], WEIGHTS, NOW)
    assert len(found.pairs) == 3
    assert len(found.unmatched) == 2


def test_a_practitioners_cap_holds_over_all_their_slots_of_a_day() -> None:
    capped = [
        replace(slot(number), start=hours(3 + number / 4), daily_cap=5, booked_that_day=3)
        for number in range(4)
    ]
    tomorrow = replace(slot(9), start=hours(23), day=TODAY.replace(day=25), daily_cap=5)
    found = assign([need(number) for number in range(5)], [*capped, tomorrow], WEIGHTS, NOW)
    # two more today, the earliest ones, and one tomorrow
    assert set(pairs_of(found).values()) == {
        capped[0].slot_id,
        capped[1].slot_id,
        tomorrow.slot_id,
    }


def test_a_cap_leaves_its_places_to_whom_they_serve_best() -> None:
    far = replace(need(1), latitude=north(20))
    near = need(2)
    capped = [
        replace(slot(1), daily_cap=1),
        replace(slot(2), start=hours(4), daily_cap=1),
    ]
    elsewhere = replace(slot(3), practitioner_id=COLLEAGUE, latitude=north(15))
    found = assign([far, near], [*capped, elsewhere], WEIGHTS, NOW)
    assert pairs_of(found) == {
        near.request_id: capped[0].slot_id,
        far.request_id: elsewhere.slot_id,
    }


def test_who_gets_nothing_learns_what_stood_in_the_way() -> None:
    far = replace(slot(1), latitude=north(34))
    found = assign([NEED], [far], WEIGHTS, NOW)
    refusals = found.unmatched[NEED.request_id]
    assert refusals.refused == {Reason.TOO_FAR: 1}
    assert [near.slot_id for near in refusals.near_misses] == [far.slot_id]
    assert refusals.contended == 0
    stored = refusals.as_json()
    assert stored["refused"] == {"too_far": 1}
    assert [near["reason"] for near in stored["near_misses"]] == ["too_far"]


def test_who_comes_too_late_in_the_queue_learns_that_others_took_what_fitted() -> None:
    first, second = need(1), need(2)
    found = assign([second, first], [SLOT], WEIGHTS, NOW)
    # all else equal, the smaller request id
    assert pairs_of(found) == {first.request_id: SLOT.slot_id}
    assert found.unmatched[second.request_id].contended == 1
    assert found.unmatched[second.request_id].refused == {}


def test_all_else_equal_who_asked_first_is_served_first() -> None:
    earlier = replace(need(2), asked_at=hours(-1), due_at=hours(23))
    later = replace(need(1), asked_at=hours(-0.5), due_at=hours(23.5))
    found = assign([later, earlier], [SLOT], Weights(unserved=0), NOW)
    assert pairs_of(found) == {earlier.request_id: SLOT.slot_id}


def test_all_else_equal_the_earlier_start_and_then_the_smaller_id_is_taken() -> None:
    # half a kilometre nearer for an hour later: the same cost
    later = replace(slot(1), start=hours(3), latitude=north(0.5))
    earlier = replace(slot(7), start=hours(2), latitude=north(1.0))
    twin = replace(earlier, slot_id=UUID(int=9))
    assert pairs_of(assign([NEED], [later, earlier, twin], WEIGHTS, NOW)) == {
        NEED.request_id: twin.slot_id
    }


def test_nobody_is_left_out_to_save_the_distance_whatever_the_weights() -> None:
    far = replace(slot(1), latitude=north(29))
    found = assign([need(1), need(2)], [SLOT, far], Weights(unserved=1, distance=50), NOW)
    assert len(found.pairs) == 2


@pytest.mark.parametrize(
    ("needs", "slots"), [([], []), ([NEED], []), ([], [SLOT]), ([NEED], [replace(SLOT, taken=1)])]
)
def test_an_empty_queue_and_an_empty_agenda_match_nothing(
    needs: list[Need], slots: list[OpenSlot]
) -> None:
    found = assign(needs, slots, WEIGHTS, NOW)
    assert found.pairs == ()
    assert set(found.unmatched) == {each.request_id for each in needs}


def test_a_single_request_is_matched_without_loading_the_solver() -> None:
    # the web and the first match of a worker must not wait for scipy to be imported
    program = (
        "import sys\n"
        "from dispatcher.domain.matching.assign import assign\n"
        "from dispatcher.domain.matching.cost import Weights\n"
        "from dispatcher.domain.matching.solver import load_solver\n"
        "from tests.domain.morning import NEED, NOW, SLOT\n"
        "assert assign([NEED], [SLOT], Weights(), NOW).pairs\n"
        "assert 'scipy' not in sys.modules\n"
        "load_solver()\n"
        "assert 'scipy.optimize' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=HOUSE)


NEEDS = st.builds(
    lambda number, delay, latitude, modalities, gp, excluded: replace(
        need(number),
        due_at=hours(delay),
        latitude=latitude,
        modalities=modalities,
        gp_id=gp,
        excluded_practitioners=excluded,
    ),
    st.integers(0, 99),
    st.sampled_from([4, 8, 24, 72]),
    st.sampled_from([None, north(0), north(5), north(25)]),
    st.sampled_from([frozenset({"AMB"}), frozenset({"AMB", "VR"})]),
    st.sampled_from([None, None, DOCTOR]),
    st.sampled_from([frozenset(), frozenset(), frozenset({COLLEAGUE})]),
)
SLOTS = st.builds(
    lambda number, start, latitude, modality, places, taken, doctor: replace(
        slot(number),
        start=hours(start),
        end=hours(start + 1),
        latitude=latitude,
        modality=modality,
        places=places,
        taken=min(taken, places),
        practitioner_id=doctor,
    ),
    st.integers(0, 99),
    st.sampled_from([-0.5, 0.25, 3, 3.25, 7, 30]),
    st.sampled_from([north(0), north(1), north(-20)]),
    st.sampled_from(["AMB", "AMB", "AMB", "VR", "HH"]),
    st.sampled_from([1, 1, 2]),
    st.sampled_from([0, 0, 1]),
    st.sampled_from([DOCTOR, COLLEAGUE]),
)


@st.composite
def markets(draw: st.DrawFn, most_needs: int, most_slots: int) -> tuple[list[Need], list[OpenSlot]]:
    """A queue and an agenda; a practitioner has one cap, whichever of their slots one looks at."""
    needs = draw(st.lists(NEEDS, max_size=most_needs, unique_by=lambda each: each.request_id))
    slots = draw(st.lists(SLOTS, max_size=most_slots, unique_by=lambda each: each.slot_id))
    doctors = (DOCTOR, COLLEAGUE)
    caps = {doctor: draw(st.sampled_from([None, 1, 2, 3])) for doctor in doctors}
    booked = {doctor: draw(st.integers(0, 1)) for doctor in doctors}
    loads = {doctor: draw(st.sampled_from([0.0, 0.5, 1.0])) for doctor in doctors}
    return needs, [
        replace(
            each,
            daily_cap=caps[each.practitioner_id],
            booked_that_day=booked[each.practitioner_id],
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
    nurse = replace(SLOT, profession="60", specialty=None)
    assert faults([first], [nurse], {first.request_id: nurse.slot_id}) == ["profession"]
    assert any("need not be" in fault for fault in faults([first], [SLOT], {}))
    dearer = replace(slot(2), latitude=north(20))
    wrong = cost_of([first], [SLOT, dearer], {first.request_id: dearer.slot_id})
    assert wrong > least_cost([first], [SLOT, dearer]) + 10
