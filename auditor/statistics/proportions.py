"""Estimates from counts of rows: a share, an F score, a mean of shares, and the difference of two answers on the same rows."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from auditor.statistics import intervals
from auditor.statistics.bounds import UNDEFINED, Estimate, Limits
from auditor.statistics.intervals import SHOWN_ALPHA, Floats


@dataclass(frozen=True)
class Proportion(Estimate):
    """k of n: Wilson's interval is shown, Clopper-Pearson's bounds decide.

    k, n: 0 <= k <= n, fractional only for effective counts. Raises ValueError outside that range.
    """

    k: float
    n: float
    method: ClassVar[str] = "Wilson"
    decision_method: ClassVar[str] = "Clopper-Pearson"

    def __post_init__(self) -> None:
        if not 0 <= self.k <= self.n:
            raise ValueError(f"a proportion needs 0 <= k <= n, found k={self.k}, n={self.n}")

    @property
    def value(self) -> float | None:
        """The share k / n, None without rows."""
        return float(self.k / self.n) if self.n else None

    @property
    def exact(self) -> Limits:
        """Two-sided 95% Clopper-Pearson interval."""
        return self.decision_interval(SHOWN_ALPHA)

    def _shown(self, alpha: float) -> Limits:
        return _known(intervals.wilson(self.k, self.n, alpha))

    def _deciding(self, alpha: float) -> Limits:
        return _known(intervals.clopper_pearson(self.k, self.n, alpha))

    def effective(self, deff: float) -> "Proportion":
        """The same share of n / deff independent rows (Korn & Graubard 1998)."""
        return Proportion(self.k / deff, self.n / deff)


@dataclass(frozen=True)
class FScore(Estimate):
    """F-beta of one class from its true positives, false positives and false negatives.

    F1 = 2J / (1 + J) with Jaccard's J = tp / (tp + fp + fn), a binomial proportion given tp + fp + fn: the limits of J
    are mapped. Other betas take the logit of F and its delta variance, with tp + 1/2, fp + 1/4 and fn + 1/4.
    """

    tp: float
    fp: float
    fn: float
    beta: float = 1.0

    @property
    def n(self) -> float:
        """Rows that are positive or were called so."""
        return self.tp + self.fp + self.fn

    @property
    def value(self) -> float | None:
        """F-beta, None where there is nothing to find and nothing was called."""
        square = self.beta**2
        weighted = (1 + square) * self.tp
        return float(weighted / (weighted + square * self.fn + self.fp)) if self.n else None

    @property
    def method(self) -> str:
        """Name of the shown method."""
        return "Wilson on Jaccard" if self.beta == 1 else "logit delta"

    @property
    def decision_method(self) -> str:
        """Name of the deciding method."""
        return "Clopper-Pearson on Jaccard" if self.beta == 1 else "logit delta"

    def _shown(self, alpha: float) -> Limits:
        if self.beta != 1:
            return self._logit_limits(alpha)
        return _f1_from_jaccard(_known(intervals.wilson(self.tp, self.n, alpha)))

    def _deciding(self, alpha: float) -> Limits:
        if self.beta != 1:
            return self._logit_limits(alpha)
        return _f1_from_jaccard(_known(intervals.clopper_pearson(self.tp, self.n, alpha)))

    def effective(self, deff: float) -> "FScore":
        """The same score from counts divided by deff."""
        return FScore(self.tp / deff, self.fp / deff, self.fn / deff, self.beta)

    def _logit_limits(self, alpha: float) -> Limits:
        if self.value is None:
            return UNDEFINED
        tp, fp, fn, square = self.tp + 0.5, self.fp + 0.25, self.fn + 0.25, self.beta**2
        errors = square * fn + fp
        centre = math.log((1 + square) * tp / errors)
        half = intervals.normal_quantile(1 - alpha) * math.sqrt(1 / tp + (square**2 * fn + fp) / errors**2)
        low, high = (intervals.from_scale(centre + sign * half, "logit") for sign in (-1, 1))
        # The added fractions pull towards the middle; the interval has to contain the value it is shown with.
        return min(low, self.value), max(high, self.value)


@dataclass(frozen=True)
class MeanOfProportions(Estimate):
    """Plain mean of independent proportions k[i] / n[i], as balanced accuracy; those with n[i] = 0 are left out.

    MOVER (Zou & Donner 2008) on Wilson limits is shown, on Clopper-Pearson limits it decides; see `mean_limits`.
    """

    k: tuple[float, ...]
    n_each: tuple[float, ...]
    method: ClassVar[str] = "MOVER-Wilson"
    decision_method: ClassVar[str] = "MOVER-Clopper-Pearson"

    @property
    def n(self) -> float:
        """Sum of the denominators."""
        return sum(self.n_each)

    @property
    def defined(self) -> int:
        """How many of the proportions have a denominator."""
        return sum(n > 0 for n in self.n_each)

    @property
    def value(self) -> float | None:
        """Mean of the defined proportions, None if there is none."""
        shares = [k / n for k, n in zip(self.k, self.n_each, strict=True) if n]
        return math.fsum(shares) / len(shares) if shares else None

    def _shown(self, alpha: float) -> Limits:
        return self._limits(alpha, exact=False)

    def _deciding(self, alpha: float) -> Limits:
        return self._limits(alpha, exact=True)

    def effective(self, deff: float) -> "MeanOfProportions":
        """The same mean from counts divided by deff."""
        return MeanOfProportions(tuple(k / deff for k in self.k), tuple(n / deff for n in self.n_each))

    def _limits(self, alpha: float, *, exact: bool) -> Limits:
        k, n = np.asarray(self.k, np.float64), np.asarray(self.n_each, np.float64)
        k, n = k[n > 0], n[n > 0]
        if not len(n):
            return UNDEFINED
        low, high = intervals.clopper_pearson(k, n, alpha) if exact else intervals.wilson(k, n, alpha)
        return intervals.mean_limits(k, n, low, high, alpha)


@dataclass(frozen=True)
class PairedDifference(Estimate):
    """(n10 - n01) / n of two classifiers on the same n rows, by Tango's (1998) score interval.

    n10: rows that only the first has right; n01: rows that only the second has right.
    """

    n10: float
    n01: float
    n: float
    method: ClassVar[str] = "Tango score"

    @property
    def value(self) -> float | None:
        """(n10 - n01) / n, None without rows."""
        return float((self.n10 - self.n01) / self.n) if self.n else None

    def _shown(self, alpha: float) -> Limits:
        return intervals.tango_difference(self.n10, self.n01, self.n, alpha) if self.n else UNDEFINED

    def effective(self, deff: float) -> "PairedDifference":
        """The same difference from counts divided by deff."""
        return PairedDifference(self.n10 / deff, self.n01 / deff, self.n / deff)


def _known(limits: tuple[Floats, Floats]) -> Limits:
    low, high = float(limits[0]), float(limits[1])
    return UNDEFINED if math.isnan(low) or math.isnan(high) else (low, high)


def _f1_from_jaccard(limits: Limits) -> Limits:
    low, high = limits
    return UNDEFINED if low is None or high is None else (2 * low / (1 + low), 2 * high / (1 + high))
