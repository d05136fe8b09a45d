"""P7: the whole engine on queues of several sizes, beside the bare assignment of the same costs.

The limit is scipy's `linear_sum_assignment` on the finished matrix: what is left when feasibility,
costs, caps and explanations are free. Where few pairs may be, the engine solves a sparse graph
instead and can be quicker than that. Sizes grow so that the growth can be seen.
"""

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np

from bench.figures import Figure, median, run
from bench.markets import CAPPED, CROWDED, NOW, TERRITORY, Kind, market
from dispatcher.domain.geography import Floats, Roads
from dispatcher.domain.matching.assign import assign
from dispatcher.domain.matching.columns import NeedColumns, SlotColumns
from dispatcher.domain.matching.cost import Weights, costs, unserved
from dispatcher.domain.matching.feasibility import compare
from dispatcher.domain.matching.needs import Need, OpenSlot
from dispatcher.domain.matching.solver import load_solver

WEIGHTS = Weights()
ROADS = Roads(1.3)
TARGETS_MS = {(300, 1000): 50.0, (3000, 5000): 3000.0}
SIZES = ((30, 500), (100, 700), (300, 1000), (1000, 2000), (3000, 5000))
KINDS = (TERRITORY, CROWDED, CAPPED)


def matrix_of(needs: list[Need], slots: list[OpenSlot]) -> Floats:
    """What every pair saves against leaving its need unserved; nothing where it may not be."""
    queue, columns = NeedColumns(needs), SlotColumns(slots, NOW, roads=ROADS)
    comparison = compare(queue, columns)
    may_be = comparison.against == 0
    pairs = comparison.pairs(may_be)
    matrix = np.zeros(may_be.shape)
    nowhere = np.array([unserved(need, WEIGHTS) for need in needs])
    matrix[pairs.needs, pairs.slots] = costs(queue, columns, pairs, WEIGHTS) - nowhere[pairs.needs]
    return matrix


def bare(matrix: Floats) -> int:
    """The assignment alone; how many are served."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(matrix)
    return int(np.count_nonzero(matrix[rows, columns]))


def milliseconds(work: Callable[[], object], times: int) -> float:
    """The median of several runs."""
    seen = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seen.append((time.perf_counter() - begun) * 1000)
    return median(seen)


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Each kind of market at each size."""
    load_solver()
    for kind in KINDS:
        for needs, slots in SIZES:
            if needs <= arguments.largest:
                yield figure(kind, needs, slots, arguments.times)


def figure(kind: Kind, needs: int, slots: int, times: int) -> Figure:
    """One size of one kind."""
    waiting, offered = market(kind, needs, slots)
    served = len(assign(waiting, offered, WEIGHTS, NOW, roads=ROADS).pairs)
    ours = milliseconds(lambda: assign(waiting, offered, WEIGHTS, NOW, roads=ROADS), times)
    matrix = matrix_of(waiting, offered)
    limit = milliseconds(lambda: bare(matrix), times)
    target = TARGETS_MS.get((needs, slots))
    return Figure(
        number="P7",
        what=f"{kind.name}: {needs:,} × {slots:,}, {served:,} served",
        unit="ms",
        ours=ours,
        target="to be seen" if target is None else f"< {target:,.0f} ms",
        holds=target is None or ours < target,
        limit=limit,
        limit_is="bare assignment, caps aside",
        ratio=limit / ours,
    )


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--times", type=int, default=5, help="runs of each, of which the median")
    parser.add_argument("--largest", type=int, default=3000, help="the longest queue")


if __name__ == "__main__":
    run(__doc__, measure, declare)
