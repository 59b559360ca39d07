"""Whether stated probabilities are the frequencies that follow, from counts per bin of the score."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from auditor.statistics.bins import Counts, Floats, equal_mass_groups
from auditor.statistics.bounds import UNDEFINED, Estimate, Limits, Smooth
from auditor.statistics.proportions import Proportion
from auditor.statistics.resampling import poisson_replicates, spread

GROUPS = 15
# Saturated scores fall in bins at |z| = 1024; one of them would decide a fit alone.
LARGEST_LOGIT = 30.0


@dataclass(frozen=True, eq=False)
class ReliabilityBins:
    """Mean stated probability, positives and rows of each bin, (bins,) each; every bin has rows."""

    probability: Floats
    positives: Counts
    total: Counts

    @property
    def frequency(self) -> Floats:
        """(bins,) share of positives."""
        return np.asarray(self.positives / self.total, np.float64)

    @property
    def share(self) -> Floats:
        """(bins,) share of the rows."""
        return np.asarray(self.total / self.total.sum(), np.float64)


@dataclass(frozen=True)
class RecalibrationFit:
    """Logistic fit of the outcome on the stated logit; perfect calibration has intercept 0 and slope 1.

    A slope below 1 is over-confidence, and 1 / slope the temperature that mends it.
    """

    intercept: Smooth
    slope: Smooth


@dataclass(frozen=True)
class BrierParts:
    """Brier score = reliability - resolution + uncertainty, plus what the bins hide (Murphy 1973)."""

    reliability: float
    resolution: float
    uncertainty: float


@dataclass(frozen=True)
class RootMeanSquare(Estimate):
    """Square root of an estimate that may fall below 0, where it counts as 0."""

    square: Smooth

    @property
    def value(self) -> float | None:
        """The root, None where undefined."""
        return _root(self.square.value)

    @property
    def n(self) -> float:
        """Rows."""
        return self.square.n

    @property
    def method(self) -> str:
        """Name of the method of the square."""
        return self.square.method

    def _shown(self, alpha: float) -> Limits:
        low, high = self.square.interval(alpha)
        return UNDEFINED if low is None or high is None else (_root(low), _root(high))


def reliability_bins(
    probability: Floats, positives: Counts, negatives: Counts, groups: int = GROUPS
) -> ReliabilityBins | None:
    """Merge bins, ascending in probability, into at most `groups` with about equal rows; None without rows."""
    total = np.asarray(positives, np.int64) + negatives
    held = np.flatnonzero(total)
    if not len(held):
        return None
    total, positives, probability = total[held], np.asarray(positives, np.int64)[held], np.asarray(probability)[held]
    starts = equal_mass_groups(total, groups)
    merged = np.add.reduceat(total, starts)
    return ReliabilityBins(
        np.add.reduceat(probability * total, starts) / merged, np.add.reduceat(positives, starts), merged
    )


def expected_calibration_error(bins: ReliabilityBins) -> float:
    """Mean |stated - observed| over rows; biased upwards, by .01 to .07 in a calibrated model of 10 000 to 300 rows."""
    return float(np.sum(bins.share * np.abs(bins.probability - bins.frequency)))


def squared_calibration_error(bins: ReliabilityBins, name: str) -> RootMeanSquare:
    """Root of the debiased mean squared difference (Kumar, Liang & Ma 2019), its bounds by the Poisson bootstrap.

    name: seeds the replicates.
    """
    counts = np.concatenate([bins.positives, bins.total - bins.positives])
    half, blocks = len(bins.total), poisson_replicates(counts, name)
    values = [_debiased(bins.probability, block[:, :half], block[:, :half] + block[:, half:]) for block in blocks]
    value = float(_debiased(bins.probability, bins.positives, bins.total))
    n = int(bins.total.sum())
    return RootMeanSquare(Smooth(value, spread(np.concatenate(values)), "identity", n, "Poisson bootstrap"))


def _debiased(probability: Floats, positives: NDArray[np.number], total: NDArray[np.number]) -> Floats:
    """Squared error less the variance of each frequency, over the last axis."""
    frequency = positives / np.maximum(total, 1)
    noise = frequency * (1 - frequency) / np.maximum(total - 1, 1)
    squared = np.where(total > 0, (probability - frequency) ** 2 - noise, 0.0)
    return np.asarray(np.sum(squared * total, axis=-1) / np.maximum(total.sum(axis=-1), 1))


def recalibration_fit(logits: Floats, positives: Counts, negatives: Counts) -> RecalibrationFit | None:
    """Fit outcome ~ intercept + slope x logit by Newton's method (Cox 1958).

    The errors hold where the true curve bends, too: the sandwich of the information (Huber 1967; White 1982).

    logits: (bins,) centres. None where there is no fit: a class is absent, one logit only, or complete separation.
    """
    held = np.flatnonzero(np.asarray(positives) + negatives)
    z = np.clip(np.asarray(logits, np.float64)[held], -LARGEST_LOGIT, LARGEST_LOGIT)
    k, n = np.asarray(positives)[held].astype(np.float64), (np.asarray(positives) + negatives)[held].astype(np.float64)
    if not 0 < k.sum() < n.sum() or np.ptp(z) == 0 or _separated(z, k, n):
        return None
    design = np.stack([np.ones_like(z), z])
    fitted = _newton(design, k, n)
    if fitted is None:
        return None
    beta, inverse = fitted
    (a, b), (a_error, b_error) = beta.tolist(), np.sqrt(np.diag(_sandwich(design, beta, inverse, k, n))).tolist()
    rows = int(n.sum())
    method = "sandwich"
    return RecalibrationFit(Smooth(a, a_error, "identity", rows, method), Smooth(b, b_error, "identity", rows, method))


def _separated(z: Floats, k: Floats, n: Floats) -> bool:
    """Whether one logit parts the positives from the negatives, so that the slope has no finite best value."""
    positive, negative = z[k > 0], z[n > k]
    return bool(positive.min() >= negative.max() or negative.min() >= positive.max())


def _newton(design: Floats, k: Floats, n: Floats) -> tuple[Floats, Floats] | None:
    beta = np.zeros(2)
    loss = _log_loss(beta @ design, k, n)
    for _ in range(100):
        p = special.expit(beta @ design)
        gradient, information = design @ (k - n * p), (design * (n * p * (1 - p))) @ design.T
        determinant = information[0, 0] * information[1, 1] - information[0, 1] ** 2
        if not determinant > 0:
            return None
        step = np.linalg.solve(information, gradient)
        while (after := _log_loss((beta + step) @ design, k, n)) > loss + 1e-12 * abs(loss):
            step = step / 2
        beta, loss = beta + step, after
        if np.abs(step).max() < 1e-10 * (1 + np.abs(beta).max()):
            return beta, np.asarray(np.linalg.inv(information), np.float64)
    return None


def _sandwich(design: Floats, beta: Floats, inverse: Floats, k: Floats, n: Floats) -> Floats:
    """Covariance of the fit from the scores of single rows, whether or not the curve has the shape that is fitted."""
    p = special.expit(beta @ design)
    middle = (design * (k * (1 - p) ** 2 + (n - k) * p**2)) @ design.T
    return np.asarray(inverse @ middle @ inverse, np.float64)


def _log_loss(eta: Floats, k: Floats, n: Floats) -> float:
    return float(np.sum(n * np.logaddexp(0, eta) - k * eta))


@dataclass(frozen=True)
class SeenToStated(Estimate):
    """The positives seen over those stated, 1 if calibrated in the large; the limits are those of the share that was seen."""

    seen: Proportion
    stated: float

    @property
    def n(self) -> float:
        """The rows."""
        return self.seen.n

    @property
    def value(self) -> float | None:
        """The ratio, None where nothing was stated."""
        return self.seen.k / self.stated if self.stated else None

    @property
    def method(self) -> str:
        """Name of the shown method."""
        return self.seen.method

    @property
    def decision_method(self) -> str:
        """Name of the deciding method."""
        return self.seen.decision_method

    def _shown(self, alpha: float) -> Limits:
        return self._over_stated(self.seen.interval(alpha))

    def _deciding(self, alpha: float) -> Limits:
        return self._over_stated(self.seen.decision_interval(alpha))

    def _over_stated(self, limits: Limits) -> Limits:
        low, high = limits
        if low is None or high is None or not self.stated:
            return UNDEFINED
        return low * self.n / self.stated, high * self.n / self.stated


def observed_to_expected(probability: Floats, positives: Counts, negatives: Counts) -> SeenToStated:
    """Ratio of the positives seen to the positives stated, from (bins,) mean probabilities and counts."""
    total = np.asarray(positives) + negatives
    return SeenToStated(Proportion(int(np.sum(positives)), int(total.sum())), float(np.sum(probability * total)))


def spiegelhalter_z(probability: Floats, positives: Counts, negatives: Counts) -> float | None:
    """Spiegelhalter's (1986) z of calibration, None where every probability is 0, 1/2 or 1."""
    total, p = np.asarray(positives) + negatives, np.asarray(probability, np.float64)
    variance = float(np.sum(total * (1 - 2 * p) ** 2 * p * (1 - p)))
    return float(np.sum((positives - total * p) * (1 - 2 * p))) / math.sqrt(variance) if variance > 0 else None


def brier_parts(bins: ReliabilityBins) -> BrierParts:
    """Murphy's (1973) parts of the Brier score; they sum to it where all rows of a bin state the same probability."""
    base = float(bins.positives.sum() / bins.total.sum())
    return BrierParts(
        float(np.sum(bins.share * (bins.probability - bins.frequency) ** 2)),
        float(np.sum(bins.share * (bins.frequency - base) ** 2)),
        base * (1 - base),
    )


def _root(square: float | None) -> float | None:
    return None if square is None else math.sqrt(max(0.0, square))
