"""Where the scores lie, for the picture of them."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.states.state import State, Task

BINS = 40


class ScoreHistogram(State["ScoreCounts"]):
    """Rows in 40 equal bins of probability: of the positive class by true class, or of the named class by right and wrong."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._counts = np.zeros(2 * BINS, np.int64)

    def update(self, batch: Batch) -> None:
        """Count a batch."""
        assert batch.scores is not None
        probabilities, truth = batch.scores.probabilities, batch.labels
        if self.task.positive is not None:
            score, side = probabilities[:, self.task.positive], truth == self.task.positive
        else:
            score, side = probabilities.max(axis=1), truth == batch.scores.predicted
        bins = np.clip(np.floor(np.clip(score, 0, 1) * BINS), 0, BINS - 1).astype(np.int64)
        self._counts += np.bincount(bins + BINS * side, minlength=2 * BINS)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self.refuse_other_task(other)
        self._counts += other._counts

    def result(self) -> "ScoreCounts":
        """The counts by side: row 0 is the other class (or wrong), row 1 the positive class (or right)."""
        return ScoreCounts(self.task, self._counts.reshape(2, BINS).copy())


@dataclass(frozen=True, eq=False)
class ScoreCounts:
    """(2, 40) int64 rows a bin: of other classes or wrong answers first, of the positive class or right answers second."""

    task: Task
    counts: NDArray[np.int64]
