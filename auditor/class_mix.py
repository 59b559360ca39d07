"""Two splits compared where their classes are not equally frequent, or not the same."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from auditor.findings import NotApplicable
from auditor.label_metrics import mean_estimate
from auditor.states import Buckets, Confusion, LossHistogram
from auditor.statistics.bins import Floats
from auditor.statistics.design_estimates import mean_recall_estimate
from auditor.statistics.estimates import Estimate, MeanOfProportions, Smooth

if TYPE_CHECKING:
    from auditor.measurements import SplitMeasurements


def mean_recall(split: "SplitMeasurements", among: NDArray[np.bool_]) -> Estimate:
    """Balanced accuracy over some of the classes, (classes,) bool, of rows with one class each."""
    if Buckets in split:
        return mean_recall_estimate(split[Buckets].counts, among)
    of = split[Confusion].classes
    return MeanOfProportions(tuple(map(int, of.correct[among])), tuple(map(int, of.support[among])))


def log_loss_at(split: "SplitMeasurements", other: "SplitMeasurements") -> Estimate:
    """Log loss of a split, were each class as frequent as in the other; over labels the mean.

    The loss as measured plus, for each class, the change of its share times its mean loss; the standard error grows by that
    of the change, which bounds it whatever the correlation. Raises NotApplicable without scores, and where the other split has
    a class of which this one has no row.
    """
    if split.labels:
        pairs = zip(split.labels, other.labels, strict=True)
        held = [log_loss_at(mine, theirs) for mine, theirs in pairs if mine.n and theirs.n]
        return mean_estimate(held, split.n, "labels")
    n, mean, variance = split[LossHistogram].moments
    change = shares_of(other) - shares_of(split)
    if (n[change > 0] == 0).any():
        raise NotApplicable(f"{other.name} has classes that {split.name} lacks")
    found = split.metric("log_loss")
    if not isinstance(found, Smooth) or found.value is None or found.standard_error is None or not change.any():
        return found
    pooled = float(np.sum(np.maximum(n - 1, 0) * variance) / max(np.maximum(n - 1, 0).sum(), 1))
    error = np.sqrt(np.sum(change**2 * np.maximum(variance, pooled) / np.maximum(n, 1)))
    value = max(found.value + float(change @ mean), 0.0)
    return replace(found, value=value, standard_error=found.standard_error + float(error))


def shares_of(split: "SplitMeasurements") -> Floats:
    """(classes,) shares of the classes, by weight where rows carry one; 0 without rows."""
    support = split[Buckets].weighted_support if split.weighted else split[Confusion].support
    return np.asarray(support / max(float(support.sum()), 1e-300))
