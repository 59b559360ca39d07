"""Which class was called what: counts of (true, predicted) pairs."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.states.state import State, Task
from auditor.statistics.confusion import ClassCounts, ConfusionCounts
from auditor.statistics.operating_points import Outcome

DENSE_CLASSES = 1024

Counts = NDArray[np.int64]


class Confusion(State["ConfusionMatrix"]):
    """Counts of (true, predicted) pairs, dense up to 1,024 classes and sparse beyond."""

    reads: ClassVar[frozenset[str]] = frozenset({"predicted"})

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._dense = task.n_classes <= DENSE_CLASSES
        self._keys = np.zeros(0, np.int64)
        self._counts = np.zeros(task.n_classes**2 if self._dense else 0, np.int64)

    def update(self, batch: Batch) -> None:
        """Count the pairs of a batch."""
        assert batch.scores is not None
        self.count(batch.labels, batch.scores.predicted)

    def count(self, labels: Counts, predicted: Counts) -> None:
        """Count the pairs of (n,) labels and decisions."""
        pairs = labels * self.task.n_classes + predicted
        if self._dense:
            self._counts += np.bincount(pairs, minlength=len(self._counts))
        else:
            self._add(*np.unique(pairs, return_counts=True))

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self.refuse_other_task(other)
        if self._dense:
            self._counts += other._counts
        else:
            self._add(other._keys, other._counts)

    def result(self) -> "ConfusionMatrix":
        """The counts as a matrix of non-empty cells."""
        if self._dense:
            keys = np.flatnonzero(self._counts)
            return self._matrix(keys, self._counts[keys])
        return self._matrix(self._keys, self._counts)

    def _matrix(self, keys: Counts, counts: Counts) -> "ConfusionMatrix":
        return ConfusionMatrix(
            self.task, ConfusionCounts(self.task.n_classes, *np.divmod(keys, self.task.n_classes), counts)
        )

    def _add(self, keys: Counts, counts: Counts) -> None:
        merged, place = np.unique(np.concatenate([self._keys, keys]), return_inverse=True)
        total = np.zeros(len(merged), np.int64)
        np.add.at(total, place, np.concatenate([self._counts, counts]))
        self._keys, self._counts = merged, total


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """Counts of (true, predicted) pairs, with what follows from them."""

    task: Task
    pairs: ConfusionCounts

    @property
    def n(self) -> int:
        """All rows."""
        return self.pairs.n

    @property
    def support(self) -> Counts:
        """(classes,) rows that are of each class."""
        return self.pairs.support

    @property
    def predicted(self) -> Counts:
        """(classes,) rows that are called each class."""
        return self.pairs.predicted

    @property
    def correct(self) -> Counts:
        """(classes,) rows of each class that are called it."""
        return self.pairs.correct

    @property
    def classes(self) -> ClassCounts:
        """The counts by class, as the statistics take them."""
        return self.pairs.classes

    @property
    def imbalance_ratio(self) -> float | None:
        """The largest class over the smallest; None where a class is absent."""
        smallest = int(self.support.min())
        return int(self.support.max()) / smallest if smallest else None

    @property
    def entropy(self) -> float | None:
        """Log loss of the best constant answer, which states each class's share; None without rows."""
        if not self.n:
            return None
        shares = self.support[self.support > 0] / self.n
        return float(-(shares * np.log(shares)).sum()) + 0.0  # not -0.0 where one class holds all rows

    @cached_property
    def dense(self) -> Counts:
        """(classes, classes) int64, rows true, columns predicted."""
        matrix = np.zeros((self.task.n_classes, self.task.n_classes), np.int64)
        matrix[self.pairs.true, self.pairs.called] = self.pairs.counts
        return matrix

    def outcome(self, class_index: int) -> Outcome:
        """The counts of calling one class or not."""
        hit, called, real = (int(counts[class_index]) for counts in (self.correct, self.predicted, self.support))
        return Outcome(hit, called - hit, real - hit, self.n - called - real + hit)

    def prevalence(self, class_index: int) -> float | None:
        """The share of a class in the truth; None without rows."""
        return int(self.support[class_index]) / self.n if self.n else None

    def call_rate(self, class_index: int) -> float | None:
        """The share of a class in the predictions; None without rows."""
        return int(self.predicted[class_index]) / self.n if self.n else None
