"""What a benchmark runs on: a durable database of each engine, a house over it, its processes.

Everything listens on 127.0.0.1 or on a socket file, and is gone when the block ends.
"""

import base64
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from rq import Worker
from sqlalchemy import select

from config.settings import Settings
from dispatcher.bootstrap import SilentBell, build
from dispatcher.demo.tether import Tether
from dispatcher.demo.valkey import RunningValkey
from dispatcher.services.house import Bell, House
from dispatcher.storage.migrate import upgrade
from dispatcher.storage.promises import Tick
from tests.fakes.twilio_emulator import ACCOUNT_SID, AUTH_TOKEN, SENDER
from tests.servers import FAST, free_port, postgres_server
from workers.bell import RqBell
from workers.queues import connect

ROOT = Path(__file__).resolve().parents[1]
ENGINES = ("sqlite", "postgresql")
DURABLE = {
    name: value
    for name, value in FAST.items()
    if name not in {"fsync", "synchronous_commit", "full_page_writes"}
}
PATIENCE = 60.0
POLL_SECONDS = 0.02
DATA_KEY = base64.b64encode(bytes(range(32))).decode()


@contextlib.contextmanager
def database(engine: str) -> Iterator[str]:
    """The URL of a migrated, empty database that would survive a power cut.

    Where it lies is the temporary folder's disk (TMPDIR). Raises NoPostgres.
    """
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="snp-bench-") as folder:
            url = f"sqlite:///{folder}/bench.sqlite3"
            upgrade(url)
            yield url
        return
    with postgres_server(DURABLE) as server, server.database() as url:
        upgrade(url)
        yield url


@contextlib.contextmanager
def broker() -> Iterator[RunningValkey]:
    """A Valkey with the demonstration's configuration."""
    with (
        tempfile.TemporaryDirectory(prefix="snp-bench-") as folder,
        RunningValkey(Path(folder)) as running,
    ):
        yield running


def environment(
    database_url: str,
    *,
    redis_url: str = "redis://127.0.0.1:1/0",
    provider_url: str = "http://127.0.0.1:1",
    port: int = 1,
) -> dict[str, str]:
    """What the processes of a house are told. What is not given is away."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "b" * 64,
        "CALL_RATE": "1000000",  # counted as in production, and never reached
        "DATA_KEY": f"k1:{DATA_KEY}",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM": SENDER,
        "TWILIO_API_BASE_URL": provider_url,
    }


@contextlib.contextmanager
def house_of(told: Mapping[str, str], bell: Bell | None = None) -> Iterator[House]:
    """The house that this environment describes, in this process."""
    house = build(Settings.from_environment(told), bell=bell or SilentBell())
    try:
        yield house
    finally:
        house.db.dispose()


@contextlib.contextmanager
def ringing_house_of(told: Mapping[str, str]) -> Iterator[House]:
    """The same, with the bell that rings through Redis."""
    with house_of(told, RqBell(told["REDIS_URL"])) as house:
        yield house


@dataclass
class Processes:
    """Processes of the house, started as Procfile starts them, stopped at the end of the block."""

    told: Mapping[str, str]
    folder: Path
    _tether: Tether = field(default_factory=Tether)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        """Start `python -m arguments…`; what it says goes to a file of that name."""
        with self.log(name).open("ab") as output:
            process = self._tether.start(
                [sys.executable, "-P", "-m", *arguments],
                output=output,
                environment={**os.environ, "PYTHONPATH": str(ROOT), **self.told, **more},
                directory=ROOT,
            )
        self._running.append(process)
        return process

    def start_web(
        self, port: int, *, processes: int, application: str = "wsgi:app", **more: str
    ) -> subprocess.Popen[bytes]:
        """Start gunicorn with the configuration of production, and wait until it answers."""
        web = self.start(
            "web",
            *("gunicorn", "--config", str(ROOT / "config" / "gunicorn.py")),
            *("--bind", f"127.0.0.1:{port}", application),
            **{"WEB_CONCURRENCY": str(processes), "GUNICORN_CMD_ARGS": "", **more},
        )
        self.wait_for(web, lambda: answers(f"http://127.0.0.1:{port}/health"), "web")
        return web

    def start_workers(
        self, count: int, module: str = "workers.main", **more: str
    ) -> list[subprocess.Popen[bytes]]:
        """Start job workers and wait until all of them listen."""
        connection = connect(self.told["REDIS_URL"])
        wanted = Worker.count(connection) + count
        started = [self.start("worker", module, **more) for _ in range(count)]
        self.wait_for(started[0], lambda: Worker.count(connection) >= wanted, "worker")
        return started

    def start_provider(
        self, port: int, receipts: str = "queued,sent,delivered", latency: str = "0"
    ) -> Path:
        """Start the provider's emulator; returns where it notes what came (`bench.provider`)."""
        notes = self.folder / "arrivals"
        provider = self.start(
            "provider", "bench.provider", str(port), str(notes), receipts, latency
        )
        self.wait_for(provider, lambda: _listens(port), "provider")
        return notes

    def start_relay(self) -> subprocess.Popen[bytes]:
        """Start the relay and wait until it has shown life."""
        relay = self.start("relay", "workers.relay")
        with house_of(self.told) as house:
            self.wait_for(relay, lambda: "relay" in _ticking(house), "relay")
        return relay

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Stop one in good order."""
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._tether.forget(process)
        self._running.remove(process)

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self.folder / f"{name}.log"

    def wait_for(
        self, process: subprocess.Popen[bytes], holds: Callable[[], bool], name: str
    ) -> None:
        """Wait until something holds. Raises RuntimeError with the log's end if it never does."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if process.poll() is not None or time.monotonic() > deadline:
                said = self.log(name).read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"{name} did not come up: {said[-3000:]}")
            time.sleep(POLL_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(list(self._running)):
            self.stop(process)
        self._tether.close()


@contextlib.contextmanager
def processes(told: Mapping[str, str]) -> Iterator[Processes]:
    """A place to start processes from."""
    with (
        tempfile.TemporaryDirectory(prefix="snp-bench-") as folder,
        Processes(told, Path(folder)) as started,
    ):
        yield started


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _ticking(house: House) -> set[str]:
    with house.db.reading() as session:
        return set(session.scalars(select(Tick.name)))


def answers(url: str) -> bool:
    """Whether GET answers 200."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=2)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


__all__ = [
    "ENGINES",
    "Processes",
    "broker",
    "database",
    "environment",
    "free_port",
    "house_of",
    "processes",
    "ringing_house_of",
]
