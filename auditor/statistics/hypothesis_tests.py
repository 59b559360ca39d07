"""Tests of counts, and corrections for many of them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from auditor.statistics.bins import Floats


def binomial_tail(k: float, n: float, probability: float) -> float:
    """P(X >= k) for X ~ Binomial(n, probability), exact."""
    if k <= 0:
        return 1.0
    return 0.0 if k > n else float(special.betainc(k, n - k + 1, probability))


def mcnemar_exact(n10: int, n01: int) -> float:
    """One-sided exact p-value that the first is right more often than the second (McNemar 1947).

    n10, n01: pairs where only the first, only the second is right. Swap them for the other side.
    """
    return binomial_tail(n10, n10 + n01, 0.5)


def mcnemar_mid_p(n10: int, n01: int) -> float:
    """One-sided mid-p value of McNemar's test (Fagerland, Lydersen & Laake 2013)."""
    return (binomial_tail(n10, n10 + n01, 0.5) + binomial_tail(n10 + 1, n10 + n01, 0.5)) / 2


def two_sided(one_sided: float, other_side: float) -> float:
    """Two-sided p-value, twice the smaller one."""
    return min(1.0, 2 * min(one_sided, other_side))


def hypergeometric_mid_p(k: ArrayLike, n: ArrayLike, all_k: ArrayLike, all_n: ArrayLike) -> Floats:
    """P(X > k) + P(X = k) / 2 for the k marked rows among n drawn from all_n rows of which all_k are marked.

    One-sided Fisher mid-p that the drawn rows have more marks. Arrays broadcast; whole numbers, k within its range.
    """
    k, n, all_k, all_n = (np.asarray(a, np.float64) for a in np.broadcast_arrays(k, n, all_k, all_n))
    # Sum away from the middle, where the terms fall; the other tail is the complement.
    upper = k * all_n >= n * all_k
    point = _hypergeometric_probability(k, n, all_k, all_n)
    steps = _tail_over_point(np.where(upper, k, n - k), n, np.where(upper, all_k, all_n - all_k), all_n)
    tail = point * (steps + 0.5)
    return np.clip(np.where(upper, tail, 1 - tail), 0.0, 1.0)


def _hypergeometric_probability(k: Floats, n: Floats, all_k: Floats, all_n: Floats) -> Floats:
    def log_choose(a: Floats, b: Floats) -> Floats:
        return np.asarray(special.gammaln(a + 1) - special.gammaln(b + 1) - special.gammaln(a - b + 1))

    return np.exp(log_choose(all_k, k) + log_choose(all_n - all_k, n - k) - log_choose(all_n, n))


def _tail_over_point(k: Floats, n: Floats, all_k: Floats, all_n: Floats) -> Floats:
    """P(X > k) / P(X = k) by the ratio of neighbouring terms, which is below 1 above the mean."""
    total, term, j = np.zeros_like(k), np.ones_like(k), k.copy()
    while True:
        term = term * np.maximum(0.0, (all_k - j) * (n - j)) / ((j + 1) * np.maximum(1.0, all_n - all_k - n + j + 1))
        total, j = total + term, j + 1
        if not (term > 1e-17 * total).any():
            return total


def holm(p_values: ArrayLike) -> Floats:
    """Adjusted p-values that control the chance of any false rejection (Holm 1979); reject where <= level."""
    return _step_down(np.asarray(p_values, np.float64))


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjusted p-values that control the false discovery rate (Benjamini & Hochberg 1995)."""
    return _step_up(np.asarray(p_values, np.float64), 1.0)


def benjamini_yekutieli(p_values: ArrayLike) -> Floats:
    """Adjusted p-values that control the false discovery rate under any dependence (Benjamini & Yekutieli 2001)."""
    p = np.asarray(p_values, np.float64)
    return _step_up(p, float(np.sum(1 / np.arange(1, len(p) + 1))))


def _step_down(p: Floats) -> Floats:
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return _back(np.minimum(adjusted, 1.0), order)


def _step_up(p: Floats, factor: float) -> Floats:
    order = np.argsort(p, kind="stable")[::-1]
    adjusted = np.minimum.accumulate(p[order] * factor * len(p) / np.arange(len(p), 0, -1))
    return _back(np.minimum(adjusted, 1.0), order)


def _back(values: Floats, order: NDArray[np.int64]) -> Floats:
    placed = np.empty_like(values)
    placed[order] = values
    return placed
