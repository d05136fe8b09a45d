"""Our real client and our emulator, held to Twilio's published OpenAPI by a validating proxy.

Needs Prism (`prism` on the PATH, or its path in PRISM) and a copy of the Messages operations of
twilio/twilio-oai, named by TWILIO_OPENAPI: it is not ours to hand on. Skipped, visibly, without.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatcher.domain.messages import ErrorClass, MessageStatus
from dispatcher.gateways.sms import SmsProblem, SmsRefused
from dispatcher.gateways.twilio import TwilioSms
from tests.fakes.twilio_emulator import Fault, TwilioEmulator
from tests.fakes.twilio_webhooks import Receipts
from tests.gateways.clients import a_moment_ago, an_sms, client_of
from tests.servers import free_port

PATIENCE_SECONDS = 60


def _prism() -> str | None:
    return os.environ.get("PRISM") or shutil.which("prism")


def _description() -> Path | None:
    named = os.environ.get("TWILIO_OPENAPI")
    return Path(named) if named and Path(named).is_file() else None


pytestmark = [
    pytest.mark.skipif(_prism() is None, reason="no Prism: install it, or name it in PRISM"),
    pytest.mark.skipif(
        _description() is None, reason="TWILIO_OPENAPI names no copy of Twilio's OpenAPI"
    ),
]


@pytest.fixture(scope="module")
def twilio() -> Iterator[TwilioEmulator]:
    """One for all: the proxy knows one address."""
    with TwilioEmulator() as emulator:
        emulator.store.origin = "https://api.twilio.com"
        yield emulator


@pytest.fixture(scope="module")
def validating(twilio: TwilioEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a proxy that answers with an error what the description does not allow."""
    output = tmp_path_factory.mktemp("prism") / "output.txt"
    port = free_port()
    command = [str(_prism()), "proxy", "--errors", "--host", "127.0.0.1", "--port", str(port)]
    with output.open("w") as written:
        process = subprocess.Popen(
            [*command, str(_description()), twilio.base_url],
            stdout=written,
            stderr=subprocess.STDOUT,
            env=os.environ | {"SCARF_ANALYTICS": "false", "NO_COLOR": "1"},
        )
        try:
            _wait_for(port, process, output)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)  # the condition is looked at ten times a second
    raise AssertionError(f"Prism did not come up:\n{output.read_text(encoding='utf-8')}")


@pytest.fixture
def gateway(validating: str, twilio: TwilioEmulator) -> TwilioSms:
    twilio.receipts = None
    return client_of(validating, read_timeout=20.0)


@pytest.mark.parametrize(
    ("body", "validity"),
    [
        ("CPTS Démo Jura : rendez-vous mardi 24 novembre à 14 h 30.", None),
        ("CPTS : تم تأكيد موعدكم. إذا ساءت حالتكم، اتصلوا بالرقم 15.", 36_000),
        ("a" * 459, 1),
    ],
)
def test_a_send_is_as_the_description_says(
    gateway: TwilioSms, twilio: TwilioEmulator, body: str, validity: int | None
) -> None:
    accepted = gateway.send(an_sms(body=body, validity=validity))

    assert accepted.status is MessageStatus.SENT
    assert (twilio.accepted[-1].sid, twilio.accepted[-1].body) == (accepted.sid, body)


@pytest.mark.parametrize("last", ["sent", "delivered", "undelivered", "failed"])
def test_a_lost_send_is_found_in_a_list_that_is_as_the_description_says(
    gateway: TwilioSms, twilio: TwilioEmulator, last: str
) -> None:
    since = a_moment_ago()
    message = an_sms(to="+33639980777", body=f"{last} {datetime.now(UTC)}")
    twilio.receipts = Receipts(("sent", last), error_code=30003 if last[0] in "uf" else None)
    sid = gateway.send(message).sid
    twilio.webhooks.wait()

    found = gateway.find(message, since)

    assert found is not None
    assert (found.sid, found.status.value) == (sid, last)


def test_a_refusal_goes_through(gateway: TwilioSms, twilio: TwilioEmulator) -> None:
    twilio.store.hear("+33639980099", "STOP")
    with pytest.raises(SmsRefused) as refused:
        gateway.send(an_sms(to="+33639980099"))
    assert refused.value.error_class is ErrorClass.OPTED_OUT


def test_an_answer_that_the_description_does_not_allow_is_found_out(
    gateway: TwilioSms, twilio: TwilioEmulator
) -> None:
    """The companion: the proxy does look."""
    gateway.send(an_sms())
    wrong = twilio.accepted[-1].resource() | {"status": "gone fishing"}
    twilio.next(Fault(accepts=True, garbage=json.dumps(wrong)))
    with pytest.raises(SmsProblem):
        gateway.send(an_sms())
