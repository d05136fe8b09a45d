"""Workers and relay killed with -9, Valkey emptied: no request lost, none twice, no SMS twice."""

import base64
import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import text

from dispatcher.services.house import House
from tests import invariants
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.twilio_messages import read_log
from tests.faults.crew import ROOT, Crew, wait_until
from tests.houses import DATA_KEY, TWILIO, open_house, settings_for
from tests.servers import valkey_server
from workers.bell import RqBell

pytestmark = pytest.mark.faults

REQUESTS = 200
VOLUNTEERS = 10
PLACES = 24
"""More places than requests: whoever is left without one was lost."""
KILLS = 10
FLUSHES = 5
BETWEEN_KILLS_SECONDS = 1.2
PATIENCE_SECONDS = 120.0


class WallClock(FakeClock):
    """The clock that the processes read too."""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @now.setter
    def now(self, _moment: datetime) -> None:
        pass


@contextlib.contextmanager
def emulator(log: Path) -> Iterator[str]:
    """Twilio's emulator in a process of its own; the address of its API."""
    process = subprocess.Popen(
        (
            *(sys.executable, "-P", "-m", "tests.fakes.twilio_emulator", "--log", str(log)),
            *("--receipts", "none", "--latency", "0.02"),
        ),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()


def counted(house: House, statement: str) -> int:
    with house.db.reading() as session:
        return int(session.execute(text(statement)).scalar_one())


def test_two_hundred_requests_survive_kills_and_an_emptied_valkey(
    database_url: str, tmp_path: Path
) -> None:
    dice = random.Random(20261122)
    log = tmp_path / "accepted.jsonl"
    with valkey_server() as valkey, emulator(log) as twilio_url:
        bell = RqBell(valkey.url)
        clock = WallClock()
        settings = settings_for(database_url, redis_url=valkey.url)
        environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": valkey.url,
            "SECRET_KEY": settings.secret_key,
            "DATA_KEY": f"k1:{base64.b64encode(DATA_KEY).decode()}",
            "PUBLIC_BASE_URL": settings.public_base_url,
            "TWILIO_ACCOUNT_SID": TWILIO.account_sid,
            "TWILIO_AUTH_TOKEN": TWILIO.auth_token,
            "TWILIO_FROM": TWILIO.sender or "",
            "TWILIO_API_BASE_URL": twilio_url,
            "PROMISE_LEASE": "3",
            "SMS_SETTLE_AFTER": "1",
        }
        with open_house(database_url, clock=clock, sms=None, bell=bell, settings=settings) as house:
            town = Town.found(house, clock)
            for _ in range(VOLUNTEERS):
                town.slot(town.volunteer(), hours=2, minutes=300, places=PLACES)
            answered: list[UUID] = []
            redis = Redis.from_url(valkey.url)
            flushes = 0
            with Crew(environment, tmp_path / "crew.log") as crew:
                next_kill = time.monotonic() + BETWEEN_KILLS_SECONDS
                while len(answered) < REQUESTS or crew.kills < KILLS:
                    if len(answered) < REQUESTS:
                        number = len(answered)
                        answered.append(town.request(patient={"phone": mobile(number)}))
                    if time.monotonic() > next_kill:
                        crew.kill_one(dice)
                        next_kill = time.monotonic() + BETWEEN_KILLS_SECONDS
                        if flushes < FLUSHES:
                            redis.flushall()
                            flushes += 1
                    crew.restart_the_dead()

                def settled() -> bool:
                    crew.restart_the_dead()
                    return not counted(
                        house,
                        "SELECT count(*) FROM promises WHERE done_at IS NULL AND dead_at IS NULL"
                        " AND job <> 'escalate_request'",
                    )

                wait_until(settled, PATIENCE_SECONDS, "every promise kept")
            redis.close()
            bell.connection.close()

            assert crew.kills >= KILLS
            assert flushes == FLUSHES
            booked = "SELECT count(*) FROM care_requests WHERE status = 'booked'"
            assert counted(house, booked) == REQUESTS
            accepted = [message.message_id for message in read_log(log)]
            assert len(accepted) == 2 * REQUESTS
            invariants.check(
                house.db.engine,
                clock.now,
                settled=True,
                accepted=accepted,
                answered=answered,
            )
