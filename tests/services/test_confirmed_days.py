"""Templates that ask first: nothing is published before their practitioner says so, day by day."""

from datetime import UTC, date, datetime, time

import pytest

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.roles import Account
from dispatcher.services import absences, linked_acts, schedules
from dispatcher.services.commands import DeclareAbsence, WallHours
from dispatcher.services.house import House
from dispatcher.storage.practitioners import Practitioner
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.offering import e164
from tests.services.own_links import ask_practitioners_now, latest_secret
from tests.services.tables import events, messages, row_counts
from tests.services.timetables import account, booked, doctor, hours, mondays, utc

__all__ = ["account", "doctor"]
TUESDAYS = {"weekdays": [1], "asks_first": True}
EVENING = utc(23, 17)
"""Monday, 18 h in Paris."""


def open_starts(town: Town, doctor: Volunteer) -> list[datetime]:
    return [each.start_at for each in town.slots_of(doctor) if each.status != "closed"]


def test_the_evening_before_asks_once_and_the_link_publishes_that_day(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock, sms: FakeSms
) -> None:
    made = schedules.set_up_schedule(house, account, mondays(doctor, **TUESDAYS))
    assert made.published == 0
    clock.now = utc(23, 16)
    ask_practitioners_now(house, clock)
    assert messages(house, "publication_question") == []  # it is five

    for hour in (17, 18, 19):
        clock.now = utc(23, hour)
        ask_practitioners_now(house, clock)
    (question,) = messages(house, "publication_question")
    assert question.practitioner_id == doctor.id
    body = sms.bodies_to(e164(doctor))[-1]
    assert "mardi 24 novembre entre 14 h et 17 h" in body.replace("\u00a0", " ")

    secret = latest_secret(sms, doctor)
    assert linked_acts.publish_by_link(house, secret) == 1
    assert open_starts(town, doctor) == [utc(24, 13)]
    assert linked_acts.publish_by_link(house, secret) == 0  # pressed twice
    assert [data["start"] for kind, data in events(house) if kind == "slot_published"] == [
        utc(24, 13).isoformat()
    ]
    with pytest.raises(NotFoundError):
        linked_acts.cancel_by_practitioner_link(house, secret)
    clock.now = utc(24, 23)  # the day is over
    before = row_counts(house)
    with pytest.raises(NotFoundError):
        linked_acts.publish_by_link(house, secret)
    assert row_counts(house) == before


def test_what_waits_is_matched_as_soon_as_the_day_is_published(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock, sms: FakeSms
) -> None:
    schedules.set_up_schedule(house, account, mondays(doctor, **TUESDAYS))
    request = town.request(need={"delay_hours": 48})
    clock.now = EVENING
    ask_practitioners_now(house, clock)
    linked_acts.publish_by_link(house, latest_secret(sms, doctor))
    keep_promises(house)
    assert town.the_appointment(request) is not None


def test_who_is_away_has_nothing_or_published_already_is_not_asked(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    """Three people: one is absent, one has no such day, one said so by hand."""
    schedules.set_up_schedule(house, account, mondays(doctor, **TUESDAYS))
    away = DeclareAbsence(start=utc(24, 0), end=utc(24, 22))
    absences.declare_absence(house, account, away, {})
    others = [town.volunteer() for _ in range(2)]
    people = [town.account(account.role, each) for each in others]
    schedules.set_up_schedule(house, people[0], mondays(others[0], asks_first=True))
    schedules.set_up_schedule(house, people[1], mondays(others[1], **TUESDAYS))
    assert schedules.confirm_day(house, people[1], date(2026, 11, 24)) == 1
    clock.now = EVENING
    ask_practitioners_now(house, clock)
    assert messages(house, "publication_question") == []
    with house.db.writing() as session:
        session.get_one(Practitioner, others[1].id).active = False
    clock.now = utc(30, 17)
    ask_practitioners_now(house, clock)
    assert [each.practitioner_id for each in messages(house, "publication_question")] == [doctor.id]


def test_the_clock_publishes_nothing_of_what_asks_first(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    schedules.set_up_schedule(house, account, mondays(doctor, **TUESDAYS))
    schedules.set_up_schedule(house, account, mondays(doctor, weekdays=[2], hours=hours(9, 10)))
    assert open_starts(town, doctor)[0] == utc(25, 8)
    assert {each.start_at.weekday() for each in town.slots_of(doctor)} == {2}


def test_a_template_that_begins_to_ask_keeps_what_is_booked_alone(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    single = mondays(
        doctor, hours=[WallHours(start=time(14), end=time(15))], each_minutes=20, places=1
    )
    made = schedules.set_up_schedule(house, account, single)
    taken = booked(town)
    asking = single.model_copy(update={"asks_first": True})
    changed = schedules.change_schedule(
        house, account, made.schedule_id, date(2026, 11, 23), asking, {}
    )
    assert changed.published == 0
    assert open_starts(town, doctor) == [taken.start_at]
    assert schedules.confirm_day(house, account, date(2026, 11, 23)) == 2  # the other two of it
    assert [each.hour for each in open_starts(town, doctor)] == [13, 13, 13]


def test_over_the_change_to_winter_time_the_confirmed_day_is_right(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock, sms: FakeSms
) -> None:
    """Saturday 24 October at 18 h; on Sunday clocks go back: 14 h is 13 h UTC, not 12 h."""
    clock.now = datetime(2026, 10, 24, 16, tzinfo=UTC)
    sundays = mondays(doctor, weekdays=[6], asks_first=True, first_day=date(2026, 10, 24))
    schedules.set_up_schedule(house, account, sundays)
    ask_practitioners_now(house, clock)
    linked_acts.publish_by_link(house, latest_secret(sms, doctor))
    assert open_starts(town, doctor) == [datetime(2026, 10, 25, 13, tzinfo=UTC)]
