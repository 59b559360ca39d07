"""What a confusion matrix says: per class, and the gain over always giving one answer."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Counts, Floats
from auditor.statistics.estimates import FScore, MeanOfProportions, PairedDifference, Proportion, Smooth


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """How many rows each class has, is given, and has right.

    support, predicted, correct: (..., classes) counts; n: (...) rows. Leading dimensions are replicates; the methods
    that return estimates need none. With several labels a row, support may exceed n in sum.
    """

    support: NDArray[np.number]
    predicted: NDArray[np.number]
    correct: NDArray[np.number]
    n: NDArray[np.number]

    def recall(self, k: int) -> Proportion:
        """Share of the rows of class k that are found."""
        return Proportion(int(self.correct[k]), int(self.support[k]))

    def precision(self, k: int) -> Proportion:
        """Share right of the rows that are called class k."""
        return Proportion(int(self.correct[k]), int(self.predicted[k]))

    def specificity(self, k: int) -> Proportion:
        """Share of the rows of other classes that are not called class k."""
        others = int(self.n - self.support[k])
        return Proportion(others - int(self.predicted[k] - self.correct[k]), others)

    def negative_predictive_value(self, k: int) -> Proportion:
        """Share of the rows not called class k that are of another class."""
        not_called = int(self.n - self.predicted[k])
        return Proportion(not_called - int(self.support[k] - self.correct[k]), not_called)

    def f_score(self, k: int, beta: float = 1.0) -> FScore:
        """F-beta of class k."""
        right = int(self.correct[k])
        return FScore(right, int(self.predicted[k]) - right, int(self.support[k]) - right, beta)

    def bias(self, k: int) -> Smooth:
        """Calls of class k per row of class k, which is recall over precision; 1 where false alarms equal misses."""
        called, real, right = int(self.predicted[k]), int(self.support[k]), int(self.correct[k])
        if not called or not real:
            return Smooth(None, None, "log", real, "paired log ratio")
        ratio, errors = called / real, called + real - 2 * right
        return Smooth(ratio, ratio * math.sqrt(errors / (called * real)), "log", real, "paired log ratio")

    def accuracy(self) -> Proportion:
        """Share of all rows that are right; with one label a row also micro precision, recall and F1."""
        return Proportion(int(self.correct.sum()), int(self.n))

    def balanced_accuracy(self) -> MeanOfProportions:
        """Mean recall of the classes that have rows."""
        return MeanOfProportions(tuple(map(int, self.correct)), tuple(map(int, self.support)))

    def gain_over_constant(self, answer: int) -> PairedDifference:
        """Accuracy minus that of always answering one class, on the same rows."""
        right = int(self.correct[answer])
        return PairedDifference(int(self.correct.sum()) - right, int(self.support[answer]) - right, int(self.n))


@dataclass(frozen=True, eq=False)
class ConfusionCounts:
    """Non-empty cells of a confusion matrix.

    true, called: (cells,) class indices below n_classes, each pair once; counts: (cells,) int64 rows in each.
    """

    n_classes: int
    true: Counts
    called: Counts
    counts: Counts

    @classmethod
    def from_matrix(cls, matrix: Counts) -> Self:
        """Cells of a dense matrix, rows true, columns called."""
        true, called = np.nonzero(matrix)
        return cls(len(matrix), true, called, np.asarray(matrix, np.int64)[true, called])

    @property
    def n(self) -> int:
        """All rows."""
        return int(self.counts.sum())

    @cached_property
    def classes(self) -> ClassCounts:
        """Support, predicted and correct of each class."""
        return self.replicated(self.counts)

    @property
    def support(self) -> Counts:
        """(classes,) rows that are of each class."""
        return self.classes.support.astype(np.int64, copy=False)

    @property
    def predicted(self) -> Counts:
        """(classes,) rows that are called each class."""
        return self.classes.predicted.astype(np.int64, copy=False)

    @property
    def correct(self) -> Counts:
        """(classes,) rows of each class that are called it."""
        return self.classes.correct.astype(np.int64, copy=False)

    def replicated(self, counts: Counts) -> ClassCounts:
        """Class counts for other counts of the same cells, (..., cells)."""
        right = self.true == self.called
        return ClassCounts(
            _summed(counts, self.true, self.n_classes),
            _summed(counts, self.called, self.n_classes),
            _summed(counts[..., right], self.true[right], self.n_classes),
            np.asarray(counts.sum(axis=-1)),
        )


def recalls(classes: ClassCounts) -> Floats:
    """(..., classes) recall, NaN for a class without rows."""
    return ratio(classes.correct, classes.support)


def precisions(classes: ClassCounts) -> Floats:
    """(..., classes) precision, NaN for a class that is never called."""
    return ratio(classes.correct, classes.predicted)


def f_scores(classes: ClassCounts, beta: float = 1.0) -> Floats:
    """(..., classes) F-beta, NaN for a class that neither occurs nor is called."""
    square = beta**2
    return ratio((1 + square) * classes.correct, square * classes.support + classes.predicted)


def ratio(part: NDArray[np.number] | float, whole: NDArray[np.number] | float) -> Floats:
    """The quotient, NaN where the denominator is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole != 0, part / whole, np.nan)


def defined(value: NDArray[np.float64] | float) -> float | None:
    """A scalar as a float, None for NaN."""
    number = float(value)
    return None if math.isnan(number) else number


def _summed(counts: Counts, index: Counts, n_classes: int) -> Counts:
    """Sum over the last axis by class: (..., cells) to (..., classes)."""
    total = np.zeros((*counts.shape[:-1], n_classes), np.int64)
    if len(index):
        order = np.argsort(index, kind="stable")
        ascending = index[order]
        first = np.flatnonzero(np.diff(ascending, prepend=-1))
        total[..., ascending[first]] = np.add.reduceat(counts[..., order], first, axis=-1)
    return total
