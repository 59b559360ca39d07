"""Which column belongs to which row, so that the sum of the chosen cells is largest."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Counts

UNREACHED = np.iinfo(np.int64).max


def best_assignment(counts: Counts) -> Counts:
    """(n,) the row of each column, a permutation with the largest sum of counts (n, n); of equal ones that moves least.

    Shortest augmenting paths from a reduced matrix (Kuhn 1955; Jonker & Volgenant 1987), exact in whole numbers. Counts
    times n must stay under 2^62.
    """
    n = len(counts)
    gains = np.asarray(counts, np.int64) * (n + 1)
    gains[np.diag_indices(n)] += 1  # less than one count in all: it only breaks ties
    matching = _Matching.reduced(gains.max(initial=0) - gains)
    for row in np.flatnonzero(matching.column_of < 0):
        matching.augment(int(row))
    return matching.row_of


@dataclass
class _Matching:
    """Rows and columns matched so far, -1 where free, and the prices that make every matched cell a cheapest one."""

    cost: Counts
    row_price: Counts
    column_price: Counts
    column_of: Counts
    row_of: Counts

    @classmethod
    def reduced(cls, cost: Counts) -> Self:
        """The lowest cost of each column, then of each row, taken off; zeros that do not collide are matched."""
        n = len(cost)
        column_price = cost.min(axis=0, initial=UNREACHED)
        row_price = (cost - column_price).min(axis=1, initial=UNREACHED)
        matching = cls(cost, row_price, column_price, np.full(n, -1), np.full(n, -1))
        for row in range(n):
            zero = (cost[row] - row_price[row] - column_price == 0) & (matching.row_of < 0)
            if zero.any():
                matching.match(row, row if zero[row] else int(zero.argmax()))
        return matching

    def match(self, row: int, column: int) -> None:
        """Match a row and a column."""
        self.row_of[column], self.column_of[row] = row, column

    def augment(self, start: int) -> None:
        """Match one more row, along the cheapest path to a free column."""
        n, row, length = len(self.cost), start, 0
        lengths, previous = np.full(n, UNREACHED), np.full(n, -1)
        done, rows = np.zeros(n, bool), [start]
        while True:
            through = length + self.cost[row] - self.row_price[row] - self.column_price
            shorter = ~done & (through < lengths)
            lengths[shorter], previous[shorter] = through[shorter], row
            column, length = self._nearest(np.where(done, UNREACHED, lengths))
            done[column] = True
            row = int(self.row_of[column])
            if row < 0:
                break
            rows.append(row)
        self._reprice(rows, done, lengths, length)
        self._turn(start, column, previous)

    def _nearest(self, lengths: Counts) -> tuple[int, int]:
        """The nearest column, a free one if it can be, and how far it is."""
        nearest = int(lengths.min())
        columns = np.flatnonzero(lengths == nearest)
        free = columns[self.row_of[columns] < 0]
        return int((free if len(free) else columns)[0]), nearest

    def _reprice(self, rows: list[int], done: NDArray[np.bool_], lengths: Counts, length: int) -> None:
        others = np.array(rows[1:], np.int64)
        self.row_price[rows[0]] += length
        self.row_price[others] += length - lengths[self.column_of[others]]
        self.column_price[done] -= length - lengths[done]

    def _turn(self, start: int, column: int, previous: Counts) -> None:
        """Exchange matched and unmatched cells along the path that ends in a column."""
        while True:
            row = int(previous[column])
            before = int(self.column_of[row])
            self.match(row, column)
            if row == start:
                return
            column = before
