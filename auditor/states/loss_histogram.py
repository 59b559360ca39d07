"""How the losses of the rows of each class are distributed: what tells training rows from new ones."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array, Batch
from auditor.states.losses import LOSS_CAP, log_losses
from auditor.states.state import State, Task
from auditor.statistics.bins import COARSE_BINS, bin_edge, bin_index
from auditor.statistics.membership import BinnedArea, binned_area, stratified_area

# A loss up to this is none: such rows are tied.
NO_LOSS = 1e-12
BUDGET_CELLS = 2**20


class LossHistogram(State["LossCounts"]):
    """Rows of each class by the logarithm of their log loss: 128 bins an octave of it, fewer where classes are many.

    At most 2**20 counts, or two a class; losses up to 1e-12 have a bin of their own.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})

    def __init__(self, task: Task, budget: int = BUDGET_CELLS) -> None:
        """Start empty; `budget` is in counts."""
        super().__init__(task)
        self._shift = _shift_for(task.n_classes * task.family, budget)
        self._counts = np.zeros(task.n_classes * _bins(self._shift), np.int64)

    def update(self, batch: Batch) -> None:
        """Count a batch."""
        assert batch.scores is not None
        losses, _ = log_losses(batch.scores, batch.labels)
        np.add.at(self._counts, batch.labels * _bins(self._shift) + self._places(losses), 1)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self.refuse_other_task(other)
        self._counts += other._counts

    def result(self) -> "LossCounts":
        """The counts so far."""
        return LossCounts(self.task, self._counts.reshape(self.task.n_classes, -1).copy(), self._shift)

    def _places(self, losses: Array) -> NDArray[np.int64]:
        logarithms = np.log(np.maximum(losses, NO_LOSS)).astype(np.float32)
        bins = (bin_index(logarithms, fine=False) >> self._shift).astype(np.int64)
        return np.where(losses > NO_LOSS, bins + 1, 0)


@dataclass(frozen=True, eq=False)
class LossCounts:
    """(classes, 1 + bins) int64 rows: those without loss first, then by ascending loss, 2**shift coarse bins together."""

    task: Task
    counts: NDArray[np.int64]
    shift: int = 0

    @property
    def n(self) -> int:
        """All rows."""
        return int(self.counts.sum())

    def of_class(self, class_index: int) -> int:
        """The rows of one class."""
        return int(self.counts[class_index].sum())

    @property
    def moments(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(classes,) rows of each class, and the mean and variance of their losses, each taken for the middle of its bin.

        Both are 0 for a class without rows, and the variance for a class of one.
        """
        lower = np.arange(self.counts.shape[1]) << self.shift
        edges = np.minimum(bin_edge(np.minimum(lower, COARSE_BINS), fine=False), np.log(LOSS_CAP))
        losses = np.concatenate([[0.0], np.exp((edges[:-1] + edges[1:]) / 2)])
        n = self.counts.sum(axis=1)
        mean = self.counts @ losses / np.maximum(n, 1)
        spread = self.counts @ losses**2 - n * mean**2
        return n, mean, np.maximum(spread, 0.0) / np.maximum(n - 1, 1)

    def above(self, other: "LossCounts") -> BinnedArea:
        """The chance that a row of these has a higher loss than a row of the same class of the other; ties count half."""
        return stratified_area(self.counts, other.counts)

    def of_class_above(self, other: "LossCounts", class_index: int) -> BinnedArea:
        """The same for the rows of one class."""
        return binned_area(self.counts[class_index], other.counts[class_index])

    def between(self, edges: NDArray[np.float64]) -> NDArray[np.int64]:
        """(edges + 1,) rows of all classes whose loss lies below the first of ascending edges, between two, or from the last on.

        A bin falls where its lower edge does.
        """
        logarithms = bin_edge(np.arange(self.counts.shape[1] - 1) << self.shift, fine=False)
        places = np.searchsorted(np.log(edges), np.concatenate([[-np.inf], logarithms]) + 1e-9, side="right")
        return np.bincount(places, self.counts.sum(axis=0), len(edges) + 1).astype(np.int64)


def _bins(shift: int) -> int:
    return 1 + -(-COARSE_BINS >> shift)


def _shift_for(classes: int, budget: int) -> int:
    """By how many bits the bins are widened, so that all counts fit the budget."""
    shift = 0
    while shift < COARSE_BINS.bit_length() and classes * _bins(shift) > budget:
        shift += 1
    return shift
