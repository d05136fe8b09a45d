"""Whose hours they are: by day the CPTS's, at night and on days of rest the permanence des soins'.

Days are worked out by hand; 2026: Ascension Thursday 14 May, 1 May a Friday, 25 December a Friday.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.snp_hours import Hours, SnpHours, is_bridge, is_holiday

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
JURA = SnpHours(PARIS, "39")


def local(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        # a Monday
        ("2026-11-23T07:59", Hours.NIGHT),
        ("2026-11-23T08:00", Hours.SNP),
        ("2026-11-23T19:59", Hours.SNP),
        ("2026-11-23T20:00", Hours.NIGHT),
        ("2026-11-23T00:00", Hours.NIGHT),
        # Saturday until noon, Sunday not at all
        ("2026-11-28T08:00", Hours.SNP),
        ("2026-11-28T11:59", Hours.SNP),
        ("2026-11-28T12:00", Hours.SATURDAY),
        ("2026-11-28T21:00", Hours.NIGHT),
        ("2026-11-29T10:00", Hours.SUNDAY),
        # a holiday the whole day, its night too
        ("2026-05-14T10:00", Hours.HOLIDAY),
        ("2026-05-14T03:00", Hours.HOLIDAY),
        ("2026-12-25T10:00", Hours.HOLIDAY),
        # the Friday between Ascension Day and the weekend is an ordinary one here
        ("2026-05-15T10:00", Hours.SNP),
    ],
)
def test_the_day_belongs_to_the_cpts_and_the_rest_to_the_permanence(at: str, hours: Hours) -> None:
    assert JURA.at(local(at)) is hours
    assert JURA.is_snp(local(at)) is (hours is Hours.SNP)


@pytest.mark.parametrize(
    ("until", "at", "hours"),
    [
        (14, "2026-11-28T13:59", Hours.SNP),
        (14, "2026-11-28T14:00", Hours.SATURDAY),
        (8, "2026-11-28T08:00", Hours.SATURDAY),
        (20, "2026-11-28T19:59", Hours.SNP),
        (20, "2026-11-28T20:00", Hours.NIGHT),
    ],
)
def test_each_region_says_when_saturday_ends(until: int, at: str, hours: Hours) -> None:
    assert SnpHours(PARIS, "39", saturday_until=until).at(local(at)) is hours


@pytest.mark.parametrize(
    ("department", "day", "expected"),
    [
        # Good Friday and St Stephen's Day: Bas-Rhin, Haut-Rhin, Moselle
        ("67", date(2026, 4, 3), True),
        ("68", date(2026, 4, 3), True),
        ("57", date(2026, 4, 3), True),
        ("39", date(2026, 4, 3), False),
        ("67", date(2026, 12, 26), True),
        ("68", date(2026, 12, 26), True),
        ("57", date(2026, 12, 26), True),
        ("39", date(2026, 12, 26), False),
        # the abolition of slavery: 20 December in Réunion, 10 June in Guyane, 22 May in Martinique,
        # 27 May in Guadeloupe, 27 April in Mayotte
        ("974", date(2026, 12, 20), True),
        ("39", date(2025, 12, 20), False),
        ("973", date(2026, 6, 10), True),
        ("972", date(2026, 5, 22), True),
        ("971", date(2026, 5, 27), True),
        ("976", date(2026, 4, 27), True),
        ("974", date(2026, 5, 22), False),
        # the eleven of everybody
        *[
            (department, day, True)
            for department in ("39", "67", "974", "2A")
            for day in (
                date(2026, 1, 1),
                date(2026, 4, 6),
                date(2026, 5, 1),
                date(2026, 5, 8),
                date(2026, 5, 14),
                date(2026, 5, 25),
                date(2026, 7, 14),
                date(2026, 8, 15),
                date(2026, 11, 1),
                date(2026, 11, 11),
                date(2026, 12, 25),
            )
        ],
        ("39", date(2026, 11, 12), False),
    ],
)
def test_public_holidays_are_the_departement_s_own(
    department: str, day: date, *, expected: bool
) -> None:
    assert is_holiday(day, department) is expected


def test_the_twentieth_of_december_is_a_holiday_in_reunion_by_its_own_clock() -> None:
    reunion = SnpHours(REUNION, "974")
    # a Sunday in 2026, a Monday in 2027: holiday before anything else
    assert reunion.at(local("2026-12-20T10:00", REUNION)) is Hours.HOLIDAY
    assert reunion.at(local("2027-12-20T10:00", REUNION)) is Hours.HOLIDAY
    # 22 h in Paris on Sunday 19 December 2027 is already 1 h on the 20th there
    assert reunion.at(local("2027-12-19T22:00")) is Hours.HOLIDAY
    assert SnpHours(PARIS, "39").at(local("2027-12-20T10:00")) is Hours.SNP


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # Tuesday 14 July: the Monday before it, not the Wednesday after it
        (date(2026, 7, 13), True),
        (date(2026, 7, 15), False),
        # Ascension Thursday 14 May: the Friday and the Saturday after it
        (date(2026, 5, 15), True),
        (date(2026, 5, 16), True),
        # Friday 1 May: the Saturday after it
        (date(2026, 5, 2), True),
        # Wednesday 11 November makes no bridge
        (date(2026, 11, 10), False),
        (date(2026, 11, 12), False),
        (date(2026, 11, 13), False),
        # Monday 6 April (Easter): nothing before it but a Sunday
        (date(2026, 4, 4), False),
        # an ordinary week
        (date(2026, 11, 27), False),
        (date(2026, 11, 23), False),
    ],
)
def test_a_bridge_is_the_monday_before_or_the_friday_and_saturday_after(
    day: date, *, expected: bool
) -> None:
    assert is_bridge(day, "39") is expected


def test_bridges_count_only_where_the_region_says_so() -> None:
    friday = local("2026-05-15T10:00")
    assert SnpHours(PARIS, "39", bridge_days=True).at(friday) is Hours.BRIDGE
    assert JURA.at(friday) is Hours.SNP
    # at night it is night, and the Saturday is bridge until it would have ended anyway
    assert SnpHours(PARIS, "39", bridge_days=True).at(local("2026-05-15T21:00")) is Hours.NIGHT
    assert SnpHours(PARIS, "39", bridge_days=True).at(local("2026-05-16T10:00")) is Hours.BRIDGE


@pytest.mark.parametrize(
    ("instant", "hours"),
    [
        # Friday 27 March 2026 at 6:30 UTC is 7:30 in winter; Monday 30 March it is 8:30 in summer
        (datetime(2026, 3, 27, 6, 30, tzinfo=UTC), Hours.NIGHT),
        (datetime(2026, 3, 30, 6, 30, tzinfo=UTC), Hours.SNP),
        # Friday 23 October at 18:30 UTC is 20:30 in summer; Monday 26 October 19:30 in winter
        (datetime(2026, 10, 23, 18, 30, tzinfo=UTC), Hours.NIGHT),
        (datetime(2026, 10, 26, 18, 30, tzinfo=UTC), Hours.SNP),
        # the hour that comes twice in the night of 25 October, both times
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), Hours.SUNDAY),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), Hours.SUNDAY),
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall(instant: datetime, hours: Hours) -> None:
    assert JURA.at(instant) is hours


@pytest.mark.parametrize(
    ("since", "opening"),
    [
        ("2026-11-23T03:00", "2026-11-23T08:00"),  # the same morning
        ("2026-11-23T20:00", "2026-11-24T08:00"),
        ("2026-11-28T12:00", "2026-11-30T08:00"),  # Saturday noon: Monday
        ("2026-05-13T21:00", "2026-05-15T08:00"),  # over Ascension Day
        ("2026-12-24T21:00", "2026-12-26T08:00"),  # the Saturday after Christmas
    ],
)
def test_care_is_the_cpts_s_again_from_the_next_working_morning(since: str, opening: str) -> None:
    assert JURA.next_opening(local(since)) == local(opening)


def test_a_bridge_delays_the_next_opening_where_it_counts() -> None:
    bridged = SnpHours(PARIS, "39", bridge_days=True)
    # Ascension Day, its Friday and its Saturday, then Sunday
    assert bridged.next_opening(local("2026-05-13T21:00")) == local("2026-05-18T08:00")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - UTC is added below
    st.sampled_from([JURA, SnpHours(REUNION, "974", bridge_days=True), SnpHours(PARIS, "67")]),
)
def test_no_night_and_no_day_of_rest_is_ever_the_cpts_s(moment: datetime, hours: SnpHours) -> None:
    instant = moment.replace(tzinfo=UTC)
    if hours.is_snp(instant):
        clock = instant.astimezone(hours.zone)
        assert 8 <= clock.hour < 20
        assert clock.weekday() < 6
        assert not is_holiday(clock.date(), hours.department)
        # what is the CPTS's where bridges count is its own where they do not
        assert SnpHours(hours.zone, hours.department).is_snp(instant)
    else:
        opening = hours.next_opening(instant)
        assert opening > instant
        assert hours.is_snp(opening)
