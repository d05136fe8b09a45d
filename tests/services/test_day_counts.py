"""Counting the days: what is kept is what the log says, whatever happens meanwhile."""

import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select

from dispatcher.domain import calendar
from dispatcher.domain.calendar import Period
from dispatcher.domain.events import CLOCK
from dispatcher.domain.indicators import DayFacts, added_up, fold
from dispatcher.domain.indicators import LoggedEvent as Counted
from dispatcher.domain.jobs import Job
from dispatcher.reads import day_counts as reading
from dispatcher.reads.activity import activity
from dispatcher.services import day_counts
from dispatcher.services.appointments import close_request
from dispatcher.services.commands import CloseRequest
from dispatcher.services.day_counts import CountedElsewhereError, recount_all_days
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.columns import table_of
from dispatcher.storage.facts import CountedSpan, DayCount
from dispatcher.storage.log import LoggedEvent
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.lives import Life

PARIS = ZoneInfo("Europe/Paris")
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def around(town: Town, days: int = 12, zone: ZoneInfo = PARIS) -> Period:
    return calendar.period(MONDAY - timedelta(days=3), MONDAY + timedelta(days=days), zone)


def kept(house: House, town: Town) -> dict[date, dict[str, Any]]:
    with house.db.reading() as session:
        rows = session.execute(
            select(DayCount.day, DayCount.facts).where(DayCount.territory_id == town.territory_id)
        )
        return {row.day: row.facts for row in rows}


def days_asked(house: House, town: Town) -> dict[date, int]:
    """How many requests are kept of each day that has any."""
    counts = {day: facts["counts"].get("requests", 0) for day, facts in kept(house, town).items()}
    return {day: count for day, count in counts.items() if count}


def from_the_whole_log(house: House, town: Town, period: Period) -> dict[str, Any]:
    """The figures from every event of the territory, folded at once."""
    with house.db.reading() as session:
        rows = session.scalars(
            select(LoggedEvent)
            .where(LoggedEvent.territory_id == town.territory_id)
            .order_by(LoggedEvent.id)
        ).all()
    events = [
        Counted(
            row.kind,
            row.at,
            row.request_id,
            row.appointment_id,
            row.slot_id,
            row.practitioner_id,
            row.data,
        )
        for row in rows
    ]
    return fold(events, period).as_json()


def count(house: House, town: Town) -> int:
    """As a worker does it."""
    return _run(house, town, territory_id=town.territory_id)


def _run(house: House, town: Town, **ids: UUID) -> int:
    with house.db.transaction(town.territory_id, CLOCK) as unit:
        unit.promise(Job.COUNT_DAYS, ids)
    claim = keeping.claim(house.db, unit.rings[0].promise_id, 20)
    assert claim is not None
    return day_counts.count_days(house, claim)


def test_the_days_that_something_happened_on_are_kept(
    house: House, town: Town, clock: FakeClock
) -> None:
    town.slot(hours=24)
    town.request(need={"delay_hours": 48})
    keep_promises(house)
    clock.advance(minutes=10)

    count(house, town)

    found = kept(house, town)
    assert set(found) == {MONDAY, TUESDAY}
    assert found[MONDAY]["counts"]["requests"] == found[MONDAY]["counts"]["booked"] == 1
    assert found[TUESDAY]["counts"] == {"slots_opened": 1, "slots_used": 1}


def test_what_is_logged_afterwards_is_told_at_once_and_kept_later(
    house: House, town: Town, clock: FakeClock
) -> None:
    town.slot()
    request = town.request()
    keep_promises(house)
    clock.advance(hours=30)
    count(house, town)
    close_request(house, town.regulator, request, CloseRequest(status="fulfilled"))

    assert "honoured" not in kept(house, town)[MONDAY]["counts"]
    assert activity(house.db, town.territory_id, around(town)).honoured == 1

    clock.advance(minutes=10)
    count(house, town)
    assert kept(house, town)[MONDAY]["counts"]["honoured"] == 1


@pytest.mark.parametrize("seed", [1, 20261122])
def test_whatever_happens_kept_figures_are_those_of_the_log(
    house: House, town: Town, clock: FakeClock, sms: FakeSms, seed: int
) -> None:
    dice = random.Random(seed)
    life = Life(town, clock, sms, dice.choice)
    for _ in range(6):
        for _ in range(12):
            life.step()
        if dice.random() < 0.7:
            clock.advance(minutes=dice.choice([0, 1, 3, 200]))
            count(house, town)
        told = activity(house.db, town.territory_id, around(town)).as_json()
        assert told == from_the_whole_log(house, town, around(town))

    clock.advance(hours=1)
    count(house, town)
    before = kept(house, town)
    recount_all_days(house, town.territory_id)
    assert kept(house, town) == before
    facts = {day: DayFacts.from_json(each) for day, each in before.items()}
    days = list(around(town).days())
    assert added_up(facts, days).as_json() == from_the_whole_log(house, town, around(town))


