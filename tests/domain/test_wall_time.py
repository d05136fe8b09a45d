"""Hours typed on a territory's clocks, and periods in words."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP, wall_instant
from dispatcher.domain.errors import InvalidError

PARIS = calendar.time_zone("Europe/Paris")
REUNION = calendar.time_zone("Indian/Reunion")
MARTINIQUE = calendar.time_zone("America/Martinique")


@pytest.mark.parametrize(
    ("day", "at", "zone", "instant"),
    [
        (date(2026, 11, 23), time(14, 30), PARIS, datetime(2026, 11, 23, 13, 30, tzinfo=UTC)),
        (date(2026, 7, 14), time(14, 30), PARIS, datetime(2026, 7, 14, 12, 30, tzinfo=UTC)),
        (date(2026, 7, 14), time(2, 0), REUNION, datetime(2026, 7, 13, 22, 0, tzinfo=UTC)),
        (date(2026, 12, 31), time(21, 0), MARTINIQUE, datetime(2027, 1, 1, 1, 0, tzinfo=UTC)),
        # around the night that has 25 hours: 02:30 comes twice, the first time in summer
        (date(2026, 10, 25), time(1, 59), PARIS, datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        (date(2026, 10, 25), time(2, 30), PARIS, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 25), time(3, 0), PARIS, datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
        # around the hour that is skipped
        (date(2027, 3, 28), time(1, 59), PARIS, datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        (date(2027, 3, 28), time(3, 0), PARIS, datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        (date(2027, 3, 28), time(2, 30), REUNION, datetime(2027, 3, 27, 22, 30, tzinfo=UTC)),
    ],
)
def test_an_hour_on_the_wall_is_an_instant(
    day: date, at: time, zone: ZoneInfo, instant: datetime
) -> None:
    assert wall_instant(day, at, zone) == instant


@pytest.mark.parametrize("at", [time(2, 0), time(2, 30), time(2, 59)])
def test_the_hour_that_summer_time_skips_does_not_exist(at: time) -> None:
    with pytest.raises(InvalidError) as refusal:
        wall_instant(date(2027, 3, 28), at, PARIS)
    assert refusal.value.fields["start"].startswith("Ce jour-là, cette heure n’existe pas")


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 1), date(2026, 11, 23), "du 1er au 23 novembre 2026"),
        (date(2026, 10, 28), date(2026, 11, 1), "du 28 octobre au 1er novembre 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "du 28 décembre 2026 au 3 janvier 2027"),
        (date(2026, 11, 23), date(2026, 11, 23), "le 23 novembre 2026"),
    ],
)
def test_a_period_says_once_what_its_ends_share(first: date, last: date, words: str) -> None:
    assert calendar.span(first, last).replace(NBSP, " ") == words


def test_a_month_is_named_with_its_year() -> None:
    assert calendar.month(date(2026, 2, 28)).replace(NBSP, " ") == "février 2026"
