"""Many threads set off at the same moment, for races with real commits."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 60.0


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """What each got, one thread for each; an exception of any of them is raised."""
    start = Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        start.wait(PATIENCE)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(run, work) for work in works]
        return [future.result(PATIENCE) for future in futures]
