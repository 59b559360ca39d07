"""Are equal rows copies, or can the columns not tell rows apart?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint64]

MOST_ROWS = 2**16
COLUMNS, DISTINCT = 32, 4096
FEWEST_PAIRS = 5
COMMON = 0.05


@dataclass(frozen=True)
class EqualPairs:
    """Pairs of rows, among the `possible` ones, that are equal.

    n: how many different rows there are, or of a single column how many rows; pairs: those equal in every column; finest:
    those equal in the one column that tells most rows apart, and unique how many of the different rows have a value of it to
    themselves; beside: those equal in all columns but that one; nearly: those that differ in one column and in no other but
    those that it determines or that are 0 where it is 1 and the other way round, as the columns of one-hot codes are, summed
    over the 32 columns that tell most rows apart.
    """

    n: int
    possible: int
    pairs: int
    finest: int
    unique: int
    beside: int
    nearly: int

    @property
    def coincide(self) -> bool:
        """Whether rows may be equal by chance; too few pairs to tell count as chance."""
        return self.pairs < FEWEST_PAIRS or self.explain(self.pairs, self.possible)

    def explain(self, found: int, possible: int) -> bool:
        """Whether chance may make `found` rows equal, where these pairs stand for `possible` ones.

        Where rows agree by chance, as many differ in a single column, unless that is as good as continuous, or one pair in twenty
        is equal. Copies have no such neighbours.
        """
        if self.pairs > COMMON * self.possible:
            return True
        scale = possible / self.possible if self.possible else 0.0
        met = (self.finest - self.pairs) * scale * min(1.0, 10 * self.beside / max(1, self.possible))
        continuous = met <= found / 2 and self.unique >= self.n / 2
        return not continuous and self.nearly * scale >= found


def equal_pairs(features: NDArray[np.float32]) -> EqualPairs:
    """Pairs of equal rows among the first 65,536 of (n, columns) features; every NaN equals every other, and -0 equals 0."""
    rows = features[:MOST_ROWS]
    return _counted(rows, len(rows) * (len(rows) - 1) // 2, _within)


def shared_pairs(features: NDArray[np.float32], others: NDArray[np.float32]) -> EqualPairs:
    """Pairs of a row of (n, columns) features and an equal one of (m, columns) others, as `equal_pairs` takes both."""
    rows, known = features[:MOST_ROWS], others[:MOST_ROWS]
    n = len(rows)
    return _counted(np.concatenate([rows, known]), n * len(known), lambda both: _across(both[:n], both[n:]))


def _counted(rows: NDArray[np.float32], possible: int, count: Callable[[Codes], int]) -> EqualPairs:
    """The pairs of (n, columns) rows; `count` gives those of (n,) codes."""
    if not rows.shape[1]:
        return EqualPairs(min(1, len(rows)), possible, possible, possible, 0, possible, 0)
    reals = np.asarray(rows, np.float32) + np.float32(0)
    codes = np.stack([_mixed(column, j) for j, column in enumerate(reals.T)], axis=1)
    whole = codes.sum(axis=1, dtype=np.uint64)
    each = [count(column) for column in codes.T]
    telling = sorted(range(len(each)), key=each.__getitem__)[:COLUMNS]
    distinct, pairs, finest = np.unique(whole, return_index=True)[1], count(whole), telling[0]
    together = _together(reals[distinct[:DISTINCT]], codes[distinct[:DISTINCT]], telling)
    nearly = sum(count(whole - codes[:, left].sum(axis=1, dtype=np.uint64)) - pairs for left in together)
    different = (
        distinct if codes.shape[1] > 1 else np.arange(len(codes))
    )  # of a single column no other one confirms a copy
    unique = int((np.unique(codes[different, finest], return_counts=True)[1] == 1).sum())
    return EqualPairs(len(different), possible, pairs, each[finest], unique, count(whole - codes[:, finest]), nearly)


def _together(reals: NDArray[np.float32], distinct: Codes, telling: list[int]) -> Iterator[NDArray[np.bool_]]:
    """For each of some columns (columns,) bool: it and those that change with it, among different rows."""
    flags = ((reals == 0) | (reals == 1)).all(axis=0)
    ones = np.where(flags, reals, 0)
    for j in telling:
        never_both = flags & (ones.T @ ones[:, j] == 0) if flags[j] else np.zeros(len(flags), bool)
        yield _determined(distinct, j) | never_both


def _determined(distinct: Codes, j: int) -> NDArray[np.bool_]:
    """(columns,) bool: column j and those that have one value for each of its, among different rows of which some share it."""
    rows = distinct[np.argsort(distinct[:, j], kind="stable")]
    alike = rows[1:, j] == rows[:-1, j]
    same = (rows[1:][alike] == rows[:-1][alike]).all(axis=0) & bool(alike.any())
    same[j] = True
    return np.asarray(same)


def _mixed(column: NDArray[np.float32], j: int) -> NDArray[np.uint64]:
    """(n,) uint64 codes of the values of column j, which add up to a hash of the row (Carter & Wegman 1979)."""
    bits = np.where(np.isnan(column), np.float32("nan"), column).view(np.uint32).astype(np.uint64)
    mixed = (bits + np.uint64(j + 1 << 32)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(32))


def _within(codes: Codes) -> int:
    """How many pairs of (n,) codes are equal."""
    _, times = np.unique(codes, return_counts=True)
    return int((times * (times - 1) // 2).sum())


def _across(codes: Codes, others: Codes) -> int:
    """How many pairs of one of (n,) codes and one of (m,) others are equal."""
    wanted, known = np.sort(codes), np.sort(others)
    return int((np.searchsorted(known, wanted, "right") - np.searchsorted(known, wanted)).sum())
