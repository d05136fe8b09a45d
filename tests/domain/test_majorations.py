"""The majoration for unscheduled care, visit by visit and week by week."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.payments.majorations import (
    WEEKLY_LIMIT,
    NotDue,
    Visit,
    majoration_weeks,
    why_not_due,
)

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
ANNE, BRUNO = UUID(int=1), UUID(int=2)
MONDAY = date(2026, 11, 23)
NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 9 h in Paris, 12 h in La Réunion
DUE = Visit(
    appointment_id=UUID(int=100),
    practitioner_id=ANNE,
    profession="10",
    specialty="SM54",
    start=NINE,
    regulated_at=NINE - timedelta(hours=3),
    own_patient=False,
)


def visits(count: int, **changes: object) -> list[Visit]:
    """As many visits as told, ten minutes apart, numbered from 1."""
    return [
        replace(
            DUE,
            appointment_id=UUID(int=number + 1),
            start=NINE + timedelta(minutes=10 * number),
            **changes,  # type: ignore[arg-type]  # any field of a visit
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"specialty": None}, None),
        ({"specialty": "SM40"}, None),
        ({"profession": "60", "specialty": None}, NotDue.NO_DOCTOR),
        ({"specialty": "SM42"}, NotDue.PSYCHIATRIST),
        ({"specialty": "SM43"}, NotDue.PSYCHIATRIST),
        ({"regulated_at": None}, NotDue.NOT_REGULATED),
        ({"own_patient": True}, NotDue.OWN_PATIENT),
        ({"regulated_at": NINE - timedelta(hours=48)}, None),
        ({"regulated_at": NINE - timedelta(hours=48, seconds=1)}, NotDue.TOO_LATE),
        # several reasons: the one that nothing could have changed comes first
        ({"profession": "60", "regulated_at": None}, NotDue.NO_DOCTOR),
        ({"regulated_at": None, "own_patient": True}, NotDue.NOT_REGULATED),
    ],
)
def test_a_visit_opens_a_majoration_or_says_why_not(
    changes: dict[str, object], why: NotDue | None
) -> None:
    assert why_not_due(replace(DUE, **changes)) is why  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("count", "due", "beyond", "full"),
    [(1, 1, 0, False), (19, 19, 0, False), (20, 20, 0, True), (23, 20, 3, True)],
)
def test_the_twentieth_of_a_week_is_the_last(
    count: int, due: int, beyond: int, *, full: bool
) -> None:
    week = majoration_weeks(visits(count), PARIS)[ANNE, MONDAY]
    assert (len(week.due), len(week.beyond), week.is_full) == (due, beyond, full)
    # the first visits count, in whatever order they are told
    assert week.due == tuple(UUID(int=number) for number in range(1, due + 1))
    assert majoration_weeks(reversed(visits(count)), PARIS)[ANNE, MONDAY] == week


def test_doctors_and_weeks_are_counted_apart_and_a_week_without_any_is_not_told() -> None:
    sunday = replace(DUE, appointment_id=UUID(int=7), start=NINE + timedelta(days=6, hours=13))
    next_week = replace(DUE, appointment_id=UUID(int=8), start=NINE + timedelta(days=7))
    found = majoration_weeks(
        [
            DUE,
            replace(sunday, regulated_at=sunday.start),
            replace(next_week, regulated_at=next_week.start),
            *visits(2, practitioner_id=BRUNO),
            *visits(2, practitioner_id=UUID(int=3), own_patient=True),
        ],
        PARIS,
    )
    assert {key: len(week.due) for key, week in found.items()} == {
        (ANNE, MONDAY): 2,
        (ANNE, date(2026, 11, 30)): 1,
        (BRUNO, MONDAY): 2,
    }


def test_a_week_begins_on_the_territorys_own_monday() -> None:
    # Sunday 22 November 22 h in Paris is Monday 23 November 1 h in La Réunion
    late = replace(DUE, start=datetime(2026, 11, 22, 21, tzinfo=UTC))
    late = replace(late, regulated_at=late.start)
    assert list(majoration_weeks([late], PARIS)) == [(ANNE, date(2026, 11, 16))]
    assert list(majoration_weeks([late], REUNION)) == [(ANNE, MONDAY)]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=60))
def test_every_visit_is_due_or_beyond_or_has_its_reason(told: list[tuple[int, bool]]) -> None:
    all_visits = [
        replace(
            DUE,
            appointment_id=UUID(int=number),
            start=NINE + timedelta(days=days),
            regulated_at=NINE + timedelta(days=days) if regulated else None,
        )
        for number, (days, regulated) in enumerate(told)
    ]
    weeks = majoration_weeks(all_visits, PARIS).values()
    counted = [each for week in weeks for each in (*week.due, *week.beyond)]
    refused = [each.appointment_id for each in all_visits if why_not_due(each) is not None]
    assert sorted([*counted, *refused]) == sorted(each.appointment_id for each in all_visits)
    assert all(len(week.due) == WEEKLY_LIMIT for week in weeks if week.beyond)
