"""An emulated Twilio, and our real client of it."""

from collections.abc import Iterator

import pytest

from dispatcher.gateways.twilio import TwilioSms
from tests.fakes.twilio_emulator import TwilioEmulator
from tests.gateways.clients import client_of


@pytest.fixture
def twilio() -> Iterator[TwilioEmulator]:
    with TwilioEmulator() as emulator:
        yield emulator


@pytest.fixture
def gateway(twilio: TwilioEmulator) -> TwilioSms:
    return client_of(twilio.base_url)
