"""Sums of real numbers that do not depend on the order of adding: fixed-point integers."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

BITS = 52
HIGH_BITS = 10
LARGEST = 2.0**32
ROWS_AT_ONCE = 2**20


@dataclass
class FixedPointSum:
    """Sums of columns of reals, each rounded to a multiple of 2**-52 and clipped at +-cap; `clipped` counts the values cut.

    Integer addition is associative, so any order of batches gives the same bits. A value is split into a high part of 10
    and a low part of 42 fractional bits, so that 2**20 rows of up to 2**32 each fit 64-bit sums; the running sums are
    Python integers. Raises ValueError for a cap beyond 2**32 and for NaN.
    """

    columns: int
    cap: float = 1024.0
    totals: list[int] = field(default_factory=list)
    clipped: int = 0

    def __post_init__(self) -> None:
        if self.cap > LARGEST:
            raise ValueError(f"the cap of a fixed-point sum is at most 2**32, found {self.cap}")
        self.totals = self.totals or [0] * self.columns

    def add(self, values: NDArray[np.float64], groups: NDArray[np.int64] | None = None) -> None:
        """Add (n,) values: to column 0, or each to the column that `groups` (n,) names."""
        for start in range(0, len(values), ROWS_AT_ONCE):
            held = self._within_cap(values[start : start + ROWS_AT_ONCE])
            high = np.floor(held * 2.0**HIGH_BITS)
            low = np.rint((held - high * 2.0**-HIGH_BITS) * 2.0**BITS)
            columns = None if groups is None else groups[start : start + ROWS_AT_ONCE]
            self._add_scaled(high.astype(np.int64), BITS - HIGH_BITS, columns)
            self._add_scaled(low.astype(np.int64), 0, columns)

    def merge(self, other: Self) -> None:
        """Add the other's sums."""
        self.totals = [a + b for a, b in zip(self.totals, other.totals, strict=True)]
        self.clipped += other.clipped

    @property
    def values(self) -> tuple[float, ...]:
        """The sums as floats."""
        return tuple(total / 2**BITS for total in self.totals)

    def _within_cap(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values, those beyond the cap cut and counted."""
        if values.max() <= self.cap and values.min() >= -self.cap:
            return values
        if np.isnan(values).any():
            raise ValueError("NaN cannot be summed; leave such rows out and count them")
        self.clipped += int(np.count_nonzero(np.abs(values) > self.cap))
        return np.clip(values, -self.cap, self.cap)

    def _add_scaled(self, scaled: NDArray[np.int64], shift: int, groups: NDArray[np.int64] | None) -> None:
        if groups is None:
            self.totals[0] += int(scaled.sum()) << shift
            return
        touched, place = (None, groups) if self.columns <= len(groups) else np.unique(groups, return_inverse=True)
        sums = np.zeros(self.columns if touched is None else len(touched), np.int64)
        np.add.at(sums, place, scaled)
        for found in np.flatnonzero(sums):
            self.totals[int(found if touched is None else touched[found])] += int(sums[found]) << shift


@dataclass
class FixedPointColumns:
    """Sums of each of many columns at once, every value rounded to a multiple of 2**-bits; all must lie within +-cap.

    A cap of 2**c and so many bits leave room for 2**(62 - c - bits) rows at a time in 64-bit sums, which are carried on
    in two parts of 32 bits and more. Raises ValueError where that is no row.
    """

    columns: int
    cap: float
    bits: int

    def __post_init__(self) -> None:
        self._high, self._low = np.zeros(self.columns, np.int64), np.zeros(self.columns, np.int64)
        self._rows = int(2.0**62 / (self.cap * 2.0**self.bits))
        if not self._rows:
            raise ValueError(f"no row of values up to {self.cap} fits a 64-bit sum with {self.bits} bits")

    def add(self, values: NDArray[np.float64]) -> None:
        """Add (n, columns) values within the cap."""
        for start in range(0, len(values), self._rows):
            scaled = np.rint(values[start : start + self._rows] * 2.0**self.bits).astype(np.int64).sum(axis=0)
            self._high += scaled >> 32
            self._low += scaled & 0xFFFFFFFF

    def merge(self, other: Self) -> None:
        """Add the other's sums."""
        self._high += other._high
        self._low += other._low

    @property
    def values(self) -> NDArray[np.float64]:
        """(columns,) the sums as floats."""
        totals = ((int(high) << 32) + int(low) for high, low in zip(self._high, self._low, strict=True))
        return np.array([total / 2**self.bits for total in totals], np.float64)
