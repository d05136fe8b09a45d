"""What a regulator is shown: the best slots, and what stands against the others."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from dispatcher.domain.matching.agenda import Agenda
from dispatcher.domain.matching.candidates import NearMiss, candidates, weigh
from dispatcher.domain.matching.cost import Weights
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.domain.matching.needs import Limits, Need, OpenSlot
from tests.domain.morning import (
    COLLEAGUE,
    DOCTOR,
    NEED,
    NOW,
    SLOT,
    hours,
    north,
    slot,
    walk_in,
)

WEIGHTS = Weights()


def near_misses(need: Need, *slots: OpenSlot) -> tuple[NearMiss, ...]:
    return candidates(need, slots, WEIGHTS, NOW).near_misses


def test_the_cheapest_come_first() -> None:
    far = replace(slot(1), latitude=north(8))  # 8 + 1.5
    late = replace(slot(2), start=hours(9))  # 4.5
    near = slot(3)  # 1.5
    found = candidates(NEED, [far, late, near], WEIGHTS, NOW)
    assert [pair.slot_id for pair in found.best] == [near.slot_id, late.slot_id, far.slot_id]
    assert [pair.cost for pair in found.best] == [1.5, 4.5, pytest.approx(9.5, abs=1e-3)]
    assert {pair.request_id for pair in found.best} == {NEED.request_id}


def test_ties_go_to_the_earlier_start_and_then_to_the_smaller_id() -> None:
    # an hour later and half a kilometre nearer: the same cost
    earlier = replace(slot(5), start=hours(2), latitude=north(1.0))
    later = replace(slot(1), start=hours(3), latitude=north(0.5))
    twin = replace(earlier, slot_id=UUID(int=3))
    found = candidates(NEED, [later, earlier, twin], WEIGHTS, NOW)
    assert [pair.slot_id for pair in found.best] == [
        twin.slot_id,
        earlier.slot_id,
        later.slot_id,
    ]


def test_ties_beyond_the_last_shown_are_broken_alike() -> None:
    many = [slot(number) for number in range(30, 0, -1)]
    shown = candidates(NEED, many, WEIGHTS, NOW, best=3).best
    assert [pair.slot_id for pair in shown] == [slot(number).slot_id for number in (1, 2, 3)]


def test_as_many_are_shown_as_are_asked_for_and_all_are_counted() -> None:
    found = candidates(NEED, [slot(number) for number in range(9)], WEIGHTS, NOW, best=2)
    assert len(found.best) == 2
    assert found.feasible == 9


def test_a_slot_refused_for_two_reasons_counts_under_both_and_nearly_fits_for_neither() -> None:
    refused_twice = replace(slot(1), taken=1, latitude=north(31))
    full = replace(slot(2), taken=1)
    found = candidates(NEED, [refused_twice, full], WEIGHTS, NOW)
    assert found.refused == {Reason.TOO_FAR: 1, Reason.FULL: 2}
    assert [near.slot_id for near in found.near_misses] == [full.slot_id]


def test_another_profession_is_counted_and_is_no_near_miss() -> None:
    nurse = replace(SLOT, profession="60", specialty=None)
    found = candidates(NEED, [nurse], WEIGHTS, NOW)
    assert found.refused == {Reason.PROFESSION: 1}
    assert found.near_misses == ()


def test_near_misses_are_shown_by_what_they_would_cost() -> None:
    far = replace(slot(1), latitude=north(34))  # 34 + 1.5
    late = replace(slot(2), start=hours(26))  # 13 + 2 h late × 20
    full = replace(slot(3), taken=1)  # 1.5
    assert [near.reason for near in near_misses(NEED, far, late, full)] == [
        Reason.FULL,
        Reason.TOO_FAR,
        Reason.TOO_LATE,
    ]


@pytest.mark.parametrize(
    ("need", "offered", "reason", "detail"),
    [
        (
            NEED,
            replace(SLOT, latitude=north(34)),
            Reason.TOO_FAR,
            {"km": 34.0, "radius_km": 30.0},
        ),
        (
            NEED,
            replace(SLOT, start=hours(26) + timedelta(minutes=10)),
            Reason.TOO_LATE,
            {"minutes": 130},
        ),
        (
            replace(NEED, earliest=hours(5)),
            replace(SLOT, start=hours(4)),
            Reason.TOO_EARLY,
            {"minutes": 60},
        ),
        (
            replace(NEED, earliest=hours(5)),
            walk_in(3, 5),
            Reason.TOO_EARLY,
            {"minutes": 30},
        ),
        (NEED, replace(SLOT, start=hours(0.25)), Reason.TOO_SOON, {"minutes": 30}),
        (NEED, replace(SLOT, max_age=15), Reason.AGE, {"min_age": None, "max_age": 15}),
        (
            NEED,
            replace(SLOT, daily_cap=8, booked_that_day=8),
            Reason.PRACTITIONER_CAP,
            {"cap": 8},
        ),
        (
            replace(NEED, enlarged_km=45.0),
            replace(SLOT, latitude=north(47)),
            Reason.TOO_FAR,
            {"km": 47.0, "radius_km": 45.0},
        ),
        (
            replace(NEED, travel_km=5.0),
            replace(SLOT, latitude=north(9)),
            Reason.CANNOT_TRAVEL,
            {"km": 9.0, "travel_km": 5.0},
        ),
        (NEED, replace(SLOT, patient_sex="female"), Reason.SEX, {"female": True}),
        (replace(NEED, language="ar"), SLOT, Reason.LANGUAGE, {}),
        (replace(NEED, needs_step_free=True), SLOT, Reason.STEP_FREE, {}),
        (
            NEED,
            replace(SLOT, weekly_cap=20, booked_that_week=21),
            Reason.WEEKLY_CAP,
            {"cap": 20},
        ),
        (NEED, replace(SLOT, outside_hours=True), Reason.OUTSIDE_HOURS, {}),
        (NEED, replace(SLOT, taken=1), Reason.FULL, {"places": 1}),
        (NEED, replace(SLOT, modality="VR"), Reason.MODALITY, {}),
    ],
)
def test_a_near_miss_has_the_figures_that_a_person_can_weigh(
    need: Need, offered: OpenSlot, reason: Reason, detail: dict[str, float | None]
) -> None:
    (near,) = near_misses(need, offered)
    assert near.reason is reason
    assert near.detail == pytest.approx(detail, abs=1e-3)
    assert near.practitioner_id == DOCTOR


def test_near_misses_are_stored_as_codes_and_numbers() -> None:
    (near,) = near_misses(NEED, replace(SLOT, latitude=north(34)))
    stored = near.as_json()
    assert stored == {
        "slot": str(SLOT.slot_id),
        "practitioner": str(DOCTOR),
        "reason": "too_far",
        "seen_at": "2026-11-24T10:00:00+00:00",
        "distance_km": 34.0,
        "detail": {"km": 34.0, "radius_km": 30.0},
    }
    assert NearMiss.from_json(json.loads(json.dumps(stored))) == near


def test_every_reason_but_two_can_be_the_one_that_nearly_fits() -> None:
    offered = [
        replace(slot(1), specialty="SM40"),
        replace(slot(2), modality="HH"),
        replace(slot(3), visibility=frozenset({"PRO"})),
        replace(slot(4), practitioner_id=COLLEAGUE),
        replace(slot(5), min_age=70),
        replace(slot(6), patient_sex="female"),
        replace(slot(7), languages=frozenset({"fr"})),
        replace(slot(8), step_free=False),
        replace(slot(9), latitude=north(31)),
        replace(slot(10), latitude=north(21)),
        replace(slot(11), start=hours(25)),
        replace(slot(12), start=hours(0.75)),
        replace(slot(13), start=hours(1.1), minimum_notice=timedelta(hours=2)),
        replace(slot(14), outside_hours=True),
        replace(slot(15), taken=1),
        replace(slot(16), daily_cap=1, booked_that_day=1),
        replace(slot(17), weekly_cap=1, booked_that_week=1),
    ]
    spoken = [
        each if number == 6 else replace(each, languages=frozenset({"ar"}))
        for number, each in enumerate(offered)
    ]
    reached = [
        each if number == 7 else replace(each, step_free=True) for number, each in enumerate(spoken)
    ]
    need = replace(
        NEED,
        excluded_practitioners=frozenset({COLLEAGUE}),
        sex="male",
        language="ar",
        needs_step_free=True,
        earliest=hours(1),
        travel_km=20.0,
    )
    # the one that is too far for the territory is not too far for this patient
    found = {
        near.reason
        for each in reached
        for near in near_misses(
            replace(need, travel_km=40.0) if each.slot_id == slot(9).slot_id else need, each
        )
    }
    assert found == set(Reason) - {Reason.PROFESSION, Reason.PAST}


def test_slots_are_counted_by_every_reason_that_stands_against_them() -> None:
    # by hand: 2 too far of which 1 full, 1 capped for the week, 1 another profession's (and full)
    offered = [
        replace(slot(1), latitude=north(31)),
        replace(slot(2), latitude=north(31), taken=1),
        replace(slot(3), weekly_cap=1, booked_that_week=1),
        replace(slot(4), profession="60", specialty=None, taken=1),
        slot(5),
    ]
    found = candidates(NEED, offered, WEIGHTS, NOW)
    assert found.refused == {
        Reason.PROFESSION: 1,
        Reason.TOO_FAR: 2,
        Reason.FULL: 1,
        Reason.WEEKLY_CAP: 1,
    }
    assert found.feasible == 1


def test_without_slots_there_is_nothing_to_show() -> None:
    found = candidates(NEED, [], WEIGHTS, NOW)
    assert found.best == ()
    assert found.feasible == 0
    assert found.refused == {}
    assert found.near_misses == ()


def test_an_unknown_distance_is_told_as_unknown() -> None:
    (pair,) = candidates(NEED, [replace(SLOT, longitude=None, latitude=None)], WEIGHTS, NOW).best
    assert pair.distance_km is None
    assert pair.cost == 31.5


def test_one_slot_is_weighed_whatever_stands_against_it() -> None:
    chosen = replace(SLOT, taken=1, latitude=north(34), practitioner_id=COLLEAGUE)
    reasons, pair = weigh(NEED, chosen, WEIGHTS, NOW)
    assert reasons == (Reason.TOO_FAR, Reason.FULL)
    assert pair.cost == pytest.approx(35.5, abs=1e-3)
    assert pair.practitioner_id == COLLEAGUE


def test_another_profession_s_slot_counts_under_that_reason_alone() -> None:
    dentist_too_late = replace(slot(1), profession="40", start=hours(40), end=hours(41))
    found = candidates(NEED, [dentist_too_late], WEIGHTS, NOW)
    assert found.refused == {Reason.PROFESSION: 1}


@pytest.mark.parametrize(
    ("now", "grace", "start", "told"),
    [
        (NOW, 0, 47.75, 1),  # due in 24 h, and a day more
        (NOW, 0, 48, 0),
        (NOW, 2, 49.75, 1),  # the territory's grace comes on top
        (NOW, 2, 50, 0),
        (hours(30), 0, 53.75, 1),  # six hours overdue: a day from now
        (hours(30), 0, 54, 0),
    ],
)
def test_what_starts_a_day_after_the_delay_is_neither_counted_nor_shown(
    now: datetime, grace: int, start: float, told: int
) -> None:
    late = replace(slot(1), start=hours(start), end=hours(start + 0.25))
    dentist = replace(late, slot_id=slot(2).slot_id, profession="40")
    found = candidates(
        NEED, [late, dentist], WEIGHTS, now, limits=Limits(grace=timedelta(hours=grace))
    )
    assert found.refused == ({Reason.PROFESSION: 1, Reason.TOO_LATE: 1} if told else {})
    assert [near.slot_id for near in found.near_misses] == [late.slot_id] * told


def test_of_what_nobody_asks_for_only_what_starts_soon_enough_is_counted() -> None:
    starts = np.array([hours(number).timestamp() for number in (1, 1, 47.75, 48, 60)])
    agenda = replace(Agenda.of([replace(SLOT, profession="60")]), elsewhere=starts)
    found = candidates(NEED, agenda, WEIGHTS, NOW)
    assert found.refused == {Reason.PROFESSION: 1 + 3}
