"""The whole queue at once: the best in total, within every limit, and the same every time."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from dispatcher.domain.geography import Roads
from dispatcher.domain.matching import solver
from dispatcher.domain.matching.assign import Assignment, assign, why_not
from dispatcher.domain.matching.candidates import candidates
from dispatcher.domain.matching.cost import Weights
from dispatcher.domain.matching.feasibility import Reason
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


def test_a_week_s_cap_holds_over_all_its_days_and_no_further() -> None:
    # Tuesday to Thursday, 1 a day, 2 a week of which none is left but one; then the Monday after
    days = [
        replace(
            slot(number),
            start=hours(24 * number + 3),
            day=TODAY.replace(day=24 + number),
            daily_cap=1,
            weekly_cap=3,
            booked_that_week=2,
        )
        for number in (0, 1, 2)
    ]
    monday = replace(slot(9), start=hours(24 * 6 + 3), day=TODAY.replace(day=30))
    offered = [*days, replace(monday, weekly_cap=3, daily_cap=1)]
    waiting = [replace(need(number), due_at=hours(24 * 7)) for number in range(4)]
    found = assign(waiting, offered, WEIGHTS, NOW)
    # the earliest of this week, and Monday's, which counts in another one
    assert set(pairs_of(found).values()) == {offered[0].slot_id, monday.slot_id}


def test_a_day_s_cap_and_a_week_s_cap_hold_together() -> None:
    # 3 slots on each of 3 days, at most 2 a day and 5 a week
    offered = [
        replace(
            slot(10 * day + number),
            start=hours(24 * day + 3 + number),
            day=TODAY.replace(day=24 + day),
            daily_cap=2,
            weekly_cap=5,
        )
        for day in range(3)
        for number in range(3)
    ]
    waiting = [replace(need(number), due_at=hours(72)) for number in range(9)]
    found = assign(waiting, offered, WEIGHTS, NOW)
    # the 2 earliest of each day, but only 1 of the last
    assert sorted(pairs_of(found).values()) == [
        offered[number].slot_id for number in (0, 1, 3, 4, 6)
    ]


def test_what_lies_beyond_the_radius_is_given_when_nothing_nearer_fits_and_only_then() -> None:
    # 30 km, 45 enlarged: one slot next door, one at 40 km, two people
    wider = [replace(need(number), enlarged_km=45.0) for number in (1, 2)]
    far = replace(slot(1), latitude=north(40))
    assert pairs_of(assign(wider[:1], [SLOT, far], WEIGHTS, NOW)) == {
        wider[0].request_id: SLOT.slot_id
    }
    assert set(pairs_of(assign(wider, [SLOT, far], WEIGHTS, NOW)).values()) == {
        SLOT.slot_id,
        far.slot_id,
    }
    beyond = replace(far, latitude=north(46))
    assert len(assign(wider, [SLOT, beyond], WEIGHTS, NOW).pairs) == 1


def test_a_nearer_slot_two_days_later_is_taken_before_one_beyond_the_radius() -> None:
    # 29 + 36 h × 0.5 + 5 + 150 of price at most, against 300
    asked = replace(NEED, enlarged_km=45.0, due_at=hours(72))
    late = replace(slot(1), latitude=north(29), start=hours(72), load=1.0, price=500.0)
    far = replace(slot(2), latitude=north(31), start=hours(1))
    assert pairs_of(assign([asked], [late, far], WEIGHTS, NOW)) == {asked.request_id: late.slot_id}


def test_a_slot_that_others_will_need_is_left_to_them() -> None:
    # worth 20 to those who have not called yet, in 30 h; the other one is 15 km away
    wanted = replace(slot(1), start=hours(30), price=20.0)
    other = replace(slot(2), start=hours(30), latitude=north(15))
    patient = replace(NEED, due_at=hours(48))
    assert pairs_of(assign([patient], [wanted, other], WEIGHTS, NOW)) == {
        patient.request_id: other.slot_id
    }
    # 2 h before, it is worth half: 10 for the wanted one against 15
    assert pairs_of(assign([patient], [wanted, other], WEIGHTS, hours(28))) == {
        patient.request_id: wanted.slot_id
    }


def test_what_is_nearest_by_road_is_nearest() -> None:
    # 10 km over the river and 40 by road; 12 km along it and 12.5 by road
    across, along = replace(slot(1), latitude=north(10)), replace(slot(2), latitude=north(-12))
    here = (NEED.longitude, NEED.latitude)
    known = {
        (here, (each.longitude, each.latitude)): km for each, km in ((across, 40.0), (along, 12.5))
    }
    roads = Roads(1.3, known)  # type: ignore[arg-type]  # both have coordinates
    assert pairs_of(assign([NEED], [across, along], WEIGHTS, NOW)) == {
        NEED.request_id: across.slot_id
    }
    (pair,) = assign([NEED], [across, along], WEIGHTS, NOW, roads=roads).pairs
    assert pair.slot_id == along.slot_id
    assert pair.distance_km == pytest.approx(12.0, abs=1e-3)  # as the crow flies
    assert pair.terms[0].value == 12.5


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


def test_what_one_is_told_does_not_depend_on_who_else_is_waiting() -> None:
    # due in 4, 24 and 72 h, a dentist being asked for the last: slots are looked at that start
    # within 28, 48 and 96 h
    urgent, usual = replace(need(1), due_at=hours(4)), need(2)
    dental = replace(need(3), profession="40", specialty=None, due_at=hours(72))
    waiting = [urgent, usual, dental]
    own = [replace(slot(number), start=hours(at)) for number, at in enumerate((27, 29, 47, 50))]
    dentists = [
        replace(slot(10 + number), profession="40", specialty=None, start=hours(at), taken=1)
        for number, at in enumerate((27.5, 30, 80))
    ]
    offered = [*own, *dentists]

    together = assign(waiting, offered, WEIGHTS, NOW).unmatched

    assert {number: together[need(number).request_id].refused for number in (1, 2, 3)} == {
        1: {Reason.PROFESSION: 1, Reason.TOO_LATE: 1},
        2: {Reason.PROFESSION: 2, Reason.TOO_LATE: 3},
        3: {Reason.PROFESSION: 4, Reason.FULL: 3, Reason.TOO_LATE: 1},
    }
    near = [miss.slot_id for miss in together[urgent.request_id].near_misses]
    assert near == [own[0].slot_id]
    for each in waiting:
        alone = candidates(each, offered, WEIGHTS, NOW)
        told = together[each.request_id]
        assert (told.refused, told.near_misses) == (alone.refused, alone.near_misses)
        assert why_not(waiting, offered, WEIGHTS, NOW)[each.request_id] == told


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
