"""Settling a send whose answer was lost: Twilio's list, read by our real client."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.domain.messages import ErrorClass, MessageStatus
from dispatcher.gateways.sms import Found, OutgoingSms, SmsRefused, SmsRetry, SmsUncertain
from dispatcher.gateways.twilio import TwilioSms
from tests.fakes import twilio_emulator as emulated
from tests.fakes.twilio_emulator import TwilioEmulator
from tests.gateways.clients import PATIENT, a_moment_ago, an_sms, client_of


def lose_the_answer(twilio: TwilioEmulator, gateway: TwilioSms, message: OutgoingSms) -> None:
    twilio.next(emulated.reset(accepts=True))
    with pytest.raises(SmsUncertain):
        gateway.send(message)


def test_a_message_that_was_taken_is_found(twilio: TwilioEmulator, gateway: TwilioSms) -> None:
    message, since = an_sms(), a_moment_ago()
    lose_the_answer(twilio, gateway, message)
    twilio.accepted[0].progress("delivered", None)

    found = gateway.find(message, since)

    assert found == Found(twilio.accepted[0].sid, MessageStatus.DELIVERED)


def test_a_message_still_in_twilio_s_queue_is_found_though_it_has_no_date_of_sending(
    twilio: TwilioEmulator, gateway: TwilioSms
) -> None:
    message, since = an_sms(), a_moment_ago()
    lose_the_answer(twilio, gateway, message)

    assert gateway.find(message, since) == Found(twilio.accepted[0].sid, MessageStatus.SENT)
    assert [path.count("DateSent") for _, path in twilio.requests[1:]] == [1, 0]


def test_a_message_that_failed_since_is_found_with_its_error(
    twilio: TwilioEmulator, gateway: TwilioSms
) -> None:
    message, since = an_sms(), a_moment_ago()
    lose_the_answer(twilio, gateway, message)
    twilio.accepted[0].progress("undelivered", 30003)

    found = gateway.find(message, since)

    assert found == Found(twilio.accepted[0].sid, MessageStatus.UNDELIVERED, 30003)


def test_a_message_that_never_arrived_is_not_found(
    twilio: TwilioEmulator, gateway: TwilioSms
) -> None:
    message, since = an_sms(), a_moment_ago()
    twilio.next(emulated.reset(accepts=False))
    with pytest.raises(SmsUncertain):
        gateway.send(message)

    assert gateway.find(message, since) is None


def test_the_same_text_sent_before_is_another_message(
    twilio: TwilioEmulator, gateway: TwilioSms
) -> None:
    gateway.send(an_sms())
    twilio.accepted[0].progress("delivered", None)
    twilio.accepted[0].date_created -= timedelta(minutes=10)

    assert gateway.find(an_sms(), a_moment_ago()) is None


def test_the_same_text_sent_just_now_is_another_message_when_we_know_whose_it_is(
    twilio: TwilioEmulator, gateway: TwilioSms
) -> None:
    since = a_moment_ago()
    known = gateway.send(an_sms()).sid
    message = an_sms()
    lose_the_answer(twilio, gateway, message)

    assert gateway.find(message, since, {known}) == Found(
        twilio.accepted[1].sid, MessageStatus.SENT
    )
    assert gateway.find(message, since, {known, twilio.accepted[1].sid}) is None


@pytest.mark.parametrize(
    ("to", "body"), [("+33639980013", an_sms().body), (PATIENT, "CPTS Démo Jura : merci.")]
)
def test_another_number_or_another_text_is_another_message(
    twilio: TwilioEmulator, gateway: TwilioSms, to: str, body: str
) -> None:
    since = a_moment_ago()
    gateway.send(an_sms(to=to, body=body))

    assert gateway.find(an_sms(), since) is None


def test_twilio_s_trial_prefix_does_not_hide_a_message(
    twilio: TwilioEmulator, gateway: TwilioSms
) -> None:
    message, since = an_sms(), a_moment_ago()
    lose_the_answer(twilio, gateway, message)
    twilio.accepted[0].body = f"Sent from your Twilio trial account - {message.body}"

    assert gateway.find(message, since) is not None


def test_a_message_is_found_behind_many_others_page_after_page(
    twilio: TwilioEmulator, gateway: TwilioSms
) -> None:
    message, since = an_sms(), a_moment_ago()
    lose_the_answer(twilio, gateway, message)
    for number in range(120):
        twilio.store.accept(
            {
                "To": PATIENT,
                "From": emulated.SENDER,
                "Body": f"other {number}",
            }
        )

    found = gateway.find(message, since)

    assert found is not None
    assert found.sid == twilio.accepted[0].sid


def test_a_send_just_before_midnight_is_found_just_after(
    twilio: TwilioEmulator, gateway: TwilioSms
) -> None:
    message = an_sms()
    lose_the_answer(twilio, gateway, message)
    sent = datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)
    twilio.accepted[0].date_created = sent
    twilio.accepted[0].date_sent = sent + timedelta(seconds=2)

    assert gateway.find(message, datetime(2026, 11, 25, 0, 0, 1, tzinfo=UTC)) is not None


def test_two_clocks_may_differ_by_some_seconds_and_no_more(
    twilio: TwilioEmulator, gateway: TwilioSms
) -> None:
    message = an_sms()
    lose_the_answer(twilio, gateway, message)
    taken = twilio.accepted[0].date_created

    assert gateway.find(message, taken + timedelta(seconds=4)) is not None
    assert gateway.find(message, taken + timedelta(seconds=6)) is None


@pytest.mark.parametrize(
    "fault",
    [
        emulated.server_error(accepts=False),
        emulated.too_many("9"),
        emulated.reset(accepts=False),
        emulated.garbage(),
    ],
    ids=["500", "429", "reset", "garbage"],
)
def test_a_list_that_cannot_be_read_now_is_asked_again_later(
    twilio: TwilioEmulator, gateway: TwilioSms, fault: emulated.Fault
) -> None:
    twilio.next(fault)

    with pytest.raises(SmsRetry) as retry:
        gateway.find(an_sms(), a_moment_ago())

    assert retry.value.after == (9.0 if fault.status == 429 else None)


def test_a_list_without_messages_is_no_list(
    twilio: TwilioEmulator, gateway: TwilioSms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio.store, "page", lambda *_: {"page": 0})

    with pytest.raises(SmsRetry):
        gateway.find(an_sms(), a_moment_ago())


def test_wrong_credentials_are_told_when_asking_too(twilio: TwilioEmulator) -> None:
    with pytest.raises(SmsRefused) as refusal:
        client_of(twilio.base_url, auth_token="wrong").find(an_sms(), a_moment_ago())

    assert refusal.value.error_class is ErrorClass.AUTH
