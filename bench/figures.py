"""A number that was measured, beside its limit of the same run, and how it is shown."""

import argparse
import json
import math
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

Measure = Callable[[argparse.Namespace], Iterable["Figure"]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a benchmark.

    `ours` and `limit` are in `unit`; `ratio` says what share of the limit ours reaches, so that 1
    is as good as it can be. `limit` is None where the target is an absolute one.
    """

    number: str
    what: str
    unit: str
    ours: float
    target: str
    holds: bool
    limit: float | None = None
    limit_is: str = ""
    ratio: float | None = None

    def line(self) -> str:
        """One line for a terminal."""
        parts = [f"{self.number:<4} {self.what:<58} {shown(self.ours):>8} {self.unit:<5}"]
        if self.limit is not None:
            parts.append(f"limit {shown(self.limit):>8} ({self.limit_is})")
        if self.ratio is not None:
            parts.append(f"ratio {self.ratio:.2f}")
        parts.append(f"wanted {self.target}: {'holds' if self.holds else 'FALLS SHORT'}")
        return " · ".join(parts)


def shown(value: float) -> str:
    """A value with three digits that mean something."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: a value that was really seen. Raises ValueError for none."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    """The 50th percentile."""
    return percentile(values, 0.5)


def machine() -> dict[str, object]:
    """What the figures were seen on, and how busy it was with other things."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "load": round(os.getloadavg()[0], 2),
    }


def run(
    description: str | None,
    measure: Measure,
    declare: Callable[[argparse.ArgumentParser], None] = lambda _: None,
) -> None:
    """The command line of a benchmark: its options, `--json`, and what it prints.

    The exit code tells whether it ran, not whether the targets hold: a benchmark is no test.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    declare(parser)
    arguments = parser.parse_args()
    before = machine()
    if not arguments.json:
        print(" · ".join(f"{name} {value}" for name, value in before.items()), flush=True)
    figures = []
    for figure in measure(arguments):
        figures.append(figure)
        if not arguments.json:
            print(figure.line(), flush=True)
    if arguments.json:
        json.dump({"machine": before, "figures": [asdict(f) for f in figures]}, sys.stdout)
        print()
