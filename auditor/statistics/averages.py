"""Summaries of a whole confusion matrix, vectorised over replicates: (..., classes) counts give (...) values.

The definitions are scikit-learn's. NaN stands for undefined.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Floats
from auditor.statistics.bounds import Scale
from auditor.statistics.confusion import ClassCounts, f_scores, precisions, ratio, recalls

Statistic = Callable[[ClassCounts], Floats]


def accuracy(classes: ClassCounts) -> Floats:
    """Share of rows that are right."""
    return ratio(classes.correct.sum(axis=-1), classes.n)


def balanced_accuracy(classes: ClassCounts) -> Floats:
    """Mean recall of the classes that have rows."""
    return mean_defined(recalls(classes))


def macro(classes: ClassCounts, values: Floats) -> Floats:
    """Mean over the classes that occur or are called, undefined counted as 0 (scikit-learn's zero_division=0)."""
    present = classes.support + classes.predicted > 0
    return ratio(np.sum(np.where(present, np.nan_to_num(values), 0.0), axis=-1), present.sum(axis=-1))


def mean_defined(values: Floats) -> Floats:
    """Mean over the classes where the value is defined."""
    known = ~np.isnan(values)
    return ratio(np.sum(np.where(known, values, 0.0), axis=-1), known.sum(axis=-1))


def weighted(classes: ClassCounts, values: Floats) -> Floats:
    """Mean weighted by support, undefined counted as 0."""
    return ratio(np.sum(np.nan_to_num(values) * classes.support, axis=-1), classes.support.sum(axis=-1))


def micro_f(classes: ClassCounts, beta: float = 1.0) -> Floats:
    """F-beta of the counts summed over classes; with one label a row this is accuracy."""
    square, right = beta**2, classes.correct.sum(axis=-1)
    return ratio((1 + square) * right, square * classes.support.sum(axis=-1) + classes.predicted.sum(axis=-1))


def matthews(classes: ClassCounts) -> Floats:
    """Matthews correlation of true and called classes, for any number of classes (Gorodkin 2004)."""
    support, predicted, correct, n = _multipliable(classes)
    left = n * n - _dot(predicted, predicted)
    right = n * n - _dot(support, support)
    covariance = correct * n - _dot(support, predicted)
    # One square root of the product, so that a faultless matrix gives exactly 1.
    return ratio(covariance, np.sqrt(left.astype(np.float64) * right))


def cohen_kappa(classes: ClassCounts) -> Floats:
    """Agreement beyond chance as a share of what chance leaves (Cohen 1960)."""
    support, predicted, correct, n = _multipliable(classes)
    chance = _dot(support, predicted)
    return ratio(correct * n - chance, n * n - chance)


def normalised_accuracy(classes: ClassCounts) -> Floats:
    """Accuracy gained over the largest class as a share of what it leaves, (accuracy - NIR) / (1 - NIR)."""
    largest = classes.support.max(axis=-1)
    return ratio(classes.correct.sum(axis=-1) - largest, classes.n - largest)


def macro_precision(classes: ClassCounts) -> Floats:
    """Macro average of precision."""
    return macro(classes, precisions(classes))


def macro_recall(classes: ClassCounts) -> Floats:
    """Macro average of recall."""
    return macro(classes, recalls(classes))


def macro_f1(classes: ClassCounts) -> Floats:
    """Macro average of F1 (the mean of the F1s, not the F1 of the means: Opitz & Burst 2019)."""
    return macro(classes, f_scores(classes))


def weighted_precision(classes: ClassCounts) -> Floats:
    """Precision weighted by support."""
    return weighted(classes, precisions(classes))


def weighted_f1(classes: ClassCounts) -> Floats:
    """F1 weighted by support."""
    return weighted(classes, f_scores(classes))


# Macro recall is not among them: it is balanced accuracy, whose interval from the classes' own limits holds where a
# small class is found without a miss and its replicates would not vary.
SUMMARIES: Mapping[str, tuple[Statistic, Scale]] = MappingProxyType(
    {
        "mcc": (matthews, "fisher"),
        "kappa": (cohen_kappa, "fisher"),
        "macro_precision": (macro_precision, "logit"),
        "macro_f1": (macro_f1, "logit"),
        "weighted_precision": (weighted_precision, "logit"),
        "weighted_f1": (weighted_f1, "logit"),
    }
)


def _multipliable(classes: ClassCounts) -> tuple[NDArray[np.number], ...]:
    """Support, predicted, sum of correct and n: int64 where squares of n are exact, float64 beyond 2^31 rows or with weights."""
    whole = np.issubdtype(np.asarray(classes.n).dtype, np.integer) and np.max(classes.n) < 1 << 31
    kind = np.int64 if whole else np.float64
    arrays = (classes.support, classes.predicted, classes.correct.sum(axis=-1), classes.n)
    return tuple(np.asarray(array, kind) for array in arrays)


def _dot(a: NDArray[np.number], b: NDArray[np.number]) -> NDArray[np.number]:
    return np.asarray(np.sum(a * b, axis=-1))
