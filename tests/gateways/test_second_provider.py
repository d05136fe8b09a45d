"""A second provider is one new file, named by the environment, built by the composition root."""

import base64
import json
import sys
from collections.abc import Collection, Iterator
from datetime import datetime
from types import ModuleType

import pytest

from config.settings import IncompleteSettingsError, Settings
from dispatcher.bootstrap import build
from dispatcher.domain.messages import MessageStatus
from dispatcher.gateways.sms import (
    Accepted,
    Found,
    HttpCall,
    NotSigned,
    OutgoingSms,
    Receipt,
    Received,
    Unreadable,
)
from dispatcher.services.house import House
from dispatcher.web.application import create_app
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import DATA_KEY, keep_promises
from tests.services.tables import messages

ENVIRONMENT = {
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "s" * 40,
    "DATA_KEY": f"k1:{base64.b64encode(DATA_KEY).decode()}",
    "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
    "SMS_PROVIDER": "pigeon",
    "PIGEON_LOFT": "Lons",
}


class Pigeon:
    """What a file `dispatcher/gateways/pigeon.py` would hold, and nothing else of ours."""

    def __init__(self, loft: str) -> None:
        self.loft = loft
        self.flown: list[OutgoingSms] = []

    def send(self, message: OutgoingSms) -> Accepted:
        self.flown.append(message)
        return Accepted(f"{self.loft}-{len(self.flown)}", MessageStatus.SENT)

    def sender_of(self, territory_code: str) -> str:
        return f"{self.loft}/{territory_code}"

    def find(
        self, message: OutgoingSms, since: datetime, known_sids: Collection[str] = ()
    ) -> Found | None:
        return None


class PigeonEar:
    """JSON with a feather of the loft on it: nothing of Twilio's."""

    def __init__(self, loft: str) -> None:
        self.loft = loft

    def receipt(self, call: HttpCall) -> Receipt:
        said = self._said(call)
        return Receipt(said["bird"], {"home": "delivered"}[said["state"]], None, None)

    def received(self, call: HttpCall) -> Received:
        said = self._said(call)
        return Received(said["bird"], said["from"], said["text"], [])

    def reply(self, text: str | None) -> tuple[str, str]:
        return "application/json", json.dumps({"text": text})

    def _said(self, call: HttpCall) -> dict[str, str]:
        if call.headers.get("x-feather") != self.loft:
            raise NotSigned
        said: dict[str, str] = json.loads(call.body)
        if "bird" not in said:
            raise Unreadable
        return said


@pytest.fixture
def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The environment of a house whose pigeons are a module of the gateways."""
    module = ModuleType("dispatcher.gateways.pigeon")
    module.connect = lambda settings: Pigeon(settings.sms_options["LOFT"])  # type: ignore[attr-defined]
    module.listen = lambda settings: PigeonEar(settings.sms_options["LOFT"])  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return Settings.from_environment(ENVIRONMENT | {"DATABASE_URL": database_url})


@pytest.fixture
def house(settings: Settings, clock: FakeClock) -> Iterator[House]:
    built = build(settings, clock=clock)
    yield built
    built.db.dispose()


def test_an_appointment_is_told_through_it(house: House, clock: FakeClock) -> None:
    town = Town.found(house, clock)
    town.slot(town.volunteer(phone=None))
    town.request()

    keep_promises(house)

    assert isinstance(house.sms, Pigeon)
    (flown,) = house.sms.flown
    (message,) = messages(house, "confirmation")
    assert (message.id, message.provider_sid) == (flown.message_id, "Lons-1")
    assert message.status == "sent"


def test_what_it_tells_us_is_heard_by_its_own_ear_and_by_no_other(
    house: House, clock: FakeClock
) -> None:
    town = Town.found(house, clock)
    town.slot(town.volunteer(phone=None), hours=3)
    request_id = town.request(patient={"phone": "06 39 98 00 07"})
    keep_promises(house)
    client = create_app(house).test_client()
    feather = {"X-Feather": "Lons"}
    cancels = {"bird": "B1", "from": "+33639980007", "text": "ANNULER"}

    home = client.post("/pigeon/status", json={"bird": "Lons-1", "state": "home"}, headers=feather)
    assert home.status_code == 204
    assert messages(house, "confirmation")[0].status == "delivered"
    assert client.post("/pigeon/inbound", json=cancels).status_code == 403
    assert client.post("/pigeon/inbound", json={}, headers=feather).status_code == 400
    assert client.post("/twilio/inbound", json=cancels, headers=feather).status_code == 404
    assert town.the_request(request_id).status == "booked"
    answer = client.post("/pigeon/inbound", json=cancels, headers=feather)
    assert (answer.status_code, answer.json) == (200, {"text": None})
    assert town.the_request(request_id).status == "open"


def test_twilio_s_variables_are_then_not_needed_and_remain_so_without_it(
    settings: Settings, database_url: str
) -> None:
    assert (settings.sms_provider, settings.twilio) == ("pigeon", None)
    without = {name: each for name, each in ENVIRONMENT.items() if name != "SMS_PROVIDER"}
    with pytest.raises(IncompleteSettingsError, match="TWILIO_ACCOUNT_SID"):
        Settings.from_environment(without | {"DATABASE_URL": database_url})


def test_a_name_that_is_no_module_is_refused_at_the_start(database_url: str) -> None:
    wrong = ENVIRONMENT | {"DATABASE_URL": database_url, "SMS_PROVIDER": "../pigeon"}
    with pytest.raises(IncompleteSettingsError, match="SMS_PROVIDER"):
        Settings.from_environment(wrong)


def test_options_stay_out_of_the_settings_repr(settings: Settings) -> None:
    assert "Lons" not in repr(settings)
