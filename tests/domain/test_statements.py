"""What professionals are owed, reckoned by hand."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from dispatcher.domain.payments.statements import (
    PASS_EUR,
    Basis,
    Rule,
    Work,
    ceiling_cents,
    ceiling_source,
    last_day,
    next_month,
    overlaps,
    statements_of,
)

ANNE = UUID(int=1)
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
RULES = [
    Rule(Basis.PLACE, None, 500, date(2026, 1, 1), None),
    Rule(Basis.PLACE, "60", 300, date(2026, 1, 1), None),
    Rule(Basis.ACT, "10", 1_250, date(2026, 1, 1), NOVEMBER),
    Rule(Basis.REGULATION_HOUR, None, 9_000, date(2026, 1, 1), None),
]


@pytest.mark.parametrize(
    ("work", "month", "cents"),
    [
        # 12 places at 5 €, 8 visits at 12,50 €, 2 h 10 at 90 €: 60 + 100 + 195
        (Work(ANNE, "10", 12, 8, 130), NOVEMBER, [6_000, 10_000, 19_500]),
        # the nurse's own rate, and none for her visits
        (Work(ANNE, "60", 12, 8), NOVEMBER, [3_600]),
        # the rate of a visit has ended
        (Work(ANNE, "10", 12, 8), DECEMBER, [6_000]),
        (Work(ANNE, "10", 12, 8), date(2025, 12, 1), None),
        (Work(ANNE, "10"), NOVEMBER, None),
        # 50 minutes at 90 € are 75 €, 20 minutes 30 €
        (Work(ANNE, "10", minutes=50), NOVEMBER, [7_500]),
        (Work(ANNE, "10", minutes=20), NOVEMBER, [3_000]),
    ],
)
def test_a_month_is_the_sum_of_its_rules(work: Work, month: date, cents: list[int] | None) -> None:
    found = statements_of(month, RULES, [work], {})
    assert [[item.cents for item in each.items] for each in found] == ([cents] if cents else [])


def test_thirds_of_an_hour_are_rounded_to_the_cent_once() -> None:
    rule = Rule(Basis.REGULATION_HOUR, None, 100, NOVEMBER, None)
    (found,) = statements_of(NOVEMBER, [rule], [Work(ANNE, "10", minutes=50)], {})
    (item,) = found.items
    assert (item.cents, item.quantity.quantize(Decimal("0.01"))) == (83, Decimal("0.83"))


@pytest.mark.parametrize(
    ("paid", "held_back"),
    [
        (0, 0),
        (4_806_000 - 6_000, 0),
        (4_806_000 - 5_999, 1),
        (4_806_000, 6_000),
        (5_000_000, 6_000),  # paid too much already: nothing more, and nothing is taken back
    ],
)
def test_nobody_is_paid_beyond_the_years_ceiling(paid: int, held_back: int) -> None:
    (found,) = statements_of(NOVEMBER, RULES[:1], [Work(ANNE, "10", 12)], {ANNE: paid})
    assert (found.held_back_cents, found.due_cents) == (held_back, 6_000 - held_back)


def test_a_ceiling_that_is_not_known_holds_nothing_back() -> None:
    assert ceiling_cents(2026) == 4_806_000
    assert ceiling_cents(2031) is None
    assert ceiling_source(2031) == ""
    assert all(ceiling_source(year) for year in PASS_EUR)
    (found,) = statements_of(
        date(2031, 1, 1), RULES[:1], [Work(ANNE, "10", 12)], {ANNE: 10_000_000}
    )
    assert found.due_cents == 6_000


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Rule(Basis.ACT, "10", 1, DECEMBER, None), False),
        (Rule(Basis.ACT, "10", 1, NOVEMBER, None), True),
        (Rule(Basis.ACT, "10", 1, date(2025, 1, 1), date(2025, 12, 1)), False),
        (Rule(Basis.ACT, None, 1, NOVEMBER, None), False),
        (Rule(Basis.PLACE, "10", 1, NOVEMBER, None), False),
    ],
)
def test_two_rules_overlap_where_both_would_say_the_price(other: Rule, *, same: bool) -> None:
    assert overlaps(RULES[2], other) is same
    assert overlaps(other, RULES[2]) is same


def test_months_end_where_the_next_begins() -> None:
    assert next_month(DECEMBER) == date(2027, 1, 1)
    assert last_day(date(2028, 2, 1)) == date(2028, 2, 29)
