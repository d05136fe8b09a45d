"""The emulator itself: what it posts to us, and what it remembers when everything is killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from dispatcher.gateways.sms import SmsRefused, SmsUncertain
from dispatcher.gateways.twilio import TwilioSms
from dispatcher.gateways.twilio_ear import signature_is_valid
from tests.fakes import twilio_emulator as emulated
from tests.fakes.twilio_emulator import TwilioEmulator
from tests.fakes.twilio_messages import Refusal, read_log
from tests.fakes.twilio_webhooks import Receipts
from tests.gateways.clients import PATIENT, a_moment_ago, an_sms, client_of

ROOT = Path(__file__).parents[2]


@dataclass
class House:
    """A house that only listens; `heard` are the forms whose signature was valid."""

    server: ThreadingHTTPServer
    heard: list[dict[str, str]] = field(default_factory=list)
    forged: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def statuses(self) -> list[str]:
        return [form["MessageStatus"] for form in self.heard]


@pytest.fixture
def house() -> Iterator[House]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = dict(parse_qsl(body, keep_blank_values=True))
            signed = self.headers["X-Twilio-Signature"]
            valid = signature_is_valid(emulated.AUTH_TOKEN, ears.url + self.path, form, signed)
            (ears.heard if valid else ears.forged).append(form)
            self.send_response(204 if valid else 403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ears = House(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield ears
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def gateway(twilio: TwilioEmulator, house: House) -> TwilioSms:
    return client_of(twilio.base_url, public_base_url=house.url)


class TestReceipts:
    def test_they_follow_a_message_signed_and_in_order(
        self, twilio: TwilioEmulator, house: House, gateway: TwilioSms
    ) -> None:
        twilio.receipts = Receipts()
        sid = gateway.send(an_sms()).sid
        twilio.webhooks.wait()

        assert house.statuses() == ["queued", "sent", "delivered"]
        assert {form["MessageSid"] for form in house.heard} == {sid}
        assert house.heard[0]["To"] == PATIENT
        assert house.heard[0]["MessagingServiceSid"] == emulated.MESSAGING_SERVICE_SID
        assert twilio.accepted[0].status == "delivered"

    def test_there_are_none_unless_asked_for(
        self, twilio: TwilioEmulator, house: House, gateway: TwilioSms
    ) -> None:
        gateway.send(an_sms())
        twilio.webhooks.wait()

        assert house.heard == []

    def test_a_message_that_does_not_arrive_says_why(
        self, twilio: TwilioEmulator, house: House, gateway: TwilioSms
    ) -> None:
        twilio.receipts = Receipts(("sent", "undelivered"), error_code=30003)
        gateway.send(an_sms())
        twilio.webhooks.wait()

        assert [form.get("ErrorCode") for form in house.heard] == [None, "30003"]

    def test_they_may_be_repeated_and_out_of_order(
        self, twilio: TwilioEmulator, house: House, gateway: TwilioSms
    ) -> None:
        twilio.receipts = Receipts(("delivered", "sent"), times=2)
        gateway.send(an_sms())
        twilio.webhooks.wait()

        assert house.statuses() == ["delivered", "delivered", "sent", "sent"]
        assert twilio.accepted[0].status == "delivered"

    def test_they_may_come_before_the_answer(
        self, twilio: TwilioEmulator, house: House, gateway: TwilioSms
    ) -> None:
        twilio.receipts = Receipts(("sent",), before_answer=True)
        gateway.send(an_sms())

        assert house.statuses() == ["sent"]

    def test_they_come_for_a_message_whose_answer_was_lost(
        self, twilio: TwilioEmulator, house: House, gateway: TwilioSms
    ) -> None:
        twilio.receipts = Receipts(("delivered",))
        twilio.next(emulated.reset(accepts=True))
        message = an_sms()

        with pytest.raises(SmsUncertain):
            gateway.send(message)

        twilio.webhooks.wait()
        assert house.statuses() == ["delivered"]
        assert twilio.accepted[0].message_id == str(message.message_id)

    def test_they_may_be_delayed(
        self, twilio: TwilioEmulator, house: House, gateway: TwilioSms
    ) -> None:
        twilio.receipts = Receipts(("sent", "delivered"), delay=0.1)
        begun = time.monotonic()
        gateway.send(an_sms())
        twilio.webhooks.wait()

        assert time.monotonic() - begun >= 0.2
        assert house.statuses() == ["sent", "delivered"]

    def test_one_more_can_be_posted_at_any_time(
        self, twilio: TwilioEmulator, house: House, gateway: TwilioSms
    ) -> None:
        gateway.send(an_sms())

        twilio.send_receipt(twilio.accepted[0], "failed", 30008)
        twilio.webhooks.wait()

        assert (house.heard[0]["MessageStatus"], house.heard[0]["ErrorCode"]) == ("failed", "30008")

    def test_a_house_that_does_not_answer_is_noted(self, twilio: TwilioEmulator) -> None:
        assert twilio.receive(PATIENT, "OUI", "http://127.0.0.1:9/twilio/inbound") is None
        assert twilio.webhooks.posted[0].status is None

    def test_waiting_for_them_ends(
        self, twilio: TwilioEmulator, house: House, gateway: TwilioSms
    ) -> None:
        twilio.receipts = Receipts(("sent",), delay=60)
        gateway.send(an_sms())

        with pytest.raises(TimeoutError):
            twilio.webhooks.wait(timeout=0.01)


class TestAnswersFromTelephones:
    def test_they_are_posted_signed(self, twilio: TwilioEmulator, house: House) -> None:
        status = twilio.receive(PATIENT, "ANNULER", f"{house.url}/twilio/inbound")

        assert status == 204
        assert (house.heard[0]["From"], house.heard[0]["Body"]) == (PATIENT, "ANNULER")

    def test_a_replay_keeps_its_sid(self, twilio: TwilioEmulator, house: House) -> None:
        for _ in range(2):
            twilio.receive(PATIENT, "OUI", f"{house.url}/twilio/inbound", sid="SM1")

        assert [form["MessageSid"] for form in house.heard] == ["SM1", "SM1"]

    def test_a_forged_one_can_be_posted(self, twilio: TwilioEmulator, house: House) -> None:
        status = twilio.receive(PATIENT, "OUI", f"{house.url}/twilio/inbound", signed="forged")

        assert status == 403
        assert (house.heard, len(house.forged)) == ([], 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Body": ""}, 21602),
        ({"MessagingServiceSid": ""}, 21603),
        ({"StatusCallback": "notaurl"}, 21609),
        ({"ValidityPeriod": "36001"}, 30036),
        ({"To": "12345678"}, 21211),
    ],
)
def test_what_twilio_would_not_take_is_not_taken(
    twilio: TwilioEmulator, change: dict[str, str], code: int
) -> None:
    form = {"To": PATIENT, "MessagingServiceSid": emulated.MESSAGING_SERVICE_SID, "Body": "a"}

    with pytest.raises(Refusal) as refusal:
        twilio.store.accept(form | change)

    assert refusal.value.body["code"] == code


def test_another_account_s_messages_are_not_there(twilio: TwilioEmulator) -> None:
    gateway = TwilioSms(
        account_sid="AC" + "1" * 32,
        auth_token=emulated.AUTH_TOKEN,
        sender=emulated.SENDER,
        public_base_url="https://snp.example.org",
        api_base_url=twilio.base_url,
    )

    with pytest.raises(SmsRefused) as refusal:
        gateway.send(an_sms())

    assert refusal.value.code == 20003


class TestAsAProcess:
    def start(self, log: Path) -> tuple["subprocess.Popen[str]", str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.twilio_emulator", "--log", str(log)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    def stop(self, process: "subprocess.Popen[str]", number: signal.Signals) -> int:
        os.kill(process.pid, number)
        process.communicate(timeout=10)
        return process.returncode

    def test_what_it_accepted_outlives_it(self, tmp_path: Path) -> None:
        log = tmp_path / "accepted.jsonl"
        message, since = an_sms(), a_moment_ago()
        process, base_url = self.start(log)
        accepted = client_of(base_url).send(message)
        self.stop(process, signal.SIGKILL)

        [noted] = read_log(log)
        assert (noted.sid, noted.message_id) == (accepted.sid, str(message.message_id))

        process, base_url = self.start(log)
        found = client_of(base_url).find(message, since)
        assert self.stop(process, signal.SIGTERM) == 0
        assert found is not None
        assert found.sid == accepted.sid

    def test_it_is_told_what_to_do_by_http(self, tmp_path: Path, house: House) -> None:
        process, base_url = self.start(tmp_path / "accepted.jsonl")
        tell(base_url, "receipts", {"statuses": ["sent"]})
        tell(base_url, "next", [{"reset": True, "accepts": True}])
        message = an_sms()

        with pytest.raises(SmsUncertain):
            client_of(base_url, public_base_url=house.url).send(message)

        answered = tell(
            base_url,
            "inbound",
            {"from": PATIENT, "body": "OUI", "webhook_url": f"{house.url}/twilio/inbound"},
        )
        [taken] = json.loads(tell(base_url, "accepted", None))
        self.stop(process, signal.SIGTERM)

        assert json.loads(answered) == {"answered": 204}
        assert taken["message_id"] == str(message.message_id)
        assert {"sent", "received"} >= {form["SmsStatus"] for form in house.heard}


def tell(base_url: str, verb: str, what: object) -> bytes:
    request = urllib.request.Request(  # noqa: S310 - our own emulator
        f"{base_url}/emulator/{verb}", json.dumps(what).encode()
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        told: bytes = answer.read()
    return told
