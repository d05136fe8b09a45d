"""The cheapest way to seat rows in slots: exact, within places and caps, nothing but numbers.

Every row gets one place of one slot, or nowhere at a price of its own. The sum of the prices is
made as small as it can be: the cheapest matching in a bipartite graph whose edges are the pairs
that may be. A slot with three free places is three columns of it.

Caps limit the places used over a group of slots: a practitioner's day, and the week around it. They
are kept exactly, by *blockers*: rows that stand for nobody and must sit in a place of their group.
With one for each place above a day's cap, exactly the cap is left of that day; a week needs as many
more as its places exceed its own cap after that. The solver chooses which places they take. As few
queues come near a cap, blockers are only added, for all groups at once, when more wait than the
caps leave places for, or when a first solution exceeds one; being the best without caps, it is the
best with them whenever it keeps them.

Where few pairs may be, the graph is solved as a sparse one, elsewhere as a full matrix: from about
a quarter of all pairs on, the full matrix is quicker and smaller.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dispatcher.domain.geography import Floats

Numbers = NDArray[np.intp]
Numbers32 = NDArray[np.int32]

FULL_FROM = 0.25
"""Share of pairs from which the full matrix is used."""

NO_GROUP = -1


@dataclass(frozen=True)
class Market:
    """The pairs that may be, row by row, and what limits them.

    Row r may sit in `slots[starts[r]:starts[r + 1]]`, in ascending order, at the `price` beside it,
    each below `nowhere[r]`. `free`, `rivals` and `group` are by slot, `left` by group.
    """

    starts: Numbers
    slots: Numbers32
    price: Floats
    nowhere: Floats
    free: Numbers
    """Free places; no slot in `slots` has less than one."""
    rivals: Numbers
    """Rows that may sit in the slot."""
    group: Numbers
    """The group whose cap the slot's places count in, or NO_GROUP."""
    left: Numbers
    """Places that may still be used in each group; none has less than one."""
    week: Numbers = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    """The same for groups of the second kind, by slot, each holding whole groups of the first.
    Empty where there are none."""
    left_in_week: Numbers = field(default_factory=lambda: np.empty(0, dtype=np.intp))

    @cached_property
    def rows(self) -> Numbers32:
        """The row of each pair."""
        counts = np.diff(self.starts)
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    @cached_property
    def wanted(self) -> Numbers:
        """The columns of each slot: its free places, but no more than rows that may sit there."""
        return np.minimum(self.free, self.rivals)

    @cached_property
    def slot_of_column(self) -> Numbers:
        return np.repeat(np.arange(len(self.free)), self.wanted)

    @cached_property
    def first_column(self) -> Numbers:
        """The first column of each slot."""
        return np.cumsum(self.wanted) - self.wanted

    def pair(self, row: int, slot: int) -> int:
        """The position of a pair that may be."""
        start, end = self.starts[row], self.starts[row + 1]
        return int(start + np.searchsorted(self.slots[start:end], slot))


def load_solver() -> None:
    """Import scipy's solvers now rather than in the first run that needs them.

    For the processes that match; the web never solves and need not carry them.
    """
    import scipy.optimize  # noqa: PLC0415 - on demand, as said
    import scipy.sparse.csgraph  # noqa: F401, PLC0415 - the same


def cheapest(market: Market) -> Numbers:
    """The positions of the pairs in the cheapest seating, by row."""
    if len(market.slots) == 0:
        return np.empty(0, dtype=np.intp)
    if len(market.nowhere) == 1:
        return np.array([np.argmin(market.price)], dtype=np.intp)
    cells = len(market.nowhere) * len(market.slot_of_column)
    solve = _solve_full if len(market.slots) >= FULL_FROM * cells else _solve_sparse
    if not _is_short(market):
        chosen = solve(market, [])
        if not _exceeds_a_cap(market, chosen):
            return chosen
    return solve(market, _blockers(market))


def _is_short(market: Market) -> bool:
    """Whether more wait than the caps leave places for.

    Then one is all but certain to be exceeded, and the first solution would be thrown away.
    """
    if len(market.left) + len(market.left_in_week) == 0:
        return False
    return len(market.nowhere) > len(market.slot_of_column) - len(_blockers(market))


