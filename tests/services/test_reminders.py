"""Reminders and what follows a visit: at their hour, for whom they concern, once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dispatcher.domain.jobs import Job
from dispatcher.services import appointments, reminders
from dispatcher.services.commands import CancelRequest
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.requests import Appointment
from dispatcher.storage.territories import Territory
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.tables import messages, promises, text_of

PATIENT = "+33639980042"
TOMORROW_AT_TEN = 25
"""Hours after Monday 9 h in Paris."""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def booked(house: House, town: Town, hours: float = TOMORROW_AT_TEN) -> UUID:
    town.slot(town.volunteer(phone=None), hours=hours)
    request_id = town.request(patient={"phone": mobile(42)}, need={"delay_hours": 72})
    keep_promises(house)
    assert town.the_appointment(request_id) is not None
    return request_id


def set_sms(house: House, town: Town, **settings: Any) -> None:
    with house.db.writing() as session:
        territory = session.get_one(Territory, town.territory_id)
        territory.settings = {"outside_hours": True, "sms": settings}


def the_appointment(town: Town, request_id: UUID) -> Appointment:
    found = town.the_appointment(request_id)
    assert found is not None
    return found


def test_a_patient_is_reminded_the_evening_before_with_the_link_they_have(
    house: House, town: Town, sms: FakeSms, clock: FakeClock
) -> None:
    booked(house, town)
    (promise,) = promises(house, "remind_patient")
    assert promise.due_at == utc("2026-11-23T17:00")  # 18 h in Paris
    clock.now = promise.due_at

    keep_promises(house)

    confirmation, reminder = sms.bodies_to(PATIENT)
    assert "mardi 24 novembre à 10 h" in reminder
    link = confirmation.partition("/r/")[2].split()[0]
    assert f"/r/{link}" in reminder
    assert appointments.appointment_of_link(house, link)[0] == town.territory_id
    (message,) = messages(house, "reminder")
    assert message.expires_at == utc("2026-11-24T09:00")  # at its hour it is worth nothing


def test_an_hour_is_kept_over_the_change_to_winter_time(
    house: House, town: Town, clock: FakeClock
) -> None:
    clock.now = utc("2026-10-24T07:00")  # Saturday 9 h in Paris; winter time begins on Sunday
    booked(house, town, hours=50)

    (promise,) = promises(house, "remind_patient")

    assert promise.due_at == utc("2026-10-25T17:00")  # 18 h, which was 16 h UTC the day before


def test_a_territory_may_remind_two_hours_before_or_not_at_all(house: House, town: Town) -> None:
    set_sms(house, town, remind_evening=False)
    booked(house, town, hours=6)
    (promise,) = promises(house, "remind_patient")
    assert promise.due_at == utc("2026-11-23T12:00")

    set_sms(house, town, remind=False)
    booked(house, town, hours=30)
    assert len(promises(house, "remind_patient")) == 1


def test_who_was_told_a_moment_ago_is_not_reminded(house: House, town: Town) -> None:
    booked(house, town, hours=2)

    assert promises(house, "remind_patient") == []


def test_who_cancelled_is_not_reminded(
    house: House, town: Town, sms: FakeSms, clock: FakeClock
) -> None:
    request_id = booked(house, town)
    command = CancelRequest(by="patient")
    appointments.cancel_request(house, town.regulator, request_id, command)
    clock.now = utc("2026-11-23T17:00")

    keep_promises(house)

    assert messages(house, "reminder") == []
    assert promises(house, "remind_patient") == []


def test_nobody_is_reminded_twice_though_it_is_asked_twice(
    house: House, town: Town, sms: FakeSms, clock: FakeClock
) -> None:
    request_id = booked(house, town)
    appointment = the_appointment(town, request_id)
    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        unit.promise(
            Job.REMIND_PATIENT, {"appointment_id": appointment.id}, utc("2026-11-23T17:00")
        )
    clock.now = utc("2026-11-23T17:00")

    keep_promises(house)

    assert len(messages(house, "reminder")) == 1


def test_a_reminder_that_comes_after_the_hour_is_not_written(
    house: House, town: Town, clock: FakeClock
) -> None:
    booked(house, town)
    (promise,) = promises(house, "remind_patient")
    clock.now = utc("2026-11-24T09:00")
    claim = keeping.claim(house.db, promise.id, 20)
    assert claim is not None

    assert not reminders.remind_patient(house, claim)


def test_what_is_switched_off_meanwhile_is_not_sent(
    house: House, town: Town, clock: FakeClock
) -> None:
    booked(house, town)
    set_sms(house, town, remind=False)
    clock.now = utc("2026-11-23T17:00")

    keep_promises(house)

    assert messages(house, "reminder") == []


# After the visit


@pytest.mark.parametrize(("came", "kind"), [(True, "satisfaction"), (False, "no_show_follow_up")])
def test_two_hours_after_its_end_a_visit_is_followed_up_once(
    house: House,
    town: Town,
    sms: FakeSms,
    clock: FakeClock,
    came: bool,  # noqa: FBT001
    kind: str,
) -> None:
    appointment = the_appointment(town, booked(house, town, hours=2))
    clock.advance(hours=2)
    appointments.record_attendance(house, town.regulator, appointment.id, came=came)
    (promise,) = promises(house, "follow_up_visit")
    assert promise.due_at == appointment.ends_at + timedelta(hours=2)
    clock.now = promise.due_at

    keep_promises(house)

    (message,) = messages(house, kind)
    assert sms.bodies_to(PATIENT)[1:] == [text_of(house, message)]
    assert message.purpose == f"{kind}:{appointment.id}"
    assert message.expires_at == clock.now + timedelta(days=1)


def test_the_mark_that_stands_counts(house: House, town: Town, clock: FakeClock) -> None:
    appointment = the_appointment(town, booked(house, town, hours=2))
    clock.advance(hours=3)
    appointments.record_attendance(house, town.regulator, appointment.id, came=False)
    appointments.record_attendance(house, town.regulator, appointment.id, came=True)
    clock.advance(hours=2)

    keep_promises(house)

    assert messages(house, "no_show_follow_up") == []
    assert len(messages(house, "satisfaction")) == 1


def test_a_territory_may_do_without_either(house: House, town: Town, clock: FakeClock) -> None:
    set_sms(house, town, satisfaction=False, no_show=False)
    appointment = the_appointment(town, booked(house, town, hours=2))
    clock.advance(hours=3)

    appointments.record_attendance(house, town.regulator, appointment.id, came=True)
    appointments.record_attendance(house, town.regulator, appointment.id, came=False)

    assert promises(house, "follow_up_visit") == []


def test_nobody_is_asked_about_a_visit_of_last_week(
    house: House, town: Town, clock: FakeClock
) -> None:
    appointment = the_appointment(town, booked(house, town, hours=2))
    clock.advance(days=7)

    appointments.record_attendance(house, town.regulator, appointment.id, came=True)

    assert promises(house, "follow_up_visit") == []
