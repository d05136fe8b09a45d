"""One SMS, whatever the provider answers: sent once, tried again in time, settled when in doubt."""

import contextlib
import random
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from dispatcher.domain.events import ENGINE
from dispatcher.domain.jobs import Job
from dispatcher.domain.messages import ErrorClass, MessageStatus
from dispatcher.gateways.sms import Accepted, Found, OutgoingSms, SmsRefused, SmsRetry, SmsUncertain
from dispatcher.reads.health import promises_and_ticks
from dispatcher.services import matching, sending
from dispatcher.services.house import House
from dispatcher.services.receipts import record_receipt
from dispatcher.storage import keeping
from dispatcher.storage.messages import Message
from dispatcher.storage.unit import Claim, LeaseLostError
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import events, messages, promises

PATIENT = "+33639980042"
SETTLE = 120
"""Seconds; the default of SMS_SETTLE_AFTER."""


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", lambda: 0.0)


@pytest.fixture
def request_id(house: House, town: Town) -> UUID:
    """A booked request: one SMS waits for the patient; the practitioner has no telephone."""
    town.slot(town.volunteer(phone=None))
    asked = town.request(patient={"phone": mobile(42)})
    for promise in promises(house, "match_waiting"):
        claim = keeping.claim(house.db, promise.id, 20)
        assert claim is not None
        matching.match_waiting(house, claim)
    return asked


def the_message(house: House) -> Message:
    (message,) = messages(house, "confirmation")
    return message


def claimed(house: House) -> Claim:
    (promise,) = promises(house, "send_message")
    claim = keeping.claim(house.db, promise.id, house.settings.promise_lease)
    assert claim is not None
    return claim


def pause(house: House) -> timedelta:
    """Until when the send is put off, from now."""
    (promise,) = promises(house, "send_message")
    return promise.due_at - house.clock()


