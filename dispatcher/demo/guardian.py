"""A process that outlives its parent just long enough to kill what the parent had started.

It reads `+pid` and `-pid`, one per line, on its input. The input ends when the parent does, however
that happens: then it kills the process groups that it was not told to forget. Run as a script,
with the standard library only, where the kernel cannot do this itself (macOS).
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterable


def guard(lines: Iterable[str]) -> set[int]:
    """The process groups left once `lines` are over."""
    held: set[int] = set()
    for line in lines:
        sign, pid = line[0], int(line[1:])
        if sign == "+":
            held.add(pid)
        else:
            held.discard(pid)
    return held


if __name__ == "__main__":
    for leader in guard(sys.stdin):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
