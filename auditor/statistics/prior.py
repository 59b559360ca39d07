"""What a metric would be where the classes are mixed otherwise than in the sample."""

from dataclasses import dataclass
from typing import ClassVar

from auditor.statistics.bounds import UNDEFINED, Estimate, Limits
from auditor.statistics.estimates import Proportion


@dataclass(frozen=True)
class PrecisionAtPrior(Estimate):
    """Precision where the class makes up a share `prior` of the rows, by Bayes' rule from recall and false alarm rate.

    recall x prior / (recall x prior + false alarm rate x (1 - prior)). It rises with the one and falls with the other, so
    bounds of both at half the error each bound it (Bonferroni): valid for any counts, and wider than need be.
    """

    recall: Proportion
    false_alarms: Proportion
    prior: float
    method: ClassVar[str] = "Bayes' rule on Wilson limits"
    decision_method: ClassVar[str] = "Bayes' rule on Clopper-Pearson limits"

    @property
    def n(self) -> float:
        """Rows of all classes."""
        return self.recall.n + self.false_alarms.n

    @property
    def value(self) -> float | None:
        """The precision, None where recall or the false alarm rate is undefined or both are 0."""
        return self._precision(self.recall.value, self.false_alarms.value)

    def _shown(self, alpha: float) -> Limits:
        return self._limits(self.recall.interval(alpha / 2), self.false_alarms.interval(alpha / 2))

    def _deciding(self, alpha: float) -> Limits:
        return self._limits(self.recall.decision_interval(alpha / 2), self.false_alarms.decision_interval(alpha / 2))

    def _limits(self, recall: Limits, false_alarms: Limits) -> Limits:
        if self.value is None:
            return UNDEFINED
        return self._precision(recall[0], false_alarms[1]), self._precision(recall[1], false_alarms[0])

    def _precision(self, recall: float | None, false_alarms: float | None) -> float | None:
        if recall is None or false_alarms is None:
            return None
        right, wrong = recall * self.prior, false_alarms * (1 - self.prior)
        return right / (right + wrong) if right + wrong else None