def test_a_kept_day_is_what_is_read(house: House, town: Town, clock: FakeClock) -> None:
    """The companion: a kept day that is changed by hand changes the figures, until a rebuild."""
    town.request()
    clock.advance(minutes=10)
    count(house, town)
    with house.db.writing() as session:
        row = session.get_one(DayCount, (town.territory_id, MONDAY))
        row.facts = row.facts | {"counts": {"requests": 77}}
        session.flush()
    assert activity(house.db, town.territory_id, around(town)).requests == 77

    assert recount_all_days(house, town.territory_id) == 1

    assert activity(house.db, town.territory_id, around(town)).requests == 1


def test_each_territory_has_its_own_days(house: House, town: Town, clock: FakeClock) -> None:
    reunion = Town.found(house, clock, "reunion", "Indian/Reunion", "974", "03 53 01 00 02")
    clock.advance(hours=12, minutes=30)  # 21:30 on Monday in Paris, 00:30 on Tuesday over there
    town.request()
    reunion.request(patient={"commune": "97411"})
    clock.advance(minutes=10)

    for each in (town, reunion):
        count(house, each)

    assert days_asked(house, town) == {MONDAY: 1}
    assert days_asked(house, reunion) == {TUESDAY: 1}


def test_days_of_another_zone_or_of_older_definitions_are_not_read(
    house: House, town: Town, clock: FakeClock
) -> None:
    town.request()
    clock.advance(minutes=10)
    count(house, town)
    spans = table_of(CountedSpan)
    for stale in ({"timezone": "Indian/Reunion"}, {"definitions": 0}):
        with house.db.writing() as session:
            session.execute(spans.update().values(**stale))
            session.execute(table_of(DayCount).update().values(facts={"counts": {}}))
        assert activity(house.db, town.territory_id, around(town)).requests == 1
        count(house, town)
        assert kept(house, town)[MONDAY]["counts"]["requests"] == 1


def test_a_day_without_a_row_is_folded(house: House, town: Town, clock: FakeClock) -> None:
    town.request()
    clock.advance(minutes=10)
    count(house, town)
    with house.db.writing() as session:
        session.execute(delete(DayCount))
    assert activity(house.db, town.territory_id, around(town)).requests == 1
    count(house, town)
    assert set(kept(house, town)) == {MONDAY}


def test_whoever_counts_last_is_the_one_that_is_kept(
    house: House, town: Town, clock: FakeClock
) -> None:
    town.request()
    clock.advance(minutes=10)
    first = day_counts._take_note(house, town.territory_id)
    town.request()
    second = day_counts._take_note(house, town.territory_id)

    with pytest.raises(CountedElsewhereError):
        day_counts._count(house, first, MONDAY, MONDAY)
    day_counts._count(house, second, MONDAY, MONDAY)

    assert kept(house, town)[MONDAY]["counts"]["requests"] == 2


def test_a_territory_without_news_is_not_promised(
    house: House, town: Town, clock: FakeClock
) -> None:
    quiet = Town.found(house, clock, "calme", phone="03 53 01 00 03")
    town.request()
    keep_promises(house)
    clock.advance(minutes=10)
    assert _run(house, town) == 2  # neither was ever counted
    keep_promises(house)
    clock.advance(minutes=10)
    assert days_asked(house, quiet) == {}
    assert _run(house, town) == 0

    town.request()
    assert _run(house, town) == 1


def test_what_takes_long_is_promised_on(
    house: House, town: Town, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        town.request(patient={"phone": "0639980099"})
        clock.advance(hours=24 * 32)
    monkeypatch.setattr(day_counts, "BUDGET_SECONDS", 0.0)
    count(house, town)
    assert kept(house, town) == {}
    monkeypatch.undo()
    keep_promises(house)
    assert sum(each["counts"].get("requests", 0) for each in kept(house, town).values()) == 3


def test_days_that_follow_each_other_are_read_together() -> None:
    days = [MONDAY + timedelta(days=each) for each in (0, 1, 2, 5, 7, 8)]
    assert [(first.day, last.day) for first, last in reading.runs(days)] == [
        (23, 25),
        (28, 28),
        (30, 1),
    ]
    year = [MONDAY + timedelta(days=each) for each in range(365)]
    assert max((last - first).days for first, last in reading.runs(year)) == 30
