"""Several clients at once, each a process with its own connection, for a bounded time."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import BrokenBarrierError
from typing import Any, Protocol

PATIENCE = 120.0

Step = Callable[[], None]


class Client(Protocol):
    """Gets ready, then yields what it does at each step until nothing is left. Picklable."""

    def steps(self) -> Iterator[Step]:
        """The work, one step after the other; what precedes the first `yield` is not timed."""
        ...


@dataclass(frozen=True, slots=True)
class Tally:
    """What all clients did together. Durations are seconds."""

    rate: float
    """Steps per second, all clients."""
    durations: list[float]


def work_together(clients: Sequence[Client], seconds: float) -> Tally:
    """Let them all begin at the same moment and stop after `seconds` or when nothing is left.

    Raises RuntimeError when one of them fails.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(clients) + 1)
    results: Any = context.Queue()
    processes = [
        context.Process(target=_work, args=(client, barrier, results, seconds), daemon=True)
        for client in clients
    ]
    for process in processes:
        process.start()
    try:
        barrier.wait(PATIENCE)
        tallies = [results.get(timeout=PATIENCE + seconds) for _ in processes]
    except BrokenBarrierError as error:
        raise RuntimeError("a client did not get ready") from error
    finally:
        for process in processes:
            process.join(PATIENCE)
            process.kill()
    failed = [process.exitcode for process in processes if process.exitcode]
    if failed:
        raise RuntimeError(f"a client failed: exit code {failed[0]}")
    return Tally(
        rate=sum(len(durations) / elapsed for elapsed, durations in tallies),
        durations=[duration for _, durations in tallies for duration in durations],
    )


def _work(client: Client, barrier: Any, results: Any, seconds: float) -> None:
    steps = client.steps()
    first = next(steps)
    barrier.wait(PATIENCE)
    durations = []
    begun = now = time.perf_counter()
    step: Step | None = first
    while step is not None and now - begun < seconds:
        step()
        done = time.perf_counter()
        durations.append(done - now)
        now = done
        step = next(steps, None)
    results.put((now - begun, durations))
