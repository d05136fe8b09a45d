"""States of an SMS, and what a provider's answers mean for them."""

import itertools

import pytest

from dispatcher.domain.messages import (
    MESSAGE_TRANSITIONS,
    ErrorClass,
    MessageStatus,
    classify_error,
    moves_forward,
    status_from_twilio,
)

STEP = {
    MessageStatus.QUEUED: 0,
    MessageStatus.SENDING: 1,
    MessageStatus.SENT: 2,
    MessageStatus.DELIVERED: 3,
    MessageStatus.UNDELIVERED: 3,
    MessageStatus.FAILED: 3,
    MessageStatus.REFUSED: 3,
}


def test_every_state_has_its_transitions() -> None:
    assert MESSAGE_TRANSITIONS.keys() == set(MessageStatus)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(MessageStatus, repeat=2)))
def test_a_message_never_goes_backwards_nor_sideways(
    before: MessageStatus, after: MessageStatus
) -> None:
    a_taken_message_refused = (before, after) == (MessageStatus.SENT, MessageStatus.REFUSED)

    expected = STEP[after] > STEP[before] and not a_taken_message_refused
    assert moves_forward(before, after) is expected


@pytest.mark.parametrize(
    ("receipts", "end"),
    [
        (["queued", "sent", "delivered"], MessageStatus.DELIVERED),
        (["delivered", "sent", "queued"], MessageStatus.DELIVERED),
        (["sent", "sent", "delivered", "delivered"], MessageStatus.DELIVERED),
        (["sent", "undelivered", "delivered"], MessageStatus.UNDELIVERED),
        (["failed"], MessageStatus.FAILED),
        (["receiving", "unheard_of"], MessageStatus.SENDING),
    ],
)
def test_receipts_in_any_order_end_in_the_same_place(
    receipts: list[str], end: MessageStatus
) -> None:
    status = MessageStatus.SENDING
    for receipt in receipts:
        after = status_from_twilio(receipt)
        if after is not None and moves_forward(status, after):
            status = after

    assert status is end


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("accepted", MessageStatus.SENT),
        ("scheduled", MessageStatus.SENT),
        ("queued", MessageStatus.SENT),
        ("sending", MessageStatus.SENT),
        ("sent", MessageStatus.SENT),
        ("delivered", MessageStatus.DELIVERED),
        ("read", MessageStatus.DELIVERED),
        ("partially_delivered", MessageStatus.UNDELIVERED),
        ("undelivered", MessageStatus.UNDELIVERED),
        ("failed", MessageStatus.FAILED),
        ("canceled", MessageStatus.FAILED),
        ("receiving", None),
        ("received", None),
        ("", None),
        (" Delivered ", MessageStatus.DELIVERED),
    ],
)
def test_each_of_twilio_s_statuses_has_a_meaning(theirs: str, ours: MessageStatus | None) -> None:
    assert status_from_twilio(theirs) is ours


@pytest.mark.parametrize(
    ("code", "http_status", "error_class"),
    [
        (20003, 401, ErrorClass.AUTH),
        (20429, 429, ErrorClass.RETRY),
        (21211, 400, ErrorClass.PERMANENT),
        (21408, 400, ErrorClass.PERMANENT),
        (21610, 400, ErrorClass.OPTED_OUT),
        (21612, 400, ErrorClass.PERMANENT),
        (21614, 400, ErrorClass.LANDLINE),
        (30001, None, ErrorClass.RETRY),
        (30002, None, ErrorClass.AUTH),
        (30003, None, ErrorClass.RETRY),
        (30004, None, ErrorClass.PERMANENT),
        (30005, None, ErrorClass.PERMANENT),
        (30006, None, ErrorClass.LANDLINE),
        (30007, None, ErrorClass.PERMANENT),
        (30008, None, ErrorClass.RETRY),
    ],
)
def test_a_known_code_asks_for_something(
    code: int, http_status: int | None, error_class: ErrorClass
) -> None:
    assert classify_error(code, http_status) is error_class


@pytest.mark.parametrize(
    ("http_status", "error_class"),
    [
        (400, ErrorClass.PERMANENT),
        (401, ErrorClass.AUTH),
        (403, ErrorClass.AUTH),
        (404, ErrorClass.AUTH),
        (407, ErrorClass.AUTH),
        (408, ErrorClass.RETRY),
        (422, ErrorClass.PERMANENT),
        (429, ErrorClass.RETRY),
        (500, ErrorClass.RETRY),
        (503, ErrorClass.RETRY),
        (None, ErrorClass.PERMANENT),
    ],
)
def test_an_unknown_code_is_classed_by_its_http_status(
    http_status: int | None, error_class: ErrorClass
) -> None:
    assert classify_error(None, http_status) is error_class
    assert classify_error(21999, http_status) is error_class
