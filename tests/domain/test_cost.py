"""What a pair costs, worked out by hand, and what a territory may change about it."""

import json
import math
from dataclasses import replace
from datetime import timedelta

import pytest

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.geography import AS_THE_CROW_FLIES, Roads
from dispatcher.domain.matching.candidates import weigh
from dispatcher.domain.matching.cost import Term, TermCode, Weights, total, unserved
from dispatcher.domain.matching.needs import Limits, Need, OpenSlot
from tests.domain.morning import COLLEAGUE, DOCTOR, NEED, NOW, SLOT, hours, north, walk_in

WEIGHTS = Weights()


def values(
    need: Need, slot: OpenSlot, weights: Weights = WEIGHTS, roads: Roads = AS_THE_CROW_FLIES
) -> dict[str, float]:
    """The terms by name, to the hundredth of a point."""
    _, pair = weigh(need, slot, weights, NOW, roads=roads)
    return {str(term.code): round(term.value, 2) for term in pair.terms}


def test_a_slot_in_three_hours_next_door_costs_its_wait() -> None:
    # 3 h × 0.5
    assert values(NEED, SLOT) == {"distance": 0.0, "wait": 1.5, "lateness": 0.0, "fairness": 0.0}


def test_each_kilometre_is_a_point_and_each_hour_half_a_point() -> None:
    slot = replace(SLOT, start=hours(11) + timedelta(minutes=40), latitude=north(2.3))
    _, pair = weigh(NEED, slot, WEIGHTS, NOW)
    # 2.3 km × 1 + 11 h 40 × 0.5
    assert pair.cost == pytest.approx(2.3 + 5.8333, abs=0.001)
    assert pair.distance_km == pytest.approx(2.3, abs=0.001)
    assert pair.seen_at == slot.start


def test_the_gps_own_slot_is_worth_a_hundred_and_twenty_points_to_their_patient() -> None:
    need = replace(NEED, gp_id=DOCTOR)
    assert values(need, SLOT)["gp"] == -120.0
    assert "gp" not in values(need, replace(SLOT, practitioner_id=COLLEAGUE))
    assert "gp" not in values(NEED, SLOT)


def test_the_gp_comes_before_any_colleague_within_the_widest_radius_and_the_longest_delay() -> None:
    need = replace(NEED, gp_id=DOCTOR, radius_km=50.0, due_at=hours(72))
    far_and_late = replace(SLOT, start=hours(72), latitude=north(49.9), load=1.0, price=1000.0)
    here_and_now = replace(SLOT, start=NOW, practitioner_id=COLLEAGUE)
    # 64.9 by road + 36 + 5 is 14.1 short of 120: still below 0
    assert sum(values(need, far_and_late, roads=Roads(1.3)).values()) == pytest.approx(
        -14.1, abs=0.05
    )
    assert sum(values(need, here_and_now).values()) == 0.0


def test_who_was_booked_for_most_of_what_they_offered_is_a_little_dearer() -> None:
    assert values(NEED, replace(SLOT, load=0.4))["fairness"] == 2.0


def test_a_late_hour_costs_twenty_points_where_grace_allows_it() -> None:
    late = replace(SLOT, start=hours(25.5))
    reasons, pair = weigh(NEED, late, WEIGHTS, NOW, Limits(grace=timedelta(hours=2)))
    assert reasons == ()
    # 1.5 h × 20, and 25.5 h × 0.5 of waiting
    assert pair.cost == pytest.approx(30 + 12.75)


@pytest.mark.parametrize(
    ("kilometres", "points"),
    [
        (29.9, None),
        (30.1, 300.0),
        (44.9, 300.0),
        # beyond the limit it is too far, which is another thing, and a person's to pass over
        (45.1, None),
    ],
)
def test_beyond_the_normal_radius_a_slot_costs_three_hundred_points_more(
    kilometres: float, points: float | None
) -> None:
    need = replace(NEED, enlarged_km=45.0)
    assert values(need, replace(SLOT, latitude=north(kilometres))).get("enlarged") == points


