"""Whether two tables of counts differ by more than a margin: class shares, and the population stability index.

With enough rows every difference is significant. The statistics here are distances whose sampling distribution is a
noncentral chi-square, so that a lower bound on the true distance can be asked against a margin.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from auditor.statistics.bins import Floats
from auditor.statistics.intervals import normal_quantile


@dataclass(frozen=True)
class CountShift:
    """Two sets of class counts compared.

    statistic: Pearson's chi-square; total_variation: half the sum of |differences of shares|; cramers_v: 0..1.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    total_variation: float
    cramers_v: float

    def total_variation_lower(self, alpha: float) -> float:
        """One-sided lower bound of the total variation.

        The bound of the noncentrality says how much of the chi-square distance is real; the observed shift is shrunk
        in that proportion (exactly the score-type bound for two classes, an approximation for more).
        """
        if not self.statistic:
            return 0.0
        real = noncentrality_lower(self.statistic, self.degrees_of_freedom, alpha) / self.statistic
        return self.total_variation * float(np.sqrt(real))


@dataclass(frozen=True)
class Stability:
    """Population stability index of two binned samples; `unit` is 1/n + 1/m, which makes index / unit a chi-square."""

    index: float
    degrees_of_freedom: int
    unit: float

    def lower(self, alpha: float) -> float:
        """One-sided lower bound of the true index (noncentral chi-square; Yurdakul & Naranjo 2020)."""
        return self.unit * noncentrality_lower(self.index / self.unit, self.degrees_of_freedom, alpha)


def compare_counts(first: ArrayLike, second: ArrayLike) -> CountShift | None:
    """Compare the class shares of two samples; None unless both have rows and two classes occur."""
    table = np.array([first, second], np.float64)
    table = table[:, table.sum(axis=0) > 0]
    rows = table.sum(axis=1)
    if table.shape[1] < 2 or not rows.all():
        return None
    expected = np.outer(rows, table.sum(axis=0)) / rows.sum()
    statistic, freedom = float(np.sum((table - expected) ** 2 / expected)), table.shape[1] - 1
    variation = float(np.abs(table[0] / rows[0] - table[1] / rows[1]).sum() / 2)
    p_value = float(special.chdtrc(freedom, statistic))
    return CountShift(statistic, freedom, p_value, variation, float(np.sqrt(statistic / rows.sum())))


def population_stability(first: ArrayLike, second: ArrayLike) -> Stability | None:
    """Index of two vectors of bin counts, 1/2 added to each; None unless both have rows and there are two bins."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if len(a) < 2 or not a.sum() or not b.sum():
        return None
    return Stability(stability_index(a + 0.5, b + 0.5), len(a) - 1, float(1 / a.sum() + 1 / b.sum()))


def stability_index(first: Floats, second: Floats) -> float:
    """Sum of (p - q) ln(p / q) over bins, p and q the shares of positive counts."""
    p, q = first / first.sum(), second / second.sum()
    return float(np.sum((p - q) * np.log(p / q)))


def noncentrality_lower(statistic: float, degrees_of_freedom: float, alpha: float) -> float:
    """Lower bound of a noncentral chi-square's noncentrality: where P(X >= statistic) = alpha, at least 0."""
    if special.chdtrc(degrees_of_freedom, statistic) >= alpha:
        return 0.0
    if statistic > 1e4:
        return _large_noncentrality(statistic, degrees_of_freedom, alpha)
    low, high = 0.0, statistic
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        falls_short = 1 - special.chndtr(statistic, degrees_of_freedom, middle) < alpha
        low, high = (middle, high) if falls_short else (low, middle)
    return low


def _large_noncentrality(statistic: float, degrees_of_freedom: float, alpha: float) -> float:
    """Normal approximation, its mean and variance those of the noncentral chi-square itself.

    statistic - df - nc = z sqrt(2 df + 4 nc), solved for nc.
    """
    z = normal_quantile(1 - alpha)
    excess = statistic - degrees_of_freedom
    return float(excess + 2 * z * z - 2 * z * np.sqrt(z * z + excess + degrees_of_freedom / 2))
