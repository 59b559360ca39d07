"""Averages over the labels of rows that may have several: (..., labels, 4) counts give (...) values.

The last axis is 2 * true + given: without the label and not given it, false alarms, misses, found. The definitions are
scikit-learn's for indicator matrices with zero_division=0: a label that nothing is known of counts as 0 in a mean over labels.
NaN stands for undefined. Labels of one row depend on each other, so that uncertainty is taken over rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.averages import mean_defined
from auditor.statistics.bins import Counts, Floats
from auditor.statistics.bounds import Estimate, Limits, Scale, Smooth
from auditor.statistics.confusion import defined, ratio
from auditor.statistics.resampling import jackknife_error, leave_one_out

# Below this share of the value a jackknife error is what rounding leaves of none.
NO_ERROR = 1e-12

Numbers = NDArray[Any]
LabelStatistic = Callable[[Counts], Floats]


def precisions(cells: Counts) -> Floats:
    """(..., labels) precision, NaN for a label that is never given."""
    return ratio(cells[..., 3], cells[..., 3] + cells[..., 1])


def recalls(cells: Counts) -> Floats:
    """(..., labels) recall, NaN for a label without rows."""
    return ratio(cells[..., 3], cells[..., 3] + cells[..., 2])


def specificities(cells: Counts) -> Floats:
    """(..., labels) share of the rows without a label that are not given it, NaN where there are none."""
    return ratio(cells[..., 0], cells[..., 0] + cells[..., 1])


def f1_scores(cells: Counts) -> Floats:
    """(..., labels) F1, NaN for a label that neither occurs nor is given."""
    return ratio(2 * cells[..., 3], 2 * cells[..., 3] + cells[..., 1] + cells[..., 2])


def balanced_accuracy(cells: Counts) -> Floats:
    """Mean of recall and specificity, averaged over the labels that some rows have and others lack: chance gets 1/2."""
    return mean_defined((recalls(cells) + specificities(cells)) / 2)


def label_accuracy(cells: Counts) -> Floats:
    """Share of all answers, one a row and label, that are right: 1 - Hamming loss where every label is known."""
    return ratio((cells[..., 0] + cells[..., 3]).sum(axis=-1), cells.sum(axis=(-2, -1)))


def macro(values: Floats) -> Floats:
    """Mean over all labels, undefined counted as 0."""
    return np.asarray(np.nan_to_num(values).mean(axis=-1))


def weighted(values: Floats, cells: Counts) -> Floats:
    """Mean weighted by the rows of each label, undefined counted as 0."""
    support = cells[..., 2] + cells[..., 3]
    return ratio((np.nan_to_num(values) * support).sum(axis=-1), support.sum(axis=-1))


def micro(of_one: Callable[[Counts], Floats], cells: Counts) -> Floats:
    """A metric of the counts summed over labels."""
    return of_one(cells.sum(axis=-2, keepdims=True))[..., 0]


def _averages(name: str, of_one: Callable[[Counts], Floats]) -> dict[str, LabelStatistic]:
    return {
        f"macro_{name}": lambda cells: macro(of_one(cells)),
        f"micro_{name}": lambda cells: micro(of_one, cells),
        f"weighted_{name}": lambda cells: weighted(of_one(cells), cells),
    }


LABEL_AVERAGES: Mapping[str, LabelStatistic] = MappingProxyType(
    {
        **_averages("precision", precisions),
        **_averages("recall", recalls),
        **_averages("f1", f1_scores),
        "balanced_accuracy": balanced_accuracy,
        "label_accuracy": label_accuracy,
    }
)


def bucket_estimate(
    buckets: Numbers,
    statistic: Callable[[Numbers], Floats],
    n: float,
    binding: float | None = None,
    scale: Scale = "logit",
) -> Smooth:
    """A statistic of the sum of (buckets, ...) counts with its jackknife error, Student's t; buckets without a row are left out.

    No error where one bucket is left, where leaving one out makes the statistic undefined, or where all give the same value.
    """
    used = buckets[buckets.reshape(len(buckets), -1).any(axis=1)]
    value = defined(statistic(used.sum(axis=0))) if len(used) else None
    error = jackknife_error(statistic(leave_one_out(used))) if len(used) > 1 else None
    if value is not None and error is not None and 0 < abs(value) < 1 and error <= NO_ERROR:
        error = None
    return Smooth(value, error, scale, n, "bucket jackknife", max(len(used) - 1, 1), binding)


def gain_over_majority(buckets: Counts, with_label: NDArray[np.bool_]) -> Smooth:
    """Share of answers that are right less that of one answer a label, the same for every row, on the same rows.

    buckets: (buckets, labels, 4) counts; with_label: (labels,) the labels that the constant answer gives.
    """

    def gain(cells: Counts) -> Floats:
        right = cells[..., 0] + cells[..., 3]
        constant = np.where(with_label, cells[..., 2] + cells[..., 3], cells[..., 0] + cells[..., 1])
        return ratio((right - constant).sum(axis=-1), cells.sum(axis=(-2, -1)))

    return bucket_estimate(buckets, gain, float(buckets.sum() / len(with_label)), scale="identity")


@dataclass(frozen=True)
class WiderOf(Estimate):
    """One value by two methods of which neither is safe alone: each bound is the further of the two.

    Limits of single counts hold in small samples and take the labels of a row for independent; the jackknife over rows
    minds their dependence and sees no spread where a small label is found without a miss.
    """

    first: Estimate
    second: Estimate

    @property
    def value(self) -> float | None:
        """That of the first."""
        return self.first.value

    @property
    def n(self) -> float:
        """The count behind the second, which is of rows."""
        return self.second.n

    @property
    def method(self) -> str:
        """Names of both methods."""
        return f"{self.first.method} with {self.second.method}"

    @property
    def decision_method(self) -> str:
        """Names of both deciding methods."""
        return f"{self.first.decision_method} with {self.second.decision_method}"

    def _shown(self, alpha: float) -> Limits:
        return _united(self.first.interval(alpha), self.second.interval(alpha))

    def _deciding(self, alpha: float) -> Limits:
        return _united(self.first.decision_interval(alpha), self.second.decision_interval(alpha))


def _united(first: Limits, second: Limits) -> Limits:
    lows = [low for low, _ in (first, second) if low is not None]
    highs = [high for _, high in (first, second) if high is not None]
    return min(lows, default=None), max(highs, default=None)
