"""How the rows of each group were called, so that groups known from training can be told from new ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array, Batch
from auditor.hashing import splitmix64
from auditor.states.buckets import BucketSums
from auditor.states.confusion import ConfusionMatrix
from auditor.states.state import GROUP, State, Task
from auditor.statistics.confusion import ClassCounts, ConfusionCounts
from auditor.statistics.designs import BUCKETS, BucketCounts

PARTS_AT_ONCE = 64
STATED = np.uint64(1)

Counts = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Part = tuple[Hashes, Counts, Counts]


class GroupCells(State["GroupTable"]):
    """Counts of (true, predicted) in each group, 24 bytes a group and pair that occurs.

    Where a row may have several labels it counts as right, all of them, or wrong.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"predicted", GROUP})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._parts: list[Part] = []

    def update(self, batch: Batch) -> None:
        """Count a batch."""
        assert batch.cluster is not None
        self._add([_summed([(batch.cluster, self._cells(batch), np.ones(len(batch), np.int64))])])

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self.refuse_other_task(other)
        self._add(other._parts)

    def result(self) -> "GroupTable":
        """The counts, by group and pair."""
        self._parts = [_summed(self._parts)]
        return GroupTable(self.task, *self._parts[0])

    def _cells(self, batch: Batch) -> Counts:
        """(n,) where each row is counted."""
        if batch.scores is None:
            return (~batch.right).astype(np.int64)
        return np.asarray(batch.labels * self.task.n_classes + batch.scores.predicted)

    def _add(self, parts: Sequence[Part]) -> None:
        self._parts += parts
        if len(self._parts) > PARTS_AT_ONCE:
            self._parts = [_summed(self._parts)]


@dataclass(frozen=True, eq=False)
class GroupTable:
    """Counts of rows by group and by (true, predicted) pair, ascending in both.

    groups: (m,) uint64 hashes, odd for a row of no stated group; cells: (m,) true x classes + predicted, or 0 for right and
    1 for wrong where rows have several labels; rows: (m,) counts.
    """

    task: Task
    groups: Hashes
    cells: Counts
    rows: Counts

    @property
    def n(self) -> int:
        """All rows."""
        return int(self.rows.sum())

    @property
    def n_groups(self) -> int:
        """The stated groups."""
        return len(np.unique(self.groups[self._stated]))

    @property
    def ungrouped(self) -> int:
        """Rows of no stated group."""
        return int(self.rows[~self._stated].sum())

    def standing_in(self, other: "GroupTable") -> "GroupTable":
        """The part whose groups the other has, too; a row of no stated group is of none."""
        return self._part(self._stands_in(other))

    def new_to(self, other: "GroupTable") -> "GroupTable":
        """The part whose groups the other has not."""
        return self._part(~self._stands_in(other))

    @property
    def sums(self) -> BucketSums:
        """The counts in the 64 buckets of groups on which intervals rest."""
        return BucketSums(self.task, self._bucket_counts, self.ungrouped)

    @property
    def confusion(self) -> ConfusionMatrix:
        """The counts whatever the group; of rows with one label."""
        keys, counts = _by_key(self.cells, self.rows)
        return ConfusionMatrix(self.task, ConfusionCounts(self._classes, *np.divmod(keys, self._classes), counts))

    @property
    def _classes(self) -> int:
        return 2 if self.task.multilabel else self.task.n_classes

    @cached_property
    def _stated(self) -> NDArray[np.bool_]:
        return np.asarray((self.groups & STATED) == 0)

    def _stands_in(self, other: "GroupTable") -> NDArray[np.bool_]:
        return self._stated & np.isin(self.groups, other.groups)

    def _part(self, chosen: NDArray[np.bool_]) -> "GroupTable":
        return GroupTable(self.task, self.groups[chosen], self.cells[chosen], self.rows[chosen])

    @property
    def _bucket_counts(self) -> BucketCounts:
        true, called = np.divmod(self.cells, self._classes)
        bucket = (splitmix64(self.groups) >> np.uint64(58)).astype(np.int64)
        chosen = ((true, slice(None)), (called, slice(None)), (true, true == called))
        support, predicted, correct = (self._counted(bucket[part], of[part], part) for of, part in chosen)
        counts = ClassCounts(support, predicted, correct, support.sum(axis=1))
        summed = [part.sum(axis=0) for part in (support, predicted, correct)]
        total = ClassCounts(summed[0], summed[1], summed[2], np.asarray(support.sum()))
        sizes = _by_key(self.groups, self.rows)[1]
        alike = float(np.sum(sizes.astype(np.float64) ** 2) / sizes.sum()) if len(sizes) else 1.0
        return BucketCounts(counts, total, total, len(sizes), alike, largest_group=int(sizes.max(initial=1)))

    def _counted(self, bucket: Counts, of: Counts, part: slice | NDArray[np.bool_]) -> Counts:
        """(buckets, classes) rows of each bucket and class."""
        place, shape = bucket * self._classes + of, (BUCKETS, self._classes)
        return np.bincount(place, self.rows[part], BUCKETS * self._classes).astype(np.int64).reshape(shape)


def _summed(parts: Sequence[Part]) -> Part:
    """Each group and cell once, in ascending order, with its rows."""
    groups, cells, rows = (np.concatenate(arrays) for arrays in zip(*parts, strict=True)) if parts else _nothing()
    order = np.lexsort((cells, groups))
    groups, cells, rows = groups[order], cells[order], rows[order]
    first = np.r_[True, (groups[1:] != groups[:-1]) | (cells[1:] != cells[:-1])] if len(groups) else np.zeros(0, bool)
    starts = np.flatnonzero(first)
    return groups[starts], cells[starts], np.add.reduceat(rows, starts) if len(starts) else rows


def _nothing() -> Part:
    return np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int64)


def _by_key(keys: Array, counts: Counts) -> tuple[Array, Counts]:
    """Each key once with the sum of its counts."""
    found, place = np.unique(keys, return_inverse=True)
    return found, np.bincount(place, counts, len(found)).astype(np.int64)
