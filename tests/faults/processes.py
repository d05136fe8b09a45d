"""Processes of a house that begin with everything loaded: forked, where a platform would exec.

What they run, and how they die, is the same. What is saved is a second and a half of a processor
for each, some hundred times over.
"""

import contextlib
import importlib
import multiprocessing
import os
import signal
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import time_machine

from dispatcher.demo.tether import die_with

SPAWNER = multiprocessing.get_context("forkserver")
SPAWNER.set_forkserver_preload(["tests.faults.warm"])


class Forked:
    """A program of `workers`, with the part of Popen's ways that tests need.

    `ahead` is by how much its clock is wrong.
    """

    def __init__(
        self,
        module: str,
        environment: Mapping[str, str],
        log: Path,
        ahead: timedelta = timedelta(),
    ) -> None:
        self._process = SPAWNER.Process(
            target=_run, args=(module, dict(environment), str(log), ahead), daemon=True
        )
        self._process.start()
        self.pid: int = self._process.pid or 0

    def send_signal(self, what: signal.Signals) -> None:
        """Nothing for one that has ended."""
        if self.poll() is None:
            os.kill(self.pid, what)

    def poll(self) -> int | None:
        return self._process.exitcode

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Raises TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return self._process.exitcode


def _run(module: str, environment: Mapping[str, str], log: str, ahead: timedelta) -> None:
    die_with(os.getppid())()
    os.environ.update(environment)
    with Path(log).open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    elsewhen = time_machine.travel(ahead) if ahead else contextlib.nullcontext()
    with elsewhen:
        importlib.import_module(module).main()
