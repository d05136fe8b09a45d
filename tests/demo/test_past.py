"""The year that a demonstration has behind it: figures for every screen, and a log that holds."""

import tomllib
from datetime import date
from zoneinfo import ZoneInfo

from dispatcher.demo.history import first_lived_day
from dispatcher.demo.money import settle_up
from dispatcher.demo.older_past import remember
from dispatcher.demo.territories import TOWNS, found
from dispatcher.domain import calendar
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.reads.activity import activity
from dispatcher.reads.payments import closed_months, month_of_payments
from dispatcher.services.contract_years import contract_years
from dispatcher.services.contracts import settled
from dispatcher.services.house import House

NEVER = {"booking_lost", "rebooked", "cancelled_by_regulator", "live"}
"""What the lived week tells, or nobody."""


def test_every_screen_of_a_demonstration_has_figures(house: House) -> None:
    plan = tomllib.loads((TOWNS / "demo-reunion.toml").read_text(encoding="utf-8"))
    town = found(house, plan)
    zone = ZoneInfo(town.timezone)
    last = date(2026, 11, 15)
    assert first_lived_day(house, town) > last

    remember(house, town, plan, last)
    settle_up(house, town)

    year = calendar.period(date(2025, 11, 16), last, zone)
    found_year = activity(house.db, town.territory_id, year)
    nothing = {code for code, figure in found_year.figures.items() if not figure.value}
    assert nothing <= NEVER, nothing
    assert set(found_year.figures) == set(INDICATORS)
    working = [day for day in found_year.by_day if day.day.weekday() != 6]
    assert sum(day.requests > 0 for day in working) > 0.9 * len(working)
    month_before = calendar.period(date(2025, 10, 20), date(2025, 11, 15), zone)
    assert activity(house.db, town.territory_id, month_before).requests > 0

    (contract,) = contract_years(house.db, town.territory_id)
    settlement = settled(house, town.territory_id, zone, contract)
    assert 0 < settlement.earned_eur < settlement.variable_eur
    months = closed_months(house.db, town.territory_id)
    assert months == [date(2026, month, 1) for month in range(5, 10)]
    october = month_of_payments(house.db, town.territory_id, date(2026, 10, 1), zone)
    assert (october.closed_at, bool(october.statements)) == (None, True)
