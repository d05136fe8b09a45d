"""What a practitioner gave: places, people, kilometres, and hours opened week by week."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from dispatcher.domain.practice import GivenSlot, GivenVisit, given, opened_by_week
from dispatcher.domain.states import AppointmentStatus

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
CAME, MISSED, BOOKED = (
    AppointmentStatus.FULFILLED,
    AppointmentStatus.NO_SHOW,
    AppointmentStatus.BOOKED,
)


def slot(start: float, length: float, places: int = 1) -> GivenSlot:
    """Hours from Monday midnight UTC."""
    begin = MONDAY + timedelta(hours=start)
    return GivenSlot(start=begin, end=begin + timedelta(hours=length), places=places)


def visit(
    status: AppointmentStatus, patient: str = "a", km: float | None = 4.0, modality: str = "AMB"
) -> GivenVisit:
    return GivenVisit(
        start=MONDAY, status=status, patient=patient, modality=modality, distance_km=km
    )


def test_the_sums_are_those_that_one_counts_by_hand() -> None:
    found = given(
        [slot(9, 3, places=6), slot(33, 1), slot(50, 1, places=0)],
        [
            visit(CAME, "a", 2.0),
            visit(CAME, "a", 6.0),
            visit(CAME, "b", None),
            visit(CAME, "c", 5.5, "HH"),
            visit(MISSED, "d", 80.0),
            visit(BOOKED, "e", 80.0),
        ],
    )
    assert (found.offered, found.used, found.honoured, found.missed) == (7, 6, 4, 1)
    assert found.patients == 3
    assert (found.home_visits, found.home_km) == (1, 5.5)
    assert found.travelled_km == 4.0  # of 2 and 6: who did not come travelled nothing


def test_nothing_given_is_nothing_and_no_average() -> None:
    found = given([], [])
    assert (found.offered, found.used, found.travelled_km) == (0, 0, None)
    assert opened_by_week([], PARIS) == {}


@pytest.mark.parametrize(
    ("slots", "hours"),
    [
        ([slot(8, 2)], 2),
        ([slot(8, 2), slot(9, 2)], 3),  # two places at once: three hours, not four
        ([slot(8, 4), slot(9, 1)], 4),
        ([slot(8, 2), slot(10, 1)], 3),
        ([slot(8, 2, places=0)], 0),  # taken back, nobody came
    ],
)
def test_hours_that_overlap_are_opened_once(slots: list[GivenSlot], hours: float) -> None:
    opened = opened_by_week(slots, PARIS)
    assert sum(opened.values(), timedelta()) == timedelta(hours=hours)


def test_a_week_begins_on_monday_at_midnight_on_the_territory_s_clock() -> None:
    """Sunday 23 h 30 UTC is Monday 0 h 30 in Paris, and already 3 h 30 in Saint-Denis."""
    late = GivenSlot(
        start=MONDAY - timedelta(minutes=30), end=MONDAY + timedelta(minutes=30), places=1
    )
    assert opened_by_week([late], PARIS) == {date(2026, 11, 23): timedelta(hours=1)}
    assert opened_by_week([late], ZoneInfo("America/Martinique")) == {
        date(2026, 11, 16): timedelta(hours=1)
    }


@for_all(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 30), st.integers(0, 2)), max_size=12)
)
def test_no_more_is_opened_than_was_offered_nor_than_the_longest(
    drawn: list[tuple[int, int, int]],
) -> None:
    slots = [slot(start, length, places) for start, length, places in drawn]
    opened = sum(opened_by_week(slots, PARIS).values(), timedelta())
    lengths = [each.end - each.start for each in slots if each.places]
    assert max(lengths, default=timedelta()) <= opened <= sum(lengths, timedelta())
