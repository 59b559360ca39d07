"""A sample of rows with all their columns, drawn by row key, for what must look at columns or at pairs of rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array, Batch
from auditor.hashing import row_hashes, splitmix64
from auditor.states.state import State, Task

MOST_ROWS = 2**18
MOST_VALUES = 2**23

# What stands for a table's columns among the reads of a state: features that are no image and no text.
COLUMNS = "columns"


class FeatureSample(State["SampledRows"]):
    """The 262,144 rows with the smallest mixed keys, fewer where rows times columns would pass 2**23 (32 MB)."""

    reads: ClassVar[frozenset[str]] = frozenset({"features", COLUMNS})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._n, self._limit, self._highest = 0, MOST_ROWS, np.uint64(2**64 - 1)
        self._keys: list[NDArray[np.uint64]] = []
        self._rows: list[tuple[Array, ...]] = []

    def update(self, batch: Batch) -> None:
        """Take in the rows of a batch that may belong to the sample."""
        assert batch.features is not None
        self._n += len(batch)
        self._limit = min(self._limit, max(1, MOST_VALUES // max(1, batch.features.shape[1])))
        keys = splitmix64(batch.row_key)
        chosen = np.flatnonzero(keys <= self._highest)
        if len(chosen):
            parts = (batch.features[chosen], batch.labels[chosen], batch.row_key[chosen], batch.right[chosen])
            self._take(keys[chosen], parts)

    def merge(self, other: Self) -> None:
        """Take in the other's sample."""
        self.refuse_other_task(other)
        self._n += other._n
        self._limit = min(self._limit, other._limit)
        for keys, rows in zip(other._keys, other._rows, strict=True):
            self._take(keys, rows)

    def result(self) -> "SampledRows":
        """The sample, in the order of the rows of the file."""
        self._gather()
        if not self._rows:
            nothing = np.zeros(0, np.int64)
            return SampledRows(self._n, np.zeros((0, 0), np.float32), nothing, nothing.astype(np.uint64), nothing > 0)
        order = np.argsort(self._rows[0][2])
        return SampledRows(self._n, *(part[order] for part in self._rows[0]))

    def _take(self, keys: NDArray[np.uint64], rows: tuple[Array, ...]) -> None:
        self._keys.append(keys)
        self._rows.append(rows)
        if sum(map(len, self._keys)) > 2 * self._limit:
            self._gather()

    def _gather(self) -> None:
        """Keep only the rows that belong to the sample."""
        if not self._keys:
            return
        keys = np.concatenate(self._keys)
        kept = np.arange(len(keys))
        if len(keys) > self._limit:
            kept = np.argpartition(keys, self._limit - 1)[: self._limit]
            self._highest = keys[kept].max()
        rows = tuple(np.concatenate(parts)[kept] for parts in zip(*self._rows, strict=True))
        self._keys, self._rows = [keys[kept]], [rows]


@dataclass(frozen=True, eq=False)
class SampledRows:
    """Rows of a sample of n, in file order.

    features: (rows, columns) as the model takes them; labels: (rows,) int64, or (rows, labels) of several; row_key: (rows,) uint64
    numbers of the rows in the file, from 0; right: (rows,) bool, whether the model's answer was right, in all labels.
    """

    n: int
    features: Array
    labels: Array
    row_key: NDArray[np.uint64]
    right: NDArray[np.bool_]

    @property
    def half(self) -> NDArray[np.bool_]:
        """(rows,) bool: which half of the rows each belongs to, by its number alone, for what learns on one and judges on the other."""
        return np.asarray(splitmix64(self.row_key) & np.uint64(1) == 1)

    def first(self, most: int) -> "SampledRows":
        """A sample of no more rows, as if no more had been drawn."""
        if len(self) <= most:
            return self
        kept = np.sort(np.argpartition(splitmix64(self.row_key), most - 1)[:most])
        parts = (self.features[kept], self.labels[kept], self.row_key[kept], self.right[kept])
        return SampledRows(self.n, *parts)

    def __len__(self) -> int:
        """How many rows were drawn."""
        return len(self.row_key)

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """(rows,) uint64, equal where a model cannot tell rows apart."""
        return row_hashes(self.features)
