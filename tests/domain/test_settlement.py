"""A contract's year, reckoned by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dispatcher.domain.aci.contract import (
    Contract,
    Direction,
    Fault,
    Line,
    Mission,
    Source,
    Tier,
    Value,
    faults_of,
)
from dispatcher.domain.aci.settlement import SettledLine, first_advance, settle

FIRST, LAST = date(2026, 4, 15), date(2027, 4, 14)
HALF_YEAR = date(2026, 10, 14)  # 182 days after the first
ALD = (Tier(219, 3_000), Tier(100, 6_000), Tier(50, 9_000))


def measured(figure: float, on: date = HALF_YEAR) -> Value:
    return Value(figure, on, "Requête CPAM")


def task(eur: int = 2_000, done: float | None = 1) -> Line:
    value = None if done is None else measured(done)
    return Line("task", "Annuaire", eur, Source.MANUAL, value=value)


def tiered(figure: float | None) -> Line:
    value = None if figure is None else measured(figure)
    return Line(
        "ald", "ALD sans MT", 9_000, Source.CPAM, Direction.DOWN, 219, tiers=ALD, value=value
    )


def binary(figure: float, direction: Direction = Direction.UP) -> Line:
    return Line(
        "goal", "Cible", 5_000, Source.CPAM, direction, 100, 150, 50, value=measured(figure)
    )


def year(*lines: Line, fixed: int | None = 90_000, starts: date | None = None) -> Contract:
    variable = sum(line.eur for line in lines)
    mission = Mission("acces_soins", "Accès aux soins", fixed, variable, starts, lines)
    return Contract("CPTS Exemple", "avenant2", 3, FIRST, FIRST, LAST, (mission,))


def settled(line: Line) -> SettledLine:
    return settle(year(line)).lines["acces_soins"][0]


@pytest.mark.parametrize(
    ("figure", "eur"),
    [
        (220, 0), (219, 3_000), (101, 3_000), (100, 6_000), (87, 6_000), (51, 6_000), (50, 9_000),
        (0, 9_000),
    ],
)  # fmt: skip
def test_the_highest_tier_that_is_reached_is_paid_and_tiers_do_not_add_up(
    figure: float, eur: int
) -> None:
    assert settled(tiered(figure)).eur == eur


@pytest.mark.parametrize(
    ("line", "eur"),
    [
        (binary(149.9), 0),
        (binary(150), 5_000),
        (binary(300), 5_000),  # nothing above the maximum
        (task(done=1), 2_000),
        (task(done=0), 0),
        (task(done=None), 0),
        (tiered(None), 0),
    ],
)
def test_a_binary_line_pays_all_or_nothing(line: Line, eur: int) -> None:
    assert settled(line).eur == eur


def test_what_is_missing_to_the_next_tier() -> None:
    ald = settled(tiered(87))
    assert (ald.tier, ald.next_tier, ald.missing) == (2, Tier(50, 9_000), 37)
    assert settled(tiered(50)).next_tier is None
    assert settled(tiered(None)).missing is None


def test_when_the_next_tier_would_be_reached_at_the_present_pace() -> None:
    # from 219 to 128 in 182 days is one in two days; 28 more to 100 are 56 days from 14 October
    ald = settled(tiered(128))
    assert ald.reached_on(year()) == date(2026, 12, 9)
    # moving away from the limit, or not at all: never
    assert settled(tiered(219)).reached_on(year()) is None
    assert settled(tiered(240)).reached_on(year()) is None
    # without a starting point there is no pace
    assert settled(task(done=0)).reached_on(year()) is None


def test_the_euros_at_the_years_end_if_the_pace_goes_on() -> None:
    # 91 fewer in 182 days, so 91 fewer again in the 182 that are left: 37, the last tier
    assert settled(tiered(128)).at_pace(year()) == 9_000
    # a pace that leads away from the tier that is reached: from 219 to 240, 261 at the end
    assert settled(tiered(240)).at_pace(year()) == 0
    # 20 more in half a year is 140 at the end, and 25 more is the target of 150
    assert settled(binary(120)).at_pace(year()) == 0
    assert settled(binary(125)).at_pace(year()) == 5_000
    # without a starting point, a value or a day gone by: what is earned today
    assert settled(task(done=1)).at_pace(year()) == 2_000
    assert settled(tiered(None)).at_pace(year()) == 0
    first_day = replace(tiered(None), value=measured(100, FIRST))
    assert settled(first_day).at_pace(year()) == 6_000


@pytest.mark.parametrize(
    ("fixed", "starts", "expected"),
    [
        # 0.75 × 90 000 × 196 / 365 = 36 246.575…, and the fixed part is owed for 196 days as well:
        # 90 000 × 196 / 365 = 48 328.767…
        (
            90_000,
            date(2026, 10, 1),
            [
                ("advance", date(2026, 10, 1), "36246.58"),
                ("fixed_balance", date(2027, 4, 15), "12082.19"),
            ],
        ),
        (
            90_000,
            None,
            [("advance", FIRST, "67500.00"), ("fixed_balance", date(2027, 4, 15), "22500.00")],
        ),
        (None, None, []),
    ],
)  # fmt: skip
def test_the_calendar_of_the_fixed_part(
    fixed: int | None, starts: date | None, expected: list[tuple[str, date, str]]
) -> None:
    payments = settle(year(fixed=fixed, starts=starts)).payments
    assert [(each.what, each.on, str(each.eur)) for each in payments] == expected


def test_the_balance_of_a_full_year_holds_the_variable_part() -> None:
    lines = [replace(task(29_000), code="a"), replace(task(6_000, done=0), code="b")]
    payments = settle(year(*lines)).payments
    balance = sum((each.eur for each in payments if each.on == date(2027, 4, 15)), Decimal())
    assert balance == Decimal("51500.00")  # 22 500 and 29 000


def test_the_day_count_is_a_parameter() -> None:
    start, anniversary = date(2026, 10, 1), date(2027, 4, 15)
    assert first_advance(90_000, start, anniversary, 365) == Decimal("36246.58")
    assert first_advance(90_000, start, anniversary, 360) == Decimal("36750.00")


def test_a_line_of_the_log_takes_its_value_from_the_log() -> None:
    line = Line("rdv", "Honorés", 100, Source.LOG, target=10, indicator="honoured")
    found = settle(year(line), {"honoured": Value(12, HALF_YEAR, "")})
    assert (found.earned_eur, found.variable_eur) == (100, 100)
    assert settle(year(line)).earned_eur == 0


@pytest.mark.parametrize(
    ("contract", "path"),
    [
        (year(task()), None),
        (replace(year(), last=FIRST), ("contract", "last")),
        (year(task(), task()), ("mission", 0, "line", 1, "code")),
        (year(replace(binary(1), target=151)), ("mission", 0, "line", 0, "target")),
        (year(replace(tiered(1), tiers=ALD[::-1])), ("mission", 0, "line", 0, "tiers")),
        (year(replace(tiered(1), tiers=ALD[:2])), ("mission", 0, "line", 0, "eur")),
        (
            year(replace(task(), value=Value(1, date(2027, 4, 15), "x"))),
            ("mission", 0, "line", 0, "value", "on"),
        ),
        (
            year(replace(task(), value=Value(1, HALF_YEAR, " "))),
            ("mission", 0, "line", 0, "value", "origin"),
        ),
        (year(starts=date(2028, 1, 1)), ("mission", 0, "starts")),
        (year(replace(task(), source=Source.LOG)), ("mission", 0, "line", 0, "indicator")),
    ],
)  # fmt: skip
def test_what_does_not_hold_together_is_named(
    contract: Contract, path: tuple[str | int, ...] | None
) -> None:
    found = [fault.path for fault in faults_of(contract)]
    assert found == ([] if path is None else [path])


def test_lines_that_do_not_make_up_the_envelope_are_named_with_both_sums() -> None:
    contract = year(task(2_000))
    mission = replace(contract.missions[0], variable_eur=2_500)
    assert faults_of(replace(contract, missions=(mission,))) == [
        Fault(
            ("mission", 0, "variable_eur"),
            "Les lignes font 2000\u00a0€, l’enveloppe variable est de 2500\u00a0€.",
        )
    ]
