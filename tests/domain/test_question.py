"""« Et si »: what is changed of a past, and nothing else."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain.policy import Policy
from dispatcher.domain.simulation.demand import Call, Demand, Publication
from dispatcher.domain.simulation.question import (
    Question,
    answer,
    changed,
    of_profession,
)
from dispatcher.domain.snp_hours import SnpHours
from tests.domain.morning import COLLEAGUE, DOCTOR, LATITUDE, LONGITUDE, NOW, need, slot

PARIS = ZoneInfo("Europe/Paris")
JURA = SnpHours(PARIS, "39")
WEEK = [date(2026, 11, 23) + timedelta(days=each) for each in range(7)]
PAST = Demand(
    (Call(need(1)), Call(need(2))),
    (
        Publication(slot(1), NOW - timedelta(days=1)),
        Publication(replace(slot(2), practitioner_id=COLLEAGUE), NOW),
    ),
)
NOTHING = Question("10")


def test_a_question_that_changes_nothing_changes_nothing() -> None:
    assert changed(PAST, NOTHING, WEEK, JURA, Policy()) == PAST


def test_places_lie_evenly_between_the_hours_on_the_weekdays_asked_for() -> None:
    more = replace(
        NOTHING, places_per_day=3, weekdays=(0, 2), first_hour=9, last_hour=12,
        longitude=LONGITUDE, latitude=LATITUDE,
    )  # fmt: skip
    added = changed(Demand((), ()), more, WEEK, JURA, Policy()).publications
    starts = [each.slot.start.astimezone(PARIS) for each in added]
    assert [f"{start:%a %H:%M}" for start in starts] == [
        "Mon 09:00", "Mon 10:00", "Mon 11:00", "Wed 09:00", "Wed 10:00", "Wed 11:00",
    ]  # fmt: skip
    assert {each.slot.end - each.slot.start for each in added} == {timedelta(minutes=15)}
    assert len({each.slot.slot_id for each in added}) == 6
    assert all(each.at == each.slot.start - timedelta(days=7) for each in added)
    assert {each.slot.day.weekday() for each in added} == {0, 2}


def test_many_places_in_little_time_are_short() -> None:
    more = replace(NOTHING, places_per_day=6, first_hour=9, last_hour=10)
    added = changed(Demand((), ()), more, WEEK[:1], JURA, Policy()).publications
    assert {each.slot.end - each.slot.start for each in added} == {timedelta(minutes=10)}


def test_places_in_the_hour_that_summer_time_skips_are_left_out() -> None:
    spring = [date(2026, 3, 29)]
    more = replace(NOTHING, places_per_day=2, weekdays=(6,), first_hour=2, last_hour=4)
    added = changed(Demand((), ()), more, spring, JURA, Policy()).publications
    assert [f"{each.slot.start.astimezone(PARIS):%H:%M}" for each in added] == ["03:00"]


def added_outside_hours(weekdays: tuple[int, ...], policy: Policy) -> list[tuple[str, bool]]:
    """Places at 5 h, 10 h and 15 h in the week of Wednesday 11 November, a public holiday."""
    week = [date(2026, 11, 9) + timedelta(days=each) for each in range(7)]
    more = replace(NOTHING, places_per_day=3, weekdays=weekdays, first_hour=5, last_hour=20)
    added = changed(Demand((), ()), more, week, JURA, policy).publications
    return [
        (f"{each.slot.start.astimezone(PARIS):%a %H:%M}", each.slot.outside_hours) for each in added
    ]


def test_places_added_at_night_on_a_saturday_afternoon_or_a_day_of_rest_are_outside_hours() -> None:
    assert added_outside_hours((0, 2, 5, 6), Policy()) == [
        ("Mon 05:00", True), ("Mon 10:00", False), ("Mon 15:00", False),
        ("Wed 05:00", True), ("Wed 10:00", True), ("Wed 15:00", True),
        ("Sat 05:00", True), ("Sat 10:00", False), ("Sat 15:00", True),
        ("Sun 05:00", True), ("Sun 10:00", True), ("Sun 15:00", True),
    ]  # fmt: skip


def test_a_territory_that_works_at_night_uses_the_places_added_there() -> None:
    always = added_outside_hours((0, 2, 5, 6), Policy(outside_hours=True))
    assert {outside for _, outside in always} == {False}


def test_places_added_at_night_serve_nobody_unless_the_territory_works_then() -> None:
    # both ask on Tuesday at 8 h for within 24 h: Wednesday at 5 h and 6 h is in time, and at night
    early = replace(
        NOTHING, places_per_day=2, weekdays=(2,), first_hour=5, last_hour=7,
        longitude=LONGITUDE, latitude=LATITUDE,
    )  # fmt: skip
    asked_only = replace(PAST, publications=())
    closed = answer(asked_only, early, WEEK, JURA, Policy())
    assert (closed.before.served, closed.after.served) == (0, 0)
    assert closed.as_json()["after"]["unfilled"] == {"outside_hours": 2}
    always = answer(asked_only, early, WEEK, JURA, Policy(outside_hours=True))
    assert (always.before.served, always.after.served) == (0, 2)


def test_a_practitioner_is_left_out_with_all_they_offered() -> None:
    without = changed(PAST, replace(NOTHING, without=COLLEAGUE), WEEK, JURA, Policy())
    assert {each.slot.practitioner_id for each in without.publications} == {DOCTOR}
    assert without.calls == PAST.calls


def test_a_delay_is_put_in_place_of_everybodys() -> None:
    longer = changed(PAST, replace(NOTHING, delay_hours=48), WEEK, JURA, Policy())
    assert {call.need.due_at - call.need.asked_at for call in longer.calls} == {timedelta(hours=48)}


def test_other_professions_are_left_aside() -> None:
    nurse = replace(need(3), profession="60")
    both = replace(PAST, calls=(*PAST.calls, Call(nurse)))
    assert of_profession(both, "60") == Demand((Call(nurse),), ())


def test_the_answer_is_the_same_days_twice() -> None:
    told: list[float] = []
    found = answer(PAST, replace(NOTHING, without=COLLEAGUE), WEEK, JURA, Policy(), told.append)
    assert (found.before.served, found.after.served) == (2, 1)
    assert found.as_json()["after"]["unfilled"] == {"full": 1}
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("without", [None, UUID(int=7)])
def test_a_question_is_read_back_as_it_was_stored(without: UUID | None) -> None:
    asked = replace(NOTHING, without=without, weekdays=(1, 3), places_per_day=2, commune="39097")
    assert Question.from_json(asked.as_json()) == asked
