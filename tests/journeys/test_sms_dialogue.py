"""The dialogue with patients on real parts: our site over HTTP, our Twilio client, the emulator."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
import requests
from werkzeug.serving import make_server

from dispatcher.services.house import House
from dispatcher.services.inbox import answer_message
from dispatcher.web.application import create_app
from tests.builders import Town, mobile
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.twilio_emulator import TwilioEmulator, reset
from tests.fakes.twilio_webhooks import Receipts
from tests.gateways.clients import client_of
from tests.houses import keep_promises, open_house, settings_for
from tests.invariants import check
from tests.servers import free_port
from tests.services.tables import messages

pytestmark = pytest.mark.journeys

PATIENT = "+33639980042"
DOCTOR = "+33639985001"


@dataclass
class Street:
    """A territory with its site on a port, and the emulated provider that calls it."""

    house: House
    town: Town
    clock: FakeClock
    twilio: TwilioEmulator
    url: str

    def book(self, **patient: object) -> UUID:
        """A patient whose appointment is in two hours, and who was told."""
        self.town.slot(self.town.volunteer(phone=DOCTOR))
        request_id = self.town.request(patient={"phone": mobile(42)} | patient)
        self.work()
        return request_id

    def work(self) -> None:
        keep_promises(self.house)
        self.twilio.webhooks.wait()
        check(self.house.db.engine, self.clock())

    def write(self, body: str, phone: str = PATIENT) -> None:
        """Somebody answers by SMS, and what follows is done."""
        assert self.twilio.receive(phone, body, f"{self.url}/twilio/inbound") == 200
        self.work()

    def told(self, phone: str = PATIENT) -> list[str]:
        """What the network carried to a number, in order."""
        return [message.body for message in self.twilio.accepted if message.to == phone]

    def status(self, request_id: UUID) -> str | None:
        found = self.town.the_appointment(request_id)
        return found.status if found else None

    def page(self) -> str:
        """The address in the latest confirmation."""
        found = [link[0] for body in self.told() if (link := re.search(r"http\S+/r/\w+", body))]
        return found[-1]

    def message_status(self, kind: str) -> list[str]:
        return [message.status for message in messages(self.house, kind)]


@pytest.fixture
def street(database_url: str) -> Iterator[Street]:
    # the provider's list is asked by the day's real date
    clock, port = FakeClock(datetime.now(UTC)), free_port()
    url = f"http://127.0.0.1:{port}"
    with TwilioEmulator(receipts=Receipts()) as twilio:
        gateway = client_of(twilio.base_url, public_base_url=url)
        settings = settings_for(database_url, public_base_url=url)
        with open_house(
            database_url, clock=clock, sms=gateway, bell=RecordingBell(), settings=settings
        ) as house:
            server = make_server("127.0.0.1", port, create_app(house), threaded=True)
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield Street(house, Town.found(house, clock), clock, twilio, url)
            finally:
                server.shutdown()
                thread.join()
                server.server_close()


def test_a_patient_confirms_by_sms(street: Street) -> None:
    request_id = street.book()
    assert street.message_status("confirmation") == ["delivered"]

    street.write("Oui, merci !")

    assert street.status(request_id) == "confirmed"
    assert "est confirmé" in street.told()[-1]


def test_a_patient_cancels_in_their_own_language(street: Street) -> None:
    request_id = street.book(language="uk")
    assert "СКАСУВАТИ" in street.told()[-1]

    street.write("Добрий день, скасуйте будь ласка")

    assert street.status(request_id) is None
    assert street.town.the_request(request_id).attention == "patient_cancelled"
    assert "скасовано" in street.told()[-1]
    assert "annulé par la personne attendue" in street.told(DOCTOR)[-1]


def test_a_patient_who_will_be_late_says_so_on_the_page(street: Street) -> None:
    street.book()
    page = street.page()
    assert "En retard" in requests.get(page, timeout=10).text

    answer = requests.post(f"{page}/en-retard", data={"minutes": "20"}, timeout=10)
    street.work()

    assert "Retard d’environ 20 minutes" in answer.text.replace("\u00a0", " ")
    assert not answer.cookies
    assert "20 minutes" in street.told(DOCTOR)[-1]


def test_what_is_not_understood_is_answered_by_a_person(street: Street) -> None:
    request_id = street.book()
    street.write("Puis-je venir avec ma mère ?")
    assert "pas compris" in street.told()[-1]
    assert street.town.the_request(request_id).attention == "message"
    (received,) = messages(street.house, "unknown")

    answer_message(street.house, street.town.regulator, received.id, "Oui, venez avec elle.")
    street.work()

    assert "Oui, venez avec elle." in street.told()[-1]
    assert street.town.the_request(request_id).attention is None


def test_who_asks_to_be_called_is_told_that_somebody_will(street: Street) -> None:
    request_id = street.book()
    street.write("RAPPEL")
    assert "nous vous rappelons" in street.told()[-1]
    assert street.town.the_request(request_id).attention == "call_back"


@pytest.mark.parametrize("provider_keeps_opt_outs", [False, True])
def test_after_stop_nothing_leaves_until_start(
    street: Street,
    provider_keeps_opt_outs: bool,  # noqa: FBT001 - a pytest parameter
) -> None:
    street.twilio.keeps_opt_outs = provider_keeps_opt_outs
    street.book()
    street.write("STOP")
    heard = len(street.told())

    again = street.book(last_name="Autre")

    assert len(street.told()) == heard
    assert street.town.to_call(again) == ["patient"]
    # the provider refuses even our farewell where it keeps the numbers itself
    assert street.message_status("stop_acknowledged") == [
        "refused" if provider_keeps_opt_outs else "delivered"
    ]

    street.write("START")
    third = street.book(last_name="Encore")

    assert "/r/" in street.told()[-1]
    assert street.town.the_request(third).attention is None


def test_a_send_whose_answer_and_receipts_were_lost_is_settled_and_sent_once(
    street: Street,
) -> None:
    street.twilio.receipts = None
    street.town.slot(street.town.volunteer(phone=None))
    street.twilio.next(reset(accepts=True))
    street.town.request(patient={"phone": mobile(42)})
    street.work()
    assert street.message_status("confirmation") == ["sending"]

    street.clock.advance(minutes=3)
    street.work()

    assert street.message_status("confirmation") == ["sent"]
    assert len(street.told()) == 1


def test_a_receipt_that_comes_before_the_answer_is_believed(street: Street) -> None:
    street.twilio.receipts = Receipts(before_answer=True)
    street.book()
    assert street.message_status("confirmation") == ["delivered"]
    assert len(street.told()) == 1


def test_receipts_in_any_order_and_twice_tell_the_same(street: Street) -> None:
    street.twilio.receipts = Receipts(("delivered", "queued", "sent"), times=2)
    street.book()
    assert street.message_status("confirmation") == ["delivered"]
    answered = {posted.status for posted in street.twilio.webhooks.posted}
    assert answered == {204}


def test_an_sms_that_the_provider_delivers_twice_is_done_once(street: Street) -> None:
    request_id = street.book()
    for _ in range(2):
        inbound = f"{street.url}/twilio/inbound"
        assert street.twilio.receive(PATIENT, "OUI", inbound, sid="SM" + "7" * 32) == 200
    street.work()

    assert street.status(request_id) == "confirmed"
    assert street.message_status("confirm_acknowledged") == ["delivered"]


def test_a_forged_call_is_refused(street: Street) -> None:
    request_id = street.book()
    inbound = f"{street.url}/twilio/inbound"
    assert street.twilio.receive(PATIENT, "ANNULER", inbound, signed="forged") == 403
    street.work()
    assert street.status(request_id) == "booked"
