"""The processes of a house as a platform would run them: restarted whenever they die."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from dispatcher.demo.tether import Tether
from tests.faults.processes import Forked

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.05


GUNICORN = ("gunicorn", "--config", str(ROOT / "config" / "gunicorn.py"))


class Crew:
    """The processes of one house, killed at will and started again at once.

    `webs` are the ports of the sites, each of one gunicorn, run as production does; the others
    are forked with everything loaded.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        log: Path,
        workers: int = 2,
        *,
        relays: int = 1,
        clocks: int = 0,
        webs: Sequence[int] = (),
        ahead: timedelta = timedelta(),
    ) -> None:
        self._environment = dict(environment)
        self._tether = Tether()
        self._path = log
        self._log = log.open("ab")
        self._programs = {
            **{f"worker-{number}": "workers.main" for number in range(1, workers + 1)},
            **{f"relay-{number}": "workers.relay" for number in range(1, relays + 1)},
            **{f"clock-{number}": "workers.clock" for number in range(1, clocks + 1)},
            **{f"web-{port}": f"127.0.0.1:{port}" for port in webs},
        }
        self._running: dict[str, Forked | subprocess.Popen[bytes]] = {}
        self.ahead = ahead
        """By how much the clocks of those who are started from now on are wrong; not the webs'."""
        self.kills = 0
        self.deaths = 0
        """How many ended though nobody told them to."""

    def __enter__(self) -> Self:
        for name in self._programs:
            self._start(name)
        return self

    @property
    def names(self) -> list[str]:
        """Of all its processes, such as worker-1, relay-1, clock-1, web-8000."""
        return sorted(self._programs)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait(timeout=10)
        self._tether.close()
        self._log.close()

    def kill_one(self, dice: random.Random) -> str:
        """Kill -9 one of them, in whatever it is doing, and start it again."""
        name = dice.choice(sorted(self._running))
        self.kill(name)
        return name

    def kill(self, name: str) -> None:
        """Kill -9 this one, in whatever it is doing, and start it again."""
        self.signal(name, signal.SIGKILL)
        self._running[name].wait(timeout=10)
        self.kills += 1
        self._start(name)

    def signal(self, name: str, what: signal.Signals) -> None:
        """Send it a signal."""
        self._running[name].send_signal(what)

    def stop(self, name: str, within: float) -> float:
        """Stop it in good order; the seconds that it took. Raises TimeoutExpired."""
        process = self._running.pop(name)
        began = time.monotonic()
        process.terminate()
        process.wait(timeout=within)
        return time.monotonic() - began

    def start(self, name: str) -> None:
        """Start one that was stopped."""
        self._start(name)

    def restart_the_dead(self) -> None:
        """What died by itself is started again, as a supervisor does."""
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                self.deaths += 1
                self._start(name)

    def _start(self, name: str) -> None:
        program = self._programs[name]
        if name.startswith("web"):
            command = (sys.executable, "-P", "-m", *GUNICORN, "--bind", program, "wsgi:app")
            environment = {**os.environ, **self._environment, "PYTHONPATH": str(ROOT)}
            self._running[name] = self._tether.start(
                command, output=self._log, environment=environment, directory=ROOT
            )
        else:
            self._running[name] = Forked(program, self._environment, self._path, self.ahead)


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return as soon as `condition` holds. Raises AssertionError after the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)  # between two looks at the condition
