"""Payments to professionals: rates, hours, months that are closed in their order and stay so."""

from datetime import date
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.payments.statements import Basis
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.own_figures import own_figures
from dispatcher.reads.payments import (
    closed_months,
    hours_noted,
    month_of_payments,
    payment_rules,
)
from dispatcher.services.appointments import cancel_request, close_request
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot, CancelRequest, CloseRequest
from dispatcher.services.house import House
from dispatcher.services.parsing import parse
from dispatcher.services.payments import (
    AddRule,
    MonthNotClosableError,
    NoteHours,
    add_rule,
    close_month,
    end_rule,
    note_hours,
    take_back_hours,
)
from dispatcher.services.slots import withdraw_slot
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import events, row_counts

PARIS = ZoneInfo("Europe/Paris")
OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


def rate(basis: Basis, cents: int, first: date = NOVEMBER, **changes: Any) -> AddRule:
    return AddRule(basis=basis, cents=cents, first_month=first, **changes)


def test_a_month_is_reckoned_closed_and_no_longer_changes(
    house: House, town: Town, coordinator: Account, clock: FakeClock
) -> None:
    doctor = town.volunteer()
    for each in (
        rate(Basis.PLACE, 500),
        rate(Basis.ACT, 1_250, profession="10"),
        rate(Basis.REGULATION_HOUR, 9_000),
    ):
        add_rule(house, coordinator, each)
    town.slot(doctor, hours=2, minutes=120, places=3)
    request = town.request()
    keep_promises(house)
    clock.advance(hours=5)
    close_request(house, town.regulator, request, CloseRequest(status="fulfilled"))
    hours = NoteHours(practitioner=doctor.id, on=date(2026, 11, 23), minutes=130)
    hours_id = note_hours(house, coordinator, hours)

    def due(month: date = NOVEMBER) -> int:
        found = month_of_payments(house.db, town.territory_id, month, PARIS)
        return sum(each.due_cents for each in found.statements)

    # 3 places at 5 €, one visit at 12,50 €, 2 h 10 at 90 €
    assert due() == 1_500 + 1_250 + 19_500
    with pytest.raises(MonthNotClosableError, match="month-not-closable"):
        close_month(house, coordinator, NOVEMBER)  # it is not over

    clock.advance(days=12)  # 5 December
    with pytest.raises(MonthNotClosableError):
        close_month(house, coordinator, OCTOBER)  # no rate held then
    digest = close_month(house, coordinator, NOVEMBER)
    assert close_month(house, coordinator, NOVEMBER) == digest
    assert closed_months(house.db, town.territory_id) == [NOVEMBER]
    assert events(house)[-1] == ("payments_closed", {"month": "2026-11-01", "digest": digest})

    # what comes late changes nothing, and what would change it is refused
    before = row_counts(house)
    with pytest.raises(MonthNotClosableError):
        take_back_hours(house, coordinator, hours_id)
    with pytest.raises(InvalidError) as late:
        note_hours(house, coordinator, hours)
    assert late.value.fields == {"on": "Ce mois est clos."}
    with pytest.raises(InvalidError) as older:
        add_rule(house, coordinator, rate(Basis.ACT, 100, profession="60"))
    assert set(older.value.fields) == {"first_month"}
    assert row_counts(house) == before
    close_request(house, town.regulator, request, CloseRequest(status="no_show"))
    assert due() == 22_250
    december = month_of_payments(house.db, town.territory_id, DECEMBER, PARIS)
    assert december.paid_before == {doctor.id: 22_250}

    elsewhere = Town.found(house, clock, code="ain")
    other = month_of_payments(house.db, elsewhere.territory_id, NOVEMBER, PARIS)
    assert (other.statements, other.closed_at) == ([], None)
    with pytest.raises(NotFoundError):
        take_back_hours(house, elsewhere.account(Role.COORDINATOR), hours_id)


def test_months_are_closed_in_their_order(
    house: House, coordinator: Account, clock: FakeClock
) -> None:
    add_rule(house, coordinator, rate(Basis.PLACE, 500, date(2026, 9, 14)))
    with pytest.raises(MonthNotClosableError) as refused:
        close_month(house, coordinator, OCTOBER)
    assert refused.value.sentence == "Clôturez d’abord septembre\u00a02026."
    close_month(house, coordinator, date(2026, 9, 1))
    close_month(house, coordinator, OCTOBER)


