"""Whether rows near in time have like labels, so that a test row's label can be read off the training rows beside it.

Each test row from between two training rows is held against the training rows nearest to it in time, and agreement with their
labels against what class shares alone give: Cohen's kappa (1960), with the class shares of each half of time apart, so that a
slow drift of shares is left to `shift_of_later`. Neighbours depend on each other, hence the variance is a jackknife over 20
stretches of time, none of which parts test rows without a training row between them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from auditor.statistics.bins import Floats
from auditor.statistics.bounds import Smooth
from auditor.statistics.designs import freedom, without_each
from auditor.statistics.resampling import jackknife_error
from auditor.statistics.time_order import halves

STRETCHES = 20
# Where n units that are independent all agree by chance, no stretch differs: in 0.135 / n of cases at any class shares.
FEWEST_UNITS = 30
# A day, a week and 52 weeks, which is a year but for a day, in seconds.
CALENDAR = (86_400.0, 604_800.0, 31_449_600.0)

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Persistence:
    """How many of n rows have the label of the known row nearest in time, and how many would by class shares alone.

    Known rows equally near count in parts. kappa: agreement beyond chance, of what there could be. away, beyond_season: how
    far off the same season was looked for, and how much kappa is above that with the known rows there; None without a season.
    """

    n: int
    agreed: float
    by_chance: float
    kappa: Smooth
    away: float | None = None
    beyond_season: Smooth | None = None

    @property
    def room(self) -> float:
        """How many rows class shares alone leave open."""
        return self.n - self.by_chance

    def lower(self, alpha: float) -> float | None:
        """One-sided lower bound with confidence 1 - alpha of kappa, or of what no season explains if that is less."""
        bounds = [one.lower(alpha) for one in (self.kappa, self.beyond_season) if one is not None]
        known = [bound for bound in bounds if bound is not None]
        return min(known) if len(known) == len(bounds) else None


@dataclass(frozen=True, eq=False)
class Series:
    """Rows ascending in time: time (n,) float64, label (n,) int64 from 0."""

    time: Floats
    label: Indices


def persistence(
    known_times: ArrayLike,
    known_labels: ArrayLike,
    times: ArrayLike,
    labels: ArrayLike,
    seasons: tuple[float, ...] = (),
) -> Persistence | None:
    """Agreement of rows with the known rows nearest in time; None where fewer than 30 units or one class alone are seen.

    known_times, known_labels (m,), times, labels (n,): in any order. seasons: periods, of which the longest that fits three
    times into the known times may explain agreement: `CALENDAR` for seconds.
    """
    known, rows = _series((known_times, known_labels), (times, labels))
    rows = _within(rows, known)
    stretch, units = _stretches(rows, known)
    if units < FEWEST_UNITS:
        return None
    away = _away(known, seasons)
    near = _Agreement.of(known, rows, rows.time)
    far = None if away is None else _Agreement.of(known, rows, _moved(rows, known, away))
    kappa = near.kappa(stretch)
    if kappa.value is None:
        return None
    beyond = None if far is None else near.kappa(stretch, far)
    return Persistence(len(rows.time), float(near.agreed.sum()), float(near.expected.sum()), kappa, away, beyond)


@dataclass(frozen=True, eq=False)
class _Agreement:
    """Of each row (n,): the share of its nearest known rows with its label, and its part in what class shares give."""

    agreed: Floats
    expected: Floats

    @classmethod
    def of(cls, known: Series, rows: Series, target: Floats) -> "_Agreement":
        """Hold rows against the known ones nearest to the moments `target` (n,)."""
        start, end = _nearest(known.time, target)
        later = halves(rows.time)
        expected = np.zeros(len(target))
        for part in (slice(None),) if later is None else (later, ~later):
            expected[part] = _by_chance(known.label, rows.label[part], start[part], end[part])
        return cls(_agreed(known.label, rows.label, start, end), expected)

    def kappa(self, stretch: Indices, less: "_Agreement | None" = None) -> Smooth:
        """Agreement beyond chance, of what there could be, less that of another; jackknifed over stretches (n,) from 0."""
        n = np.bincount(stretch).astype(np.float64)
        value, left_out = self.values(stretch)
        if less is not None:
            other, others_left_out = less.values(stretch)
            value, left_out = value - max(other, 0.0), left_out - (others_left_out if other > 0 else 0.0)
        known = None if np.isnan(value) else float(value)
        return Smooth(known, jackknife_error(left_out), "identity", len(stretch), "jackknife over time", freedom(n))

    def values(self, stretch: Indices) -> tuple[float, Floats]:
        """Kappa of all rows and of those outside each stretch, NaN where all are of one class."""
        agreed, expected = np.bincount(stretch, self.agreed), np.bincount(stretch, self.expected)
        n = np.bincount(stretch).astype(np.float64)
        whole = _ratio(agreed.sum(keepdims=True), expected.sum(keepdims=True), n.sum(keepdims=True))
        return float(whole[0]), _ratio(without_each(agreed), without_each(expected), without_each(n))


def _ratio(agreed: Floats, expected: Floats, n: Floats) -> Floats:
    room = n - expected
    return np.asarray(np.divide(agreed - expected, room, out=np.full(len(n), np.nan), where=room > 1e-9 * n))


def _series(*parts: tuple[ArrayLike, ArrayLike]) -> list[Series]:
    """Rows ascending in time and label, with classes numbered alike."""
    times = [np.asarray(time, np.float64) for time, _ in parts]
    labels = np.unique(np.concatenate([np.asarray(label) for _, label in parts]), return_inverse=True)[1]
    cut = np.split(labels.astype(np.int64), np.cumsum([len(time) for time in times])[:-1])
    orders = [np.lexsort((label, time)) for time, label in zip(times, cut, strict=True)]
    return [Series(time[order], label[order]) for time, label, order in zip(times, cut, orders, strict=True)]


def _within(rows: Series, known: Series) -> Series:
    """The rows from the first known time to the last."""
    inside = np.zeros(len(rows.time), bool)
    if len(known.time):
        inside = (rows.time >= known.time[0]) & (rows.time <= known.time[-1])
    return Series(rows.time[inside], rows.label[inside])


def _stretches(rows: Series, known: Series) -> tuple[Indices, int]:
    """(n,) number of the stretch of time of each row, and how many units there are: rows that no known row parts."""
    if not len(rows.time):
        return np.zeros(0, np.int64), 0
    gap = sum(np.searchsorted(known.time, rows.time, side) for side in ("left", "right"))
    _, first, unit = np.unique(gap, return_index=True, return_inverse=True)
    stretch = first[unit] * STRETCHES // len(rows.time)
    return np.unique(stretch, return_inverse=True)[1], len(first)


def _away(known: Series, seasons: tuple[float, ...]) -> float | None:
    """How far off to look for the same season: whole periods of the longest that fits three times, about a third of all time."""
    third = float(known.time[-1] - known.time[0]) / 3
    period = max((one for one in seasons if one <= third), default=None)
    return None if period is None else period * round(third / period)


def _moved(rows: Series, known: Series, away: float) -> Floats:
    """(n,) the time of each row as much later, or earlier where no known row is as late."""
    return np.where(rows.time + away <= known.time[-1], rows.time + away, rows.time - away)


def _nearest(times: Floats, target: Floats) -> tuple[Indices, Indices]:
    """(n,) first and end of the known times nearest to each target; both sides where they are equally near."""
    after = np.minimum(np.searchsorted(times, target), len(times) - 1)
    before = np.maximum(np.searchsorted(times, target, side="right") - 1, 0)
    behind, ahead = np.abs(target - times[before]), np.abs(times[after] - target)
    start = np.searchsorted(times, np.where(behind <= ahead, times[before], times[after]))
    end = np.searchsorted(times, np.where(ahead <= behind, times[after], times[before]), side="right")
    return start, end


def _agreed(known: Indices, labels: Indices, start: Indices, end: Indices) -> Floats:
    """(n,) share of the known rows from start to end with the label of each row."""
    place = np.sort(known * len(known) + np.arange(len(known)))
    ahead, through = (np.searchsorted(place, labels * len(known) + one) for one in (start, end))
    return np.asarray((through - ahead) / (end - start))


def _by_chance(known: Indices, labels: Indices, start: Indices, end: Indices) -> Floats:
    """(n,) each row's part in the sum over classes of the product of shares; their mean is that sum.

    Linear in the row (the influence of both of its labels on the sum), so that a jackknife sees how uncertain the shares are.
    """
    if not len(labels):
        return np.zeros(0)
    classes = int(max(known.max(), labels.max())) + 1
    ends = np.bincount(start, 1 / (end - start), len(known) + 1) - np.bincount(end, 1 / (end - start), len(known) + 1)
    beside = np.bincount(known, np.cumsum(ends)[:-1], classes) / len(labels)
    shares = np.bincount(labels, minlength=classes) / len(labels)
    total = np.concatenate([[0.0], np.cumsum(shares[known])])
    return np.asarray(beside[labels] + (total[end] - total[start]) / (end - start) - float(beside @ shares))
