from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError

PARIS = calendar.time_zone("Europe/Paris")
REUNION = calendar.time_zone("Indian/Reunion")
MARTINIQUE = calendar.time_zone("America/Martinique")

TUESDAY = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
"""14 h 30 in Paris, 17 h 30 on La Réunion, 9 h 30 in Martinique."""


def spaced(text: str) -> str:
    """What is expected, typed with plain spaces."""
    return text.replace(" ", "\u00a0")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        (PARIS, "14 h 30"),
        (REUNION, "17 h 30"),
        (MARTINIQUE, "9 h 30"),
    ],
)
def test_an_hour_is_said_in_the_territorys_zone(zone: ZoneInfo, said: str) -> None:
    assert calendar.hour(TUESDAY, zone) == spaced(said)


@pytest.mark.parametrize(
    ("instant", "said"),
    [
        (at(8), "8 h"),
        (at(14, 30), "14 h 30"),
        (at(0, 5), "0 h 05"),
    ],
)
def test_an_hour_has_no_needless_zero(instant: datetime, said: str) -> None:
    assert calendar.hour(instant, PARIS) == spaced(said)


def test_a_day_is_said_in_full_or_in_short() -> None:
    assert calendar.day(TUESDAY, PARIS) == spaced("mardi 24 novembre")
    assert calendar.short_day(TUESDAY, PARIS) == spaced("mar. 24/11")
    both = spaced("mardi 24 novembre") + " à\u00a0" + spaced("14 h 30")
    assert calendar.day_and_hour(TUESDAY, PARIS) == both


def test_the_first_of_a_month_is_le_premier() -> None:
    assert calendar.day(datetime(2026, 8, 1, 12, tzinfo=UTC), PARIS) == spaced("samedi 1er août")


def test_a_day_begins_at_the_territorys_midnight() -> None:
    late = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    assert calendar.day(late, PARIS) == spaced("lundi 23 novembre")
    assert calendar.day(late, REUNION) == spaced("mardi 24 novembre")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (-1, "hier"),
        (0, "aujourd’hui"),
        (1, "demain"),
        (2, "après-demain"),
        (3, "vendredi 27 novembre"),
        (-2, "dimanche 22 novembre"),
    ],
)
def test_near_days_are_said_as_people_say_them(days: int, said: str) -> None:
    assert calendar.relative_day(TUESDAY + timedelta(days=days), TUESDAY, PARIS) == spaced(said)


def test_tomorrow_is_a_matter_of_midnight_and_not_of_hours() -> None:
    assert calendar.relative_day_and_hour(at(23) + timedelta(hours=2), at(23), PARIS) == (
        "demain à\u00a01\u00a0h"
    )


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "14\u00a0h\u00a030"),
        (1, "14\u00a0h\u00a030 demain"),
        (3, "14\u00a0h\u00a030 le\u00a0vendredi\u00a027\u00a0novembre"),
    ],
)
def test_an_hour_of_today_needs_no_day(days: int, said: str) -> None:
    assert calendar.hour_and_day(TUESDAY + timedelta(days=days), TUESDAY, PARIS) == said


def test_a_span_of_hours_is_said_on_one_line() -> None:
    assert calendar.hours(at(14), at(17, 30), PARIS) == (
        "de\u00a014\u00a0h à\u00a017\u00a0h\u00a030"
    )


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=59), "moins d’une minute"),
        (timedelta(minutes=35), "35 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=11, minutes=40), "11 h 40"),
        (timedelta(hours=11, minutes=5), "11 h 05"),
        (timedelta(hours=23, minutes=59), "23 h 59"),
        (timedelta(hours=24, minutes=30), "1 j"),
        (timedelta(days=2, hours=4, minutes=50), "2 j 4 h"),
    ],
)
def test_a_duration_is_cut_at_its_last_unit(span: timedelta, said: str) -> None:
    assert calendar.duration(span).replace("\u00a0", " ") == said


def test_a_duration_is_not_negative() -> None:
    with pytest.raises(ValueError, match="not negative"):
        calendar.duration(timedelta(seconds=-1))


@pytest.mark.parametrize(
    ("day", "zone", "start", "length"),
    [
        # Paris is an hour ahead of UTC in winter, two in summer
        (date(2026, 11, 24), PARIS, datetime(2026, 11, 23, 23, tzinfo=UTC), 24),
        # clocks go from 2 h to 3 h on the last Sunday of March: a day of 23 hours
        (date(2026, 3, 29), PARIS, datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        # and from 3 h back to 2 h on the last Sunday of October: a day of 25 hours
        (date(2026, 10, 25), PARIS, datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
        (date(2026, 10, 25), REUNION, datetime(2026, 10, 24, 20, tzinfo=UTC), 24),
        (date(2026, 10, 25), MARTINIQUE, datetime(2026, 10, 25, 4, tzinfo=UTC), 24),
    ],
)
def test_a_local_day_has_the_hours_that_its_clocks_give_it(
    day: date, zone: ZoneInfo, start: datetime, length: int
) -> None:
    assert calendar.local_day_bounds(day, zone) == (start, start + timedelta(hours=length))


def test_the_two_hours_of_an_autumn_night_are_told_apart_in_time_and_said_alike() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert calendar.hour(first, PARIS) == calendar.hour(second, PARIS) == spaced("2 h 30")


def test_a_period_holds_its_first_day_and_its_last() -> None:
    november = calendar.period(date(2026, 11, 1), date(2026, 11, 30), PARIS)
    assert november.start == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert november.end == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert november.start in november
    assert november.end not in november
    assert len(list(november.days())) == 30


def test_a_period_over_a_change_of_clocks_counts_days_and_not_hours() -> None:
    weekend = calendar.period(date(2026, 10, 24), date(2026, 10, 26), PARIS)
    assert list(weekend.days()) == [date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26)]
    assert weekend.end - weekend.start == timedelta(hours=73)


def test_a_period_does_not_end_before_it_begins() -> None:
    with pytest.raises(InvalidError) as refused:
        calendar.period(date(2026, 11, 2), date(2026, 11, 1), PARIS)
    assert list(refused.value.fields) == ["to"]


@pytest.mark.parametrize("name", ["Europe/Pariss", "", "../../etc/passwd", "Europe"])
def test_an_unknown_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidError) as refused:
        calendar.time_zone(name)
    assert list(refused.value.fields) == ["timezone"]


@pytest.mark.parametrize(
    ("day", "shown", "instant"),
    [
        (date(2026, 11, 24), time(14, 30), datetime(2026, 11, 24, 13, 30, tzinfo=UTC)),
        (date(2026, 7, 24), time(14, 30), datetime(2026, 7, 24, 12, 30, tzinfo=UTC)),
        # 2 h 30 comes twice that night: the first is still summer time
        (date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_an_hour_on_the_wall_is_an_instant(day: date, shown: time, instant: datetime) -> None:
    assert calendar.wall_instant(day, shown, PARIS) == instant


def test_an_hour_that_the_clocks_skip_is_refused_with_the_one_they_show() -> None:
    with pytest.raises(InvalidError) as refused:
        calendar.wall_instant(date(2026, 3, 29), time(2, 30), PARIS)
    assert spaced("3 h 30") in refused.value.fields["start"]
