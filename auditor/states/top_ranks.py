"""How high the true class ranks among many."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.findings import NotApplicable
from auditor.states.state import State, Task
from auditor.statistics.estimates import Proportion

RANKS = 10


class TopRanks(State["RankCounts"]):
    """Rows by the rank of their true class, 1 to 10; classes of an equal score rank above it. Below ten classes none is ranked."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._counts = np.zeros(RANKS + 1, np.int64)

    def update(self, batch: Batch) -> None:
        """Count a batch."""
        assert batch.scores is not None
        if self.task.n_classes < RANKS:
            self._counts[RANKS] += len(batch)
            return
        outputs = batch.scores.outputs
        of_truth = np.take_along_axis(outputs, batch.labels[:, None], axis=1)
        others_above = (outputs >= of_truth).sum(axis=1) - 1
        self._counts += np.bincount(np.minimum(others_above, RANKS), minlength=RANKS + 1)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self.refuse_other_task(other)
        self._counts += other._counts

    def result(self) -> "RankCounts":
        """The counts."""
        return RankCounts(self.task, self._counts.copy())


@dataclass(frozen=True, eq=False)
class RankCounts:
    """(11,) int64 rows whose true class ranks 1st to 10th, and lower than that."""

    task: Task
    counts: NDArray[np.int64]

    def accuracy(self, k: int) -> Proportion:
        """Share of the rows whose true class is among the k highest scores, 1 <= k <= 10; NotApplicable below ten classes."""
        if self.task.n_classes < RANKS:
            raise NotApplicable(f"top-{k} accuracy is asked from {RANKS} classes up, there are {self.task.n_classes}")
        return Proportion(int(self.counts[:k].sum()), int(self.counts.sum()))