def test_the_enlarged_radius_is_dearer_than_all_other_terms_together() -> None:
    # 50 km × 1.3 + 72 h × 0.5 + 5 + 150 = 256 in the widest radius, without grace
    need = replace(NEED, due_at=hours(72), radius_km=50.0, enlarged_km=75.0)
    worst = replace(SLOT, start=hours(72), latitude=north(49.99), load=1.0, price=1e6)
    just_beyond = replace(SLOT, start=NOW, latitude=north(50.01))
    roads = Roads(1.3)
    dearest = sum(values(need, worst, roads=roads).values())
    assert dearest == pytest.approx(64.99 + 36 + 5 + 150, abs=0.05)
    assert sum(values(need, just_beyond, roads=roads).values()) > dearest


@pytest.mark.parametrize(
    ("start", "price", "points"),
    [
        (30, 12.0, 12.0),
        (4, 12.0, 12.0),
        (3, 12.0, 9.0),  # three quarters of the last four hours are left
        (1, 12.0, 3.0),
        (0, 12.0, None),
        (30, 0.0, None),
        (30, 900.0, 150.0),  # the cap
        (0.5, 1600.0, 150.0),  # what is left of it is still 200
    ],
)
def test_what_a_slot_is_worth_to_others_fades_in_the_last_hours_before_it(
    start: float, price: float, points: float | None
) -> None:
    need = replace(NEED, due_at=hours(48))
    slot = replace(SLOT, start=hours(start), price=price)
    assert values(need, slot).get("price") == points


def test_a_walk_in_period_that_has_begun_is_worth_nothing_to_others() -> None:
    assert "price" not in values(NEED, replace(walk_in(-2, 4), price=12.0))


def test_a_territory_weighs_and_caps_prices_as_it_likes() -> None:
    slot = replace(SLOT, start=hours(24), price=12.0)
    assert values(NEED, slot, Weights(price=2.0))["price"] == 24.0
    assert values(NEED, slot, Weights(price_cap=10.0))["price"] == 10.0
    assert "price" not in values(NEED, slot, Weights(price=0.0))


def test_the_gps_own_patients_do_not_pay_what_their_slots_are_worth_to_others() -> None:
    slot = replace(SLOT, start=hours(24), price=12.0)
    assert "price" not in values(replace(NEED, gp_id=DOCTOR), slot)


def test_kilometres_by_road_are_the_flight_times_the_factor_unless_the_road_is_known() -> None:
    slot = replace(SLOT, latitude=north(10))
    assert values(NEED, slot, roads=Roads(1.3))["distance"] == 13.0
    assert NEED.longitude is not None
    assert NEED.latitude is not None
    assert slot.longitude is not None
    assert slot.latitude is not None
    known = {((NEED.longitude, NEED.latitude), (slot.longitude, slot.latitude)): 17.25}
    _, pair = weigh(NEED, slot, WEIGHTS, NOW, roads=Roads(1.3, known))
    assert pair.terms[0] == Term(
        TermCode.DISTANCE, 17.25, {"km": pair.distance_km, "road_km": 17.25, "travel": True}
    )
    assert pair.distance_km == pytest.approx(10.0, abs=1e-3)
    # nobody travels by teleconsultation, whatever road there is
    remote = replace(slot, modality="VR")
    assert values(NEED, remote, roads=Roads(1.3, known))["distance"] == 0.0


def test_a_distance_that_is_not_known_counts_by_road_too() -> None:
    # the radius of 30 km × 1.3: farther than anything that is known to be nearer
    need = replace(NEED, longitude=None, latitude=None)
    assert values(need, SLOT, roads=Roads(1.3))["distance"] == 39.0


def test_teleconsultation_costs_no_distance() -> None:
    assert values(NEED, replace(SLOT, modality="VR", latitude=north(300)))["distance"] == 0.0


@pytest.mark.parametrize(
    ("radius", "points"), [(30.0, 30.0), (50.0, 50.0), (math.inf, 50.0), (5.0, 5.0)]
)
def test_a_distance_that_is_not_known_counts_as_the_radius_and_fifty_at_most(
    radius: float, points: float
) -> None:
    need = replace(NEED, longitude=None, latitude=None, radius_km=radius)
    assert values(need, SLOT)["distance"] == points


