"""The demonstration's contract, its rates and the months that are paid already."""

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dispatcher.demo.town import Town
from dispatcher.domain.calendar import local_day
from dispatcher.domain.payments.statements import Basis, month_of, next_month
from dispatcher.services.contracts import save_contract
from dispatcher.services.house import House
from dispatcher.services.payments import AddRule, NoteHours, add_rule, close_month, note_hours

CONTRACT = Path(__file__).parent / "contract.toml"
MONTHS_OF_CONTRACT = 8
"""How far its year has gone."""
MONTHS_PAID = 6
GIVEN_BEFORE = timedelta(days=20)
RATES = ((Basis.PLACE, 500), (Basis.ACT, 300), (Basis.REGULATION_HOUR, 6000))
"""Cents."""
SHIFT_MINUTES = 240
SHIFTS = (4, 18)
"""Days of a month on which somebody regulates."""


def settle_up(house: House, town: Town) -> None:
    """Sign a contract, set rates, note hours and close the months before the last one."""
    today = local_day(house.clock(), ZoneInfo(town.timezone))
    save_contract(house, town.coordinator, _terms(town, today))
    first = _months_before(today, MONTHS_PAID)
    for basis, cents in RATES:
        add_rule(house, town.coordinator, AddRule(basis=basis, cents=cents, first_month=first))
    last = _months_before(today, 1)
    month = first
    while month <= last:
        for number, day in enumerate(SHIFTS):
            note_hours(
                house,
                town.coordinator,
                NoteHours(
                    practitioner=town.volunteers[number].id,
                    on=month.replace(day=day),
                    minutes=SHIFT_MINUTES,
                ),
            )
        if month < last:
            close_month(house, town.coordinator, month)
        month = next_month(month)


def _terms(town: Town, today: date) -> str:
    first = _months_before(today, MONTHS_OF_CONTRACT)
    last = first.replace(year=first.year + 1) - timedelta(days=1)
    told = {
        "NAME": town.name,
        "FIRST": str(first),
        "LAST": str(last),
        "GIVEN": str(today - GIVEN_BEFORE),
    }
    _, _, terms = CONTRACT.read_text(encoding="utf-8").partition("[contract]")
    for name, said in told.items():
        terms = terms.replace(name, said)
    return f"[contract]{terms}"


def _months_before(day: date, months: int) -> date:
    """The first of a month."""
    month = month_of(day)
    for _ in range(months):
        month = month_of(month - timedelta(days=1))
    return month
