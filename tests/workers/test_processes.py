"""The processes themselves: they start, do their work, outlive Redis and stop when told."""

import base64
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rq import Worker

from dispatcher.demo.tether import Tether
from dispatcher.demo.valkey import RunningValkey
from dispatcher.reads.health import promises_and_ticks
from dispatcher.services.house import House
from dispatcher.storage.migrate import upgrade
from tests.builders import Town
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.houses import DATA_KEY, open_house, settings_for
from tests.servers import valkey_server
from workers.queues import connect

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


class Processes:
    """Relay, clock and worker of a house on SQLite, with the demonstration telephone."""

    def __init__(self, folder: Path, valkey: RunningValkey) -> None:
        self.valkey = valkey
        self.url = f"sqlite:///{folder / 'house.sqlite3'}"
        self.log = folder / "processes.log"
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.url,
            "REDIS_URL": valkey.url,
            "SECRET_KEY": "s" * 40,
            "DATA_KEY": f"k1:{base64.b64encode(DATA_KEY).decode()}",
            "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
            "DEMO_DIRECTORY": str(folder),
            "PROMISE_LEASE": "5",
            "RELAY_INTERVAL": "0.1",
        }

    @contextmanager
    def running(self, module: str) -> Iterator[subprocess.Popen[bytes]]:
        """The process, which does not outlive these tests even when they are killed."""
        with self.log.open("ab") as output, Tether() as tether:
            process = tether.start(
                [sys.executable, "-P", "-m", module],
                output=output,
                environment=self.environment,
                directory=ROOT,
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()
                tether.forget(process)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with valkey_server() as valkey:
        made = Processes(tmp_path, valkey)
        upgrade(made.url)
        yield made


@pytest.fixture
def house(processes: Processes, tmp_path: Path) -> Iterator[House]:
    """The front of the same house, in this process: nobody rings here."""
    settings = settings_for(processes.url, demonstration_directory=tmp_path)
    now = FakeClock(datetime.now(UTC))
    with open_house(
        processes.url, clock=now, sms=None, bell=RecordingBell(), settings=settings
    ) as opened:
        yield opened


def test_the_processes_serve_a_request_outlive_redis_and_stop_in_good_order(
    processes: Processes, house: House
) -> None:
    telephone = house.telephone
    assert telephone is not None
    town = Town.found(house, FakeClock(datetime.now(UTC)))
    with ExitStack() as stack:
        programs = {
            module: stack.enter_context(processes.running(module))
            for module in ("workers.relay", "workers.clock", "workers.main")
        }
        wait_until(
            lambda: promises_and_ticks(house.db).ticks.keys() >= {"clock", "relay", "worker"},
            "all three live",
        )
        town.slot()
        first = town.request()
        wait_until(lambda: len(telephone.messages()) == 2, "both sides told")
        assert town.the_request(first).status == "booked"

        processes.valkey.kill()
        town.slot(hours=3)
        second = town.request()  # the front takes requests
        processes.valkey.start()
        wait_until(lambda: len(telephone.messages()) == 4, "caught up after the return of Redis")
        assert town.the_request(second).status == "booked"
        assert {name: program.poll() for name, program in programs.items()} == dict.fromkeys(
            programs
        )

        for program in programs.values():
            program.send_signal(signal.SIGTERM)
        ended = {name: program.wait(PATIENCE) for name, program in programs.items()}
    assert ended == dict.fromkeys(programs, 0)
    assert promises_and_ticks(house.db).dead_promises == 0


def test_a_worker_that_is_stopped_while_redis_goes_does_not_begin_anew(
    processes: Processes,
) -> None:
    with processes.running("workers.main") as worker:
        redis = connect(processes.valkey.url)
        wait_until(
            lambda: [each.get_state() for each in Worker.all(connection=redis)] == ["idle"],
            "it waits for jobs",
        )
        redis.close()
        processes.valkey.tell(signal.SIGSTOP)
        worker.send_signal(signal.SIGTERM)
        processes.valkey.kill()  # before it could sign off there
        assert worker.wait(PATIENCE) == 0


def test_a_process_that_was_told_too_little_says_what_is_missing(processes: Processes) -> None:
    processes.environment.pop("DATA_KEY")

    with processes.running("workers.relay") as relay:
        assert relay.wait(PATIENCE) != 0

    assert "DATA_KEY is missing" in processes.log.read_text()
