"""A job worker of the house that notes when each matching job starts, for P4.

It is `workers.main` with one function wrapped; a bare RQ job that does nothing but the same note is
the limit. Instants are time.monotonic(), which processes of one machine share.
"""

import os
import time
from pathlib import Path

import workers.jobs
from workers.main import main

NOTES = "BENCH_NOTES"
"""Names the file to which `promise or call id, instant` lines are added."""
_match_waiting = workers.jobs.match_waiting


def note(name: str) -> None:
    """Write down that this job has started. As an RQ job by itself: the limit."""
    started = time.monotonic()
    with Path(os.environ[NOTES]).open("a", encoding="utf-8") as file:
        file.write(f"{name} {started}\n")


def watched(promise_id: str) -> None:
    """`workers.jobs.match_waiting`, noted."""
    note(promise_id)
    _match_waiting(promise_id)


def read_notes(path: Path) -> dict[str, float]:
    """When each started, the first time."""
    started: dict[str, float] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, instant = line.split()
        started.setdefault(name, float(instant))
    return started


if __name__ == "__main__":
    workers.jobs.match_waiting = watched
    main()
