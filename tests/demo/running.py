"""A demonstration that tests run, read, and are sure to be rid of."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import psutil

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0

Found = TypeVar("Found")
supervisors: set[int] = set()


class Demonstration:
    """One run of `command`, which keeps its data in `data`; its output is read as it comes."""

    def __init__(self, command: Sequence[str], data: Path) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "-P", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            encoding="utf-8",
        )
        supervisors.add(self.process.pid)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines.extend(line.rstrip("\n") for line in output)

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def ready(self, patience: float = PATIENCE) -> str:
        """Wait that many seconds for « Prêt », and give the address."""

        def said() -> str | None:
            assert self.process.poll() is None, self.output
            return next((line for line in self.lines if line.startswith("Prêt : ")), None)

        return until(said, patience).removeprefix("Prêt : ")

    def ended(self) -> int:
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def processes(self) -> set[psutil.Process]:
        """Everything started for this folder, whoever its parent is by now, but the supervisor.

        All of them inherited the lock, and keep it open.
        """
        return {process for process in psutil.process_iter() if self._is_ours(process)}

    def _is_ours(self, process: psutil.Process) -> bool:
        lock = str(self.data / "processes.lock")
        try:
            return process.pid not in supervisors and lock in {
                file.path for file in process.open_files()
            }
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return False

    def named(self, name: str) -> psutil.Process:
        """The head of a program's group: its parent is the supervisor."""
        found = [
            process
            for process in psutil.Process(self.process.pid).children()
            if any(name in word for word in process.cmdline())
        ]
        assert len(found) == 1, (name, found)
        return found[0]


def until(condition: Callable[[], Found | None], patience: float = PATIENCE) -> Found:
    """What `condition` gives once it gives something; fails after that many seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if (found := condition()) is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("it never came")


def gone(demonstration: Demonstration) -> bool | None:
    """True when nothing that was started for its folder is left."""
    return None if demonstration.processes() else True
