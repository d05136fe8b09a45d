"""Several senders at Twilio: a territory has its own, a service or a number, or the shared one."""

from uuid import uuid4

import pytest

from config.settings import IncompleteSettingsError, Settings
from dispatcher.gateways.sms import OutgoingSms
from dispatcher.gateways.twilio import TwilioSms
from tests.fakes import twilio_emulator as emulated
from tests.fakes.twilio_emulator import TwilioEmulator
from tests.gateways.test_second_provider import ENVIRONMENT

SERVICE = "MG" + "1" * 32


@pytest.mark.parametrize(
    ("territory", "sender", "service"),
    [
        ("lons", "+33639980001", None),
        ("reunion", None, SERVICE),
        ("ailleurs", emulated.SENDER, None),
    ],
)
def test_a_territory_sends_under_its_own_name(
    territory: str, sender: str | None, service: str | None
) -> None:
    with TwilioEmulator() as twilio:
        gateway = TwilioSms(
            account_sid=emulated.ACCOUNT_SID,
            auth_token=emulated.AUTH_TOKEN,
            public_base_url="https://snp.example.org",
            sender=emulated.SENDER,
            senders={"lons": "+33639980001", "reunion": SERVICE},
            api_base_url=twilio.base_url,
        )

        gateway.send(OutgoingSms(uuid4(), "+33639980012", "Bonjour", territory))

        (arrived,) = twilio.accepted
    assert (arrived.from_, arrived.messaging_service_sid) == (sender, service)
    assert gateway.sender_of(territory) == (sender or service)


TWILIO = {name: value for name, value in ENVIRONMENT.items() if name != "SMS_PROVIDER"} | {
    "DATABASE_URL": "sqlite:///x",
    "TWILIO_ACCOUNT_SID": "AC0",
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM": "+33639980000",
}


def test_senders_are_read_by_territory() -> None:
    found = Settings.from_environment(
        TWILIO | {"TWILIO_SENDERS": f" lons=+33639980001, reunion = {SERVICE},"}
    )

    assert found.twilio is not None
    assert dict(found.twilio.senders) == {"lons": "+33639980001", "reunion": SERVICE}


@pytest.mark.parametrize(
    "wrong", ["lons", "=+33639980001", "lons=06 39 98 00 01", "lons=MG", "a=CPTS,a=CPTS"]
)
def test_what_is_no_sender_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(IncompleteSettingsError, match="TWILIO_SENDERS"):
        Settings.from_environment(TWILIO | {"TWILIO_SENDERS": wrong})
