"""Weekly templates: wall time over both changes of clock and over New Year, and where two clash."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.schedules import (
    Clash,
    Hours,
    Weekly,
    clash_between,
    clash_within,
    weekdays_in_words,
)

PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
MARTINIQUE = ZoneInfo("America/Martinique")
MORNING = Hours(time(9), time(12))
AFTERNOON = Hours(time(14), time(17))


def weekly(**changes: object) -> Weekly:
    values: dict[str, object] = {
        "weekdays": frozenset({0}),
        "hours": (MORNING,),
        "first_day": date(2026, 1, 5),
    }
    return Weekly(**(values | changes))  # type: ignore[arg-type]  # by name


def utc(day: int, hour: int, minute: int = 0, *, month: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def starts(
    template: Weekly, first: date, last: date, zone: ZoneInfo = PARIS, department: str = "39"
) -> list[datetime]:
    return [each.start for each in template.occurrences(first, last, zone, department)]


@pytest.mark.parametrize(
    ("at", "zone", "first", "expected"),
    [
        # Paris is an hour ahead of UTC in winter and two in summer, which begins on 29 March 2026
        # and ends on 25 October; nine o'clock stays nine o'clock
        (time(9), PARIS, date(2026, 3, 28), [(28, 8, 3), (29, 7, 3), (30, 7, 3)]),
        (time(9), PARIS, date(2026, 10, 24), [(24, 7, 10), (25, 8, 10), (26, 8, 10)]),
        # 02:30 does not exist on 29 March: at the instant that replaces it, 03:30
        (time(2, 30), PARIS, date(2026, 3, 28), [(28, 1.5, 3), (29, 1.5, 3), (30, 0.5, 3)]),
        # 02:30 comes twice on 25 October: the first time, still in summer
        (time(2, 30), PARIS, date(2026, 10, 24), [(24, 0.5, 10), (25, 0.5, 10), (26, 1.5, 10)]),
        # La Réunion (+4) and Martinique (-4) never change their clocks
        (time(9), REUNION, date(2026, 3, 28), [(28, 5, 3), (29, 5, 3), (30, 5, 3)]),
        (time(9), MARTINIQUE, date(2026, 10, 24), [(24, 13, 10), (25, 13, 10), (26, 13, 10)]),
        # an early hour in La Réunion is the day before in UTC, a late one in Martinique the next
        (time(2), REUNION, date(2026, 11, 3), [(2, 22, 11), (3, 22, 11), (4, 22, 11)]),
        (time(21), MARTINIQUE, date(2026, 11, 3), [(4, 1, 11), (5, 1, 11), (6, 1, 11)]),
    ],
)
def test_the_hour_on_the_wall_holds_over_both_changes_of_clock(
    at: time, zone: ZoneInfo, first: date, expected: list[tuple[int, float, int]]
) -> None:
    end = time(at.hour + 1, at.minute)
    template = weekly(weekdays=frozenset(range(7)), hours=(Hours(at, end),), on_holidays=True)
    found = starts(template, first, first + timedelta(days=2), zone)
    assert found == [
        utc(day, int(hour), int(hour % 1 * 60), month=month) for day, hour, month in expected
    ]


@pytest.mark.parametrize("first", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_slot_lasts_as_long_when_the_clock_changes_under_it(first: date) -> None:
    night = weekly(weekdays=frozenset(range(7)), hours=(Hours(time(1), time(5)),), on_holidays=True)
    (occurrence,) = night.occurrences(first, first, PARIS, "39")
    assert occurrence.end - occurrence.start == timedelta(hours=4)


NEW_YEAR = (date(2026, 12, 30), date(2027, 1, 2))


@pytest.mark.parametrize(
    ("zone", "department", "hour"),
    [(PARIS, "39", 8), (REUNION, "974", 5), (MARTINIQUE, "972", 13)],
)
def test_over_new_year_the_first_of_january_is_left_out_unless_wanted(
    zone: ZoneInfo, department: str, hour: int
) -> None:
    """Wednesday 30 December to Saturday 2 January, at nine on each wall."""
    daily = weekly(weekdays=frozenset(range(7)))
    before = [utc(30, hour, month=12), utc(31, hour, month=12)]
    second = utc(2, hour, month=1, year=2027)

    assert starts(daily, *NEW_YEAR, zone, department) == [*before, second]
    assert starts(replace(daily, on_holidays=True), *NEW_YEAR, zone, department) == [
        *before,
        utc(1, hour, month=1, year=2027),
        second,
    ]


def test_late_hours_of_new_year_s_eve_belong_to_the_old_year_s_day() -> None:
    """23:00 in Martinique on 31 December is 03:00 UTC on 1 January, and no holiday."""
    late = weekly(weekdays=frozenset({3}), hours=(Hours(time(22), time(23)),))
    assert starts(late, *NEW_YEAR, MARTINIQUE, "972") == [utc(1, 2, month=1, year=2027)]


@pytest.mark.parametrize(
    ("department", "zone", "is_on"),
    [("974", REUNION, False), ("972", MARTINIQUE, True), ("39", PARIS, True)],
)
def test_holidays_are_those_of_the_departement(
    department: str,
    zone: ZoneInfo,
    is_on: bool,  # noqa: FBT001
) -> None:
    """20 December, a Sunday in 2026: the abolition of slavery in La Réunion alone."""
    sundays = weekly(weekdays=frozenset({6}))
    assert bool(starts(sundays, date(2026, 12, 20), date(2026, 12, 20), zone, department)) is is_on


def test_pieces_of_a_morning_are_one_after_the_other_and_the_rest_is_not_offered() -> None:
    template = weekly(hours=(Hours(time(9), time(10, 10)), AFTERNOON), each_minutes=20)
    found = list(template.occurrences(date(2026, 1, 5), date(2026, 1, 5), PARIS, "39"))
    assert [each.hour for each in found[:3]] == [time(9), time(9, 20), time(9, 40)]
    assert len(found) == 3 + 9  # three hours are nine times twenty minutes
    assert found[0].end == found[1].start
    assert found[3].hour == time(14)


def test_a_beginning_an_end_exceptions_and_weeks_between() -> None:
    template = weekly(
        weekdays=frozenset({0, 3}),
        first_day=date(2026, 11, 26),  # a Thursday
        last_day=date(2026, 12, 24),
        every_weeks=2,
        exceptions=frozenset({date(2026, 12, 10)}),
    )
    found = template.occurrences(date(2026, 11, 1), date(2027, 1, 31), PARIS, "39")
    # the week of 26 November, then those of 7 and 21 December
    assert [each.day for each in found] == [
        date(2026, 11, 26),
        date(2026, 12, 7),
        date(2026, 12, 21),
        date(2026, 12, 24),
    ]


@pytest.mark.parametrize(
    ("changes", "weekdays", "hours"),
    [
        ({}, (0,), MORNING),
        ({"hours": (Hours(time(11, 59), time(13)),)}, (0,), MORNING),
        ({"weekdays": frozenset({0, 1, 3})}, (0, 3), MORNING),
        ({"hours": (AFTERNOON, Hours(time(8), time(9, 30)))}, (0, 3), MORNING),
        ({"every_weeks": 2, "first_day": date(2026, 1, 5)}, (0,), MORNING),
    ],
)
def test_two_templates_clash_on_the_days_of_both(
    changes: dict[str, object], weekdays: tuple[int, ...], hours: Hours
) -> None:
    other = weekly(weekdays=frozenset({0, 3}), hours=(MORNING, AFTERNOON))
    asked = weekly(**({"weekdays": frozenset(weekdays)} | changes))
    assert clash_between(asked, other) == Clash(weekdays, hours)


@pytest.mark.parametrize(
    "changes",
    [
        {"hours": (Hours(time(12), time(14)),)},
        {"weekdays": frozenset({1})},
        {"last_day": date(2026, 3, 1), "first_day": date(2026, 2, 1)},
        {"first_day": date(2026, 6, 30)},
        {"every_weeks": 2, "first_day": date(2026, 3, 9)},
    ],
)
def test_what_shares_no_minute_does_not_clash(changes: dict[str, object]) -> None:
    """The other takes place every second Monday from 2 March to 29 June 2026."""
    other = weekly(
        hours=(MORNING, AFTERNOON),
        first_day=date(2026, 3, 2),
        last_day=date(2026, 6, 29),
        every_weeks=2,
    )
    assert clash_between(weekly(**changes), other) is None
    assert clash_between(other, weekly(**changes)) is None


def test_a_template_that_overlaps_itself_is_found() -> None:
    days = frozenset({0, 2, 4})
    itself = weekly(weekdays=days, hours=(Hours(time(9), time(12)), Hours(time(11), time(14))))
    found = clash_within(itself)
    assert found == Clash((0, 2, 4), Hours(time(11), time(14)))
    assert found is not None
    assert found.in_words() == "le lundi, le mercredi et le vendredi"
    assert clash_within(weekly(hours=(MORNING, AFTERNOON, Hours(time(12), time(14))))) is None


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([1], "mardi"),
        ([4, 0], "lundi et vendredi"),
        ([0, 1, 3], "lundi, mardi et jeudi"),
        ([0, 1, 2, 3, 4], "du lundi au vendredi"),
        (range(7), "tous les jours"),
    ],
)
def test_weekdays_are_named(days: list[int], words: str) -> None:
    assert weekdays_in_words(days) == words


DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
ZONES = st.sampled_from([PARIS, REUNION, MARTINIQUE, ZoneInfo("America/Miquelon")])
QUARTERS = st.integers(0, 94)


def _at(quarter: int) -> time:
    return time(quarter // 4, quarter % 4 * 15)


@st.composite
def templates(draw: st.DrawFn) -> Weekly:
    edges = draw(st.lists(QUARTERS, min_size=2, max_size=4, unique=True).map(sorted))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    first = draw(DAYS)
    return Weekly(
        weekdays=draw(st.frozensets(st.integers(0, 6), min_size=1)),
        hours=tuple(Hours(_at(start), _at(end)) for start, end in pairs),
        first_day=first,
        last_day=draw(st.none() | st.integers(0, 90).map(lambda days: first + timedelta(days))),
        every_weeks=draw(st.integers(1, 4)),
        each_minutes=draw(st.none() | st.sampled_from([10, 15, 20, 45])),
        on_holidays=draw(st.booleans()),
        exceptions=draw(st.frozensets(DAYS, max_size=3)),
    )


@given(
    template=templates(), zone=ZONES, first=DAYS, days=st.integers(0, 40), cut=st.integers(0, 40)
)
def test_whatever_the_template(
    template: Weekly, zone: ZoneInfo, first: date, days: int, cut: int
) -> None:
    last = first + timedelta(days=days)
    found = list(template.occurrences(first, last, zone, "39"))

    # a window in two pieces holds what the whole one holds
    middle = first + timedelta(days=min(cut, days))
    assert found == [
        *template.occurrences(first, middle, zone, "39"),
        *template.occurrences(middle + timedelta(days=1), last, zone, "39"),
    ]
    assert len({(each.day, each.hour) for each in found}) == len(found)  # what names each
    for each in found:
        assert first <= each.day <= last
        assert template.is_on(each.day, "39")
        assert each.start < each.end
        shown = each.start.astimezone(zone)
        offset = zone.utcoffset(datetime.combine(each.day, time()))
        if offset == zone.utcoffset(datetime.combine(each.day, time(23, 59))):
            # on a day without a change of clock the wall shows the very hour
            assert (shown.date(), shown.time()) == (each.day, each.hour)


@given(one=templates(), other=templates())
def test_templates_that_do_not_clash_never_meet(one: Weekly, other: Weekly) -> None:
    """In a zone without changes of clock, over the weeks in which both may take place."""
    first = max(one.first_day, other.first_day)
    last = first + timedelta(weeks=13)
    mine = list(one.occurrences(first, last, REUNION, "974"))
    theirs = list(other.occurrences(first, last, REUNION, "974"))
    meet = any(a.start < b.end and b.start < a.end for a in mine for b in theirs)
    if clash_between(one, other) is None:
        assert not meet
