"""Many times the usual load while reminders are due: nothing lost, first things first."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from dispatcher.storage.messages import Message
from dispatcher.storage.promises import Promise
from tests.builders import mobile
from tests.faults.crew import wait_until
from tests.faults.scene import nothing_is_due
from tests.faults.stage import Stage, stage
from tests.threads import at_once

pytestmark = pytest.mark.faults

REMINDED = 60
CALLERS, EACH = 8, 30
"""The burst: as fast as eight regulators can be answered, without a pause."""
PATIENCE_SECONDS = 180.0


def until_noon() -> timedelta:
    """At night nobody is reminded: the house's clocks stand at noon tomorrow."""
    now = datetime.now(ZoneInfo("Europe/Paris"))
    noon = (now + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    return noon.astimezone(UTC) - now


def test_nothing_is_lost_and_confirmations_leave_before_reminders(
    database_url: str, tmp_path: Path
) -> None:
    numbers = count()
    with stage(database_url, tmp_path, ahead=until_noon()) as on:
        tomorrow = on.town.volunteer(phone=None)
        on.town.slot(tomorrow, hours=25, minutes=300, places=REMINDED)
        with on.crew(relays=2) as crew:
            asked = [ask(on, next(numbers)) for _ in range(REMINDED)]
            wait_until(lambda: nothing_is_due(on, crew), PATIENCE_SECONDS, "all have one")
            for _ in range(CALLERS):
                on.town.slot(on.town.volunteer(phone=None), minutes=300, places=EACH)
            wait_until(lambda: nothing_is_due(on, crew), PATIENCE_SECONDS, "it is published")
            calm = len(on.provider.taken())

            remind_now(on)
            began = time.monotonic()
            mine = [[next(numbers) for _ in range(EACH)] for _ in range(CALLERS)]
            burst = at_once([lambda own=own: [ask(on, each) for each in own] for own in mine])  # type: ignore[misc]
            answered = time.monotonic() - began
            wait_until(lambda: nothing_is_due(on, crew), PATIENCE_SECONDS, "all is done")
            settled = time.monotonic() - began

        order = [kind_of(on)[message.message_id or ""] for message in on.provider.taken()[calm:]]
        assert order.count("reminder") == REMINDED
        assert order.count("confirmation") == CALLERS * EACH
        assert place_of(order, "confirmation") < place_of(order, "reminder")
        on.check([*asked, *(each for own in burst for each in own)])
        print(f"{CALLERS * EACH} requests answered in {answered:.1f} s, done in {settled:.1f} s")


def ask(on: Stage, number: int) -> UUID:
    return on.town.request(patient={"phone": mobile(number)}, need={"delay_hours": 72})


def remind_now(on: Stage) -> None:
    """The evening has come for all of them."""
    with on.house.db.writing() as session:
        session.execute(
            update(Promise)
            .where(Promise.job == "remind_patient", Promise.done_at.is_(None))
            .values(due_at=on.clock.now)
        )


def kind_of(on: Stage) -> dict[str, str]:
    with on.house.db.reading() as session:
        return {str(row.id): row.kind for row in session.execute(select(Message.id, Message.kind))}


def place_of(order: list[str], kind: str) -> float:
    """Where in the order they left, in the middle."""
    return statistics.median(place for place, each in enumerate(order) if each == kind)
