"""What the provider says afterwards: repeated, late, out of order, and about others' messages."""

import itertools
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.messages import MessageStatus, moves_forward
from dispatcher.services import appointments
from dispatcher.services.calling import attend_request
from dispatcher.services.house import House
from dispatcher.services.receipts import record_receipt
from dispatcher.storage.messages import Message
from tests.builders import Town
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.tables import events, kinds, messages, row_counts


@pytest.fixture
def message(house: House, town: Town) -> Message:
    """A confirmation that the provider has."""
    town.slot()
    town.request()
    keep_promises(house)
    (sent,) = messages(house, "confirmation")
    assert sent.status == "sent"
    return sent


def status(house: House, kind: str = "confirmation") -> str:
    (message,) = messages(house, kind)
    return message.status


def receive(house: House, message: Message, said: str, code: str | None = None) -> bool:
    return record_receipt(house, message.id, message.provider_sid or "", said, code)


def test_a_receipt_moves_a_message_forward_and_is_logged(house: House, message: Message) -> None:
    assert receive(house, message, "delivered")

    assert status(house) == "delivered"
    assert message.request_id is not None
    assert events(house, message.request_id)[-1] == (
        "message_progressed",
        {"message_id": str(message.id), "status": "delivered", "error_code": None},
    )


def test_a_receipt_that_comes_again_or_too_late_changes_nothing(
    house: House, message: Message
) -> None:
    receive(house, message, "delivered")
    before = row_counts(house)

    for said in ("delivered", "queued", "sent", "sending", "undelivered", "failed", "accepted"):
        assert receive(house, message, said, "30003")

    assert status(house) == "delivered"
    assert row_counts(house) == before


def test_in_whatever_order_receipts_come_the_end_is_the_same(house: House, town: Town) -> None:
    """queued, sent and delivered in their six orders, each twice."""
    town.slot(places=6, minutes=240)
    for _ in range(6):
        town.request()
    keep_promises(house)

    orders = itertools.permutations(("queued", "sent", "delivered"))
    for message, order in zip(messages(house, "confirmation"), orders, strict=True):
        for said in order + order:
            receive(house, message, said)

    assert {message.status for message in messages(house, "confirmation")} == {"delivered"}


@given(st.lists(st.sampled_from(MessageStatus), min_size=1))
def test_a_message_never_leaves_an_end_and_never_goes_back(said: list[MessageStatus]) -> None:
    order = [
        {MessageStatus.QUEUED},
        {MessageStatus.SENDING},
        {MessageStatus.SENT},
        {
            MessageStatus.DELIVERED,
            MessageStatus.UNDELIVERED,
            MessageStatus.FAILED,
            MessageStatus.REFUSED,
        },
    ]
    rank = {status: position for position, group in enumerate(order) for status in group}
    now = MessageStatus.QUEUED

    for after in said:
        if moves_forward(now, after):
            assert rank[after] > rank[now]
            now = after


def test_a_receipt_finds_its_message_by_our_id_or_by_the_providers_number(
    house: House, message: Message
) -> None:
    assert message.provider_sid is not None

    assert record_receipt(house, None, message.provider_sid, "sent", None)
    assert record_receipt(house, message.id, "SM-another-number", "delivered", None)

    assert status(house) == "delivered"
    (kept,) = messages(house, "confirmation")
    assert kept.provider_sid == message.provider_sid


def test_a_receipt_of_somebody_elses_message_changes_nothing(
    house: House, message: Message
) -> None:
    before = row_counts(house)

    assert not record_receipt(house, uuid4(), "SM-unknown", "delivered", None)
    assert not record_receipt(house, None, "SM-unknown", "delivered", None)

    assert (status(house), row_counts(house)) == ("sent", before)


def test_a_status_that_is_new_to_us_changes_nothing(house: House, message: Message) -> None:
    before = row_counts(house)

    assert receive(house, message, "teleported")

    assert (status(house), row_counts(house)) == ("sent", before)


def to_call(town: Town, request_id: UUID | None) -> list[str]:
    assert request_id is not None
    return town.to_call(request_id)


@pytest.mark.parametrize("said", ["undelivered", "failed", "partially_delivered", "canceled"])
def test_a_confirmation_that_did_not_arrive_is_put_in_front_of_the_regulator_once(
    house: House, town: Town, message: Message, said: str
) -> None:
    receive(house, message, said, "30005")
    receive(house, message, said, "30005")

    assert to_call(town, message.request_id) == ["patient"]
    assert kinds(house, message.request_id).count("request_escalated") == 1
    (kept,) = messages(house, "confirmation")
    assert kept.error_code == "30005"


def test_a_patient_who_does_not_know_that_their_appointment_is_cancelled_is_to_be_called(
    house: House, town: Town, message: Message
) -> None:
    """The practitioner cancelled, the SMS did not arrive: they would stand before a closed door."""
    assert message.appointment_id is not None
    appointments.cancel_by_practitioner(house, town.regulator, message.appointment_id)
    town.slot()
    keep_promises(house)
    assert message.request_id is not None
    assert town.the_request(message.request_id).status == "booked"

    (cancelled,) = messages(house, "cancelled_by_practitioner")
    receive(house, cancelled, "undelivered", "30003")

    assert to_call(town, message.request_id) == ["patient"]


def test_what_the_practitioner_did_not_get_sends_the_regulator_to_them_not_to_the_patient(
    house: House, town: Town, message: Message
) -> None:
    (notice,) = messages(house, "practitioner_notice")

    receive(house, notice, "undelivered", "30003")

    assert status(house, "practitioner_notice") == "undelivered"
    assert to_call(town, message.request_id) == ["practitioner"]


def test_a_late_receipt_does_not_wake_a_request_that_is_over(
    house: House, town: Town, message: Message
) -> None:
    assert message.appointment_id is not None
    appointments.record_attendance(house, town.regulator, message.appointment_id, came=True)

    receive(house, message, "undelivered", "30003")

    assert status(house) == "undelivered"
    assert to_call(town, message.request_id) == []


def test_once_the_patient_was_called_nothing_is_asked_any_more(
    house: House, town: Town, message: Message
) -> None:
    receive(house, message, "undelivered", "30003")
    assert message.request_id is not None

    attend_request(house, town.regulator, message.request_id)

    assert to_call(town, message.request_id) == []


def test_nothing_is_wrong_with_what_arrived(
    house: House, town: Town, sms: FakeSms, message: Message
) -> None:
    """The companion."""
    receive(house, message, "delivered")

    assert to_call(town, message.request_id) == []
