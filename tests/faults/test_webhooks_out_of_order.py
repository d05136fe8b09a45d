"""Receipts before our own commit, repeated, backwards, and once more a day later."""

import random
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from dispatcher.services.house import House
from dispatcher.web.application import create_app
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.twilio_emulator import AUTH_TOKEN
from tests.fakes.twilio_messages import EmulatedMessage
from tests.fakes.twilio_webhooks import Receipts, signature
from tests.faults.scene import BETWEEN, Scene, endure
from tests.faults.stage import Stage, stage
from tests.houses import open_house
from tests.servers import free_port

pytestmark = pytest.mark.faults

ORDERS = (
    Receipts(("delivered", "sent", "queued", "delivered"), times=2, before_answer=True),
    Receipts(("sent", "delivered", "queued"), times=3),
    Receipts(("delivered", "undelivered", "failed"), delay=0.05, times=2),
)
LATE = ("queued", "sending", "sent", "undelivered", "failed", "delivered")
NO_CONTENT = 204


def receipts_are_in_no_order(scene: Scene) -> None:
    for order in ORDERS:
        scene.on.provider.answer_with(order)
        scene.until_answered(BETWEEN)


def test_receipts_in_any_order_and_number_move_nothing_backwards_and_send_nothing_twice(
    database_url: str, tmp_path: Path
) -> None:
    site = free_port()
    with stage(database_url, tmp_path, site=site) as on:
        on.provider.answer_with(ORDERS[0])
        endure(
            on,
            receipts_are_in_no_order,
            site=site,
            until=lambda: set(standing(on.house).values()) == {"delivered"},
        )
        before = standing(on.house)

        a_day_later(on)

        assert standing(on.house) == before
        on.check()


def standing(house: House) -> dict[str, str]:
    """By message: where it stands."""
    with house.db.reading() as session:
        rows = session.execute(text("SELECT id, status FROM messages WHERE direction = 'out'"))
        return {str(row.id): row.status for row in rows}


def a_day_later(on: Stage) -> None:
    """Everything that could be said of each message is said again, in any order."""
    calls = [(message, status) for message in on.provider.taken() for status in LATE]
    random.Random(20261123).shuffle(calls)
    tomorrow = FakeClock(on.clock.now + timedelta(days=1))
    url = on.house.db.engine.url.render_as_string(hide_password=False)
    with open_house(
        url, clock=tomorrow, sms=None, bell=RecordingBell(), settings=on.house.settings
    ) as house:
        client = create_app(house).test_client()
        for message, status in calls:
            answer = client.post(path_of(message), **signed(message, status))
            assert answer.status_code == NO_CONTENT


def path_of(message: EmulatedMessage) -> str:
    parts = urlsplit(message.status_callback or "")
    return f"{parts.path}?{parts.query}"


def signed(message: EmulatedMessage, status: str) -> dict[str, object]:
    form = {
        "AccountSid": message.account_sid,
        "MessageSid": message.sid,
        "MessageStatus": status,
        "To": message.to,
    }
    said = signature(AUTH_TOKEN, message.status_callback or "", form)
    return {"data": form, "headers": {"X-Twilio-Signature": said}}
