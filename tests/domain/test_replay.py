"""Small days lived through with each policy; what each of them does is worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from dispatcher.domain.matching.needs import Need, OpenSlot
from dispatcher.domain.matching.prices import Prices
from dispatcher.domain.policy import OfferPolicy, Policy
from dispatcher.domain.simulation.comparing import optimum
from dispatcher.domain.simulation.demand import Call, Demand, Publication, Volunteer
from dispatcher.domain.simulation.policies import (
    Decide,
    by_engine,
    by_engine_without_prices,
    earliest,
    fixed_list,
    nearest,
)
from dispatcher.domain.simulation.replay import NO_SLOT, Asking, Ending, Replay, replay
from dispatcher.domain.simulation.scenario import Volunteering
from tests.domain.morning import (
    COLLEAGUE,
    DOCTOR,
    LONGITUDE,
    NEED,
    NOW,
    SLOT,
    hours,
    need,
    north,
    slot,
)

POLICY = Policy(road_factor=1.0)
PARIS = ZoneInfo("Europe/Paris")
WORTHLESS = Prices(PARIS, {})
BEFORE = NOW - timedelta(days=1)

NEAR_BUT_LATE = replace(slot(1), start=hours(10), end=hours(10.25))
FAR_BUT_SOON = replace(
    slot(2), start=hours(1), end=hours(1.25), latitude=north(20), practitioner_id=COLLEAGUE
)


def day(needs: Sequence[Need], slots: Sequence[OpenSlot], **known: float) -> Demand:
    """Published the day before, or the hours after 8 h given as `s<number of the slot>`."""
    return Demand(
        tuple(Call(each) for each in needs),
        tuple(
            Publication(each, hours(known[key]) if key in known else BEFORE)
            for each in slots
            for key in [f"s{each.slot_id.int - SLOT.slot_id.int}"]
        ),
    )


def live(demand: Demand, decide: Decide, prices: Prices = WORTHLESS) -> dict[int, int | None]:
    """By number of the need: the number of the slot it got."""
    return {
        ending.call.need.request_id.int - NEED.request_id.int: (
            ending.given.slot_id.int - SLOT.slot_id.int if ending.given else None
        )
        for ending in replay(demand, decide, POLICY, prices).endings
    }


@pytest.mark.parametrize(
    ("decide", "got"),
    [
        (earliest(POLICY), 2),
        (nearest(POLICY), 1),
        (by_engine(POLICY), 1),  # 5 points for ten hours, 20.5 for twenty kilometres
        (by_engine_without_prices(POLICY), 1),
    ],
)
def test_each_policy_has_its_own_idea_of_the_best(decide: Decide, got: int) -> None:
    assert live(day([need(1)], [NEAR_BUT_LATE, FAR_BUT_SOON]), decide) == {1: got}


def test_a_slot_that_others_will_want_is_left_to_them() -> None:
    # Tuesday 18 h in Paris is the last part of the day: 5 + 30 points against 20.5
    prices = Prices(PARIS, {(DOCTOR, 1, 3): 30.0})
    demand = day([need(1)], [NEAR_BUT_LATE, FAR_BUT_SOON])
    assert live(demand, by_engine(POLICY), prices) == {1: 2}
    assert live(demand, by_engine_without_prices(POLICY), prices) == {1: 1}


def test_the_list_is_called_from_the_top_for_today_and_then_for_tomorrow() -> None:
    today = [NEAR_BUT_LATE, FAR_BUT_SOON]
    first = {
        seed: live(day([need(1)], today), fixed_list(POLICY, [DOCTOR, COLLEAGUE], seed))[1]
        for seed in range(8)
    }
    assert set(first.values()) == {1, 2}  # whoever stands on top, near or far
    tomorrow = list(today)
    tomorrow[0] = replace(tomorrow[0], start=hours(20), end=hours(20.25), day=SLOT.day + timedelta(1))  # fmt: skip # noqa: E501
    for seed in first:
        listed = fixed_list(POLICY, [DOCTOR, COLLEAGUE], seed)
        assert live(day([need(1)], tomorrow), listed) == {1: 2}


def test_who_asks_first_is_served_first_even_when_the_next_then_gets_nothing() -> None:
    patient = replace(need(1), due_at=hours(48))
    pressed = replace(need(2), asked_at=hours(0.5), due_at=hours(12))
    slots = [NEAR_BUT_LATE, replace(slot(3), start=hours(30), end=hours(30.25))]
    for decide in (earliest(POLICY), nearest(POLICY), by_engine(POLICY)):
        assert live(day([patient, pressed], slots), decide) == {1: 1, 2: None}


def test_who_knew_them_both_would_have_served_both() -> None:
    patient = replace(need(1), due_at=hours(48))
    pressed = replace(need(2), asked_at=hours(0.5), due_at=hours(12))
    slots = [NEAR_BUT_LATE, replace(slot(3), start=hours(30), end=hours(30.25))]
    best = optimum(day([patient, pressed], slots), POLICY)
    assert [e.given.slot_id if e.given else None for e in best.endings] == [
        slots[1].slot_id,
        slots[0].slot_id,
    ]
    assert (best.taken, best.offered) == ({DOCTOR: 2}, {DOCTOR: 2})


def test_nobody_sees_a_slot_before_it_is_published_and_who_waits_gets_it_then() -> None:
    # of two who wait the one with less time left is worth more to the engine
    waiting = [need(1), replace(need(2), due_at=hours(12))]
    demand = day(waiting, [NEAR_BUT_LATE], s1=5)
    assert live(demand, by_engine(POLICY)) == {1: None, 2: 1}
    assert live(demand, earliest(POLICY)) == {1: 1, 2: None}  # in the order of asking


def test_a_slot_published_too_late_for_its_notice_serves_nobody() -> None:
    assert live(day([NEED], [NEAR_BUT_LATE], s1=9.75), by_engine(POLICY)) == {0: None}


def test_no_place_is_given_twice() -> None:
    period = replace(slot(1), start=hours(1), end=hours(4), places=2)
    for decide in (by_engine(POLICY), nearest(POLICY)):
        lived = live(day([need(1), need(2), need(3)], [period]), decide)
        assert sorted(lived.values(), key=str) == [1, 1, None]
    together = live(day([need(1), need(2), need(3)], [period], s1=0.5), nearest(POLICY))
    assert sorted(together.values(), key=str) == [1, 1, None]


def test_caps_by_day_hold_in_a_replay() -> None:
    slots = [replace(slot(n), start=hours(n), end=hours(n + 0.2), daily_cap=1) for n in (1, 2)]
    assert live(day([need(1), need(2)], slots), by_engine(POLICY)) == {1: 1, 2: None}


def ended(demand: Demand, asking: Asking | None = None) -> dict[int, Ending]:
    lived: Replay = replay(
        demand,
        by_engine(POLICY),
        POLICY,
        WORTHLESS,
        asking=asking or Asking((), Volunteering(), np.random.default_rng(1)),
    )
    return {e.call.need.request_id.int - NEED.request_id.int: e for e in lived.endings}


def test_what_stood_in_the_way_is_told() -> None:
    far = replace(slot(1), latitude=north(50))
    assert ended(day([need(1)], []))[1].reason == NO_SLOT
    assert ended(day([need(1)], [far]))[1].reason == "too_far"
    both = ended(day([need(1), need(2)], [slot(1)]))
    assert (both[1].reason, both[2].reason) == ("", "full")


def volunteers(*kilometres: float) -> list[Volunteer]:
    return [
        Volunteer(UUID(int=0x1000 + number), "10", LONGITUDE, north(km))
        for number, km in enumerate(kilometres)
    ]


def test_volunteers_are_asked_in_waves_the_nearest_first_until_one_says_yes() -> None:
    model = Volunteering(yes=1.0, answer_minutes=0.0, hours_until_seen=(2.0, 2.0))
    asking = Asking(volunteers(5, 1, 40, 3), model, np.random.default_rng(1))
    policy = replace(POLICY, offers=OfferPolicy(after_minutes=10, wave_size=2))
    (ending,) = replay(day([NEED], []), by_engine(policy), policy, WORTHLESS, asking=asking).endings
    assert ending.by_volunteer
    assert ending.asked == 2
    assert ending.given is not None
    assert ending.given.practitioner_id == UUID(int=0x1001)
    assert ending.given.seen_at == hours(2) + timedelta(minutes=10)
    assert ending.given.distance_km == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("automatic", "asked"), [(True, 3), (False, 0)])
def test_nobody_is_asked_in_a_territory_that_leaves_asking_to_its_regulators(
    *, automatic: bool, asked: int
) -> None:
    asking = Asking(volunteers(5, 1, 3), Volunteering(yes=0.0), np.random.default_rng(1))
    policy = replace(POLICY, offers=OfferPolicy(automatic=automatic))
    (ending,) = replay(day([NEED], []), by_engine(policy), policy, WORTHLESS, asking=asking).endings
    assert ending.asked == asked


def test_everybody_within_the_radius_is_asked_once_when_nobody_says_yes() -> None:
    asking = Asking(volunteers(5, 1, 40, 3), Volunteering(yes=0.0), np.random.default_rng(1))
    ending = ended(day([NEED], []), asking)[0]
    assert (ending.given, ending.asked) == (None, 3)  # one lives 40 km away


def test_a_yes_that_comes_too_late_serves_nobody() -> None:
    model = Volunteering(yes=1.0, answer_minutes=0.0, hours_until_seen=(30.0, 30.0))
    asking = Asking(volunteers(1), model, np.random.default_rng(1))
    assert ended(day([NEED], []), asking)[0].given is None


def test_somebody_with_no_known_home_is_matched_all_the_same() -> None:
    homeless = replace(NEED, longitude=None, latitude=None)
    assert live(day([homeless], [NEAR_BUT_LATE]), by_engine(POLICY)) == {0: 1}
    assert live(day([homeless], [NEAR_BUT_LATE]), nearest(POLICY)) == {0: 1}


def test_progress_is_told_and_ends_at_one() -> None:
    told: list[float] = []
    demand = day([need(number) for number in range(4)], [slot(1)])
    replay(demand, by_engine(POLICY), POLICY, WORTHLESS, progress=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]
