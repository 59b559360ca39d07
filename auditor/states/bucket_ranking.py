"""The scores of each ranked class beside the bucket and the weight of the row, while they fit a budget."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.states.buckets import DESIGN, bucket_of
from auditor.states.ranking import ranked_classes
from auditor.states.state import State, Task
from auditor.statistics.clustered_ranking import RankedRows

BUDGET_ROWS = 2**25
POSITIVE, KEY = np.uint64(6), np.uint64(7)

Packed = NDArray[np.uint64]
Weights = NDArray[np.float64]


class BucketRanking(State["RankedBuckets"]):
    """Sort key, side and bucket of every row in 8 bytes for each ranked class, and 8 for its weight where it has one.

    Beyond 2**25 rows times classes nothing is kept.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"scores", DESIGN})

    def __init__(self, task: Task, budget: int = BUDGET_ROWS) -> None:
        """Start empty; `budget` is in rows times classes."""
        super().__init__(task)
        self._ranked = ranked_classes(task)
        self._budget, self._n = budget, 0
        self._parts: list[tuple[list[Packed], Weights | None]] = []

    def update(self, batch: Batch) -> None:
        """Take in the scores of a batch."""
        assert batch.scores is not None
        self._n += len(batch)
        if self._fits:
            bucket = bucket_of(batch).astype(np.uint64)
            packed = [
                (batch.scores.sort_keys(k).astype(np.uint64) << KEY)
                | ((batch.labels == k).astype(np.uint64) << POSITIVE)
                | bucket
                for k in self._ranked
            ]
            self._parts.append((packed, batch.weight))
        else:
            self._parts = []

    def merge(self, other: Self) -> None:
        """Take in the other's rows."""
        self.refuse_other_task(other)
        self._n += other._n
        self._parts = self._parts + other._parts if self._fits else []

    def result(self) -> "RankedBuckets":
        """The rows of each class in ascending order, None beyond the budget."""
        if not self._fits:
            return RankedBuckets(self._ranked, self._n, None)
        weights = [np.ones(len(packed[0])) if weight is None else weight for packed, weight in self._parts if packed]
        weight = np.concatenate([np.zeros(0), *weights])
        rows = []
        for place in range(len(self._ranked)):
            packed = np.concatenate([np.zeros(0, np.uint64), *(part[place] for part, _ in self._parts)])
            order = np.lexsort((weight, packed))
            rows.append((packed[order], weight[order]))
        return RankedBuckets(self._ranked, self._n, tuple(rows))

    @property
    def _fits(self) -> bool:
        return self._n * len(self._ranked) <= self._budget


@dataclass(frozen=True, eq=False)
class RankedBuckets:
    """Rows of each ranked class in ascending order, packed, and their weights; None beyond the budget."""

    ranked: tuple[int, ...]
    n: int
    rows: tuple[tuple[Packed, Weights], ...] | None
    _found: dict[int, RankedRows] = field(default_factory=dict, repr=False)

    def of_class(self, class_index: int) -> RankedRows | None:
        """The rows ranked by the score of one class, None beyond the budget or where it is not ranked."""
        if self.rows is None or class_index not in self.ranked:
            return None
        if class_index not in self._found:
            packed, weight = self.rows[self.ranked.index(class_index)]
            bucket = (packed & np.uint64(63)).astype(np.int64)
            keys, positive = (packed >> KEY).astype(np.uint32), (packed >> POSITIVE) & np.uint64(1) == 1
            self._found[class_index] = RankedRows(keys, positive, bucket, weight)
        return self._found[class_index]
