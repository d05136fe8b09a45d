"""Ties child processes to this one: when it dies, even by kill -9, they die with it."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Self

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
GUARDIAN = Path(__file__).with_name("guardian.py")


class Tether:
    """Starts processes that do not outlive this one, each at the head of its own group.

    On Linux the kernel kills them (PR_SET_PDEATHSIG); it does so when the *thread* that started
    them ends, so start them from the main thread. Elsewhere a guardian process, which sees our end
    of a pipe close, kills their groups. The signal is SIGKILL: a process that nobody watches any
    more must not take ten seconds to finish what it was doing, and the house is built to lose any
    process at any moment. What they start themselves has to follow them on its own, as gunicorn's
    workers do.
    """

    def __init__(self, *, by_kernel: bool = sys.platform == "linux") -> None:
        self._by_kernel = by_kernel
        self._guardian: subprocess.Popen[bytes] | None = None

    def start(
        self,
        command: Sequence[str],
        *,
        output: IO[bytes],
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        descriptors: Sequence[int] = (),
        user: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start `command`; its output and errors go to `output`, its input is empty.

        `descriptors` are left open in it under the same numbers. `user` is the id it shall run
        under, for those programs that refuse to be run by root. Raises OSError.
        """
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=directory,
            pass_fds=tuple(descriptors),
            start_new_session=True,
            user=user,
            # prctl has to be called in the child, whatever threads there are
            preexec_fn=die_with(os.getpid()) if self._by_kernel else None,  # noqa: PLW1509
        )
        if not self._by_kernel:
            self._tell_guardian(f"+{process.pid}")
        return process

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """Its group is gone: its number may soon be somebody else's."""
        if not self._by_kernel:
            self._tell_guardian(f"-{process.pid}")

    def close(self) -> None:
        """Let go: what still runs is killed where a guardian stands."""
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            self._guardian.wait()
            self._guardian = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell_guardian(self, line: str) -> None:
        if self._guardian is None:
            self._guardian = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARDIAN)],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
        if self._guardian.stdin is not None:
            self._guardian.stdin.write(f"{line}\n".encode())
            self._guardian.stdin.flush()


def die_with(parent: int) -> Callable[[], None]:
    """What a child calls before it becomes its program, so that the kernel ends it with `parent`.

    Everything is looked up beforehand: between fork and exec only the call itself is safe.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    get_parent, leave = os.getppid, os._exit

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if get_parent() != parent:  # it died before we asked
            leave(1)

    return before_exec


def kill_group(leader: int, signal_number: int = signal.SIGKILL) -> None:
    """Signal a whole process group; one that is gone is as it should be."""
    # PermissionError is what macOS says of a group with nobody left but the dead
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal_number)
