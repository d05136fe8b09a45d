"""The demonstration telephone: a network without faults, shared by all processes."""

import multiprocessing
import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path
from uuid import uuid4

import pytest

from dispatcher.domain.messages import MessageStatus
from dispatcher.gateways.demo_phone import DEMONSTRATION_NUMBER, DemonstrationTelephone
from dispatcher.gateways.sms import Found, OutgoingSms, SmsGateway

PATIENT = "+33639980012"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=timezone(timedelta(hours=4)))


@pytest.fixture
def telephone(tmp_path: Path) -> DemonstrationTelephone:
    return DemonstrationTelephone(tmp_path / "demo" / "phone.sqlite3", now=lambda: NOON)


def an_sms(body: str = "CPTS Démo Jura : rendez-vous") -> OutgoingSms:
    return OutgoingSms(uuid4(), PATIENT, body, "demo-jura")


def test_it_is_a_gateway(telephone: DemonstrationTelephone) -> None:
    as_protocol: SmsGateway = telephone

    assert as_protocol is telephone


def test_a_message_is_delivered_at_once_and_shown(telephone: DemonstrationTelephone) -> None:
    accepted = telephone.send(an_sms())

    assert accepted.status is MessageStatus.DELIVERED
    assert telephone.messages() == [
        {
            "id": 1,
            "direction": "out",
            "to": PATIENT,
            "from": DEMONSTRATION_NUMBER,
            "body": "CPTS Démo Jura : rendez-vous",
            "at": "2026-11-24T08:00:00.000+00:00",
            "status": "delivered",
        }
    ]


def test_the_same_message_twice_is_delivered_once(telephone: DemonstrationTelephone) -> None:
    message = an_sms()

    assert telephone.send(message) == telephone.send(message)
    assert len(telephone.messages()) == 1


def test_two_messages_with_one_text_are_two(telephone: DemonstrationTelephone) -> None:
    telephone.send(an_sms())
    telephone.send(an_sms())

    assert len(telephone.messages()) == 2


def test_a_message_is_found_by_our_id_and_another_is_not(
    telephone: DemonstrationTelephone,
) -> None:
    message = an_sms()
    accepted = telephone.send(message)

    assert telephone.find(message, NOON) == Found(accepted.sid, MessageStatus.DELIVERED)
    assert telephone.find(an_sms(), NOON) is None


def test_what_a_telephone_answers_is_shown_after_what_it_was_sent(
    telephone: DemonstrationTelephone,
) -> None:
    telephone.send(an_sms())

    sid = telephone.receive(PATIENT, DEMONSTRATION_NUMBER, "ANNULER")

    assert sid.startswith("SM")
    last = telephone.messages()[-1]
    assert (last["direction"], last["from"], last["to"]) == ("in", PATIENT, DEMONSTRATION_NUMBER)
    assert (last["body"], last["status"]) == ("ANNULER", "received")


def test_only_the_latest_are_shown_in_the_order_they_came(
    telephone: DemonstrationTelephone,
) -> None:
    for number in range(5):
        telephone.send(an_sms(f"message {number}"))

    assert [row["body"] for row in telephone.messages(limit=2)] == ["message 3", "message 4"]


def test_another_process_s_telephone_shows_the_same(
    telephone: DemonstrationTelephone, tmp_path: Path
) -> None:
    telephone.send(an_sms())

    again = DemonstrationTelephone(tmp_path / "demo" / "phone.sqlite3")

    assert again.messages() == telephone.messages()


def test_its_clock_is_the_real_one_unless_told_otherwise(tmp_path: Path) -> None:
    telephone = DemonstrationTelephone(tmp_path / "phone.sqlite3")
    before = datetime.now(UTC) - timedelta(milliseconds=1)

    telephone.send(an_sms())

    [row] = telephone.messages()
    assert before <= datetime.fromisoformat(row["at"]) <= datetime.now(UTC)


def test_threads_share_it(telephone: DemonstrationTelephone) -> None:
    message = an_sms()

    def send() -> None:
        telephone.send(message)
        telephone.send(an_sms())

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(telephone.messages()) == 9


def open_and_send(path: Path, together: Barrier) -> None:
    together.wait(timeout=30)
    telephone = DemonstrationTelephone(path)
    for _ in range(10):
        telephone.send(an_sms())


def test_processes_open_a_new_one_together_and_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(3)
    path = tmp_path / "phone.sqlite3"
    processes = [spawn.Process(target=open_and_send, args=(path, together)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(DemonstrationTelephone(path).messages()) == 30


def test_a_file_that_is_locked_for_a_moment_is_opened_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, refusals = sqlite3.connect, [sqlite3.OperationalError("database is locked")]

    def locked_once(path: Path, *, timeout: float, isolation_level: None) -> sqlite3.Connection:
        if refusals:
            raise refusals.pop()
        return connect(path, timeout=timeout, isolation_level=isolation_level)

    monkeypatch.setattr(sqlite3, "connect", locked_once)

    assert DemonstrationTelephone(tmp_path / "phone.sqlite3").messages() == []
    assert refusals == []


def test_a_file_that_stays_locked_is_told_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatcher.gateways.demo_file._BUSY_TIMEOUT", 0.05)
    path = tmp_path / "phone.sqlite3"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        DemonstrationTelephone(path)

    holder.close()
    assert DemonstrationTelephone(path).messages() == []
