"""A telephone that was off: once more while it is of use, a few times, never what was delivered."""

from datetime import timedelta
from uuid import UUID

import pytest

from dispatcher.domain.messages import again_after
from dispatcher.services import appointments
from dispatcher.services.calling import attend_request
from dispatcher.services.commands import CancelRequest
from dispatcher.services.house import House
from dispatcher.services.receipts import record_receipt
from dispatcher.storage.messages import Message, first_purpose, purpose_again, times_sent
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.tables import events, messages, promises, text_of

PATIENT = "+33639980042"


@pytest.fixture
def request_id(house: House, town: Town) -> UUID:
    """A booked request, of tomorrow; its confirmation is with the provider."""
    town.slot(town.volunteer(phone=None), hours=25)
    asked = town.request(patient={"phone": mobile(42)}, need={"delay_hours": 48})
    keep_promises(house)
    return asked


def last(house: House) -> Message:
    return messages(house, "confirmation")[-1]


def receive(house: House, message: Message, said: str, code: str | None = None) -> None:
    assert record_receipt(house, message.id, message.provider_sid or "", said, code)


def to_call(town: Town, request_id: UUID) -> list[str]:
    return town.to_call(request_id)


@pytest.mark.parametrize(
    ("code", "times", "minutes"),
    [
        ("30003", 1, 10),
        ("30003", 2, 60),
        ("30003", 3, 240),
        ("30003", 4, None),
        ("30001", 1, 5),
        ("30008", 1, 10),
        ("30008", 2, None),
        ("30005", 1, None),
        ("21614", 1, None),
        ("opted_out", 1, None),
        (None, 1, None),
    ],
)
def test_what_is_worth_another_attempt_and_when(
    code: str | None, times: int, minutes: int | None
) -> None:
    assert again_after(code, times) == (minutes and timedelta(minutes=minutes))


def test_each_attempt_has_a_purpose_of_its_own() -> None:
    second = purpose_again("confirmation:1")
    third = purpose_again(second)

    assert (second, third) == ("confirmation:1/2", "confirmation:1/3")
    assert [times_sent(each) for each in ("confirmation:1", second, third)] == [1, 2, 3]
    assert {first_purpose(each) for each in (second, third)} == {"confirmation:1"}


def test_an_unreachable_telephone_gets_its_sms_later_and_nobody_has_to_call_any_more(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    first = last(house)
    receive(house, first, "undelivered", "30003")
    assert to_call(town, request_id) == ["patient"]
    (promise,) = promises(house, "send_again")
    assert promise.due_at == clock.now + timedelta(minutes=10)

    clock.advance(minutes=10)
    keep_promises(house)
    second = last(house)
    receive(house, second, "delivered")

    assert sms.bodies_to(PATIENT) == [text_of(house, first)] * 2
    assert [row.status for row in messages(house, "confirmation")] == ["undelivered", "delivered"]
    assert second.expires_at == first.expires_at
    assert to_call(town, request_id) == []
    assert events(house, request_id)[-1] == ("patient_reached", {})


def test_it_is_tried_a_few_times_and_no_more(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    for _ in range(4):
        receive(house, last(house), "undelivered", "30003")
        clock.advance(hours=4)
        keep_promises(house)

    assert len(sms.bodies_to(PATIENT)) == 4
    assert promises(house, "send_again") == []


def test_a_receipt_that_is_repeated_makes_no_second_attempt_more(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    for _ in range(3):
        receive(house, messages(house, "confirmation")[0], "undelivered", "30003")
    clock.advance(minutes=10)

    keep_promises(house)

    assert len(sms.bodies_to(PATIENT)) == 2


def test_what_arrived_after_all_is_not_sent_again(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    receive(house, last(house), "undelivered", "30003")
    receive(house, last(house), "delivered")
    assert to_call(town, request_id) == []
    clock.advance(minutes=10)

    keep_promises(house)

    assert len(sms.bodies_to(PATIENT)) == 1
    assert (last(house).status, last(house).error_code) == ("undelivered", "arrived_late")


def test_what_a_regulator_said_by_telephone_is_not_sent_again(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    receive(house, last(house), "undelivered", "30003")
    attend_request(house, town.regulator, request_id)
    clock.advance(minutes=10)

    keep_promises(house)

    assert len(sms.bodies_to(PATIENT)) == 1
    assert ("request_attended", {"attention": "undelivered"}) in events(house, request_id)


def test_an_appointment_that_is_off_is_not_confirmed_again(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    receive(house, last(house), "undelivered", "30003")
    appointments.cancel_request(house, town.regulator, request_id, CancelRequest(by="patient"))
    clock.advance(minutes=10)

    keep_promises(house)

    assert len(messages(house, "confirmation")) == 1


def test_nothing_is_tried_again_that_would_come_after_the_appointment(
    house: House, clock: FakeClock, request_id: UUID
) -> None:
    clock.advance(hours=24, minutes=51)

    receive(house, last(house), "undelivered", "30003")

    assert promises(house, "send_again") == []


@pytest.mark.parametrize("code", ["30005", "30006", "30007"])
def test_what_will_never_arrive_is_not_tried_again(
    house: House, town: Town, request_id: UUID, code: str
) -> None:
    receive(house, last(house), "undelivered", code)

    assert promises(house, "send_again") == []
    assert to_call(town, request_id) == ["patient"]


# Numbers that take no SMS


@pytest.mark.parametrize(
    ("phone", "code"),
    [("03 53 01 00 12", "landline"), ("+32 470 12 34 56", "foreign"), ("0892 12 34 56", "special")],
)
def test_a_number_that_takes_no_sms_is_told_by_telephone(
    house: House, town: Town, sms: FakeSms, phone: str, code: str
) -> None:
    town.slot(town.volunteer(phone=None))
    asked = town.request(patient={"phone": phone, "by_telephone": True})

    keep_promises(house)

    (message,) = messages(house, "confirmation")
    assert (message.status, message.error_code, sms.taken) == ("refused", code, [])
    assert to_call(town, asked) == ["patient"]
    attend_request(house, town.regulator, asked)
    assert to_call(town, asked) == []


@pytest.mark.parametrize("phone", ["0692 12 34 56", "0690 30 12 34", "0694 20 12 34"])
def test_mobiles_from_overseas_get_theirs(
    house: House, town: Town, sms: FakeSms, phone: str
) -> None:
    town.slot(town.volunteer(phone=None))
    town.request(patient={"phone": phone})

    keep_promises(house)

    assert len(sms.taken) == 1
