"""Patients whom no SMS tells are put before the regulator, whatever else is asked, until told."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

import pytest

from dispatcher.domain.calling import Whom
from dispatcher.domain.errors import TransitionError
from dispatcher.domain.events import ENGINE
from dispatcher.domain.jobs import Job
from dispatcher.gateways.sms import SmsProblem, SmsRetry, SmsUncertain
from dispatcher.services import appointments, calling
from dispatcher.services.booking import book_by_hand
from dispatcher.services.calling import attend_request
from dispatcher.services.commands import BookSlot, CancelRequest, CloseRequest
from dispatcher.services.house import House
from dispatcher.services.inbox import handle_messages
from dispatcher.services.receipts import record_receipt
from dispatcher.services.receiving import receive_message
from dispatcher.storage import keeping
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.tables import events, messages

PATIENT = "+33639980042"
LANDLINE: dict[str, object] = {"phone": "03 53 01 00 12", "by_telephone": True}


def booked(
    house: House, town: Town, hours: float = 4, patient: dict[str, object] | None = None
) -> UUID:
    slot = town.slot(town.volunteer(), hours=hours)
    asked = town.request(patient=patient or {"phone": mobile(42)}, need={"delay_hours": 48})
    book_by_hand(house, town.regulator, asked, BookSlot(slot=slot))
    keep_promises(house)
    return asked


def away(sms: FakeSms, problem: SmsProblem) -> None:
    """For the SMS to the patient and for that to the practitioner."""
    for _ in range(2):
        sms.fail_next(problem)


def receipt(house: House, kind: str, status: str, code: str | None = None) -> None:
    message = messages(house, kind)[-1]
    assert message.provider_sid is not None
    assert record_receipt(house, message.id, message.provider_sid, status, code)


def watch(house: House, town: Town) -> int:
    """What the clock has done each minute."""
    with house.db.transaction(town.territory_id, ENGINE) as unit:
        unit.promise(Job.WATCH_UNSENT, {})
    (ring,) = [ring for ring in keeping.due(house.db, 100) if ring.job == Job.WATCH_UNSENT]
    claim = keeping.claim(house.db, ring.promise_id, 20)
    assert claim is not None
    return calling.watch_unsent(house, claim)


class TestBesideWhatElseIsAsked:
    def test_a_message_of_the_inbox_does_not_hide_a_call(self, house: House, town: Town) -> None:
        asked = booked(house, town)
        receive_message(house, PATIENT, "Bonjour, une question", "SM1")
        receipt(house, "confirmation", "undelivered", "30005")

        request = town.the_request(asked)
        assert (request.attention, town.to_call(asked)) == ("message", ["patient"])

    def test_dealing_with_the_inbox_leaves_the_call(self, house: House, town: Town) -> None:
        asked = booked(house, town)
        receipt(house, "confirmation", "undelivered", "30005")
        receive_message(house, PATIENT, "Bonjour, une question", "SM1")
        (received,) = messages(house, "unknown")
        handle_messages(house, town.regulator, received.id)

        assert (town.the_request(asked).attention, town.to_call(asked)) == (None, ["patient"])

    def test_calling_leaves_the_message_to_be_read(self, house: House, town: Town) -> None:
        asked = booked(house, town)
        receive_message(house, PATIENT, "Bonjour, une question", "SM1")
        receipt(house, "confirmation", "undelivered", "30005")
        attend_request(house, town.regulator, asked)

        assert (town.the_request(asked).attention, town.to_call(asked)) == ("message", [])

    def test_another_slot_does_not_hide_who_does_not_know_that_the_first_is_off(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        asked = booked(house, town)
        appointment = town.the_appointment(asked)
        assert appointment is not None
        appointments.cancel_by_practitioner(house, town.regulator, appointment.id)
        keep_promises(house)
        receipt(house, "cancelled_by_practitioner", "undelivered", "30005")
        clock.advance(minutes=1)
        slot = town.slot(town.volunteer(), hours=6)
        book_by_hand(house, town.regulator, asked, BookSlot(slot=slot))

        assert (town.the_request(asked).status, town.to_call(asked)) == ("booked", ["patient"])


class TestOver:
    @pytest.mark.parametrize("way", ["cancelled", "redirected", "unfilled"])
    def test_whoever_ends_a_request_is_asked_to_telephone_a_patient_without_sms(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        way: Literal["cancelled", "redirected", "unfilled"],
    ) -> None:
        asked = booked(house, town, patient=LANDLINE)
        attend_request(house, town.regulator, asked)
        assert town.to_call(asked) == []
        clock.advance(minutes=1)

        if way == "cancelled":
            appointments.cancel_request(
                house, town.regulator, asked, CancelRequest(by="regulator", reason="Doublon")
            )
        else:
            appointments.close_request(
                house, town.regulator, asked, CloseRequest(status=way, reason="OTHER")
            )

        assert (town.the_request(asked).status, town.to_call(asked)) == (way, ["patient"])
        attend_request(house, town.regulator, asked)
        assert town.to_call(asked) == []
        with pytest.raises(TransitionError):
            attend_request(house, town.regulator, asked)

    def test_a_cancellation_that_fails_later_puts_it_back(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        asked = booked(house, town)
        receipt(house, "confirmation", "delivered")
        clock.advance(minutes=1)
        appointments.cancel_request(
            house, town.regulator, asked, CancelRequest(by="regulator", reason="Doublon")
        )
        keep_promises(house)
        assert town.to_call(asked) == []

        receipt(house, "cancelled_by_regulator_patient", "undelivered", "30005")

        assert (town.the_request(asked).status, town.to_call(asked)) == ("cancelled", ["patient"])

    def test_who_gave_up_themselves_knows(self, house: House, town: Town) -> None:
        asked = booked(house, town, patient=LANDLINE)
        assert town.to_call(asked) == ["patient"]

        appointments.cancel_request(house, town.regulator, asked, CancelRequest(by="patient"))

        assert town.to_call(asked) == []

    @pytest.mark.parametrize("came", [True, False])
    def test_once_the_visit_is_closed_there_is_nothing_left_to_tell(
        self,
        house: House,
        town: Town,
        came: bool,  # noqa: FBT001
    ) -> None:
        asked = booked(house, town, patient=LANDLINE)
        appointment = town.the_appointment(asked)
        assert appointment is not None

        appointments.record_attendance(house, town.regulator, appointment.id, came=came)

        assert town.to_call(asked) == []


class TestTheProviderIsAway:
    @pytest.mark.parametrize(
        "problem", [SmsRetry("HTTP 429", after=3600), SmsUncertain("HTTP 503", after=3600)]
    )
    def test_after_a_quarter_of_an_hour_somebody_telephones(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms, problem: SmsProblem
    ) -> None:
        away(sms, problem)
        asked = booked(house, town)
        clock.advance(minutes=14, seconds=59)
        assert watch(house, town) == 0
        clock.advance(seconds=1)

        assert watch(house, town) == 1

        assert town.to_call(asked) == ["patient"]
        assert events(house, asked)[-1] == ("request_escalated", {"attention": "undelivered"})
        assert watch(house, town) == 0

    def test_an_appointment_within_the_hour_does_not_wait_for_that(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        away(sms, SmsRetry("HTTP 429", after=3600))
        asked = booked(house, town, hours=1)
        clock.advance(minutes=2)
        watch(house, town)
        assert town.to_call(asked) == ["patient"]

    def test_it_is_taken_back_when_the_sms_leaves_after_all(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        away(sms, SmsRetry("HTTP 429", after=1800))
        asked = booked(house, town)
        clock.advance(minutes=16)
        watch(house, town)
        clock.advance(minutes=15)

        keep_promises(house)

        assert town.to_call(asked) == []
        assert ("patient_reached", {}) in events(house, asked)

    def test_who_was_telephoned_meanwhile_is_not_to_be_called_when_it_fails(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        away(sms, SmsRetry("HTTP 429", after=1800))
        asked = booked(house, town)
        clock.advance(minutes=16)
        watch(house, town)
        attend_request(house, town.regulator, asked)
        clock.advance(minutes=15)
        keep_promises(house)
        receipt(house, "confirmation", "undelivered", "30005")

        assert town.to_call(asked) == []


class TestPractitioners:
    def test_one_who_does_not_read_of_a_patient_of_today_is_called_and_told(
        self, house: House, town: Town
    ) -> None:
        asked = booked(house, town)
        receipt(house, "practitioner_notice", "undelivered", "30003")
        assert town.to_call(asked) == ["practitioner"]
        with pytest.raises(TransitionError):
            attend_request(house, town.regulator, asked)

        attend_request(house, town.regulator, asked, Whom.PRACTITIONER)

        assert town.to_call(asked) == []
        assert events(house, asked)[-1] == (
            "request_attended",
            {"attention": "notice_undelivered"},
        )

    def test_of_the_day_after_tomorrow_they_read_in_their_agenda(
        self, house: House, town: Town
    ) -> None:
        asked = booked(house, town, hours=timedelta(days=2) / timedelta(hours=1) - 1)
        receipt(house, "practitioner_notice", "undelivered", "30003")
        assert town.to_call(asked) == []