@contextlib.contextmanager
def killed_before_recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The provider was called, its answer is never written down."""

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(sending, "_record", die)
        with pytest.raises(SystemExit):
            yield


def test_a_message_is_handed_over_once_and_its_number_kept(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    sending.send_message(house, claimed(house))

    (taken,) = sms.taken
    message = the_message(house)
    assert (message.status, message.provider_sid) == ("sent", taken.sid)
    assert (taken.message.to, taken.message.message_id) == (PATIENT, message.id)
    assert taken.message.territory_code == "jura"
    # the appointment ends in 2 h 20: past that the SMS is worth nothing
    assert taken.message.validity_seconds == (2 * 60 + 20) * 60
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
    assert town.the_request(request_id).attention == "undelivered"
    assert events(house, request_id)[-1] == ("request_escalated", {"attention": "undelivered"})


def test_when_our_account_is_refused_messages_stay_owed_and_health_tells(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    """A wrong token for an hour: nothing is lost, nobody else is blamed."""
    for _ in range(3 * keeping.ATTEMPTS_MAXIMUM):
        sms.fail_next(SmsRefused(20003, ErrorClass.AUTH))
        sending.send_message(house, claimed(house))
        clock.now += pause(house)

    assert the_message(house).status == "queued"
    assert town.the_request(request_id).attention is None
    found = promises_and_ticks(house.db)
    age = (clock.now - the_message(house).created_at).total_seconds()
    assert (found.oldest_unsent_seconds, found.dead_promises) == (age, 0)
    sending.send_message(house, claimed(house))
    assert len(sms.taken) == 1
    assert promises_and_ticks(house.db).oldest_unsent_seconds is None


def test_a_message_that_has_expired_is_not_sent_and_the_regulator_told(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    clock.advance(hours=2, minutes=19, seconds=59)  # a second before the appointment's end

    sending.send_message(house, claimed(house))

    message = the_message(house)
    assert (message.status, message.error_code) == ("refused", "expired")
    assert sms.taken == []
    assert town.the_request(request_id).attention == "undelivered"


def test_a_message_that_is_about_to_expire_still_leaves(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    """The companion: two seconds before the end."""
    clock.advance(hours=2, minutes=19, seconds=58)

    sending.send_message(house, claimed(house))

    assert [taken.message.validity_seconds for taken in sms.taken] == [2]


# When the answer is lost


@pytest.mark.parametrize("taken", [True, False])
def test_a_lost_answer_is_settled_by_the_providers_list_and_never_by_a_second_send(
    house: House,
    sms: FakeSms,
    clock: FakeClock,
    request_id: UUID,
    taken: bool,  # noqa: FBT001
) -> None:
    sms.fail_next(SmsUncertain("ReadTimeout"), taken=taken)
    sending.send_message(house, claimed(house))
    assert the_message(house).status == "sending"
    assert pause(house) == timedelta(seconds=SETTLE)

    clock.advance(seconds=SETTLE)
    sending.send_message(house, claimed(house))

    assert sms.finds == 1
    assert len(sms.taken) == 1
    assert (the_message(house).status, the_message(house).provider_sid) == (
        "sent",
        sms.taken[0].sid,
    )
    assert promises(house, "send_message") == []


def test_a_lost_answer_is_settled_by_the_first_receipt_and_nobody_is_asked(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    sms.fail_next(SmsUncertain("ReadTimeout"), taken=True)
    sending.send_message(house, claimed(house))

    assert record_receipt(house, the_message(house).id, sms.taken[0].sid, "delivered", None)
    clock.advance(seconds=SETTLE)
    sending.send_message(house, claimed(house))

    assert (the_message(house).status, sms.finds, len(sms.taken)) == ("delivered", 0, 1)
    assert promises(house, "send_message") == []


def test_a_worker_killed_after_the_provider_took_the_message_sends_it_no_second_time(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed_before_recording(monkeypatch):
        sending.send_message(house, claimed(house))
    assert len(sms.taken) == 1

    clock.advance(seconds=21)  # the lease is over: another worker looks, too early to ask
    sending.send_message(house, claimed(house))
    assert pause(house) == timedelta(seconds=SETTLE - 21)
    clock.advance(seconds=SETTLE - 21)
    sending.send_message(house, claimed(house))

    assert (len(sms.taken), the_message(house).status) == (1, "sent")


def test_the_same_text_to_the_same_number_is_not_taken_for_the_lost_one(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    """The list has one like it, which is another message that is accounted for."""
    outgoing = the_message(house)
    twin = OutgoingSms(
        message_id=UUID(int=1),
        to=PATIENT,
        body=house.db.cipher.open("messages.body", outgoing.id, outgoing.body),
        territory_code="jura",
    )
    sid = sms.send(twin).sid
    with house.db.writing() as session:
        session.add(
            Message(
                id=UUID(int=1),
                territory_id=town.territory_id,
                direction="out",
                kind="confirmation",
                phone="k1:",
                phone_hash=house.db.cipher.hash(PATIENT),
                body="k1:",
                status="delivered",
                provider_sid=sid,
                created_at=clock.now,
                updated_at=clock.now,
                purpose="twin",
            )
        )
    sms.fail_next(SmsUncertain("ReadTimeout"), taken=False)
    sending.send_message(house, claimed(house))
    clock.advance(seconds=SETTLE)

    sending.send_message(house, claimed(house))

    assert len(sms.taken) == 2  # the twin, and ours at last


@pytest.mark.parametrize("problem", [SmsRetry("HTTP 503"), SmsRefused(20003, ErrorClass.AUTH)])
def test_while_the_list_cannot_be_read_nothing_is_sent_again(
    house: House,
    town: Town,
    sms: FakeSms,
    clock: FakeClock,
    request_id: UUID,
    problem: SmsRetry | SmsRefused,
) -> None:
    """Until the appointment is over: then a person has to ask the patient."""
    sms.fail_next(SmsUncertain("ReadTimeout"), taken=True)
    sending.send_message(house, claimed(house))
    end = the_message(house).expires_at
    assert end is not None
    clock.advance(seconds=SETTLE)
    while clock.now < end:
        sms.fail_next_find(problem)
        sending.send_message(house, claimed(house))
        assert the_message(house).status == "sending"
        clock.now += pause(house)

    sms.fail_next_find(problem)
    sending.send_message(house, claimed(house))

    assert (the_message(house).status, the_message(house).error_code) == ("failed", "unsettled")
    assert len(sms.taken) == 1
    assert town.the_request(request_id).attention == "undelivered"
    assert promises(house, "send_message") == []


def test_what_the_provider_took_and_lost_since_is_found_with_its_error(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms.fail_next(SmsUncertain("ReadTimeout"), taken=True)
    sending.send_message(house, claimed(house))
    clock.advance(seconds=SETTLE)
    monkeypatch.setattr(
        sms, "find", lambda *_, **__: Found(sms.taken[0].sid, MessageStatus.UNDELIVERED, 30003)
    )

    sending.send_message(house, claimed(house))

    assert (the_message(house).status, the_message(house).error_code) == ("undelivered", "30003")


# When a worker is late


def test_a_late_worker_neither_records_nor_undoes_what_another_began(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hung in the call; meanwhile another settled, sent again and was killed before its record.

    Were the late one's « not sent » believed, a third would send the same SMS once more.
    """
    late = claimed(house)
    send = sms.send

    def hang(message: OutgoingSms) -> Accepted:
        clock.advance(seconds=SETTLE + 21)
        monkeypatch.setattr(sms, "send", send)
        with killed_before_recording(monkeypatch):
            sending.send_message(house, claimed(house))
        raise SmsRetry("HTTP 429")

    monkeypatch.setattr(sms, "send", hang)

    with pytest.raises(LeaseLostError):
        sending.send_message(house, late)

    assert (the_message(house).status, len(sms.taken)) == ("sending", 1)
    clock.advance(seconds=SETTLE + 21)
    sending.send_message(house, claimed(house))
    assert (the_message(house).status, len(sms.taken)) == ("sent", 1)