def test_a_rate_ends_with_the_last_month_gone_by_and_another_follows(
    house: House, town: Town, coordinator: Account
) -> None:
    first = add_rule(house, coordinator, rate(Basis.ACT, 1_000, date(2026, 9, 1)))
    with pytest.raises(InvalidError) as taken:
        add_rule(house, coordinator, rate(Basis.ACT, 1_200))
    assert set(taken.value.fields) == {"basis"}
    assert end_rule(house, coordinator, first) == OCTOBER
    assert end_rule(house, coordinator, first) == OCTOBER
    second = add_rule(house, coordinator, rate(Basis.ACT, 1_200))
    # one that held in no month yet is gone
    assert end_rule(house, coordinator, second) is None
    assert [each.id for each in payment_rules(house.db, town.territory_id)] == [first]
    with pytest.raises(NotFoundError):
        end_rule(house, coordinator, second)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cents": 0}, "cents"),
        ({"cents": 100_001}, "cents"),
        ({"profession": "99"}, "profession"),
        ({"basis": "kilometre"}, "basis"),
        ({"first_month": "2026-13-01"}, "first_month"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(
    house: House, coordinator: Account, changes: dict[str, Any], field: str
) -> None:
    values = {"basis": "act", "cents": 100, "first_month": "2026-11-01"} | changes
    with pytest.raises(InvalidError) as refused:
        add_rule(house, coordinator, parse(AddRule, values))
    assert list(refused.value.fields) == [field]


def test_hours_of_somebody_else_or_of_tomorrow_are_refused_and_mistakes_taken_back(
    house: House, town: Town, coordinator: Account
) -> None:
    doctor = town.volunteer()
    for hours, field in (
        (NoteHours(practitioner=uuid4(), on=date(2026, 11, 23), minutes=60), "practitioner"),
        (NoteHours(practitioner=doctor.id, on=date(2026, 11, 24), minutes=60), "on"),
    ):
        with pytest.raises(InvalidError) as refused:
            note_hours(house, coordinator, hours)
        assert list(refused.value.fields) == [field]
    noted = note_hours(
        house, coordinator, NoteHours(practitioner=doctor.id, on=date(2026, 11, 2), minutes=60)
    )
    assert [each.id for each in hours_noted(house.db, town.territory_id, NOVEMBER)] == [noted]
    take_back_hours(house, coordinator, noted)
    take_back_hours(house, coordinator, noted)
    assert hours_noted(house.db, town.territory_id, NOVEMBER) == []


def test_a_statement_counts_what_the_practitioners_own_page_counts(
    house: House, town: Town, coordinator: Account, clock: FakeClock
) -> None:
    doctor = town.volunteer()
    own = town.account(Role.PRACTITIONER, doctor)
    for basis in (Basis.PLACE, Basis.ACT):
        add_rule(house, coordinator, rate(basis, 100))
    town.slot(doctor, hours=2, minutes=120, places=4)
    half_taken = town.slot(doctor, hours=6, minutes=60, places=3)
    withdrawn = town.slot(doctor, hours=8)
    came, missed, late, cancelled = (town.request() for _ in range(4))
    keep_promises(house)
    book_by_hand(house, town.regulator, town.request(), BookSlot(slot=half_taken))
    withdraw_slot(house, coordinator, half_taken)
    withdraw_slot(house, coordinator, withdrawn)
    cancel_request(house, town.regulator, cancelled, CancelRequest(by="patient"))
    clock.advance(hours=9)
    for request, status in ((came, "fulfilled"), (late, "fulfilled"), (missed, "no_show")):
        close_request(house, town.regulator, request, parse(CloseRequest, {"status": status}))

    november = calendar.period(NOVEMBER, date(2026, 11, 30), PARIS)
    figures = own_figures(house.db, own, november).given
    (statement,) = month_of_payments(house.db, town.territory_id, NOVEMBER, PARIS).statements
    told = {item.basis: int(item.quantity) for item in statement.items}

    # four places, and the one that was taken of the slot that was closed; two patients came
    assert told == {Basis.PLACE: 5, Basis.ACT: 2}
    assert (figures.offered, figures.honoured) == (5, 2)