def test_waiting_in_a_walk_in_period_that_has_begun_counts_from_now() -> None:
    assert values(NEED, walk_in(-2, 4))["wait"] == 0.0
    assert values(replace(NEED, earliest=hours(2)), walk_in(-2, 4))["wait"] == 1.0


def test_what_others_waited_before_does_not_count_against_them() -> None:
    asked_yesterday = replace(NEED, asked_at=hours(-20))
    assert values(asked_yesterday, SLOT) == values(NEED, SLOT)


@pytest.mark.parametrize(
    ("delay", "points"),
    [
        # 1000 × (1 + 2 h / delay)
        (2, 1500.0),
        (4, 1500.0),
        (8, 1250.0),
        (24, 1083.33),
        (72, 1027.78),
    ],
)
def test_the_shorter_the_delay_the_dearer_it_is_to_leave_somebody_unserved(
    delay: float, points: float
) -> None:
    assert unserved(replace(NEED, due_at=hours(delay)), WEIGHTS) == pytest.approx(points, abs=0.01)


def test_terms_are_stored_as_codes_and_numbers() -> None:
    need = replace(NEED, gp_id=DOCTOR)
    _, pair = weigh(need, replace(SLOT, latitude=north(2.3), load=0.4), WEIGHTS, NOW)
    stored = [term.as_json() for term in pair.terms]
    assert stored == [
        {"term": "distance", "value": 2.3, "detail": {"km": 2.3, "road_km": 2.3, "travel": True}},
        {"term": "wait", "value": 1.5, "detail": {"minutes": 180}},
        {"term": "lateness", "value": 0.0, "detail": {"minutes": 0}},
        {"term": "gp", "value": -120.0, "detail": {}},
        {"term": "fairness", "value": 2.0, "detail": {"load": 0.4}},
    ]
    read = [Term.from_json(term) for term in json.loads(json.dumps(stored))]
    assert tuple(read) == pair.terms
    assert total(read) == pair.cost == -114.2


def test_a_term_that_does_not_exist_is_not_read() -> None:
    with pytest.raises(ValueError, match="charm"):
        Term.from_json({"term": "charm", "value": 1.0, "detail": {}})


def test_a_territory_changes_the_weights_it_names_and_keeps_the_others() -> None:
    weights = Weights.from_mapping({"distance": 2, "gp": 0})
    assert weights == Weights(distance=2.0, gp=0.0)
    assert values(NEED, replace(SLOT, latitude=north(10)), weights)["distance"] == 20.0


def test_a_weight_may_be_as_much_as_a_hundred_thousand() -> None:
    assert Weights.from_mapping({"wait": 100_000}) == Weights(wait=100_000.0)


@pytest.mark.parametrize(
    "value", [-1, -0.001, 100_000.001, 10**400, math.nan, math.inf, "1", None, True, [1]]
)
def test_a_weight_out_of_bounds_or_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidError) as refused:
        Weights.from_mapping({"wait": value, "distance": 1})
    assert list(refused.value.fields) == ["weights.wait"]


def test_every_bad_weight_is_named_at_once() -> None:
    with pytest.raises(InvalidError) as refused:
        Weights.from_mapping({"wait": -1, "beauty": 3})
    assert set(refused.value.fields) == {"weights.wait", "weights.beauty"}


def test_terms_are_told_in_the_order_of_their_codes() -> None:
    for_the_gp = replace(NEED, gp_id=DOCTOR, radius_km=5.0, enlarged_km=20.0)
    wanted = replace(SLOT, latitude=north(9), price=10.0)
    told = [term.code for term in weigh(for_the_gp, wanted, WEIGHTS, NOW)[1].terms]
    # the médecin traitant's own patients do not pay what their slots are worth to others
    assert told == [code for code in TermCode if code is not TermCode.PRICE]
    stranger = replace(for_the_gp, gp_id=None)
    told = [term.code for term in weigh(stranger, wanted, WEIGHTS, NOW)[1].terms]
    assert told == [code for code in TermCode if code is not TermCode.GP]
