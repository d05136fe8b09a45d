"""Recurring work: each occurrence once, at its hour on the wall, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dispatcher.domain.jobs import Job
from dispatcher.reads.health import promises_and_ticks
from dispatcher.services.house import House
from dispatcher.storage.promises import Promise
from tests.fakes.clock import FakeClock
from tests.threads import at_once
from workers.clock import HOUSE_ZONE, SCHEDULE, Recurring, tick

DAILY = Recurring(Job.SEAL_LOG, at=(4, 10))
EVERY_MINUTE = Recurring(Job.SWEEP_WAITING, every=timedelta(minutes=1))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def occurrences(recurring: Recurring, start: str, end: str, step: timedelta) -> dict[str, datetime]:
    """What a clock that looks at every step promises: the first instant told for each key."""
    now, last = utc(start), utc(end)
    found: dict[str, datetime] = {}
    while now <= last:
        key, due = recurring.occurrence(now)
        found.setdefault(key, due.astimezone(UTC))
        now += step
    return found


def test_the_schedule_is_sorted_and_every_entry_is_a_job_with_one_rhythm() -> None:
    names = [recurring.job.value for recurring in SCHEDULE]

    assert names == sorted(set(names))
    for recurring in SCHEDULE:
        assert isinstance(recurring.job, Job)
        assert (recurring.every is None) != (recurring.at is None)


@pytest.mark.parametrize(
    ("at", "start", "expected"),
    [
        # summer time begins on 29 March 2026: 02:00 becomes 03:00; 04:10 is 03:10 UTC, then 02:10
        (
            (4, 10),
            "2026-03-28T12:00",
            {
                "seal_log:2026-03-28": "2026-03-28T03:10",
                "seal_log:2026-03-29": "2026-03-29T02:10",
                "seal_log:2026-03-30": "2026-03-30T02:10",
            },
        ),
        # 02:30 does not exist that day: the instant that replaces it is 03:30, or 01:30 UTC
        (
            (2, 30),
            "2026-03-28T12:00",
            {
                "seal_log:2026-03-28": "2026-03-28T01:30",
                "seal_log:2026-03-29": "2026-03-29T01:30",
                "seal_log:2026-03-30": "2026-03-30T00:30",
            },
        ),
        # winter time begins on 25 October 2026: 03:00 becomes 02:00
        (
            (4, 10),
            "2026-10-24T12:00",
            {
                "seal_log:2026-10-24": "2026-10-24T02:10",
                "seal_log:2026-10-25": "2026-10-25T03:10",
                "seal_log:2026-10-26": "2026-10-26T03:10",
            },
        ),
        # 02:30 comes twice that day: the first one counts, and counts once
        (
            (2, 30),
            "2026-10-24T12:00",
            {
                "seal_log:2026-10-24": "2026-10-24T00:30",
                "seal_log:2026-10-25": "2026-10-25T00:30",
                "seal_log:2026-10-26": "2026-10-26T01:30",
            },
        ),
        # New Year
        (
            (0, 0),
            "2026-12-31T12:00",
            {
                "seal_log:2026-12-31": "2026-12-30T23:00",
                "seal_log:2027-01-01": "2026-12-31T23:00",
                "seal_log:2027-01-02": "2027-01-01T23:00",
            },
        ),
    ],
)
def test_a_daily_hour_is_the_hour_on_the_wall_once_a_day_over_every_change_of_clocks(
    at: tuple[int, int], start: str, expected: dict[str, str]
) -> None:
    daily = Recurring(Job.SEAL_LOG, at=at)
    end = (utc(start) + timedelta(days=2)).isoformat()

    found = occurrences(daily, start, end, timedelta(minutes=7))

    assert found == {key: utc(due) for key, due in expected.items()}


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)))  # noqa: DTZ001 - UTC is added
def test_the_latest_occurrence_is_never_a_day_old_nor_far_ahead(naive: datetime) -> None:
    """25 h on the day that winter time lengthens; an hour ahead where summer time skipped it."""
    now = naive.replace(tzinfo=UTC)
    key, due = DAILY.occurrence(now)

    assert timedelta(hours=-1) <= now - due <= timedelta(hours=25)
    local = due.astimezone(HOUSE_ZONE)
    assert (local.hour, local.minute) == (4, 10)
    assert key == f"seal_log:{local.date()}"


def test_a_rhythm_of_minutes_knows_no_zone_and_leaves_no_gap() -> None:
    found = occurrences(EVERY_MINUTE, "2026-10-25T00:30", "2026-10-25T02:30", timedelta(seconds=5))

    instants = list(found.values())
    assert len(instants) == 121
    assert {later - earlier for earlier, later in pairwise(instants)} == {timedelta(minutes=1)}


def promised(house: House) -> list[str | None]:
    with house.db.reading() as session:
        return list(session.scalars(select(Promise.key).order_by(Promise.key)))


def test_each_occurrence_is_promised_once_and_the_clock_says_that_it_lives(
    house: House, clock: FakeClock
) -> None:
    first = tick(house)
    assert len(first) == len(SCHEDULE)
    assert tick(house) == []
    clock.advance(seconds=59)
    assert tick(house) == []
    clock.advance(seconds=1)
    assert [key.partition(":")[0] for key in tick(house)] == [
        "read_agendas",
        "sweep_waiting",
        "watch_unsent",
    ]
    assert promises_and_ticks(house.db).ticks == {"clock": clock.now}


def test_two_clocks_at_once_promise_each_occurrence_once(house: House) -> None:
    made = at_once([partial(tick, house)] * 4)

    assert sorted(key for keys in made for key in keys) == promised(house)
    assert len(promised(house)) == len(SCHEDULE)


def test_a_clock_that_was_away_makes_up_for_the_latest_occurrence_only(
    house: House, clock: FakeClock
) -> None:
    """Ten days later there is one night's work to do, not ten, and no storm of sweeps."""
    tick(house)
    clock.advance(days=10)

    assert len(tick(house)) == len(SCHEDULE)
