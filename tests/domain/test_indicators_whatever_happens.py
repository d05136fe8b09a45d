"""What holds of the indicators whatever happened."""

from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.indicators import Indicators, Ledger, LoggedEvent, fold
from tests.domain.two_days import (
    PERIOD,
    about_appointment,
    about_request,
    at,
    booked,
    offered,
    opened,
)

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
    ledger.indicators(PERIOD)  # looking in between changes nothing
    for event in log[cut:]:
        ledger.add(event)
    assert ledger.indicators(PERIOD) == fold(log, PERIOD)


@given(STEPS)
def test_what_belongs_to_different_requests_may_be_read_in_any_order(
    steps: list[tuple[str, int, int]],
) -> None:
    log = a_log(steps)
    by_subject = sorted(log, key=lambda event: str(event.request_id or event.slot_id))
    assert fold(by_subject, PERIOD) == fold(log, PERIOD)
