"""Weekly templates: published ahead once, changed without losing anybody, never two at once."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account, Role
from dispatcher.services import absences, schedules, slot_changes, slots
from dispatcher.services.clearing import Fate, PatientsConcernedError
from dispatcher.services.commands import DeclareAbsence, WallHours
from dispatcher.services.house import House
from dispatcher.storage import keeping
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import events, kinds, messages, row_counts
from tests.services.timetables import account, booked, doctor, hours, mondays, to_be, utc

__all__ = ["account", "doctor"]
KEEP, CANCEL = Fate.KEEP, Fate.CANCEL


def open_starts(town: Town, doctor: Volunteer) -> list[datetime]:
    return [each.start_at for each in town.slots_of(doctor) if each.status != "closed"]


def run_the_clock_s_job(house: House, clock: FakeClock) -> None:
    with house.db.writing() as session:
        key = f"now:{clock.now.isoformat()}"
        keeping.promise_once(session, Job.PUBLISH_OCCURRENCES, key, clock.now, clock.now)
    keep_promises(house)


def test_four_weeks_are_published_at_once_and_the_rest_by_the_clock(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    """It is Monday 23 November, 09:00; the horizon is 21 December."""
    changed = schedules.set_up_schedule(house, account, mondays(doctor))

    weeks = [utc(23, 13), utc(30, 13), utc(7, 13, month=12), utc(14, 13, month=12)]
    assert open_starts(town, doctor) == [*weeks, utc(21, 13, month=12)]
    assert changed.published == 5
    slot = town.slots_of(doctor)[0]
    assert (slot.places, slot.ends_at, slot.schedule_hour) == (4, utc(23, 16), "14:00")
    assert kinds(house).count("slot_published") == 5

    before = row_counts(house)
    run_the_clock_s_job(house, clock)
    assert row_counts(house)["slots"] == before["slots"]  # nothing is published twice
    clock.advance(days=7)
    run_the_clock_s_job(house, clock)
    assert open_starts(town, doctor)[-1] == utc(28, 13, month=12)
    run_the_clock_s_job(house, clock)
    assert len(town.slots_of(doctor)) == 6


def test_over_the_change_of_clock_the_wall_shows_the_same_hour(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    clock.now = datetime(2026, 10, 12, 7, 0, tzinfo=UTC)
    schedules.set_up_schedule(
        house, account, mondays(doctor, first_day=date(2026, 10, 19), last_day=date(2026, 10, 26))
    )
    assert open_starts(town, doctor) == [utc(19, 12, month=10), utc(26, 13, month=10)]


def test_a_morning_is_cut_into_slots_for_one_patient(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    asked = mondays(
        doctor,
        hours=[WallHours(start=time(14), end=time(14, 50))],
        each_minutes=20,
        last_day=date(2026, 11, 23),
        note="Sonnez",
    )
    schedules.set_up_schedule(house, account, asked)
    found = town.slots_of(doctor)
    assert [each.start_at for each in found] == [utc(23, 13), utc(23, 13, 20)]
    assert {each.places for each in found} == {1}
    sealed = found[0].note
    assert sealed is not None
    assert house.db.cipher.open("slots.note", found[0].id, sealed) == "Sonnez"


def test_what_waits_is_matched_with_a_template(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    request = town.request()
    keep_promises(house)
    schedules.set_up_schedule(house, account, mondays(doctor))
    keep_promises(house)
    assert town.the_appointment(request) is not None


def test_a_slot_that_is_there_is_not_published_over(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    by_hand = town.slot(doctor, hours=6, minutes=30)  # 15:00, in the middle
    schedules.set_up_schedule(house, account, mondays(doctor, last_day=date(2026, 11, 23)))
    assert open_starts(town, doctor) == [utc(23, 14)]

    slots.withdraw_slot(house, account, by_hand)
    run_the_clock_s_job(house, clock)
    assert open_starts(town, doctor) == [utc(23, 13)]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"hours": hours(9, 12, 11, 14)}, "hours", "se chevauchent le lundi (de 11 h à 14 h)"),
        ({"hours": hours(16, 18)}, "hours", "en chevauche un autre le lundi (de 14 h à 17 h)"),
        (
            {"hours": hours(10, 15), "weekdays": [0, 1, 2, 3]},
            "hours",
            "en chevauche un autre le lundi et le mercredi",
        ),
        ({"hours": hours(12, 11)}, "hours.0.end", "après le début"),
        ({"hours": hours(6, 19)}, "hours.0.end", "douze heures"),
        ({"hours": hours(8, 9), "each_minutes": 90}, "each_minutes", "plus long"),
        ({"hours": hours(8, 9), "first_day": date(2026, 11, 22)}, "first_day", "aujourd’hui"),
        ({"hours": hours(8, 9), "last_day": date(2026, 11, 22)}, "last_day", "précède"),
        ({"hours": hours(8, 9), "modality": "XX"}, "modality", "inconnue"),
        ({"hours": hours(8, 9), "visibility": ["X"]}, "visibility", "PUBLIC"),
        ({"hours": hours(8, 9), "place": UUID(int=1)}, "place", "pas un lieu"),
    ],
)
def test_what_stands_against_a_template_is_said_at_its_field(
    house: House,
    doctor: Volunteer,
    account: Account,
    changes: dict[str, Any],
    field: str,
    sentence: str,
) -> None:
    schedules.set_up_schedule(house, account, mondays(doctor, weekdays=[0, 2]))
    before = row_counts(house)
    asked = mondays(doctor, **changes)

    with pytest.raises(InvalidError) as refused:
        schedules.set_up_schedule(house, account, asked)

    assert set(refused.value.fields) == {field}
    assert sentence in refused.value.fields[field].replace("\u00a0", " ")
    assert row_counts(house) == before


def test_a_change_asks_what_becomes_of_whoever_is_expected(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    schedule = schedules.set_up_schedule(house, account, mondays(doctor)).schedule_id
    kept, cancelled = booked(town), booked(town)
    before = row_counts(house)
    later = mondays(doctor, hours=hours(18, 20))

    with pytest.raises(PatientsConcernedError) as concerned:
        schedules.change_schedule(house, account, schedule, date(2026, 11, 23), later, {})
    assert set(concerned.value.appointment_ids) == {kept.id, cancelled.id}
    assert row_counts(house) == before

    decisions = {kept.id: KEEP, cancelled.id: CANCEL}
    changed = schedules.change_schedule(
        house, account, schedule, date(2026, 11, 23), later, decisions
    )
    keep_promises(house)

    assert (changed.cleared.kept, changed.cleared.cancelled) == (1, 1)
    assert open_starts(town, doctor)[:2] == [utc(23, 17), utc(30, 17)]
    assert town.the_appointment(kept.request_id) is not None
    assert town.the_appointment(cancelled.request_id) is None
    assert town.the_request(cancelled.request_id).status == "searching"
    assert len(messages(house, "cancelled_by_practitioner")) == 1
    assert len(messages(house, "practitioner_notice")) == 2
    assert kinds(house).count("schedule_ended") == 1


def test_the_hours_that_stay_keep_their_patients_and_take_the_new_conditions(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    schedule = schedules.set_up_schedule(house, account, mondays(doctor)).schedule_id
    patient = booked(town)
    wider = mondays(doctor, weekdays=[0, 3], places=6, visibility=["SNP", "CPTS", "PRO"])

    changed = schedules.change_schedule(house, account, schedule, date(2026, 11, 23), wider, {})

    slot = town.the_slot(patient.slot_id)
    assert (slot.places, slot.taken, slot.status) == (6, 1, "open")
    assert slot.schedule_id == changed.schedule_id
    assert slot.visibility == ["SNP", "CPTS", "PRO"]
    assert changed.published == 4  # the Thursdays of 26 November to 17 December
    assert kinds(house).count("slot_withdrawn") == 0


def test_a_change_from_a_day_on_leaves_what_is_before(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    schedule = schedules.set_up_schedule(house, account, mondays(doctor)).schedule_id
    schedules.change_schedule(
        house, account, schedule, date(2026, 12, 7), mondays(doctor, hours=hours(8, 10)), {}
    )
    assert open_starts(town, doctor) == [
        utc(23, 13),
        utc(30, 13),
        utc(7, 7, month=12),
        utc(14, 7, month=12),
        utc(21, 7, month=12),
    ]
    with pytest.raises(InvalidError):  # the first goes on until 6 December
        schedules.set_up_schedule(house, account, mondays(doctor))
    schedules.set_up_schedule(house, account, mondays(doctor, first_day=date(2026, 12, 7)))


def test_what_was_changed_or_closed_one_by_one_stays_so(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    """Of five Mondays the second is moved to 18:00, the third is closed."""
    schedule = schedules.set_up_schedule(house, account, mondays(doctor)).schedule_id
    second, third = town.slots_of(doctor)[1:3]
    moved = to_be(doctor, utc(30, 17), utc(30, 19), places=4)
    slot_changes.change_slot(house, account, second.id, moved, {})
    slot_changes.close_slot(house, account, third.id, {})
    expected = [utc(23, 13), utc(30, 17), utc(14, 13, month=12), utc(21, 13, month=12)]
    assert open_starts(town, doctor) == expected

    changed = schedules.change_schedule(
        house, account, schedule, date(2026, 11, 23), mondays(doctor, places=2), {}
    )

    assert open_starts(town, doctor) == expected
    places = [each.places for each in town.slots_of(doctor) if each.status == "open"]
    assert places == [2, 4, 2, 2]
    assert changed.published == 0


def test_a_day_is_left_out_and_taken_back(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    schedule = schedules.set_up_schedule(house, account, mondays(doctor)).schedule_id
    patient = booked(town)
    today = date(2026, 11, 23)
    with pytest.raises(PatientsConcernedError):
        schedules.skip_day(house, account, schedule, today, {})
    schedules.skip_day(house, account, schedule, today, {patient.id: CANCEL})
    assert open_starts(town, doctor)[0] == utc(30, 13)
    with pytest.raises(InvalidError):
        schedules.skip_day(house, account, schedule, date(2026, 11, 24), {})

    assert schedules.restore_day(house, account, schedule, today) == 1
    assert open_starts(town, doctor)[0] == utc(23, 13)
    assert schedules.restore_day(house, account, schedule, today) == 0
    assert kinds(house).count("schedule_day_restored") == 1


def test_a_template_is_stopped_from_a_day_on(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    schedule = schedules.set_up_schedule(house, account, mondays(doctor)).schedule_id
    schedules.end_schedule(house, account, schedule, date(2026, 12, 1), {})
    assert open_starts(town, doctor) == [utc(23, 13), utc(30, 13)]
    schedules.end_schedule(house, account, schedule, date(2026, 11, 23), {})
    assert open_starts(town, doctor) == []
    run_the_clock_s_job(house, clock)
    assert open_starts(town, doctor) == []
    with pytest.raises(TransitionError):
        schedules.end_schedule(house, account, schedule, date(2026, 11, 23), {})


def test_the_templates_of_others_do_not_exist(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    schedule = schedules.set_up_schedule(house, account, mondays(doctor)).schedule_id
    other = town.account(Role.PRACTITIONER, town.volunteer())
    before = row_counts(house)
    today = date(2026, 11, 23)
    for somebody in (other, town.regulator):
        with pytest.raises(NotFoundError):
            schedules.change_schedule(house, somebody, schedule, today, mondays(doctor), {})
        with pytest.raises(NotFoundError):
            schedules.end_schedule(house, somebody, schedule, today, {})
        with pytest.raises(NotFoundError):
            schedules.skip_day(house, somebody, schedule, today, {})
        with pytest.raises(NotFoundError):
            schedules.restore_day(house, somebody, schedule, today)
    with pytest.raises(NotFoundError):
        schedules.set_up_schedule(house, town.regulator, mondays(doctor))
    assert row_counts(house) == before


# Absences


def absence(first: datetime, last: datetime) -> DeclareAbsence:
    return DeclareAbsence(start=first, end=last)


def test_an_absence_closes_what_is_open_and_asks_about_who_is_expected(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    schedules.set_up_schedule(house, account, mondays(doctor))
    patient = booked(town)
    away = absence(utc(23, 0), utc(5, 23, month=12))
    with pytest.raises(PatientsConcernedError) as concerned:
        absences.declare_absence(house, account, away, {})
    assert concerned.value.appointment_ids == (patient.id,)

    cleared = absences.declare_absence(house, account, away, {patient.id: CANCEL})

    assert (len(cleared.slots), cleared.kept, cleared.cancelled) == (2, 0, 1)
    assert open_starts(town, doctor)[0] == utc(7, 13, month=12)
    run_the_clock_s_job(house, clock)
    assert open_starts(town, doctor)[0] == utc(7, 13, month=12)
    with pytest.raises(InvalidError) as refused:
        town.slot(doctor)
    assert "absence" in refused.value.fields["start"]


def test_an_absence_that_is_taken_back_lets_templates_offer_again(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    schedules.set_up_schedule(house, account, mondays(doctor))
    absences.declare_absence(house, account, absence(utc(23, 0), utc(1, 0, month=12)), {})
    absence_id = UUID(events(house)[-1][1]["absence_id"])

    assert absences.cancel_absence(house, account, absence_id) == 2
    assert open_starts(town, doctor)[:2] == [utc(23, 13), utc(30, 13)]
    assert absences.cancel_absence(house, account, absence_id) == 0
    other = town.account(Role.PRACTITIONER, town.volunteer())
    with pytest.raises(NotFoundError):
        absences.cancel_absence(house, other, absence_id)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (utc(24, 8), utc(24, 8)),
        (utc(20, 8), utc(22, 8)),
        (utc(24, 8), datetime(2027, 12, 1, tzinfo=UTC)),
    ],
)
def test_an_absence_that_cannot_be_is_refused(
    house: House, doctor: Volunteer, account: Account, first: datetime, last: datetime
) -> None:
    with pytest.raises(InvalidError) as refused:
        absences.declare_absence(house, account, absence(first, last), {})
    assert set(refused.value.fields) == {"end"}
