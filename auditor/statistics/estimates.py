"""The estimates that counts give: proportions, F scores, their means and differences, the area under the ROC curve."""

import math
from dataclasses import dataclass

from auditor.statistics import intervals
from auditor.statistics.bounds import UNDEFINED, Estimate, Limits, Scale, Smooth
from auditor.statistics.proportions import FScore, MeanOfProportions, PairedDifference, Proportion

__all__ = [
    "UNDEFINED",
    "AreaUnderCurve",
    "Difference",
    "Estimate",
    "FScore",
    "Limits",
    "MeanOfEstimates",
    "MeanOfProportions",
    "PairedDifference",
    "Proportion",
    "Scale",
    "Smooth",
]


@dataclass(frozen=True)
class MeanOfEstimates(Estimate):
    """Plain mean of estimates from the same rows, such as the areas of several classes.

    The means of their limits are its own: exact where all err together, and wider than need be otherwise. Undefined without
    any, without limits where one has none.
    """

    each: tuple[Estimate, ...]
    n: float
    of: str

    @property
    def value(self) -> float | None:
        """The mean, None of none."""
        values = [e.value for e in self.each if e.value is not None]
        return math.fsum(values) / len(values) if values else None

    @property
    def method(self) -> str:
        """Name of the method."""
        return f"mean over {self.of}, as if all erred together"

    def _shown(self, alpha: float) -> Limits:
        return _mean_limits([e.interval(alpha) for e in self.each])

    def _deciding(self, alpha: float) -> Limits:
        return _mean_limits([e.decision_interval(alpha) for e in self.each])


@dataclass(frozen=True)
class AreaUnderCurve(Estimate):
    """Area under the ROC curve with its DeLong variance.

    Logit interval (Perme & Manevski 2018), united with Newcombe's (2006) method 5 while the smaller class has fewer
    than 500 rows. An area of 1 has the lower bound alpha ** (1 / smaller class): that many pairs are disjoint.
    """

    value: float | None
    positives: float
    negatives: float
    variance: float | None

    @property
    def n(self) -> float:
        """All rows."""
        return self.positives + self.negatives

    @property
    def smaller_class(self) -> float:
        """The smaller of the two class counts, which binds the precision."""
        return min(self.positives, self.negatives)

    @property
    def method(self) -> str:
        """Name of the method, which depends on the smaller class and on complete separation."""
        if self.value in (0.0, 1.0):
            return "exact bound of disjoint pairs"
        return "logit DeLong with Newcombe 5" if self.smaller_class < 500 else "logit DeLong"

    def _shown(self, alpha: float) -> Limits:
        if self.value is None or not self.smaller_class:
            return UNDEFINED
        if self.value >= 1:
            return alpha ** (1 / self.smaller_class), 1.0
        if self.value <= 0:
            return 0.0, 1 - alpha ** (1 / self.smaller_class)
        return self._united_limits(self.value, alpha)

    def effective(self, deff: float) -> "AreaUnderCurve":
        """The same area with class counts divided, and the variance multiplied, by deff."""
        variance = None if self.variance is None else self.variance * deff
        return AreaUnderCurve(self.value, self.positives / deff, self.negatives / deff, variance)

    def _united_limits(self, area: float, alpha: float) -> Limits:
        found = []
        if self.variance is not None:
            found.append(Smooth(area, math.sqrt(self.variance), "logit", self.smaller_class, "").interval(alpha))
        if self.smaller_class < 500 or not found:
            found.append(intervals.auc_score_limits(area, self.positives, self.negatives, alpha))
        return min(low for low, _ in found if low is not None), max(high for _, high in found if high is not None)


@dataclass(frozen=True)
class Difference(Estimate):
    """The weighted first - second of two independent estimates (weight >= 0), by MOVER on their shown limits.

    For two proportions this is Newcombe's (1998) hybrid score interval, method 10.
    """

    first: Estimate
    second: Estimate
    weight: float = 1.0

    @property
    def n(self) -> float:
        """Rows behind both."""
        return self.first.n + self.second.n

    @property
    def value(self) -> float | None:
        """The weighted first - second, None where either is undefined."""
        if self.first.value is None or self.second.value is None:
            return None
        return self.weight * (self.first.value - self.second.value)

    @property
    def method(self) -> str:
        """Name of the method, which depends on the estimates."""
        both = isinstance(self.first, Proportion) and isinstance(self.second, Proportion)
        return "Newcombe hybrid score" if both else "MOVER"

    def _shown(self, alpha: float) -> Limits:
        (a, b), (c, d) = self.first.interval(alpha), self.second.interval(alpha)
        if a is None or b is None or c is None or d is None or self.first.value is None or self.second.value is None:
            return UNDEFINED
        low, high = intervals.difference_limits(self.first.value, (a, b), self.second.value, (c, d))
        return self.weight * low, self.weight * high


def _mean_limits(limits: list[Limits]) -> Limits:
    known = [(low, high) for low, high in limits if low is not None and high is not None]
    if not known or len(known) < len(limits):
        return UNDEFINED
    low, high = (math.fsum(ends) / len(known) for ends in zip(*known, strict=True))
    return low, high
