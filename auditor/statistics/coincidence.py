"""Are equal rows copies, or can the columns not tell rows apart?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.resampling import generator

MOST_ROWS = 2**16
HALVES = 16
FEWEST_PAIRS = 5


@dataclass(frozen=True)
class EqualPairs:
    """Pairs of rows, among n, that are equal.

    pairs: those equal in every column; finest: those equal in the one column that tells most rows apart, and unique how many
    rows have a value of it to themselves; without_half: the pairs equal in one of several random halves of the columns,
    where most are.
    """

    n: int
    pairs: int
    finest: int
    unique: int
    without_half: int

    @property
    def coincide(self) -> bool:
        """Whether rows may be equal by chance; too few pairs to tell count as chance.

        A copy agrees in the other half of the columns where it agrees in one, or in all where it agrees in a column that is as
        good as continuous. Rows of a coarse table agree in half of their columns far more often than in all.
        """
        if self.pairs < FEWEST_PAIRS:
            return True
        continuous = self.finest <= 1.5 * self.pairs and self.unique >= self.n / 2
        return not continuous and self.without_half > 2 * self.pairs


def equal_pairs(features: NDArray[np.float32]) -> EqualPairs:
    """Pairs of equal rows among the first 65,536 of (n, columns) features; every NaN equals every other, and -0 equals 0."""
    rows = np.asarray(features[:MOST_ROWS], np.float32) + np.float32(0)
    codes = np.stack([_mixed(column, j) for j, column in enumerate(rows.T)], axis=1)
    n_columns = codes.shape[1]
    rng = generator("audit-v1 halves of columns")
    halves = [rng.permutation(n_columns)[: n_columns // 2] for _ in range(HALVES)]
    pairs, _ = _pairs(codes.sum(axis=1, dtype=np.uint64))
    finest, unique = min(_pairs(column) for column in codes.T)
    without_half = max(_pairs(codes[:, half].sum(axis=1, dtype=np.uint64))[0] for half in halves)
    return EqualPairs(len(rows), pairs, finest, unique, without_half)


def _mixed(column: NDArray[np.float32], j: int) -> NDArray[np.uint64]:
    """(n,) uint64 codes of the values of column j, which add up to a hash of the row (Carter & Wegman 1979)."""
    bits = np.where(np.isnan(column), np.float32("nan"), column).view(np.uint32).astype(np.uint64)
    mixed = (bits + np.uint64(j + 1 << 32)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(32))


def _pairs(codes: NDArray[np.uint64]) -> tuple[int, int]:
    """How many pairs of (n,) codes are equal, and how many codes stand alone."""
    _, times = np.unique(codes, return_counts=True)
    return int((times * (times - 1) // 2).sum()), int((times == 1).sum())
