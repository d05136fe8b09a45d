"""An SMS that waited is asked again before it leaves: is it still true, and still wanted?"""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from dispatcher.domain.messages import ErrorClass, MessageStatus
from dispatcher.gateways.sms import SmsRefused, SmsRetry, SmsUncertain
from dispatcher.services.appointments import cancel_request
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot, CancelRequest
from dispatcher.services.house import House
from dispatcher.services.moving import move_appointment
from dispatcher.services.receipts import record_receipt
from dispatcher.services.receiving import receive_message
from dispatcher.storage.messages import OptOut
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.tables import messages

PATIENT = "+33639980042"


def booked(house: House, town: Town, hours: float = 4) -> UUID:
    """A booked request whose SMS are still to be sent; the practitioner has no telephone."""
    slot = town.slot(town.volunteer(phone=None), hours=hours)
    asked = town.request(patient={"phone": mobile(42)}, need={"delay_hours": 48})
    book_by_hand(house, town.regulator, asked, BookSlot(slot=slot))
    return asked


def later(house: House, clock: FakeClock, minutes: float) -> None:
    clock.advance(minutes=minutes)
    keep_promises(house)


def test_a_confirmation_that_was_held_up_does_not_follow_the_cancellation(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    sms.fail_next(SmsRetry("HTTP 429"))
    asked = booked(house, town)
    keep_promises(house)
    cancel_request(house, town.regulator, asked, CancelRequest(by="regulator", reason="Doublon"))
    later(house, clock, 5)
    (told,) = sms.bodies_to(PATIENT)
    assert "annulé" in told
    (confirmation,) = messages(house, "confirmation")
    assert (confirmation.status, confirmation.error_code) == ("refused", "superseded")


def test_a_lost_send_of_the_old_hour_does_not_follow_the_move(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    sms.fail_next(SmsUncertain("ReadTimeout"))
    asked = booked(house, town)
    keep_promises(house)
    other = town.slot(town.volunteer(phone=None), hours=6)
    move_appointment(house, town.regulator, asked, BookSlot(slot=other))
    keep_promises(house)
    later(house, clock, 3)
    assert ["déplacé" in body for body in sms.bodies_to(PATIENT)] == [True]


def test_what_the_provider_had_taken_is_recorded_whatever_came_after(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    sms.fail_next(SmsUncertain("ReadTimeout"), taken=True)
    asked = booked(house, town)
    keep_promises(house)
    cancel_request(house, town.regulator, asked, CancelRequest(by="regulator", reason="Doublon"))
    later(house, clock, 3)
    (confirmation,) = messages(house, "confirmation")
    assert confirmation.status == MessageStatus.SENT


@pytest.mark.parametrize(("word", "code"), [("ANNULER", "superseded"), ("STOP", "opted_out")])
def test_a_reminder_kept_for_the_morning_does_not_reach_who_cancelled_or_said_stop(
    house: House, town: Town, clock: FakeClock, sms: FakeSms, word: str, code: str
) -> None:
    """The reminder of 21:00 is kept for 8:00; the answer comes in between."""
    booked(house, town, hours=25)  # Tuesday 10:00
    keep_promises(house)
    clock.advance(hours=12)  # Monday 21:00: quiet
    keep_promises(house)
    (reminder,) = messages(house, "reminder")
    assert reminder.status == MessageStatus.QUEUED
    receive_message(house, PATIENT, word, "SM1")
    keep_promises(house)
    clock.advance(hours=11, minutes=5)
    keep_promises(house)
    (reminder,) = messages(house, "reminder")
    assert (reminder.status, reminder.error_code) == ("refused", code)
    assert not any("rappel" in body for body in sms.bodies_to(PATIENT))


def test_the_answer_to_stop_is_sent_all_the_same(house: House, town: Town, sms: FakeSms) -> None:
    booked(house, town)
    keep_promises(house)
    receive_message(house, PATIENT, "STOP", "SM1")
    keep_promises(house)
    assert "ne recevrez plus de SMS" in sms.bodies_to(PATIENT)[-1]


def test_a_receipt_with_a_new_word_settles_a_lost_send_by_its_number(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    sms.fail_next(SmsUncertain("ReadTimeout"), taken=True)
    booked(house, town)
    keep_promises(house)
    (confirmation,) = messages(house, "confirmation")
    record_receipt(house, confirmation.id, sms.taken[0].sid, "brand_new", None)
    later(house, clock, 3)
    assert len(sms.bodies_to(PATIENT)) == 1
    (confirmation,) = messages(house, "confirmation")
    assert (confirmation.status, confirmation.provider_sid) == ("sent", sms.taken[0].sid)


def test_a_stop_that_the_provider_knows_of_is_ours_from_then_on(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    sms.fail_next(SmsRefused(21610, ErrorClass.OPTED_OUT))
    asked = booked(house, town)
    keep_promises(house)
    with house.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(OptOut)) == 1
    cancel_request(house, town.regulator, asked, CancelRequest(by="regulator", reason="Doublon"))
    later(house, clock, 5)
    assert sms.bodies_to(PATIENT) == []


def test_what_arrived_after_we_gave_up_is_not_sent_again(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    booked(house, town)
    keep_promises(house)
    (confirmation,) = messages(house, "confirmation")
    sid = sms.taken[0].sid
    record_receipt(house, confirmation.id, sid, "failed", "30008")
    record_receipt(house, confirmation.id, sid, "delivered", None)
    clock.advance(seconds=timedelta(minutes=30).total_seconds())
    keep_promises(house)
    assert len(sms.bodies_to(PATIENT)) == 1
