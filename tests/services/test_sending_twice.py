"""A lost answer, a late worker, a killed one: the same SMS never leaves twice."""

import contextlib
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
from dispatcher.services import sending
from dispatcher.services.house import House
from dispatcher.services.receipts import record_receipt
from dispatcher.storage import keeping
from dispatcher.storage.messages import Message
from dispatcher.storage.unit import LeaseLostError
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.outbox import PATIENT, booked_request, claimed, pause, the_message
from tests.services.tables import promises

SETTLE = 120
"""Seconds; the default of SMS_SETTLE_AFTER."""


@pytest.fixture
def request_id(house: House, town: Town) -> UUID:
    return booked_request(house, town)


@contextlib.contextmanager
def killed_before_recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The provider was called, its answer is never written down."""

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(sending, "_record", die)
        with pytest.raises(SystemExit):
            yield


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
    assert town.to_call(request_id) == ["patient"]
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
    assert town.to_call(request_id) == ["patient"]
    assert promises_and_ticks(house.db).dead_promises == 1
    assert sms.taken == []
