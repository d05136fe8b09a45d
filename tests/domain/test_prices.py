"""What slots are worth, by hand on small mornings and by solving anew on random ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from dispatcher.domain.matching import prices as learning
from dispatcher.domain.matching.cost import Weights
from dispatcher.domain.matching.hindsight import Hindsight, look_back
from dispatcher.domain.matching.needs import Need, OpenSlot
from dispatcher.domain.matching.prices import (
    CEILING,
    SCALE,
    SHRINKAGE,
    Prices,
    learn_prices,
    part_of_day,
    worth,
)
from tests.domain.morning import COLLEAGUE, DOCTOR, NEED, NOW, SLOT, hours, need, north, slot

WEIGHTS = Weights()
PARIS = ZoneInfo("Europe/Paris")


def at(number: int, start: float) -> OpenSlot:
    """A slot next door: its cost for whoever asks at 8 h is half a point for each hour."""
    return replace(slot(number), start=hours(start), end=hours(start + 0.25))


def duals(needs: Sequence[Need], slots: Sequence[OpenSlot]) -> tuple[list[float], list[float]]:
    seen = look_back(needs, slots, WEIGHTS)
    found = worth(seen.market, seen.chosen)
    return found.one_more.tolist(), found.one_less.tolist()


def cost(needs: Sequence[Need], seen: Hindsight) -> float:
    """Points of the whole: who gets nothing costs a thousand."""
    served = float(np.sum(seen.market.price[seen.chosen]))
    return served + 1000 * (len(needs) - len(seen.chosen))


def test_a_place_is_worth_what_those_who_got_worse_ones_would_save() -> None:
    # two patients, places in 2, 10 and 20 hours: 1, 5 and 10 points; the last stays empty
    one_more, one_less = duals([need(1), need(2)], [at(1, 2), at(2, 10), at(3, 20)])
    # one more in 2 h: whoever waits 10 h would wait 2. One more in 10 h: nobody would move.
    assert one_more == pytest.approx([4, 0, 0])
    # without the place in 2 h somebody waits 20 h instead (9 more), without that in 10 h too (5)
    assert one_less == pytest.approx([9, 5, 0])


def test_the_last_place_of_a_scarce_day_is_worth_a_person() -> None:
    one_more, one_less = duals([need(1), need(2), need(3)], [at(1, 2), at(2, 10)])
    # one more in 2 h serves the third, who costs 1 instead of 1000; in 10 h, 5 instead of 1000
    assert one_more == pytest.approx([999, 995])
    assert one_less == pytest.approx([999, 995])


def test_nobody_asked_for_it_so_it_is_worth_nothing() -> None:
    other = replace(at(2, 3), profession="60")
    assert duals([need(1)], [at(1, 2), other]) == ([0, 0], [pytest.approx(999), 0])


def test_without_any_pair_that_may_be_nothing_is_worth_anything() -> None:
    assert duals([need(1)], [replace(at(1, 2), profession="60")]) == ([0], [0])


def test_a_walk_in_period_with_a_place_left_is_worth_nothing_more() -> None:
    period = replace(SLOT, start=hours(2), end=hours(6), places=3)
    assert duals([need(1), need(2)], [period]) == ([0], [0])


def random_morning(seed: int) -> tuple[list[Need], list[OpenSlot]]:
    """Seven patients and seven slots, anywhere within reach and at any hour."""
    chance = np.random.default_rng(seed)
    needs = [
        replace(
            need(number),
            asked_at=hours(float(chance.uniform(0, 3))),
            due_at=hours(float(chance.uniform(10, 40))),
            latitude=north(float(chance.uniform(-12, 12))),
        )
        for number in range(7)
    ]
    slots = [
        replace(
            at(number, float(chance.uniform(3, 30))), latitude=north(float(chance.normal() * 9))
        )
        for number in range(7)
    ]
    return needs, slots


@pytest.mark.parametrize("seed", range(12))
def test_both_ends_of_the_range_are_what_solving_anew_says(seed: int) -> None:
    needs, slots = random_morning(seed)
    whole = cost(needs, look_back(needs, slots, WEIGHTS))
    one_more, one_less = duals(needs, slots)
    for row, each in enumerate(slots):
        doubled = [*slots, replace(each, slot_id=UUID(int=0x999))]
        without = [other for other in slots if other is not each]
        assert one_more[row] == pytest.approx(
            whole - cost(needs, look_back(needs, doubled, WEIGHTS)), abs=1e-3
        )
        assert one_less[row] == pytest.approx(
            cost(needs, look_back(needs, without, WEIGHTS)) - whole, abs=1e-3
        )


def test_the_worth_of_slots_is_found_under_the_heaviest_weight_too() -> None:
    # 100,000 points an hour: places in 2, 10 and 20 hours, of which the last stays empty
    seen = look_back([need(1), need(2)], [at(1, 2), at(2, 10), at(3, 20)], Weights(wait=100_000.0))
    found = worth(seen.market, seen.chosen)
    assert found.one_more.tolist() == pytest.approx([800_000, 0, 0], abs=1e-3)
    assert found.one_less.tolist() == pytest.approx([1_800_000, 1_000_000, 0], abs=1e-3)


def test_prices_that_no_weight_may_give_are_passed_along_to_an_end_too() -> None:
    # at these sizes sums are rounded to a millionth of a point and more
    for seed in range(30):
        needs, slots = random_morning(seed)
        seen = look_back(needs, slots, Weights(wait=999_999_999.0))
        found = worth(seen.market, seen.chosen)
        assert np.all(found.one_more <= found.one_less * (1 + 1e-9) + 1), seed


def test_values_go_round_no_more_often_than_a_chain_is_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # three patients in three places: rounds of the longest chain, and one more to see it settled
    seen = look_back([need(1), need(2), need(3)], [at(1, 2), at(2, 10), at(3, 20)], WEIGHTS)
    monkeypatch.setattr(learning, "ENOUGH", -1.0)  # never settled
    found = worth(seen.market, seen.chosen)
    # without any of the three places the third patient costs 1000 instead of 10
    assert found.one_more.tolist() == pytest.approx([9, 5, 0])
    assert found.one_less.tolist() == pytest.approx([999, 995, 990])


def test_looking_back_nobody_gets_a_slot_before_they_asked_or_within_the_notice() -> None:
    late = replace(NEED, asked_at=hours(3), due_at=hours(27))
    assert len(look_back([late], [at(1, 2), at(2, 3.25)], WEIGHTS).pairs) == 0
    # half an hour's notice has just run
    assert len(look_back([late], [at(1, 3.5)], WEIGHTS).pairs) == 1


def test_looking_back_the_wait_counts_from_the_asking() -> None:
    asked = [replace(NEED, asked_at=hours(4), due_at=hours(28))]
    seen = look_back(asked, [at(1, 10)], WEIGHTS)
    assert seen.market.price.tolist() == pytest.approx([3])  # six hours


def test_looking_back_on_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody asked"):
        look_back([], [SLOT], WEIGHTS)


def test_a_price_is_the_scaled_middle_of_the_range_by_practitioner_weekday_and_part() -> None:
    # NOW is a Tuesday, 8 h in Paris: places at 10 h and 18 h, the second a colleague's
    near, far = at(1, 2), replace(at(2, 10), practitioner_id=COLLEAGUE)
    spare = replace(at(3, 20), practitioner_id=COLLEAGUE, day=at(3, 20).day + timedelta(days=1))
    prices = learn_prices([([need(1), need(2)], [near, far, spare])], PARIS, WEIGHTS)
    assert prices.points == {
        (DOCTOR, 1, 1): pytest.approx(SCALE * (4 + 9) / 2),
        (COLLEAGUE, 1, 3): pytest.approx(SCALE * (0 + 5) / 2),
    }
    assert prices.of(DOCTOR, near.start) == pytest.approx(13)
    assert prices.of(DOCTOR, near.start + timedelta(days=7)) == pytest.approx(13)
    assert prices.of(DOCTOR, near.start + timedelta(days=1)) == 0
    assert prices.of(UUID(int=1), near.start) == 0


def test_no_single_slot_is_worth_more_than_the_ceiling() -> None:
    prices = learn_prices([([need(1), need(2)], [at(1, 2)])], PARIS, WEIGHTS)
    assert prices.points == {(DOCTOR, 1, 1): CEILING}


def test_few_slots_of_a_part_are_drawn_towards_the_whole_weekday() -> None:
    # of one doctor in 2 h (10 h o’clock, 2 × 6.5), in 10 h (18 h, 2 × 2.5) and a place nobody took
    prices = learn_prices([([need(1), need(2)], [at(1, 2), at(2, 10), at(3, 20)])], PARIS, WEIGHTS)
    weight = 1 + SHRINKAGE
    assert prices.points[DOCTOR, 1, 1] == pytest.approx((13 + SHRINKAGE * 6) / weight)
    assert prices.points[DOCTOR, 1, 3] == pytest.approx((5 + SHRINKAGE * 6) / weight)


def test_weeks_are_judged_apart_and_their_means_together() -> None:
    week = timedelta(days=7)
    later = [
        replace(each, asked_at=each.asked_at + week, due_at=each.due_at + week)
        for each in [need(3), need(4)]
    ]
    again = [
        replace(each, start=each.start + week, end=each.end + week, day=each.day + week)
        for each in [at(4, 2), at(5, 10)]
    ]
    first_only = learn_prices([([need(1), need(2)], [at(1, 2), at(2, 10)])], PARIS, WEIGHTS)
    both = learn_prices(
        [([need(1), need(2), *later], [at(1, 2), at(2, 10), *again])], PARIS, WEIGHTS
    )
    assert both.points == pytest.approx(first_only.points)


def test_nothing_is_learned_where_nobody_asked_or_nothing_was_offered() -> None:
    assert learn_prices([([], [at(1, 2)])], PARIS, WEIGHTS).points == {}
    assert learn_prices([([NEED], [])], PARIS, WEIGHTS).points == {}


def test_somebody_is_told_after_each_week() -> None:
    told: list[int] = []
    week = timedelta(days=7)
    again = replace(at(2, 2), start=hours(2) + week, end=hours(3) + week, day=SLOT.day + week)
    learn_prices(
        [([NEED], [at(1, 2), again])], PARIS, WEIGHTS, between_weeks=lambda: told.append(1)
    )
    assert len(told) == 2


@pytest.mark.parametrize(
    ("hour", "part"), [(0, 0), (9, 0), (10, 1), (12, 1), (13, 2), (15, 2), (16, 3), (23, 3)]
)
def test_a_day_has_four_parts(hour: int, part: int) -> None:
    assert part_of_day(hour) == part


def test_a_part_is_read_on_the_territorys_own_clocks() -> None:
    # 10 h in Paris, 13 h in Réunion
    prices = Prices(ZoneInfo("Indian/Reunion"), {(DOCTOR, 1, 2): 7.0})
    assert prices.of(DOCTOR, NOW + timedelta(hours=2)) == 7.0
