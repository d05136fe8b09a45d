"""A house on real parts: its database, its Valkey, Twilio's emulator as a process, and a crew."""

import base64
import contextlib
import json
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import requests
from sqlalchemy import text

from dispatcher.demo.tether import Tether
from dispatcher.domain.calendar import period
from dispatcher.reads.activity import activity
from dispatcher.services.house import House
from tests import invariants
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.twilio_emulator import ACCOUNT_SID, AUTH_TOKEN, SENDER, Fault
from tests.fakes.twilio_messages import EmulatedMessage, read_log
from tests.fakes.twilio_webhooks import Receipts
from tests.faults.crew import ROOT, Crew, wait_until
from tests.houses import DATA_KEY, open_house, settings_for
from tests.servers import free_port, valkey_server
from workers.bell import RqBell

OWED = (
    "SELECT count(*) FROM promises WHERE done_at IS NULL AND dead_at IS NULL"
    " AND job <> 'escalate_request'"
)


class WallClock(FakeClock):
    """The clock that the processes read too."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @now.setter
    def now(self, _moment: datetime) -> None:
        pass


class Provider:
    """Twilio's emulator in a process of its own, with a log that no kill takes away."""

    def __init__(self, log: Path, address: str = "127.0.0.1") -> None:
        self._log = log
        self._listens_on = ("--address", address, "--port", str(free_port()))
        self.url = "http://{1}:{3}".format(*self._listens_on)

    @contextlib.contextmanager
    def running(self, output: Path) -> Iterator[None]:
        arguments = ["--log", str(self._log), *self._listens_on]
        arguments += ["--receipts", "none", "--latency", "0.02"]
        with output.open("ab") as written, Tether() as tether:
            process = tether.start(
                [sys.executable, "-P", "-m", "tests.fakes.twilio_emulator", *arguments],
                output=written,
                environment={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
                directory=ROOT,
            )
            try:
                wait_until(lambda: self.url in output.read_text(), 30, "the emulator answers")
                yield
            finally:
                process.terminate()
                process.wait(timeout=30)
                tether.forget(process)

    def misbehave(self, faults: Sequence[Fault]) -> None:
        """One fault for each of the next calls."""
        self._tell("next", [asdict(fault) for fault in faults])

    def answer_with(self, receipts: Receipts) -> None:
        """The receipts that follow each message from now on."""
        self._tell("receipts", asdict(receipts))

    def _tell(self, verb: str, what: object) -> None:
        url = f"{self.url}/emulator/{verb}"
        requests.post(url, json.dumps(what), timeout=10).raise_for_status()

    def taken(self) -> list[EmulatedMessage]:
        """All that was taken, in order."""
        return list(read_log(self._log))

    def accepted(self) -> list[str | None]:
        """Our ids of all that was taken, in order."""
        return [message.message_id for message in self.taken()]


class Broker(Protocol):
    """A Valkey that can be stopped and started again on the same data."""

    @property
    def url(self) -> str:
        """The same after a restart."""

    def start(self) -> None:
        """Return once it answers."""

    def stop(self) -> None:
        """Let it write its file."""

    def kill(self) -> None:
        """As a power cut would."""


@dataclass
class Stage:
    """A territory, the front of its house in this process, and what runs beside it."""

    house: House
    town: Town
    clock: WallClock
    valkey: Broker
    provider: Provider
    environment: dict[str, str]
    folder: Path
    zone: str

    def crew(
        self, workers: int = 2, *, relays: int = 1, clocks: int = 0, webs: Sequence[int] = ()
    ) -> Crew:
        return Crew(
            self.environment,
            self.folder / "crew.log",
            workers,
            relays=relays,
            clocks=clocks,
            webs=webs,
            ahead=self.clock.ahead,
        )

    def counted(self, statement: str) -> int:
        with self.house.db.reading() as session:
            return int(session.execute(text(statement)).scalar_one())

    def figures(self) -> dict[str, Any]:
        """What coordinators are shown of today."""
        zone = ZoneInfo(self.zone)
        today = self.clock.now.astimezone(zone).date()
        shown = activity(self.house.db, self.town.territory_id, period(today, today, zone))
        return shown.as_json()

    def check(self, answered: Collection[str | UUID] = ()) -> None:
        """Hold what is left to the invariants, once everything due is done."""
        invariants.check(
            self.house.db.engine,
            self.clock.now,
            settled=True,
            accepted=self.provider.accepted(),
            answered=answered,
            served={self.town.territory_id: self.figures()},
        )

    def wait_until_settled(self, crew: Crew, seconds: float) -> None:
        """Until every promise that is due is kept."""

        def settled() -> bool:
            crew.restart_the_dead()
            return not self.counted(OWED)

        wait_until(settled, seconds, "every promise kept")


@contextlib.contextmanager
def stage(
    database_url: str,
    folder: Path,
    *,
    lease: float = 3,
    settle_after: float = 1,
    site: int | None = None,
    ahead: timedelta = timedelta(),
    zone: str = "Europe/Paris",
    broker: contextlib.AbstractContextManager[Broker] | None = None,
    address: str = "127.0.0.1",
) -> Iterator[Stage]:
    """Everything but the crew. Seconds, as PROMISE_LEASE and SMS_SETTLE_AFTER.

    The provider calls back on the port `site`; all clocks, but the provider's, are `ahead`.
    `address` is where the provider listens, `broker` a Valkey that is not this machine's.
    """
    provider = Provider(folder / "accepted.jsonl", address)
    clock = WallClock(ahead)
    with broker or valkey_server() as valkey, provider.running(folder / "provider.log"):
        base_url = f"http://127.0.0.1:{site or 8000}"
        settings = settings_for(database_url, redis_url=valkey.url, public_base_url=base_url)
        environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": valkey.url,
            "SECRET_KEY": settings.secret_key,
            "CALL_RATE": "0",
            "DATA_KEY": f"k1:{base64.b64encode(DATA_KEY).decode()}",
            "PUBLIC_BASE_URL": settings.public_base_url,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM": SENDER,
            "TWILIO_API_BASE_URL": provider.url,
            "PROMISE_LEASE": str(lease),
            "SMS_SETTLE_AFTER": str(settle_after),
        }
        bell = RqBell(valkey.url)
        with open_house(database_url, clock=clock, sms=None, bell=bell, settings=settings) as house:
            town = Town.found(house, clock, timezone=zone)
            yield Stage(house, town, clock, valkey, provider, environment, folder, zone)
        bell.connection.close()