def test_a_worker_that_lost_its_lease_before_the_call_does_not_call(
    house: House, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    late = claimed(house)
    clock.advance(seconds=21)
    claimed(house)

    with pytest.raises(LeaseLostError):
        sending.send_message(house, late)

    assert sms.taken == []


def test_a_receipt_that_came_before_our_own_call_ended_is_not_undone(
    house: House, sms: FakeSms, request_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = sms.send

    def overtaken(message: OutgoingSms) -> Accepted:
        accepted = send(message)
        record_receipt(house, message.message_id, accepted.sid, "delivered", None)
        return accepted

    monkeypatch.setattr(sms, "send", overtaken)

    sending.send_message(house, claimed(house))

    assert the_message(house).status == "delivered"
    assert promises(house, "send_message") == []


def test_work_that_is_done_already_is_done_once(
    house: House, sms: FakeSms, request_id: UUID
) -> None:
    """Every job can be run twice without harm."""
    with house.db.transaction(the_message(house).territory_id, ENGINE) as unit:
        unit.promise(Job.SEND_MESSAGE, {"message_id": the_message(house).id})

    assert keep_promises(house) == 2
    assert len(sms.taken) == 1


def test_an_error_of_ours_ends_in_front_of_the_regulator_after_the_last_attempt(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    """A row that cannot be opened: eight attempts, then the promise is dead and a person told."""
    with house.db.writing() as session:
        session.execute(update(Message).values(body="k1:bm90IHNlYWxlZCBieSB1cw=="))

    for _ in range(keeping.ATTEMPTS_MAXIMUM):
        keep_promises(house)
        clock.advance(minutes=5)

    assert (the_message(house).status, the_message(house).error_code) == (
        "failed",
        "attempts_spent",
    )
    assert town.the_request(request_id).attention == "undelivered"
    assert promises_and_ticks(house.db).dead_promises == 1
    assert sms.taken == []
