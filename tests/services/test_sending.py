"""One SMS, whatever the provider answers: sent once, tried again in time, never forgotten."""

import random
from datetime import timedelta
from uuid import UUID

import pytest
from structlog.typing import EventDict

from dispatcher.domain.messages import ErrorClass
from dispatcher.gateways.sms import Accepted, OutgoingSms, SmsRefused, SmsRetry, SmsUncertain
from dispatcher.reads.health import promises_and_ticks
from dispatcher.services import sending
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.messages import Message
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.invariants import check
from tests.services.outbox import PATIENT, booked_request, claimed, pause, the_message
from tests.services.tables import events, promises


@pytest.fixture
def request_id(house: House, town: Town) -> UUID:
    return booked_request(house, town)


def test_a_message_is_handed_over_once_and_its_number_kept(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    sending.send_message(house, claimed(house))

    (taken,) = sms.taken
    message = the_message(house)
    assert (message.status, message.provider_sid) == ("sent", taken.sid)
    assert (taken.message.to, taken.message.message_id) == (PATIENT, message.id)
    assert taken.message.territory_code == "jura"
    # the appointment is in two hours: past that the SMS is worth nothing
    assert taken.message.validity_seconds == 2 * 60 * 60
    assert promises(house, "send_message") == []
    assert events(house, request_id)[-1] == (
        "message_progressed",
        {"message_id": str(message.id), "status": "sent", "error_code": None},
    )


def test_while_the_provider_is_called_no_transaction_is_open_and_the_row_says_sending(
    house: House, sms: FakeSms, request_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []
    send = sms.send

    def looking(message: OutgoingSms) -> Accepted:
        with house.db.writing() as session:  # would wait for ever if a writer were open on SQLite
            row = session.get_one(Message, message.message_id)
            seen.append((row.status, row.sending_since == house.clock()))
        return send(message)

    monkeypatch.setattr(sms, "send", looking)

    sending.send_message(house, claimed(house))

    assert seen == [("sending", True)]


def test_a_provider_that_is_away_is_tried_again_with_growing_pauses_and_never_given_up(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    """Half an hour without Twilio: nobody is forgotten, and nobody is told twice."""
    told = clock.now
    pauses = []
    while clock.now < told + timedelta(minutes=30):
        sms.fail_next(SmsRetry("ConnectTimeout"))
        sending.send_message(house, claimed(house))
        message = the_message(house)
        assert (message.status, message.sending_since) == ("queued", None)
        pauses.append(pause(house).total_seconds())
        clock.advance(seconds=pauses[-1])

    # 5 s at least, then a quarter of the age: 20 s old → 5 s, 25 → 6.25, 31.25 → 7.8 …
    assert pauses[:6] == [5, 5, 5, 5, 5, 6.25]
    assert pauses == sorted(pauses)
    assert len(pauses) > keeping.ATTEMPTS_MAXIMUM
    sending.send_message(house, claimed(house))
    assert len(sms.taken) == 1
    accepted = [taken.message.message_id for taken in sms.taken]
    check(house.db.engine, clock.now, settled=True, accepted=accepted)


def test_the_pause_that_the_provider_asks_for_is_kept(
    house: House, sms: FakeSms, request_id: UUID
) -> None:
    sms.fail_next(SmsRetry("HTTP 429 (20429)", after=90))

    sending.send_message(house, claimed(house))

    assert pause(house) == timedelta(seconds=90)
    (promise,) = promises(house, "send_message")
    assert (promise.attempts, promise.last_error) == (0, "HTTP 429 (20429)")


def test_a_short_wish_of_the_provider_does_not_shorten_our_own_pause(
    house: House, sms: FakeSms, request_id: UUID
) -> None:
    sms.fail_next(SmsRetry("HTTP 429", after=1))

    sending.send_message(house, claimed(house))

    assert pause(house) == timedelta(seconds=5)


def test_pauses_are_stretched_so_that_retries_do_not_come_back_together(
    house: House, sms: FakeSms, request_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "random", lambda: 0.8)
    sms.fail_next(SmsRetry("ConnectTimeout"))

    sending.send_message(house, claimed(house))

    assert pause(house) == timedelta(seconds=5 * 1.4)  # 0.8 of a half more


def test_a_provider_that_answers_500_is_asked_again_with_growing_pauses(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    """Each answer may hide a message that was taken: two minutes are left to its receipt."""
    pauses = []
    for _ in range(8):
        sms.fail_next(SmsUncertain("HTTP 503"))
        sending.send_message(house, claimed(house))
        pauses.append(pause(house).total_seconds())
        clock.advance(seconds=pauses[-1])

    # 120 s until a quarter of the age is more: 600 s old → 150, 750 → 187.5, 937.5 → 234.375
    assert pauses == [120, 120, 120, 120, 120, 150, 187.5, 234.375]
    sending.send_message(house, claimed(house))
    assert len(sms.taken) == 1


def test_the_pause_that_a_503_asks_for_is_kept_and_stretched(
    house: House, sms: FakeSms, request_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "random", lambda: 0.5)
    sms.fail_next(SmsUncertain("HTTP 503", after=200))

    sending.send_message(house, claimed(house))

    assert pause(house) == timedelta(seconds=200 * 1.25)


@pytest.mark.parametrize(
    ("code", "error_class", "kept"),
    [
        (21614, ErrorClass.LANDLINE, "21614"),
        (21610, ErrorClass.OPTED_OUT, "21610"),
        (21211, ErrorClass.PERMANENT, "21211"),
        (None, ErrorClass.PERMANENT, ""),
    ],
)
def test_what_the_provider_refuses_for_good_is_put_in_front_of_the_regulator(
    house: House,
    town: Town,
    sms: FakeSms,
    request_id: UUID,
    code: int | None,
    error_class: ErrorClass,
    kept: str,
) -> None:
    sms.fail_next(SmsRefused(code, error_class))

    sending.send_message(house, claimed(house))

    message = the_message(house)
    assert (message.status, message.error_code) == ("refused", kept)
    assert promises(house, "send_message") == []
    assert town.to_call(request_id) == ["patient"]
    assert events(house, request_id)[-1] == ("request_escalated", {"attention": "undelivered"})


def test_when_our_account_is_refused_messages_stay_owed_and_health_tells(
    house: House,
    town: Town,
    sms: FakeSms,
    clock: FakeClock,
    logs: list[EventDict],
    request_id: UUID,
) -> None:
    """A wrong token for an hour: nothing is lost, nobody else is blamed."""
    for _ in range(3 * keeping.ATTEMPTS_MAXIMUM):
        sms.fail_next(SmsRefused(20003, ErrorClass.AUTH))
        sending.send_message(house, claimed(house))
        clock.now += pause(house)

    assert the_message(house).status == "queued"
    assert town.the_request(request_id).attention is None
    assert {"event": "sms_account_refused", "code": 20003, "log_level": "critical"} in logs
    found = promises_and_ticks(house.db)
    age = (clock.now - the_message(house).created_at).total_seconds()
    assert (found.oldest_unsent_seconds, found.dead_promises) == (age, 0)
    sending.send_message(house, claimed(house))
    assert len(sms.taken) == 1
    assert promises_and_ticks(house.db).oldest_unsent_seconds is None


def test_a_message_that_has_expired_is_not_sent_and_the_regulator_told(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    clock.advance(hours=1, minutes=59, seconds=59)  # a second before the appointment

    sending.send_message(house, claimed(house))

    message = the_message(house)
    assert (message.status, message.error_code) == ("refused", "expired")
    assert sms.taken == []
    assert town.to_call(request_id) == ["patient"]


def test_a_message_that_is_about_to_expire_still_leaves(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    """The companion: two seconds before the appointment."""
    clock.advance(hours=1, minutes=59, seconds=58)

    sending.send_message(house, claimed(house))

    assert [taken.message.validity_seconds for taken in sms.taken] == [2]
