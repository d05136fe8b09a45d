"""Programs kept running: started, watched, started again when they fall, stopped together."""

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Self

from dispatcher.demo.tether import Tether, kill_group

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds before a fallen program is started again; each fall in a row doubles the pause."""
STEADY_AFTER = 60.0
"""Seconds of life after which a fall no longer counts as one in a row."""
PATIENCE_WITH_STOP = 7.0
"""Seconds a program has to stop by itself before it is killed."""
LOOK_EVERY = 0.05
"""Seconds between two looks at a condition that no signal announces."""
LONGEST_LOG = 5_000_000
"""Bytes; a longer log becomes `.1` and starts anew."""
LOOK_AT_LOGS_EVERY = 60.0

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """Ctrl-C, SIGTERM or the terminal closed: everything is to be stopped."""


class ProgramFailed(RuntimeError):
    """A program that must succeed did not, or nothing came of it in time.

    `name` tells which, `log` where it wrote why.
    """

    def __init__(self, name: str, log: Path) -> None:
        super().__init__(name)
        self.name = name
        self.log = log


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: `descriptors` stay open in it; those with `last_to_stop` outlive the others."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    descriptors: Sequence[int] = ()
    last_to_stop: bool = False


@dataclass(slots=True)
class _Child:
    program: Program
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    falls: int = 0
    due_at: float = field(default=0.0)


class Supervisor:
    """Keeps programs running until it is told to stop. Use it in a `with` block, from main.

    Each program writes to `<name>.log` in `logs`. `say` is told, in French, what a person at the
    terminal wants to know. Leaving the block stops all programs, whatever the reason.
    """

    def __init__(self, logs: Path, say: Callable[[str], None], tether: Tether) -> None:
        self._logs = logs
        self._say = say
        self._tether = tether
        self._children: list[_Child] = []
        self._once: list[_Child] = []
        self._stops_asked = 0
        self._logs_seen_at = time.monotonic()
        self._wakeup, self._bell = os.pipe()
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        for end in (self._wakeup, self._bell):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # started by nohup
            self._before[number] = signal.signal(number, self._note_stop)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._stop_all()
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in self._before.items():
                signal.signal(number, handler)  # type: ignore[arg-type]  # what it gave us
            os.close(self._wakeup)
            os.close(self._bell)

    def start(self, program: Program) -> None:
        """Run it from now on. Raises OSError when it cannot be run at all."""
        child = _Child(program, self._log_of(program.name))
        self._children.append(child)
        self._launch(child)

    def begin(self, program: Program) -> Callable[[], bool]:
        """Run it once, meanwhile; what is returned tells whether it has ended.

        Asking raises ProgramFailed once it has ended with another code than 0.
        """
        child = _Child(program, self._log_of(program.name))
        self._launch(child)
        self._once.append(child)

        def has_ended() -> bool:
            if child.process is not None and child.process.poll() is not None:
                code = child.process.returncode
                self._end([child], patience=0)
                if code != 0:
                    raise ProgramFailed(program.name, child.log)
            return child.process is None

        return has_ended

    def wait_for(
        self, condition: Callable[[], bool], seconds: float, *, name: str, falls: int = 3
    ) -> None:
        """Wait until `condition` holds, restarting what falls meanwhile.

        Raises ProgramFailed, about the program that fell `falls` times, or about `name` when the
        time is over; StopAsked.
        """

        def holds() -> bool:
            for child in self._children:
                if child.falls >= falls:
                    raise ProgramFailed(child.program.name, child.log)
            return condition()

        if not self._wait(holds, seconds):
            raise ProgramFailed(name, self._log_of(name))

    def watch(self) -> None:
        """Restart what falls, until asked to stop. Raises StopAsked."""
        self._wait(lambda: False, None)

    def _wait(self, condition: Callable[[], bool], seconds: float | None) -> bool:
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            if self._stops_asked:
                raise StopAsked
            self._look_after_children()
            if condition():
                return True
            now = time.monotonic()
            if end is not None and now >= end:
                return False
            self._sleep(LOOK_EVERY if end is not None else self._until_next_duty(now))

    def _sleep(self, seconds: float) -> None:
        """Until a signal comes, a child's end included, and no longer than `seconds`."""
        readable, _, _ = select.select([self._wakeup], [], [], seconds)
        if readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wakeup, 4096)

    def _until_next_duty(self, now: float) -> float:
        duties = [child.due_at for child in self._children if child.process is None]
        return max(0.0, min([now + LOOK_AT_LOGS_EVERY, *duties]) - now)

    def _look_after_children(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._note_fall(child, now)
            elif child.process is None and child.due_at <= now:
                self._launch(child)
        if now - self._logs_seen_at > LOOK_AT_LOGS_EVERY:
            self._logs_seen_at = now
            for child in self._children:
                shorten(child.log)

    def _note_fall(self, child: _Child, now: float) -> None:
        code = child.process.returncode if child.process else 0
        self._end([child], patience=0)
        if now - child.started_at > STEADY_AFTER:
            child.falls = 0
        pause = min(FIRST_PAUSE * 2**child.falls, LONGEST_PAUSE)
        child.falls += 1
        child.due_at = now + pause
        seconds = f"{pause:.1f}".replace(".", ",")
        self._say(
            f"Le processus {child.program.name} s’est arrêté (code {code}) ; "
            f"il repart dans {seconds} s."
        )

    def _launch(self, child: _Child) -> None:
        shorten(child.log)
        program = child.program
        with child.log.open("ab") as output:
            child.process = self._tether.start(
                program.command,
                output=output,
                environment=program.environment,
                directory=program.directory,
                descriptors=program.descriptors,
            )
        child.started_at = time.monotonic()

    def _stop_all(self) -> None:
        first = [child for child in self._children if not child.program.last_to_stop]
        last = [child for child in self._children if child.program.last_to_stop]
        self._end([*first, *self._once], PATIENCE_WITH_STOP)
        self._end(last, PATIENCE_WITH_STOP / 3)

    def _end(self, children: list[_Child], patience: float) -> None:
        """Stop them, kill those who are late, and whatever each left behind in its group."""
        running = [child for child in children if child.process is not None]
        already_asked = self._stops_asked
        for child in running:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + patience
        while any(child.process and child.process.poll() is None for child in running):
            # somebody who presses Ctrl-C twice does not want to wait
            if time.monotonic() >= deadline or self._stops_asked > max(already_asked, 1):
                break
            self._sleep(LOOK_EVERY)
        for child in running:
            if child.process is not None:
                kill_group(child.process.pid)
                child.process.wait()
                self._tether.forget(child.process)
                child.process = None

    def _log_of(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stops_asked += 1


def shorten(log: Path) -> None:
    """Move a log that has grown too long to `.1`.

    Its writer keeps the file that it has open, so its content is copied and the file emptied.
    """
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LONGEST_LOG:
            log.with_name(f"{log.name}.1").write_bytes(log.read_bytes())
            os.truncate(log, 0)


def last_lines(log: Path, count: int = 12) -> Iterator[str]:
    """The end of a log, to show to the person at the terminal: of a JSON line, what it says."""
    with contextlib.suppress(FileNotFoundError):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]:
            yield _said(line)


def _said(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict) or "event" not in entry:
        return line
    *_, reason = str(entry.get("exception", "")).splitlines() or [""]
    return f"{entry['event']} : {reason}" if reason else str(entry["event"])
