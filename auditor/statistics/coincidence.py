"""Are equal rows copies, or can the columns not tell rows apart?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.resampling import generator

Codes = NDArray[np.uint64]

MOST_ROWS = 2**16
HALVES = 16
FEWEST_PAIRS = 5
COMMON = 0.05


@dataclass(frozen=True)
class EqualPairs:
    """Pairs of rows, among the `possible` ones of n rows, that are equal.

    pairs: those equal in every column; finest: those equal in the one column that tells most rows apart, and unique how many
    rows have a value of it to themselves; beside: those equal in all columns but that one; without_half: the pairs equal in
    one of several random halves of the columns, where most are.
    """

    n: int
    possible: int
    pairs: int
    finest: int
    unique: int
    beside: int
    without_half: int

    @property
    def coincide(self) -> bool:
        """Whether rows may be equal by chance; too few pairs to tell count as chance."""
        return self.pairs < FEWEST_PAIRS or self.explain(self.pairs, self.possible)

    def explain(self, found: int, possible: int) -> bool:
        """Whether chance may make `found` rows equal, where these pairs stand for `possible` ones.

        A copy agrees in the other half of the columns where it agrees in one, or in all where it agrees in a column that is as
        good as continuous. Rows of a coarse table agree in half of their columns far more often than in all, or one pair
        in twenty of them is equal.
        """
        if self.pairs > COMMON * self.possible:
            return True
        scale = possible / self.possible if self.possible else 0.0
        met = (self.finest - self.pairs) * scale * min(1.0, 10 * self.beside / max(1, self.possible))
        continuous = met <= found / 2 and self.unique >= self.n / 2
        return not continuous and (self.without_half - self.pairs) * scale > found


def equal_pairs(features: NDArray[np.float32]) -> EqualPairs:
    """Pairs of equal rows among the first 65,536 of (n, columns) features; every NaN equals every other, and -0 equals 0."""
    codes = _codes(features)
    n = len(codes)
    return _counted(codes, n * (n - 1) // 2, _within)


def shared_pairs(features: NDArray[np.float32], others: NDArray[np.float32]) -> EqualPairs:
    """Pairs of a row of (n, columns) features and an equal one of (m, columns) others, as `equal_pairs` takes both."""
    codes = [_codes(table) for table in (features, others)]
    n = len(codes[0])
    return _counted(np.concatenate(codes), n * len(codes[1]), lambda both: _across(both, n))


def _codes(features: NDArray[np.float32]) -> Codes:
    """(n, columns) uint64 codes of the values."""
    rows = np.asarray(features[:MOST_ROWS], np.float32) + np.float32(0)
    return np.stack([_mixed(column, j) for j, column in enumerate(rows.T)], axis=1)


def _counted(codes: Codes, possible: int, count: Callable[[Codes], tuple[int, int]]) -> EqualPairs:
    """The pairs of rows of (n, columns) codes; `count` gives those of (n,) codes, and how many of these stand alone."""
    n_columns = codes.shape[1]
    rng = generator("audit-v1 halves of columns")
    halves = [rng.permutation(n_columns)[: n_columns // 2] for _ in range(HALVES)]
    rows = codes.sum(axis=1, dtype=np.uint64)
    finest, unique, j = min((*count(column), j) for j, column in enumerate(codes.T))
    without_half = max(count(codes[:, half].sum(axis=1, dtype=np.uint64))[0] for half in halves)
    return EqualPairs(len(codes), possible, count(rows)[0], finest, unique, count(rows - codes[:, j])[0], without_half)


def _mixed(column: NDArray[np.float32], j: int) -> NDArray[np.uint64]:
    """(n,) uint64 codes of the values of column j, which add up to a hash of the row (Carter & Wegman 1979)."""
    bits = np.where(np.isnan(column), np.float32("nan"), column).view(np.uint32).astype(np.uint64)
    mixed = (bits + np.uint64(j + 1 << 32)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(32))


def _within(codes: Codes) -> tuple[int, int]:
    """How many pairs of (n,) codes are equal, and how many codes stand alone."""
    _, times = np.unique(codes, return_counts=True)
    return int((times * (times - 1) // 2).sum()), int((times == 1).sum())


def _across(codes: Codes, n: int) -> tuple[int, int]:
    """How many pairs of one of the first n codes and one of the others are equal, and how many codes stand alone."""
    _, which, times = np.unique(codes, return_inverse=True, return_counts=True)
    mine = np.bincount(which[:n], minlength=len(times))
    return int((mine * (times - mine)).sum()), int((times == 1).sum())
