"""A territory's own rules about SMS: read by field, and the hours that follow from them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.policy import Policy
from dispatcher.domain.sms_policy import (
    REMINDER_GAP,
    SmsPolicy,
    follow_up_at,
    quiet_end,
    remind_at,
)

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
HOURS_BEFORE = SmsPolicy(remind_evening=False)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("settings", "field", "sentence"),
    [
        ({"quiet_from": 24}, "quiet_from", "Indiquez une heure, de 0 h à 23 h."),
        ({"quiet_until": -1}, "quiet_until", "Indiquez une heure, de 0 h à 23 h."),
        ({"quiet_until": 7.5}, "quiet_until", "Indiquez un nombre entier."),
        ({"remind_hour": "18"}, "remind_hour", "Indiquez un nombre entier."),
        ({"remind": 1}, "remind", "Répondez par oui ou par non."),
        ({"remind_evening": "oui"}, "remind_evening", "Répondez par oui ou par non."),
        (
            {"remind_hours_before": 0.25},
            "remind_hours_before",
            "Indiquez une durée de 0,5 à 24 heures.",
        ),
        ({"satisfaction": None}, "satisfaction", "Répondez par oui ou par non."),
        ({"no_show": 0}, "no_show", "Répondez par oui ou par non."),
        ({"follow_up_hours": 49}, "follow_up_hours", "Indiquez une durée de 0 à 48 heures."),
        ({"per_minute": 0}, "per_minute", "Indiquez de 1 à 60 000 SMS par minute."),
        ({"per_number_hour": 2}, "per_number_hour", "Indiquez de 3 à 1 000 SMS par heure."),
        ({"per_number_hour": float("inf")}, "per_number_hour", "Indiquez un nombre entier."),
        ({"quiet": 3}, "quiet", "Ce réglage n’existe pas."),
    ],
)
def test_what_cannot_be_used_is_refused_by_field(
    settings: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        Policy.from_mapping({"sms": settings})

    said = {name: text.replace("\u00a0", " ") for name, text in refused.value.fields.items()}
    assert said == {f"sms.{field}": sentence}


def test_what_is_set_is_read_stored_and_read_again() -> None:
    policy = Policy.from_mapping({"sms": {"quiet_from": 21, "remind_hours_before": 3}})

    assert policy.sms == SmsPolicy(quiet_from=21, remind_hours_before=3.0)
    assert Policy.from_mapping(policy.as_json()) == policy


@pytest.mark.parametrize(
    ("now", "zone", "end"),
    [
        (paris("2026-11-23T19:59"), PARIS, None),
        (paris("2026-11-23T20:00"), PARIS, utc("2026-11-24T07:00")),
        (paris("2026-11-24T00:30"), PARIS, utc("2026-11-24T07:00")),
        (paris("2026-11-24T07:59"), PARIS, utc("2026-11-24T07:00")),
        (paris("2026-11-24T08:00"), PARIS, None),
        # summer time ends in the night: 8 o'clock is an hour later in UTC
        (paris("2026-10-24T23:00"), PARIS, utc("2026-10-25T07:00")),
        # and begins: an hour earlier
        (paris("2027-03-27T23:00"), PARIS, utc("2027-03-28T06:00")),
        # what is evening in Paris is night in La Réunion, which has no summer time
        (paris("2026-07-14T17:59"), REUNION, None),
        (paris("2026-07-14T18:00"), REUNION, utc("2026-07-15T04:00")),
    ],
)
def test_quiet_hours_are_the_territory_s(
    now: datetime, zone: ZoneInfo, end: datetime | None
) -> None:
    assert quiet_end(now, zone, SmsPolicy()) == end


def test_quiet_hours_may_lie_within_a_day_and_may_be_none() -> None:
    at_noon = paris("2026-11-23T12:30")
    assert quiet_end(at_noon, PARIS, SmsPolicy(quiet_from=12, quiet_until=14)) == utc(
        "2026-11-23T13:00"
    )
    assert quiet_end(at_noon, PARIS, SmsPolicy(quiet_from=12, quiet_until=12)) is None


@pytest.mark.parametrize(
    ("start", "booked", "policy", "expected"),
    [
        # the evening before, at six
        (
            paris("2026-11-24T10:00"),
            paris("2026-11-23T09:00"),
            SmsPolicy(),
            utc("2026-11-23T17:00"),
        ),
        # booked at 16 h 01: told too recently; at 16 h: just long enough ago
        (paris("2026-11-24T10:00"), paris("2026-11-23T16:01"), SmsPolicy(), None),
        (
            paris("2026-11-24T10:00"),
            paris("2026-11-23T16:00"),
            SmsPolicy(),
            utc("2026-11-23T17:00"),
        ),
        # booked the same day
        (paris("2026-11-23T17:00"), paris("2026-11-23T09:00"), SmsPolicy(), None),
        # summer time ends between the reminder and the appointment, and begins
        (paris("2026-10-25T10:00"), LONG_AGO, SmsPolicy(), utc("2026-10-24T16:00")),
        (paris("2026-10-26T10:00"), LONG_AGO, SmsPolicy(), utc("2026-10-25T17:00")),
        (paris("2027-03-28T10:00"), LONG_AGO, SmsPolicy(), utc("2027-03-27T17:00")),
        (paris("2027-03-29T10:00"), LONG_AGO, SmsPolicy(), utc("2027-03-28T16:00")),
        # two hours before, on the clock that people live by and across a change of it
        (paris("2026-11-23T17:00"), LONG_AGO, HOURS_BEFORE, utc("2026-11-23T14:00")),
        (paris("2026-10-25T10:00"), LONG_AGO, HOURS_BEFORE, utc("2026-10-25T07:00")),
        # two hours before would be quiet: a quarter of an hour before the quiet hours instead
        (
            paris("2026-11-24T08:30"),
            paris("2026-11-23T09:00"),
            HOURS_BEFORE,
            utc("2026-11-23T18:45"),
        ),
        (paris("2026-11-24T08:30"), paris("2026-11-23T17:46"), HOURS_BEFORE, None),
        # an hour of the evening that is quiet comes forward too
        (
            paris("2026-11-24T10:00"),
            paris("2026-11-23T09:00"),
            SmsPolicy(remind_hour=21),
            utc("2026-11-23T18:45"),
        ),
        (paris("2026-11-24T10:00"), LONG_AGO, SmsPolicy(remind=False), None),
    ],
)
def test_a_reminder_comes_at_its_hour_or_not_at_all(
    start: datetime, booked: datetime, policy: SmsPolicy, expected: datetime | None
) -> None:
    assert remind_at(start, booked, PARIS, policy) == expected


HOUR = st.integers(0, 23)
INSTANT = st.integers(0, 2 * 366 * 24 * 60).map(lambda each: LONG_AGO + timedelta(minutes=each))


@given(INSTANT, st.timedeltas(timedelta(0), timedelta(days=3)), HOUR, HOUR, HOUR, st.booleans())
def test_no_reminder_is_late_hasty_or_within_quiet_hours(
    booked: datetime,
    ahead: timedelta,
    quiet_from: int,
    quiet_until: int,
    hour: int,
    evening: bool,  # noqa: FBT001
) -> None:
    policy = SmsPolicy(
        quiet_from=quiet_from, quiet_until=quiet_until, remind_hour=hour, remind_evening=evening
    )
    moment = remind_at(booked + ahead, booked, PARIS, policy)
    if moment is not None:
        assert booked + REMINDER_GAP <= moment < booked + ahead
        # a quiet day of 23 hours and more leaves no calm quarter of an hour
        if (quiet_until - quiet_from) % 24 < 23:
            assert quiet_end(moment, PARIS, policy) is None


def test_after_a_visit_the_hours_count_from_its_end_or_from_the_mark() -> None:
    end = paris("2026-11-23T11:00")

    assert follow_up_at(end, end - timedelta(hours=3), SmsPolicy()) == end + timedelta(hours=2)
    assert follow_up_at(end, end + timedelta(days=1), SmsPolicy()) == end + timedelta(hours=26)
    assert follow_up_at(end, end + timedelta(days=3, seconds=1), SmsPolicy()) is None
