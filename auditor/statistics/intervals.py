"""Confidence intervals from counts, one tail at a time.

Every function takes `alpha`, the error probability of *each* tail: .025 gives the two-sided 95% interval and .05 the
one-sided 95% bounds. Arrays are float64; NaN stands for "undefined" (a denominator of 0) inside this module only.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

SHOWN_ALPHA = 0.025
# Limits as long on both sides, but for rounding.
EVEN = 1e-9


def normal_quantile(probability: float) -> float:
    """Quantile of the standard normal distribution."""
    return float(special.ndtri(probability))


def t_quantile(probability: float, degrees_of_freedom: float) -> float:
    """Quantile of Student's t distribution."""
    return float(special.stdtrit(degrees_of_freedom, probability))


def wilson(k: ArrayLike, n: ArrayLike, alpha: float = SHOWN_ALPHA) -> tuple[Floats, Floats]:
    """Score limits of a binomial proportion (Wilson 1927).

    k, n: counts, broadcastable, may be fractional (effective counts). n = 0 gives NaN.
    """
    k, n = np.asarray(k, np.float64), np.asarray(n, np.float64)
    z = normal_quantile(1 - alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (k + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    # Rounding must not move the limits of 0 of n and n of n away from 0 and 1.
    low = np.where((k == 0) & (n > 0), 0.0, centre - half)
    high = np.where((k == n) & (n > 0), 1.0, centre + half)
    return low, high


def clopper_pearson(k: ArrayLike, n: ArrayLike, alpha: float = SHOWN_ALPHA) -> tuple[Floats, Floats]:
    """Exact limits of a binomial proportion from beta quantiles (Clopper & Pearson 1934).

    Each limit alone is a one-sided bound whose coverage is at least 1 - alpha. n = 0 gives NaN.
    """
    k, n = np.asarray(k, np.float64), np.asarray(n, np.float64)
    with np.errstate(invalid="ignore"):
        low = special.betaincinv(np.maximum(k, 1e-300), n - k + 1, alpha)
        high = special.betaincinv(k + 1, np.maximum(n - k, 1e-300), 1 - alpha)
    low = np.where(k == 0, 0.0, low)
    high = np.where(k == n, 1.0, high)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def difference_limits(
    first: float, first_limits: tuple[float, float], second: float, second_limits: tuple[float, float]
) -> tuple[float, float]:
    """Limits of first - second from the limits of two independent estimates (MOVER).

    With Wilson limits this is the hybrid score interval, method 10 of Newcombe (1998); in general Zou & Donner (2008).
    """
    low = math.hypot(first - first_limits[0], second_limits[1] - second)
    high = math.hypot(first_limits[1] - first, second - second_limits[0])
    return first - second - low, first - second + high


def mean_limits(
    k: Floats, n: Floats, low: Floats, high: Floats, alpha: float = SHOWN_ALPHA, *, weights: Floats | None = None
) -> tuple[float, float]:
    """Limits of the mean of independent proportions from the limits of each (MOVER, Zou & Donner 2008).

    k, n, low, high: (proportions,), n > 0, and limits with error probability alpha in each tail; weights: (proportions,)
    that sum to 1, equal ones if not given. Plain MOVER keeps the
    lopsidedness of a single proportion however many are averaged, and misses up to four times too often on its short
    side. Here lopsidedness adds as third cumulants do (Gart & Nam 1990), and no side is shorter than MOVER's short one.
    """
    each = np.full(len(n), 1 / len(n)) if weights is None else weights
    values, half = k / n, each * (high - low) / 2
    centre, lopsided = float(np.sum(each * values)), each * ((high + low) / 2 - values)
    shift = float(np.sum(lopsided * half**2) / np.sum(half**2))
    reach = math.sqrt(_squared_reach(values, n, half, each * normal_quantile(1 - alpha)))
    below, above = reach - shift, reach + shift
    if shift >= -EVEN * reach:
        below = max(below, math.sqrt(float(np.sum((each * (values - low)) ** 2))))
    if shift <= EVEN * reach:
        above = max(above, math.sqrt(float(np.sum((each * (high - values)) ** 2))))
    return max(0.0, centre - below), min(1.0, centre + above)


def _squared_reach(values: Floats, n: Floats, half: Floats, z: Floats) -> float:
    """Square of the half-width of the sum: that of the limits, or of unbiased variances where many are averaged.

    half, z: (proportions,) half-widths and normal quantiles, both times the weight of each. The half-width of a score
    interval is too small by itself, which the shift of its centre makes up for; in a mean of many that shift cancels.
    """
    squares = half**2
    own, unbiased = float(np.sum(squares)), float(np.sum(z * z * values * (1 - values) / np.maximum(n - 1, 1)))
    effective = own**2 / float(np.sum(squares**2))
    return own + (1 - 1 / effective) * max(0.0, unbiased - own)


def tango_difference(n10: float, n01: float, n: float, alpha: float = SHOWN_ALPHA) -> tuple[float, float]:
    """Score limits of the paired difference (n10 - n01) / n (Tango 1998).

    n10, n01: discordant counts; n > 0: all pairs.
    """
    z = normal_quantile(1 - alpha)
    return _tango_low(n10, n01, n, z), -_tango_low(n01, n10, n, z)


def _tango_low(n10: float, n01: float, n: float, z: float) -> float:
    estimate = (n10 - n01) / n

    def excess(delta: float) -> float:
        a, b, c = 2 * n, -n10 - n01 + (2 * n - n10 + n01) * delta, -n01 * delta * (1 - delta)
        q = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
        return n10 - n01 - n * delta - z * math.sqrt(max(0.0, n * (2 * q + delta * (1 - delta))))

    return -1.0 if estimate <= -1 else _bisect(excess, -1.0, estimate)


def auc_score_limits(auc: float, positives: float, negatives: float, alpha: float = SHOWN_ALPHA) -> tuple[float, float]:
    """Score limits of the area under the ROC curve, method 5 of Newcombe (2006, part 2)."""
    z = normal_quantile(1 - alpha)
    return _auc_low(auc, positives, negatives, z), 1 - _auc_low(1 - auc, positives, negatives, z)


def _auc_low(auc: float, positives: float, negatives: float, z: float) -> float:
    extra = (positives + negatives) / 2 - 1

    def excess(area: float) -> float:
        bracket = 1 + extra * (1 - area) / (2 - area) + extra * area / (1 + area)
        return auc - area - z * math.sqrt(max(0.0, area * (1 - area) * bracket / (positives * negatives)))

    return 0.0 if auc <= 0 else _bisect(excess, 0.0, auc)


def bounded_mean_low(mean: float, n: float, alpha: float) -> float:
    """Lower limit of the expected mean of n independent values in [0, 1] (Hoeffding 1963, theorem 1).

    n may be fractional. Holds too for means over pairs of rows that can be had as means of n pairs without a row in common
    (his section 5). At a mean of 1 it is alpha ** (1 / n), as the exact limit of a proportion.
    """
    allowed = -math.log(alpha) / n

    def excess(expected: float) -> float:
        return float(special.rel_entr(mean, expected) + special.rel_entr(1 - mean, 1 - expected)) - allowed

    return 0.0 if mean <= 0 else _bisect(excess, 0.0, mean)


def _bisect(falling: Callable[[float], float], low: float, high: float) -> float:
    """Root of a function that is positive at `low` and not positive at `high`, to the last bit."""
    while True:
        middle = (low + high) / 2
        if not low < middle < high:
            return middle
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)


def to_scale(value: float, scale: str) -> float:
    """The estimate on the scale where its distribution is nearly normal: identity, log, logit or fisher."""
    if scale == "identity":
        return value
    if scale == "log":
        return math.log(value)
    return math.log(value / (1 - value)) if scale == "logit" else math.atanh(value)


def from_scale(value: float, scale: str) -> float:
    """Inverse of `to_scale`."""
    if scale == "identity":
        return value
    if scale == "log":
        return math.exp(min(value, 700.0))
    return float(special.expit(value)) if scale == "logit" else math.tanh(value)


def scale_slope(value: float, scale: str) -> float:
    """Derivative of `to_scale`, which turns a standard error into one on that scale (delta method)."""
    if scale == "identity":
        return 1.0
    if scale == "log":
        return 1 / value
    return 1 / (value * (1 - value)) if scale == "logit" else 1 / (1 - value * value)


def inside_scale(value: float, scale: str) -> bool:
    """Whether the scale is finite at the value."""
    low, high = {"identity": (-math.inf, math.inf), "log": (0.0, math.inf), "logit": (0.0, 1.0)}.get(scale, (-1.0, 1.0))
    return low < value < high
