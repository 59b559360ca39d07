"""What the losses of a training run show: noise, divergence, learning, trend.

Losses are per epoch and compared on the log scale, where noise is about even. Epochs are counted from 0.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Floats

LONGEST = 300
FEWEST_EPOCHS = 8
SMALLEST_LOSS = 1e-6

SPIKE = 1.5
RISE = 0.05
RISE_Z = 3.0
U_SHAPE_GAIN = 0.1


@dataclass(frozen=True)
class Trend:
    """Monotone trend of a series: Theil-Sen slope, Mann-Kendall S with Hamed & Rao's (1998) variance, and its z."""

    slope: float
    s: float
    variance: float
    z: float


@dataclass(frozen=True)
class Divergence:
    """How far validation loss ends above its best window.

    best_epoch: lowest loss of the best window. best, end: first epoch and length of the best and of the last window.
    rise: relative rise of the last window over the best. z: rise over its noise. gain: share of the squared error of a
    falling fit that a falling-then-rising fit saves. epochs_after: since the best window. train_fell: whether training
    loss fell over the same span (None if not given). found: whether this is divergence: rise > .05, z > 3, gain > .1,
    a full window after the best one, and training loss that did not rise.
    """

    best_epoch: int
    best: tuple[int, int]
    end: tuple[int, int]
    rise: float
    z: float
    gain: float
    epochs_after: int
    train_fell: bool | None
    found: bool

    def change(self, values: NDArray[np.floating]) -> float | None:
        """How much another figure, (epochs,) with NaN for blanks, changed from the best window to the last; None if blank."""
        means = [values[first : first + length] for first, length in (self.best, self.end)]
        if any(np.isnan(part).all() for part in means):
            return None
        return float(np.nanmean(means[1]) - np.nanmean(means[0]))


@dataclass(frozen=True)
class LossCurve:
    """One loss curve by itself; what needs finite losses above 0, or 8 epochs, is None without them.

    first, last: of the first epoch, and the median of the last fifth (3 epochs or more). noise: standard deviation of
    the log loss about its falling-then-rising fit. spikes: epochs over 1.5 times their running minimum and that fit.
    tail_change: relative change over the last fifth by the Theil-Sen slope.
    """

    epochs: int
    not_finite: tuple[int, ...]
    negative: tuple[int, ...]
    first: float | None
    last: float | None
    noise: float | None
    spikes: tuple[int, ...]
    tail_change: float | None
    tail: Trend | None
    rises_at_end: int

    def learned(self, chance: float) -> float | None:
        """Share of the chance loss that training removed; below 0 is worse than a constant answer."""
        return None if self.last is None else 1 - self.last / chance

    @property
    def still_falling(self) -> bool:
        """Whether the last fifth of the epochs lowered the loss by more than 5%."""
        return self.tail_change is not None and self.tail_change < -0.05

    @property
    def is_plateau(self) -> bool:
        """Whether the last fifth of the epochs changed the loss by less than 1%."""
        return self.tail_change is not None and abs(self.tail_change) < 0.01


def double_softmax_floor(n_classes: int) -> float:
    """Lowest mean cross-entropy when softmax is applied to probabilities, ln(1 + (K - 1) / e)."""
    return math.log1p((n_classes - 1) / math.e)


def double_softmax_ceiling(n_classes: int) -> float:
    """Highest probability when softmax is applied to probabilities, e / (e + K - 1)."""
    return math.e / (math.e + n_classes - 1)


