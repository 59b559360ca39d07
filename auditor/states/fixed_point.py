"""Sums of real numbers that do not depend on the order of adding: fixed-point integers."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass
class FixedPointSum:
    """Sums of columns of reals, each rounded to a multiple of 2**-bits and clipped at +-cap; `clipped` counts the values cut.

    Integer addition is associative, so any order of batches gives the same bits. A batch of fewer than
    2**(62 - bits) / cap rows cannot overflow the 64-bit sum of one batch; the running sum is a Python integer.
    """

    columns: int
    bits: int = 32
    cap: float = 1024.0
    totals: list[int] = field(default_factory=list)
    clipped: int = 0

    def __post_init__(self) -> None:
        self.totals = self.totals or [0] * self.columns

    def add(self, values: NDArray[np.float64], groups: NDArray[np.int64] | None = None) -> None:
        """Add (n,) values: to column 0, or each to the column that `groups` (n,) names."""
        limit = int(2.0 ** (62 - self.bits) / self.cap)
        for start in range(0, len(values), limit):
            part = values[start : start + limit]
            self.clipped += int(np.count_nonzero(np.abs(part) > self.cap))
            scaled = np.rint(np.clip(part, -self.cap, self.cap) * 2.0**self.bits).astype(np.int64)
            self._add_scaled(scaled, None if groups is None else groups[start : start + limit])

    def merge(self, other: Self) -> None:
        """Add the other's sums."""
        self.totals = [a + b for a, b in zip(self.totals, other.totals, strict=True)]
        self.clipped += other.clipped

    @property
    def values(self) -> tuple[float, ...]:
        """The sums as floats."""
        return tuple(total / 2**self.bits for total in self.totals)

    def _add_scaled(self, scaled: NDArray[np.int64], groups: NDArray[np.int64] | None) -> None:
        if groups is None:
            self.totals[0] += int(scaled.sum())
            return
        sums = np.zeros(self.columns, np.int64)
        np.add.at(sums, groups, scaled)
        for column in np.flatnonzero(sums):
            self.totals[column] += int(sums[column])
