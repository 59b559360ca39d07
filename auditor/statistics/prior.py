"""What a metric would be where the classes are mixed otherwise than in the sample.

Recall and false alarms of each class stay as they are; only how often the classes occur is another (prior shift).
"""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.statistics import intervals
from auditor.statistics.bins import Counts, Floats
from auditor.statistics.bounds import UNDEFINED, Estimate, Limits, Smooth
from auditor.statistics.ranking import average_precisions
from auditor.statistics.resampling import bootstrap_bins, spread


@dataclass(frozen=True)
class WeightedMean(Estimate):
    """Mean of independent proportions k[i] / n_each[i] with weights that sum to 1, as accuracy is of the recalls.

    MOVER as `mean_limits` has it, on Wilson limits where shown and on Clopper-Pearson limits where it decides. Undefined
    where a proportion of positive weight has no rows.
    """

    k: tuple[float, ...]
    n_each: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def n(self) -> float:
        """Sum of the denominators."""
        return sum(self.n_each)

    @property
    def value(self) -> float | None:
        """The weighted mean, None where it is undefined."""
        k, n, weights = self._weighty()
        return float(np.sum(weights * k / n)) if len(n) and (n > 0).all() else None

    @property
    def method(self) -> str:
        """Name of the shown method."""
        return "weighted MOVER-Wilson"

    @property
    def decision_method(self) -> str:
        """Name of the deciding method."""
        return "weighted MOVER-Clopper-Pearson"

    def _shown(self, alpha: float) -> Limits:
        return self._limits(alpha, exact=False)

    def _deciding(self, alpha: float) -> Limits:
        return self._limits(alpha, exact=True)

    def _limits(self, alpha: float, *, exact: bool) -> Limits:
        if self.value is None:
            return UNDEFINED
        k, n, weights = self._weighty()
        low, high = intervals.clopper_pearson(k, n, alpha) if exact else intervals.wilson(k, n, alpha)
        return intervals.mean_limits(k, n, low, high, alpha, weights=weights)

    def _weighty(self) -> tuple[Floats, Floats, Floats]:
        k, n, weights = (np.asarray(part, np.float64) for part in (self.k, self.n_each, self.weights))
        held = weights > 0
        return k[held], np.where(n[held] > 0, n[held], 0.0), weights[held]


@dataclass(frozen=True)
class AtPrior(Estimate):
    """A metric where the class makes up a share `prior` of the rows, by Bayes' rule from recall and false alarm rate.

    It rises with the one and falls with the other, so bounds of both at half the error each bound it (Bonferroni): valid
    for any counts, and wider than need be.
    """

    recall: Estimate
    false_alarms: Estimate
    prior: float

    @property
    def n(self) -> float:
        """Rows of all classes."""
        return self.recall.n + self.false_alarms.n

    @property
    def value(self) -> float | None:
        """The metric, None where recall or the false alarm rate is undefined, or there is nothing to divide by."""
        return self._metric(self.recall.value, self.false_alarms.value)

    @property
    def method(self) -> str:
        """Name of the shown method."""
        return "Bayes' rule on Wilson limits"

    @property
    def decision_method(self) -> str:
        """Name of the deciding method."""
        return "Bayes' rule on Clopper-Pearson limits"

    def _shown(self, alpha: float) -> Limits:
        return self._limits(self.recall.interval(alpha / 2), self.false_alarms.interval(alpha / 2))

    def _deciding(self, alpha: float) -> Limits:
        return self._limits(self.recall.decision_interval(alpha / 2), self.false_alarms.decision_interval(alpha / 2))

    def _limits(self, recall: Limits, false_alarms: Limits) -> Limits:
        if self.value is None:
            return UNDEFINED
        return self._metric(recall[0], false_alarms[1]), self._metric(recall[1], false_alarms[0])

    def _metric(self, recall: float | None, false_alarms: float | None) -> float | None:
        if recall is None or false_alarms is None:
            return None
        return self._combined(recall * self.prior, false_alarms * (1 - self.prior))

    @abstractmethod
    def _combined(self, right: float, wrong: float) -> float | None:
        """The metric from the shares of all rows that are rightly and wrongly called the class."""


@dataclass(frozen=True)
class AccuracyAtPrior(AtPrior):
    """Accuracy of two classes: rightly called, and rightly not called."""

    def _combined(self, right: float, wrong: float) -> float | None:
        return right + (1 - self.prior) - wrong


@dataclass(frozen=True)
class PrecisionAtPrior(AtPrior):
    """Precision: rightly called / all called. With specificity and the rate of misses it is the negative predictive value."""

    def _combined(self, right: float, wrong: float) -> float | None:
        return right / (right + wrong) if right + wrong else None


@dataclass(frozen=True)
class FScoreAtPrior(AtPrior):
    """F-beta: (1 + beta^2) right / (beta^2 prior + right + wrong)."""

    beta: float = 1.0

    def _combined(self, right: float, wrong: float) -> float | None:
        square = self.beta**2
        return (1 + square) * right / (square * self.prior + right + wrong)


def average_precision_at_prior(positives: Counts, negatives: Counts, prior: float, name: str) -> Smooth:
    """Average precision where positives make up a share `prior`, from counts per distinct score or bin, ascending.

    Each negative counts as often as brings the classes to that share; the standard error is the Poisson bootstrap's.
    """
    p, n = int(positives.sum()), int(negatives.sum())
    if not p or not n:
        return Smooth(None, None, "logit", p + n, "Poisson bootstrap")
    times = (1 - prior) / prior * p / n

    def statistic(found: NDArray[np.number], passed: NDArray[np.number]) -> Floats:
        return average_precisions(found / times, passed) if times < 1 else average_precisions(found, passed * times)

    replicates = bootstrap_bins(positives, negatives, statistic, name)
    value = float(statistic(np.asarray(positives, np.float64), np.asarray(negatives, np.float64)))
    return Smooth(value, spread(replicates), "logit", p + n, "Poisson bootstrap", binding=min(p, n))
