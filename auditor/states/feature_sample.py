"""A sample of rows with all their columns, drawn by row key, for what must look at columns or at pairs of rows."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array, Batch
from auditor.hashing import combined, row_hashes, splitmix64
from auditor.states.keyed_sample import KeyedSample
from auditor.states.state import State, Task
from auditor.statistics.coincidence import MOST_ROWS as MOST_PAIRED
from auditor.statistics.coincidence import equal_pairs

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
        self._n, self._sample = 0, KeyedSample(MOST_ROWS)

    def update(self, batch: Batch) -> None:
        """Take in the rows of a batch that may belong to the sample."""
        assert batch.features is not None
        self._n += len(batch)
        self._sample.at_most(max(1, MOST_VALUES // max(1, batch.features.shape[1])))
        parts = (batch.features, batch.labels, batch.row_key, batch.right)
        self._sample.take(splitmix64(batch.row_key), parts)

    def merge(self, other: Self) -> None:
        """Take in the other's sample."""
        self.refuse_other_task(other)
        self._n += other._n
        self._sample.merge(other._sample)

    def result(self) -> "SampledRows":
        """The sample, in the order of the rows of the file."""
        parts = self._sample.values()
        if not parts:
            nothing = np.zeros(0, np.int64)
            return SampledRows(self._n, np.zeros((0, 0), np.float32), nothing, nothing.astype(np.uint64), nothing > 0)
        order = np.argsort(parts[2])
        return SampledRows(self._n, *(part[order] for part in parts))


@dataclass(frozen=True, eq=False)
class SampledRows:
    """Rows of a sample of n, in file order.

    features: (rows, columns) as the model takes them; labels: (rows,) int64, or (rows, labels) of several; row_key: (rows,) uint64
    numbers of the rows in the file, from 0; right: (rows,) bool, whether the model's answer was right, in all labels; copies:
    how many rows were left out as copies of these.
    """

    n: int
    features: Array
    labels: Array
    row_key: NDArray[np.uint64]
    right: NDArray[np.bool_]
    copies: int = field(default=0, kw_only=True)

    @cached_property
    def half(self) -> NDArray[np.bool_]:
        """(rows,) bool: which half each row belongs to, by what the rows hold and not by where they stand in the file.

        Rows in the order of their hashes go to either half in turn, so that equal ones are spread evenly. Equal rows are in
        the order of a hash of their label and their number among those of that label: by chance. In the order of their
        labels each half would hold what the labels of the other are, and a column of noise would seem to tell them.
        """
        order = np.lexsort((self._by_chance, self.hashes))
        half = np.empty(len(self), bool)
        half[order] = np.arange(len(self)) % 2 == 1
        return half

    @cached_property
    def distinct(self) -> "SampledRows":
        """One of all rows that are equal in columns and labels, as copies are; all rows where columns are so coarse that chance does it.

        What some copies say of others would be known beforehand, and many would count as much evidence.
        """
        kept = np.sort(np.unique(self._content, return_index=True)[1])
        if len(kept) == len(self) or equal_pairs(self.features[np.argsort(self._by_chance)[:MOST_PAIRED]]).coincide:
            return self
        return replace(self.rows(kept), copies=len(self) - len(kept))

    @cached_property
    def _content(self) -> NDArray[np.uint64]:
        """(rows,) uint64, equal where rows are equal in columns and labels."""
        return combined([self.hashes, row_hashes(self.labels.astype(np.float32))])

    @cached_property
    def _by_chance(self) -> NDArray[np.uint64]:
        """(rows,) uint64, another for each row; which rows have which does not depend on their order."""
        return combined([self._content, _number_among_equal(self._content)])

    def first(self, most: int) -> "SampledRows":
        """A sample of no more rows, as if no more had been drawn."""
        if len(self) <= most:
            return self
        return self.rows(np.sort(np.argpartition(splitmix64(self.row_key), most - 1)[:most]))

    def rows(self, chosen: Array) -> "SampledRows":
        """The chosen rows; `chosen` is a boolean mask or indices."""
        parts = (self.features[chosen], self.labels[chosen], self.row_key[chosen], self.right[chosen])
        return SampledRows(self.n, *parts)

    def __len__(self) -> int:
        """How many rows were drawn."""
        return len(self.row_key)

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """(rows,) uint64, equal where a model cannot tell rows apart."""
        return row_hashes(self.features)


def _number_among_equal(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(rows,) uint64: 0 for the first row that has a value, 1 for the next with the same."""
    order = np.argsort(values, kind="stable")
    ascending, places = values[order], np.arange(len(values))
    starts = np.concatenate([[True], ascending[1:] != ascending[:-1]])[: len(values)]
    number = np.empty(len(values), np.uint64)
    number[order] = places - np.maximum.accumulate(np.where(starts, places, 0))
    return number
