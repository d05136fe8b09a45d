"""What holds of the indicators whatever happened."""

import json
from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.indicators import (
    DayFacts,
    Indicators,
    Ledger,
    LoggedEvent,
    added_up,
    facts_of,
    fold,
)
from dispatcher.domain.indicators.registry import INDICATORS, OUTCOMES
from tests.domain.two_days import (
    PARIS,
    PERIOD,
    about_appointment,
    about_request,
    at,
    booked,
    offered,
    opened,
)

DAYS = list(PERIOD.days())
STEPS = st.lists(
    st.sampled_from(
        [
            "opened",
            "booked",
            "appointment_cancelled",
            "appointment_fulfilled",
            "appointment_missed",
            "request_reopened",
            "request_cancelled",
            "request_redirected",
            "request_unfilled",
            "slot_published",
            "slot_withdrawn",
        ]
    ).flatmap(lambda kind: st.tuples(st.just(kind), st.integers(0, 3), st.integers(0, 71))),
    max_size=30,
)


def a_log(steps: Iterable[tuple[str, int, int]]) -> list[LoggedEvent]:
    """Whatever happens in whatever order, over three days."""
    log = []
    for kind, number, hour in steps:
        instant = at(22, 12) + timedelta(hours=hour)
        if kind == "opened":
            log.append(opened(number, instant))
        elif kind == "booked":
            log.append(booked(number, instant, instant + timedelta(hours=5), slot=number))
        elif kind.startswith("slot"):
            log.append(offered(number, instant, number, kind=kind))
        elif kind.startswith("appointment"):
            log.append(about_appointment(kind, number, instant))
        else:
            log.append(about_request(kind, number, instant))
    return log


def is_whole(found: Indicators) -> bool:
    """Whether every request is counted where it stands, and nowhere else."""
    outcomes = [found, *found.by_profession.values(), *found.by_origin.values()]
    return all(
        each.requests == each.booked + each.cancelled + each.redirected + each.unfilled + each.live
        and each.honoured + each.no_show <= each.booked
        and each.within_delay <= each.booked
        for each in outcomes
    ) and found.requests == sum(figures.requests for figures in found.by_day)


@given(STEPS)
def test_the_parts_make_the_whole_whatever_happened(steps: list[tuple[str, int, int]]) -> None:
    found = fold(a_log(steps), PERIOD)
    assert is_whole(found)
    assert found.slots_used == sum(figures.slots_used for figures in found.by_day)
    assert found.slots_opened == sum(figures.slots_opened for figures in found.by_day)


@given(STEPS, st.integers(0, 30))
def test_a_log_read_in_two_parts_gives_what_it_gives_in_one(
    steps: list[tuple[str, int, int]], cut: int
) -> None:
    log = a_log(steps)
    ledger = Ledger()
    for event in log[:cut]:
        ledger.add(event)
    facts_of(ledger, DAYS, PARIS)  # looking in between changes nothing
    for event in log[cut:]:
        ledger.add(event)
    assert added_up(facts_of(ledger, DAYS, PARIS), DAYS) == fold(log, PERIOD)


@given(STEPS)
def test_what_belongs_to_different_requests_may_be_read_in_any_order(
    steps: list[tuple[str, int, int]],
) -> None:
    log = a_log(steps)
    by_subject = sorted(log, key=lambda event: str(event.request_id or event.slot_id))
    assert fold(by_subject, PERIOD) == fold(log, PERIOD)


@given(STEPS)
def test_figures_of_days_add_up_to_those_of_the_period_wherever_they_may(
    steps: list[tuple[str, int, int]],
) -> None:
    ledger = Ledger.of(a_log(steps))
    facts = facts_of(ledger, DAYS, PARIS)
    whole = added_up(facts, DAYS).figures
    by_day = [added_up(facts, [day]).figures for day in DAYS]
    for code, indicator in INDICATORS.items():
        if indicator.additive:
            assert whole[code].value == sum(each[code].value or 0 for each in by_day), code
            for dimension, parts in whole[code].parts.items():
                days = [each[code].parts.get(dimension, {}) for each in by_day]
                assert parts == {part: sum(day.get(part, 0) for day in days) for part in parts}, (
                    code
                )
                assert sum(parts.values()) == whole[code].value, code


@given(STEPS)
def test_facts_come_back_as_they_were_kept(steps: list[tuple[str, int, int]]) -> None:
    facts = facts_of(Ledger.of(a_log(steps)), DAYS, PARIS)
    kept = {
        day: DayFacts.from_json(json.loads(json.dumps(each.as_json())))
        for day, each in facts.items()
    }
    assert added_up(kept, DAYS) == added_up(facts, DAYS)
    assert [kept[day].as_json() for day in DAYS] == [facts[day].as_json() for day in DAYS]


def test_the_parts_that_the_api_names_are_figures() -> None:
    assert set(OUTCOMES) <= set(INDICATORS)