def examine(losses: NDArray[np.floating]) -> LossCurve:
    """Describe one loss curve, (epochs,) in order."""
    loss = np.asarray(losses, np.float64)
    not_finite = tuple(map(int, np.flatnonzero(~np.isfinite(loss))))
    negative = tuple(map(int, np.flatnonzero(loss < 0)))
    if not len(loss) or not_finite or negative:
        return LossCurve(len(loss), not_finite, negative, None, None, None, (), None, None, 0)
    window = min(len(loss), max(3, len(loss) // 5))
    logs, enough = _logs(loss), len(loss) >= FEWEST_EPOCHS
    tail = trend(logs[-window:]) if enough else None
    return LossCurve(
        epochs=len(loss),
        not_finite=(),
        negative=(),
        first=float(loss[0]),
        last=float(np.median(loss[-window:])),
        noise=noise(blocks(logs)) if enough else None,
        spikes=_spikes(logs) if enough else (),
        tail_change=math.expm1(window * tail.slope) if tail else None,
        tail=tail,
        rises_at_end=_rises_at_end(loss),
    )


def divergence(validation: NDArray[np.floating], train: NDArray[np.floating] | None = None) -> Divergence | None:
    """Whether validation loss turned upwards, None below 8 epochs or where a loss is not a finite number >= 0.

    validation, train: (epochs,) of the same epochs. More than 300 epochs are averaged in blocks.
    """
    given = [np.asarray(losses, np.float64) for losses in (validation, train) if losses is not None]
    if len(given[0]) < FEWEST_EPOCHS or not all(np.isfinite(loss).all() and (loss >= 0).all() for loss in given):
        return None
    v, *others = (blocks(_logs(loss)) for loss in given)
    window, size, dropped = max(2, len(v) // 7), _block_size(len(given[0])), len(given[0]) % _block_size(len(given[0]))
    means = np.convolve(v, np.full(window, 1 / window), "valid")
    start = int(np.argmin(means))
    height, after = float(means[-1] - means[start]), len(v) - start - window
    z = height / (noise(v) * math.sqrt(2 / window * _inflation(v)))
    rise, gain = math.expm1(height), u_shape(v)[1]
    fell = bool(others[0][-window:].mean() < others[0][start : start + window].mean()) if others else None
    found = rise > RISE and z > RISE_Z and gain > U_SHAPE_GAIN and after >= window and fell is not False
    first = dropped + start * size
    best_epoch = first + int(np.argmin(given[0][first : first + window * size]))
    span = window * size
    windows = (first, span), (len(given[0]) - span, span)
    return Divergence(best_epoch, *windows, rise, z, gain, after * size, fell, found)


def noise(logs: Floats) -> float:
    """Standard deviation of the noise of a log loss, the larger of two estimates and above 0.

    From the median absolute deviation of the differences after the first third, and from the residuals of the
    falling-then-rising fit there.
    """
    third = len(logs) // 3
    differences = np.diff(logs[third:])
    robust = 1.4826 * float(np.median(np.abs(differences - np.median(differences)))) / math.sqrt(2)
    residuals = (logs - u_shape(logs)[0])[third:]
    return max(robust, float(np.std(residuals)), SMALLEST_LOSS)


def _inflation(logs: Floats) -> float:
    """Factor by which lag-1 autocorrelation, .3 below 20 epochs, inflates the variance of a window's mean."""
    if len(logs) < 20:
        rho = 0.3
    else:
        residuals = (logs - u_shape(logs)[0])[len(logs) // 3 :]
        centred = residuals - residuals.mean()
        power = float(np.sum(centred**2))
        rho = min(0.8, max(0.0, float(np.sum(centred[1:] * centred[:-1])) / power)) if power else 0.0
    return (1 + rho) / (1 - rho)


def u_shape(values: Floats) -> tuple[Floats, float]:
    """Best falling-then-rising fit by least squares, and the share of the falling fit's error that it saves."""
    falling, rising = _falling_errors(values), _falling_errors(values[::-1])[::-1]
    turn = int(np.argmin(falling + rising))
    fit = np.concatenate([falling_fit(values[:turn]), falling_fit(values[turn:][::-1])[::-1]])
    alone = float(falling[-1])
    return fit, 1 - float(falling[turn] + rising[turn]) / alone if alone > 0 else 0.0


def falling_fit(values: Floats) -> Floats:
    """Least-squares fit that never rises (isotonic regression by pooling adjacent violators, Ayer et al. 1955)."""
    pools, _ = _pools(values)
    return np.concatenate([np.full(size, mean) for size, mean in pools]) if pools else np.zeros(0)


def _falling_errors(values: Floats) -> Floats:
    """Squared error of the best falling fit to the first 0, 1, ... values."""
    return np.array(_pools(values)[1])


def _pools(values: Floats) -> tuple[list[tuple[int, float]], list[float]]:
    """Pools (size, mean) of the falling fit, and its squared error after each value."""
    pools: list[tuple[int, float]] = []
    errors, error = [0.0], 0.0
    for value in values.tolist():
        size, mean = 1, value
        while pools and pools[-1][1] < mean:
            before, level = pools.pop()
            error += before * size / (before + size) * (level - mean) ** 2
            size, mean = before + size, (before * level + size * mean) / (before + size)
        pools.append((size, mean))
        errors.append(error)
    return pools, errors


def trend(values: Floats) -> Trend | None:
    """Theil-Sen slope and Mann-Kendall test with Hamed & Rao's (1998) variance; None below 3 values."""
    n = len(values)
    if n < 3:
        return None
    i, j = np.triu_indices(n, 1)
    slope = float(np.median((values[j] - values[i]) / (j - i)))
    s = float(np.sign(values[j] - values[i]).sum())
    ties = np.unique(values, return_counts=True)[1]
    plain = (n * (n - 1) * (2 * n + 5) - float(np.sum(ties * (ties - 1) * (2 * ties + 5)))) / 18
    variance = plain * _hamed_rao(values - slope * np.arange(n))
    z = (s - np.sign(s)) / math.sqrt(variance) if variance > 0 else 0.0
    return Trend(slope, s, variance, float(z))


def _hamed_rao(detrended: Floats) -> float:
    """Variance factor from the autocorrelations of the ranks that are significant at 5%."""
    n = len(detrended)
    ranks = np.array([np.mean(detrended < value) + np.mean(detrended <= value) for value in detrended])
    centred = ranks - ranks.mean()
    power = float(np.sum(centred**2))
    if not power:
        return 1.0
    lags = np.arange(1, n - 1)
    rho = np.array([np.sum(centred[lag:] * centred[:-lag]) for lag in lags]) / power
    rho = np.where(np.abs(rho) > 1.96 / math.sqrt(n), rho, 0.0)
    factor = 1 + 2 / (n * (n - 1) * (n - 2)) * float(np.sum((n - lags) * (n - lags - 1) * (n - lags - 2) * rho))
    return max(factor, 1e-6)


def blocks(values: Floats) -> Floats:
    """Means of equal blocks, at most 300 of them; what is left over at the start is dropped."""
    size = _block_size(len(values))
    return np.asarray(values[len(values) % size :].reshape(-1, size).mean(axis=1), np.float64)


def _block_size(epochs: int) -> int:
    return -(-epochs // LONGEST)


def _logs(loss: Floats) -> Floats:
    return np.log(np.maximum(loss, SMALLEST_LOSS))


def _spikes(logs: Floats) -> tuple[int, ...]:
    lowest = np.minimum.accumulate(logs)
    step = math.log(SPIKE)
    return tuple(map(int, np.flatnonzero((logs - lowest > step) & (logs - u_shape(logs)[0] > step))))


def _rises_at_end(loss: Floats) -> int:
    falls = np.flatnonzero(np.diff(loss) <= 0)
    return len(loss) - 1 - (int(falls[-1]) + 1 if len(falls) else 0)
