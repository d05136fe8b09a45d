"""What patients think, counted by hand: the mean of their marks, and who would recommend us."""

import pytest

from dispatcher.domain.indicators import LoggedEvent, fold
from tests.domain.two_days import PERIOD, appointment_id, at, booked, opened, request_id


def marked(number: int, score: int, hour: int) -> LoggedEvent:
    """A patient gave a mark for their visit."""
    return LoggedEvent(
        "satisfaction_answered",
        at(24, hour),
        request_id(number),
        appointment_id(number),
        data={"score": score},
    )


@pytest.mark.parametrize(
    ("scores", "answers", "mean", "nps"),
    [
        ([], 0, None, None),
        ([10], 1, 10.0, 100.0),
        ([0], 1, 0.0, -100.0),
        ([7, 8], 2, 7.5, 0.0),
        # two of four praise, one of four does not: 50 - 25
        ([10, 9, 8, 6], 4, 8.25, 25.0),
    ],
)
def test_satisfaction_is_the_mean_of_the_marks_and_who_would_recommend(
    scores: list[int], answers: int, mean: float | None, nps: float | None
) -> None:
    log = []
    for number, score in enumerate(scores, 1):
        log += [
            opened(number, at(23, 9)),
            booked(number, at(23, 10), at(23, 14), slot=number),
            marked(number, score, 10),
        ]
    found = fold(log, PERIOD)
    told = (found.satisfaction_answers, found.satisfaction_mean, found.satisfaction_nps)
    assert told == (answers, mean, nps)


def test_of_two_marks_for_one_visit_the_last_one_counts() -> None:
    log = [opened(1, at(23, 9)), booked(1, at(23, 10), at(23, 14)), marked(1, 1, 9)]
    assert fold([*log, marked(1, 10, 10)], PERIOD).as_json()["satisfaction_mean"] == 10.0


def test_a_mark_belongs_to_the_period_in_which_its_request_was_opened() -> None:
    log = [opened(1, at(22, 9)), booked(1, at(22, 10), at(22, 14)), marked(1, 9, 9)]
    assert fold(log, PERIOD).satisfaction_answers == 0
