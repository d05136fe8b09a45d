"""Whom a request without a slot is put to, when, and what happens when nobody says yes."""

import pytest

from dispatcher.domain.messages import ErrorClass
from dispatcher.gateways.sms import SmsRefused
from dispatcher.services.appointments import cancel_request, record_attendance
from dispatcher.services.asking import ask_now
from dispatcher.services.commands import CancelRequest
from dispatcher.services.house import House
from tests.builders import LONS, Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.offering import (
    SAME_DAY_MINUTES,
    answers,
    asked_volunteer,
    e164,
    offers,
    settings,
    statuses,
    told,
    waits,
)
from tests.services.tables import events, kinds, messages

CHAMPAGNOLE = "39097"
"""27 km away."""


def test_nobody_is_asked_before_the_time_that_a_published_slot_has(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    volunteer = asked_volunteer(town)
    request = town.request(need={"delay_hours": 4})
    keep_promises(house)
    clock.advance(minutes=9)
    keep_promises(house)
    assert town.the_request(request).attention == "no_slot"
    assert told(house, sms, volunteer) == []

    clock.advance(minutes=1)

    (body,) = told(house, sms, volunteer)
    asked = town.the_request(request)
    assert (asked.status, asked.attention, asked.waves) == ("offering", None, 1)
    assert f"OUI {asked.code}" in body
    assert "/sollicitations/" in body
    assert "avant le lundi 23 novembre à 13 h" in body.replace("\u00a0", " ")
    check(house.db.engine, clock.now)


def test_a_slot_that_is_published_in_time_is_enough(
    house: House, town: Town, clock: FakeClock
) -> None:
    asked_volunteer(town)
    request = town.request(need={"delay_hours": 4})
    keep_promises(house)
    town.slot(hours=1)
    keep_promises(house)
    clock.advance(minutes=30)
    keep_promises(house)

    assert town.the_request(request).status == "booked"
    assert offers(house, request) == []


class TestOrder:
    def test_the_patients_own_doctor_is_asked_alone_first(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        own = asked_volunteer(town, commune=CHAMPAGNOLE)
        near = asked_volunteer(town)
        request = waits(town, clock, patient={"gp": own.id})
        assert statuses(house, request) == {own.id: "sent"}

        clock.advance(minutes=SAME_DAY_MINUTES - 1)
        keep_promises(house)
        assert len(offers(house, request)) == 1

        clock.advance(minutes=1)
        keep_promises(house)
        assert statuses(house, request) == {own.id: "sent", near.id: "sent"}
        assert [each.wave for each in offers(house, request)] == [1, 2]

    def test_who_saw_the_patient_before_is_their_own_as_well(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        usual = asked_volunteer(town, commune=CHAMPAGNOLE)
        asked_volunteer(town)
        person = {"last_name": "Habitué", "first_name": "Jean", "phone": mobile(7)}
        town.slot(usual)
        before = town.request(patient=person)
        keep_promises(house)
        clock.advance(hours=3)
        appointment = town.the_appointment(before)
        assert appointment is not None
        record_attendance(house, town.regulator, appointment.id, came=True)

        again = waits(town, clock, patient=person | {"phone": mobile(8)})

        assert statuses(house, again) == {usual.id: "sent"}

    def test_the_nearest_come_first_as_many_as_the_territory_says(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        settings(town, offers={"wave_size": 1, "widen_minutes": {"4": 25}}, outside_hours=True)
        far = asked_volunteer(town, commune=CHAMPAGNOLE)
        near = asked_volunteer(town)
        request = waits(town, clock)
        assert statuses(house, request) == {near.id: "sent"}

        clock.advance(minutes=24)
        keep_promises(house)
        assert len(offers(house, request)) == 1
        clock.advance(minutes=1)
        keep_promises(house)
        assert statuses(house, request) == {near.id: "sent", far.id: "sent"}

    def test_of_two_as_near_the_one_who_was_left_in_peace(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        settings(town, offers={"wave_size": 1, "widen_minutes": {"4": 60}}, outside_hours=True)
        pair = [asked_volunteer(town), asked_volunteer(town)]
        first = waits(town, clock)
        second = waits(town, clock)

        (one,), (other,) = statuses(house, first), statuses(house, second)
        assert {one, other} == {each.id for each in pair}


class TestWhoIsLeftOut:
    @pytest.mark.parametrize(
        ("changes", "need"),
        [
            ({"accepts_offers": False}, {}),
            ({"profession": "60", "specialty": None}, {}),
            ({"max_age": 15}, {}),
            ({"modalities": ["VR"]}, {}),
            ({"languages": ["fr"]}, {"language": "ar"}),
            ({"patient_sex": "male"}, {}),
            ({"commune": "21231"}, {}),  # Dijon, 85 km away
            ({"commune": CHAMPAGNOLE}, {"travel_km": 10}),
        ],
    )
    def test_a_volunteer_whom_a_rule_excludes_is_not_asked(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        changes: dict[str, object],
        need: dict[str, object],
    ) -> None:
        town.volunteer(**({"accepts_offers": True} | changes))
        fits = asked_volunteer(town, languages=["fr", "ar"], commune=LONS)
        request = waits(town, clock, need={"delay_hours": 4} | need)

        assert statuses(house, request) == {fits.id: "sent"}

    def test_who_has_their_day_full_is_not_asked(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        full = asked_volunteer(town, daily_cap=1)
        town.slot(full, hours=1)
        town.request()
        keep_promises(house)
        request = waits(town, clock)

        assert offers(house, request) == []

    def test_who_gave_the_patient_up_is_not_asked_for_them(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        volunteer = asked_volunteer(town)
        town.slot(volunteer, hours=1)
        request = town.request(need={"delay_hours": 4})
        keep_promises(house)
        cancel_request(house, town.regulator, request, CancelRequest(by="practitioner", reason=""))
        keep_promises(house)
        clock.advance(minutes=30)
        keep_promises(house)

        assert town.the_request(request).status == "searching"
        assert offers(house, request) == []


class TestUnreachable:
    def test_a_volunteer_without_a_telephone_is_counted_and_the_regulator_told(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        asked_volunteer(town, phone=None)
        request = waits(town, clock)

        assert offers(house, request) == []
        asked = town.the_request(request)
        assert (asked.status, asked.attention) == ("searching", "nobody_answered")
        (event,) = [data for kind, data in events(house, request) if kind == "volunteers_asked"]
        assert event == {"wave": 0, "asked": 0, "unreachable": 1, "asked_by": "engine"}

        clock.advance(minutes=30)
        keep_promises(house)
        assert kinds(house, request).count("volunteers_asked") == 1

    def test_who_said_stop_is_not_asked_and_counts_the_same(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        silent, other = asked_volunteer(town), asked_volunteer(town)
        first = waits(town, clock)
        assert len(offers(house, first)) == 2
        answers(town, silent, "STOP")
        request = waits(town, clock)

        assert statuses(house, request) == {other.id: "sent"}
        asked = [data for kind, data in events(house, request) if kind == "volunteers_asked"]
        assert [(each["asked"], each["unreachable"]) for each in asked] == [(1, 1)]

    def test_whom_the_sms_does_not_reach_is_not_waited_for(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        settings(town, offers={"wave_size": 1}, outside_hours=True)
        near, far = asked_volunteer(town), asked_volunteer(town, commune=CHAMPAGNOLE)
        sms.fail_next(SmsRefused(30006, ErrorClass.LANDLINE))
        request = waits(town, clock)

        assert statuses(house, request) == {near.id: "promised", far.id: "sent"}

    def test_no_volunteer_at_all_leaves_the_board_as_it_was(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        request = waits(town, clock)

        assert town.the_request(request).attention == "no_slot"
        assert "volunteers_asked" not in kinds(house, request)


class TestNobodySaysYes:
    def test_when_all_have_declined_the_next_wave_is_asked_at_once_and_then_the_regulator(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        settings(town, offers={"wave_size": 1}, outside_hours=True)
        near, far = asked_volunteer(town), asked_volunteer(town, commune=CHAMPAGNOLE)
        request = waits(town, clock)
        answers(town, near, "NON je suis en congé")
        keep_promises(house)
        assert statuses(house, request) == {near.id: "declined", far.id: "sent"}

        answers(town, far, "NON")
        keep_promises(house)

        asked = town.the_request(request)
        assert (asked.status, asked.attention) == ("searching", "nobody_answered")
        check(house.db.engine, clock.now)

    def test_silence_ends_with_the_wave_and_the_offer_with_the_delay(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        silent = asked_volunteer(town)
        request = waits(town, clock)
        clock.advance(minutes=SAME_DAY_MINUTES)
        keep_promises(house)
        asked = town.the_request(request)
        assert (asked.status, asked.attention) == ("searching", "nobody_answered")
        assert statuses(house, request) == {silent.id: "sent"}

        clock.advance(hours=4)
        keep_promises(house)

        assert statuses(house, request) == {silent.id: "expired"}
        assert kinds(house, request).count("offer_ended") == 1
        check(house.db.engine, clock.now, settled=True)

    def test_at_night_nobody_is_woken_unless_the_territory_works_then(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        volunteer = asked_volunteer(town)
        settings(town, outside_hours=False)
        clock.advance(hours=11, minutes=30)  # 20:30
        request = waits(town, clock, need={"delay_hours": 24})
        assert offers(house, request) == []

        clock.advance(hours=11, minutes=19)  # 07:59
        keep_promises(house)
        assert offers(house, request) == []
        clock.advance(minutes=1)
        keep_promises(house)
        assert statuses(house, request) == {volunteer.id: "sent"}

    def test_a_territory_may_leave_it_to_its_regulators(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        settings(town, offers={"automatic": False}, outside_hours=True)
        volunteer = asked_volunteer(town)
        request = waits(town, clock)
        assert offers(house, request) == []

        assert ask_now(house, town.regulator, request) == 1
        assert statuses(house, request) == {volunteer.id: "promised"}


def test_the_sms_says_nothing_about_the_patient(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    volunteer = asked_volunteer(town)
    motive = next(iter(house.catalogue.motives.values()))
    waits(
        town,
        clock,
        patient={"last_name": "Secret", "first_name": "Prudence"},
        need={"delay_hours": 4, "motive": motive.code, "note": "confidentiel"},
    )
    (body,) = told(house, sms, volunteer)
    for word in ("secret", "prudence", motive.label, "confidentiel", "médecin", "lons"):
        assert word.casefold() not in body.casefold()
    (message,) = messages(house, "offer")
    assert message.segments is not None
    assert message.segments <= 2
    assert sms.taken[-1].message.to == e164(volunteer)
