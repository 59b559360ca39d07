"""How the times of two sets of rows lie to each other, and whether rows near in time are easier."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from auditor.statistics.bins import Counts, Floats
from auditor.statistics.estimates import Difference
from auditor.statistics.proportions import Proportion
from auditor.statistics.shift import CountShift, compare_counts

BINS = 10


@dataclass(frozen=True)
class ByDistance:
    """Right answers k of n rows by ascending distance, each bin from `low` to `high`; rows of one distance share a bin."""

    low: Floats
    high: Floats
    k: Counts
    n: Counts


def seconds(times: NDArray[np.generic]) -> Floats:
    """(n,) float64: numbers as they stand, dates as seconds since 1970."""
    if times.dtype.kind == "M":
        return np.asarray(times.astype("datetime64[us]").view(np.int64) / 1e6)
    return times.astype(np.float64)


def distance_of_distributions(first: ArrayLike, second: ArrayLike) -> float | None:
    """The largest distance of two empirical distributions (Kolmogorov 1933, Smirnov 1939); None where one is empty."""
    a, b = np.sort(np.asarray(first, np.float64)), np.sort(np.asarray(second, np.float64))
    if not len(a) or not len(b):
        return None
    both = np.concatenate([a, b])
    shares = [np.searchsorted(one, both, side="right") / len(one) for one in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max())


def distance_to_nearest(times: ArrayLike, known: ArrayLike) -> Floats:
    """(n,) distance of each time to the nearest of the known ones, of which there is at least one."""
    at, among = np.asarray(times, np.float64), np.sort(np.asarray(known, np.float64))
    place = np.searchsorted(among, at)
    before, after = among[np.maximum(place - 1, 0)], among[np.minimum(place, len(among) - 1)]
    return np.asarray(np.minimum(np.abs(at - before), np.abs(at - after)))


def by_distance(distance: ArrayLike, right: ArrayLike, bins: int = BINS) -> ByDistance:
    """Right answers in at most `bins` bins of about equal rows."""
    far = np.asarray(distance, np.float64)
    edges = np.unique(np.quantile(far, np.arange(1, bins) / bins)) if len(far) else np.zeros(0)
    place = np.searchsorted(edges, far)
    bin_, of = np.unique(place, return_inverse=True)
    n, k = np.bincount(of, minlength=len(bin_)), np.bincount(of, np.asarray(right, np.float64), len(bin_))
    ends = [np.array([end(far[of == i]) for i in range(len(bin_))]) for end in (np.min, np.max)]
    return ByDistance(ends[0], ends[1], k.astype(np.int64), n.astype(np.int64))


def decay(distance: ArrayLike, right: ArrayLike, alike: float = 1.0) -> Difference | None:
    """The share right of the nearest third of rows minus that of the farthest; None where distances do not tell thirds apart.

    alike: the rows that tell as much as one, as where groups of rows are alike.
    """
    far, good = np.asarray(distance, np.float64), np.asarray(right, bool)
    if not len(far):
        return None
    first, second = np.quantile(far, [1 / 3, 2 / 3])
    near, away = far <= first, (far >= second) & (far > first)
    return Difference(_share(good[near], alike), _share(good[away], alike)) if away.any() else None


def halves(times: ArrayLike) -> NDArray[np.bool_] | None:
    """(n,) whether each time lies in the later half; None where all are one time."""
    at = np.asarray(times, np.float64)
    if not len(at) or at.min() == at.max():
        return None
    later = at > np.median(at)
    return later if later.any() else np.asarray(at >= np.median(at))


def gain_of_later(later: NDArray[np.bool_], right: ArrayLike, alike: float = 1.0) -> Difference:
    """The share right of later rows minus that of earlier ones."""
    good = np.asarray(right, bool)
    return Difference(_share(good[later], alike), _share(good[~later], alike))


def shift_of_later(later: NDArray[np.bool_], labels: ArrayLike, alike: float = 1.0) -> CountShift | None:
    """How the classes of later rows differ from those of earlier ones; None where there is one class."""
    values, place = np.unique(np.asarray(labels), return_inverse=True)
    counted = [np.bincount(place[part], minlength=len(values)) / alike for part in (~later, later)]
    return compare_counts(*counted)


def _share(right: NDArray[np.bool_], alike: float) -> Proportion:
    return Proportion(int(right.sum()) / alike, len(right) / alike)
