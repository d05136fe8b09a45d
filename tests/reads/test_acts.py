"""What stands behind a figure makes the figure, whatever happened."""

from collections.abc import Mapping
from statistics import median

import pytest
from hypothesis import given

from dispatcher.domain.indicators import Figure, Ledger, LoggedEvent, fold
from dispatcher.domain.indicators.definition import Ratio, RequestDurations
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.reads.acts import Behind, Gathered
from tests.domain.test_indicator_examples import EXAMPLES, THREE_SLOTS
from tests.domain.test_indicators_whatever_happens import STEPS, a_log
from tests.domain.two_days import DOCTOR, PERIOD


def behind(log: list[LoggedEvent]) -> Behind:
    gathered = Gathered(INDICATORS)
    gathered.add(Ledger.of(log), PERIOD)
    return gathered.behind()


def made_of(code: str, found: Behind) -> float | None:
    """The figure, reckoned again from its list alone."""
    what = INDICATORS[code]
    if code in found.places:
        return sum(each.counts for each in found.places[code])
    if code in found.people:
        return len({each.practitioner_id for each in found.people[code]})
    acts = found.acts[code]
    counts = [each.counts for each in acts]
    if isinstance(what, RequestDurations):
        return median(counts) if counts else None
    if isinstance(what, Ratio):
        over = sum(each.over or 0 for each in acts)
        return what.factor * sum(counts) / over if over else None
    return sum(counts)


def differing(figures: Mapping[str, Figure], found: Behind) -> list[str]:
    return [
        code
        for code, figure in figures.items()
        if (made := made_of(code, found)) != figure.value
        and (made is None or figure.value is None or abs(made - figure.value) > 1e-6)
    ]


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_list_behind_an_example_gives_what_was_worked_out_by_hand(code: str) -> None:
    log, value = EXAMPLES[code]
    assert made_of(code, behind(log)) == value


@given(STEPS)
def test_the_list_behind_every_figure_gives_the_figure(steps: list[tuple[str, int, int]]) -> None:
    log = a_log(steps)
    assert differing(fold(log, PERIOD).figures, behind(log)) == []


def test_a_list_that_lacks_one_is_noticed() -> None:
    found = behind(THREE_SLOTS)
    (first, *others) = found.places["slots_opened"]
    assert first.opening.practitioner_id == DOCTOR
    without = Behind(found.acts, {**found.places, "slots_opened": others}, found.people)
    assert differing(fold(THREE_SLOTS, PERIOD).figures, without) == ["slots_opened"]
