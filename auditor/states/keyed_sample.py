"""A sample of rows drawn by their keys: the same rows whatever the order in which they come."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array


class KeyedSample:
    """The `limit` rows with the smallest keys, each with its values: several arrays whose first axis are rows."""

    def __init__(self, limit: int) -> None:
        """Start empty."""
        self._limit, self._highest = limit, np.uint64(2**64 - 1)
        self._keys: list[NDArray[np.uint64]] = []
        self._values: list[tuple[Array, ...]] = []

    def at_most(self, limit: int) -> None:
        """Draw no more rows than this, where more were allowed."""
        self._limit = min(self._limit, limit)

    def wanted(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Which of rows with these mixed keys (n,) may belong to the sample."""
        return np.flatnonzero(keys <= self._highest)

    def take(self, keys: NDArray[np.uint64], values: tuple[Array, ...]) -> None:
        """Take in those of some rows that may belong to the sample."""
        chosen = self.wanted(keys)
        self.add(keys[chosen], tuple(part[chosen] for part in values))

    def add(self, keys: NDArray[np.uint64], values: tuple[Array, ...]) -> None:
        """Take in rows that are wanted."""
        if not len(keys):
            return
        self._keys.append(keys)
        self._values.append(values)
        if sum(map(len, self._keys)) > 2 * self._limit:
            self._gather()

    def merge(self, other: Self) -> None:
        """Take in the other's rows."""
        self.at_most(other._limit)
        for keys, values in zip(other._keys, other._values, strict=True):
            self.add(keys, values)

    def values(self) -> tuple[Array, ...]:
        """The values of the rows, in the order of their keys; () without rows."""
        if not self._keys:
            return ()
        self._gather()
        order = np.argsort(self._keys[0])
        return tuple(part[order] for part in self._values[0])

    def _gather(self) -> None:
        """Keep only the rows that belong to the sample."""
        keys = np.concatenate(self._keys)
        kept = np.arange(len(keys))
        if len(keys) > self._limit:
            kept = np.argpartition(keys, self._limit - 1)[: self._limit]
            self._highest = keys[kept].max()
        self._keys = [keys[kept]]
        self._values = [tuple(np.concatenate(part)[kept] for part in zip(*self._values, strict=True))]
