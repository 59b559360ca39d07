"""A sample of rows drawn by their keys: the same rows whatever the order in which they come."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array
from auditor.hashing import splitmix64


class KeyedSample:
    """The `limit` rows with the smallest mixed keys, each with its values: several arrays whose first axis are rows."""

    def __init__(self, limit: int) -> None:
        """Start empty."""
        self._limit, self._highest = limit, np.uint64(2**64 - 1)
        self._keys: list[NDArray[np.uint64]] = []
        self._values: list[tuple[Array, ...]] = []

    def take(self, row_key: Array, values: tuple[Array, ...]) -> None:
        """Take in those of some rows that may belong to the sample."""
        keys = splitmix64(row_key)
        chosen = np.flatnonzero(keys <= self._highest)
        if len(chosen):
            self._add(keys[chosen], tuple(part[chosen] for part in values))

    def merge(self, other: Self) -> None:
        """Take in the other's rows."""
        for keys, values in zip(other._keys, other._values, strict=True):
            self._add(keys, values)

    def values(self) -> tuple[Array, ...]:
        """The values of the rows, in the order of their mixed keys; () without rows."""
        if not self._keys:
            return ()
        keys, values = self._gathered()
        kept = np.argsort(keys)[: self._limit]
        self._keys, self._values = [keys[kept]], [tuple(part[kept] for part in values)]
        return self._values[0]

    def _add(self, keys: NDArray[np.uint64], values: tuple[Array, ...]) -> None:
        self._keys.append(keys)
        self._values.append(values)
        if sum(map(len, self._keys)) > 2 * self._limit:
            self.values()
            self._highest = self._keys[0].max()

    def _gathered(self) -> tuple[NDArray[np.uint64], tuple[Array, ...]]:
        return np.concatenate(self._keys), tuple(np.concatenate(part) for part in zip(*self._values, strict=True))