def _exceeds_a_cap(market: Market, chosen: Numbers) -> bool:
    slots = market.slots[chosen]
    return _exceeds(market.group, market.left, slots) or _exceeds(
        market.week, market.left_in_week, slots
    )


def _exceeds(group_of: Numbers, left: Numbers, slots: Numbers32) -> bool:
    if len(left) == 0:
        return False
    groups = group_of[slots]
    used = np.bincount(groups[groups != NO_GROUP], minlength=len(left))
    return bool(np.any(used > left))


def _blockers(market: Market) -> list[Numbers]:
    """For each place above a cap, the columns of its group, one of which must stay empty."""
    day_of = market.group[market.slot_of_column]
    blockers: list[Numbers] = []
    blocked = np.zeros(len(market.left), dtype=np.intp)
    for day, left in enumerate(market.left.tolist()):
        columns = np.flatnonzero(day_of == day)
        blocked[day] = max(0, len(columns) - left)
        blockers += [columns] * int(blocked[day])
    if len(market.left_in_week) == 0:
        return blockers
    week_of = market.week[market.slot_of_column]
    for week, left in enumerate(market.left_in_week.tolist()):
        columns = np.flatnonzero(week_of == week)
        days = np.unique(day_of[columns])
        # What keeps a day to its cap keeps the week to its own as well.
        free = len(columns) - int(blocked[days[days != NO_GROUP]].sum())
        blockers += [columns] * max(0, free - left)
    return blockers


def _solve_sparse(market: Market, blockers: Sequence[Numbers]) -> Numbers:
    """As a graph in which each row has an edge to a column of its own that is nowhere."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - see load_solver
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching  # noqa: PLC0415

    rows, columns = len(market.nowhere), len(market.slot_of_column)
    height, width = rows + len(blockers), columns + rows
    copies = market.wanted[market.slots]
    nth_copy = np.arange(copies.sum()) - np.repeat(np.cumsum(copies) - copies, copies)
    of_blockers = np.repeat(
        np.arange(rows, height), np.array([len(seats) for seats in blockers], dtype=np.intp)
    )
    # The solver takes a price of zero for no edge at all: the cheapest becomes 1.
    lift = 1 - float(market.price.min())
    graph = csr_array(
        (
            np.concatenate(
                [
                    np.repeat(market.price + lift, copies),
                    market.nowhere + lift,
                    np.ones(len(of_blockers)),
                ]
            ),
            (
                np.concatenate([np.repeat(market.rows, copies), np.arange(rows), of_blockers]),
                np.concatenate(
                    [
                        np.repeat(market.first_column[market.slots], copies) + nth_copy,
                        np.arange(columns, width),
                        *blockers,
                    ]
                ),
            ),
        ),
        shape=(height, width),
    )
    seated, column = min_weight_full_bipartite_matching(graph)
    is_pair = (seated < rows) & (column < columns)
    return _positions(market, seated[is_pair], column[is_pair])


def _solve_full(market: Market, blockers: Sequence[Numbers]) -> Numbers:
    """As a matrix of what each pair saves against nowhere; no pair saves nothing.

    Rows that are given a pair that may not be, at zero, get nowhere: they lose nothing by it, and
    nobody loses by it, for whoever could save something in that column would have been given it.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - see load_solver

    rows, columns = len(market.nowhere), len(market.slot_of_column)
    matrix = np.zeros((rows + len(blockers), columns))
    matrix[market.rows, market.first_column[market.slots]] = (
        market.price - market.nowhere[market.rows]
    )
    for slot in np.flatnonzero(market.wanted > 1).tolist():
        first = market.first_column[slot]
        matrix[:rows, first + 1 : first + market.wanted[slot]] = matrix[:rows, first, None]
    # A blocker saves more than all rows together could lose by it.
    decisive = float(matrix.min()) * (rows + 1)
    for row, seats in enumerate(blockers, start=rows):
        matrix[row, seats] = decisive
    seated, column = linear_sum_assignment(matrix)
    is_pair = (seated < rows) & (matrix[seated, column] < 0)
    return _positions(market, seated[is_pair], column[is_pair])


def _positions(market: Market, rows: NDArray[np.integer], columns: NDArray[np.integer]) -> Numbers:
    slots = market.slot_of_column[columns]
    positions = map(market.pair, rows.tolist(), slots.tolist())
    return np.sort(np.fromiter(positions, dtype=np.intp, count=len(rows)))
