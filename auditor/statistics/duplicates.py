"""Rows with equal features: how often their labels differ, what that costs, and how many a random split would share."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from auditor.statistics.bounds import Smooth

LINEARISED = "linearised ratio"


@dataclass(frozen=True)
class Repeats:
    """Counts over groups of two or more rows with equal features; those of two parts add up.

    rows: of all groups; squares: the sum of their squared sizes; conflicting: rows of groups with more than one label;
    pairs and disagreeing: pairs of rows of one group, and those of them whose labels differ; floor: rows that a function of
    the features must get wrong, those without the most frequent label of their group; wrong: rows that the model has wrong.
    """

    rows: int = 0
    squares: int = 0
    conflicting: int = 0
    pairs: int = 0
    disagreeing: int = 0
    floor: int = 0
    wrong: int = 0

    def __add__(self, other: "Repeats") -> "Repeats":
        """Counts of both."""
        return Repeats(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def disagreement(self) -> float | None:
        """D: the share of pairs of equal rows whose labels differ, an estimate of 1 - sum of squared class probabilities.

        No function of the features errs less often than D / 2 on such rows (Cover & Hart 1967). None without a pair.
        """
        return self.disagreeing / self.pairs if self.pairs else None

    @property
    def once_each(self) -> bool:
        """Whether no two rows are equal in features and label, as after all but one of each were dropped."""
        return self.pairs == self.disagreeing

    @property
    def ceiling(self) -> float | None:
        """The highest accuracy that a function of the features can have on these very rows; None without a row."""
        return 1 - self.floor / self.rows if self.rows else None


def repeats_of(words: NDArray[np.uint64], bits: int) -> Repeats:
    """Counts of sorted (n,) uint64 words: features above the lowest `bits`, outcome in the lowest, the label between."""
    words = words[_repeated(words >> np.uint64(bits))]
    if not len(words):
        return Repeats()
    groups, labels = _starts(words >> np.uint64(bits)), _starts(words >> np.uint64(min(1, bits)))
    size, alike = (np.diff(starts, append=len(words)) for starts in (groups, labels))
    first_label = np.searchsorted(labels, groups)
    differing = np.diff(first_label, append=len(labels)) > 1
    squares = np.add.reduceat(alike * alike, first_label)
    return Repeats(
        rows=len(words),
        squares=int((size * size).sum()),
        conflicting=int(size[differing].sum()),
        pairs=int((size * (size - 1) // 2).sum()),
        disagreeing=int(((size * size - squares) // 2).sum()),
        floor=int((size - np.maximum.reduceat(alike, first_label)).sum()),
        wrong=len(words) - int((words & np.uint64(1)).sum()) if bits else 0,
    )


@dataclass(frozen=True)
class AgainstNoise:
    """Sums over groups of test rows whose features train repeats, of each its size t and u, the errors it has too few.

    u is t times half the share of pairs of its training rows that differ in label, minus the test rows that are wrong.
    """

    groups: int = 0
    t: float = 0.0
    u: float = 0.0
    tt: float = 0.0
    tu: float = 0.0
    uu: float = 0.0

    def __add__(self, other: "AgainstNoise") -> "AgainstNoise":
        """Sums of both."""
        return AgainstNoise(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def estimate(self) -> Smooth:
        """The ratio u / t with the linearised variance over groups (Cochran 1977); undefined below two groups."""
        if self.groups < 2:
            return Smooth(None, None, "identity", self.t, LINEARISED)
        ratio, freedom = self.u / self.t, self.groups - 1
        squares = max(0.0, self.uu - 2 * ratio * self.tu + ratio**2 * self.tt)
        error = (self.groups / freedom * squares) ** 0.5 / self.t
        return Smooth(ratio, error, "identity", self.t, LINEARISED, float(freedom))


def against_noise(test: NDArray[np.uint64], train: NDArray[np.uint64], bits: int) -> AgainstNoise:
    """Those sums for sorted (n,) and (m,) words, as `repeats_of` takes them."""
    features = train >> np.uint64(bits)
    train = train[_repeated(features)]
    if not len(train) or not len(test):
        return AgainstNoise()
    known, differing = _disagreement(train, bits)
    place = np.searchsorted(known, test >> np.uint64(bits))
    met = known[np.minimum(place, len(known) - 1)] == test >> np.uint64(bits)
    t = np.bincount(place[met], minlength=len(known)).astype(np.float64)
    wrong = np.bincount(place[met], ~test[met] & np.uint64(1), minlength=len(known))
    t, u = t[t > 0], (t * differing / 2 - wrong)[t > 0]
    return AgainstNoise(len(t), *(float(part.sum()) for part in (t, u, t * t, t * u, u * u)))


def _disagreement(words: NDArray[np.uint64], bits: int) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """The features of each group of equal rows, and the share of its pairs that differ in label."""
    groups, labels = _starts(words >> np.uint64(bits)), _starts(words >> np.uint64(1))
    size, alike = (np.diff(starts, append=len(words)).astype(np.float64) for starts in (groups, labels))
    squares = np.add.reduceat(alike * alike, np.searchsorted(labels, groups))
    return words[groups] >> np.uint64(bits), (size * size - squares) / (size * (size - 1))


def several(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Those of sorted (n,) values that occur more than once, each once."""
    equal = np.flatnonzero(values[1:] == values[:-1])
    return np.unique(values[equal])


def expected_across(sizes: Mapping[int, int], n_test: int, n_train: int) -> float:
    """How many test rows would equal a training row, were all rows divided at random.

    sizes: how many groups of equal rows there are of each size, test and train together. A row that falls to test has no
    equal in train where the other m - 1 of its group fall to test too, which is hypergeometric:
    C(N - m, n_test - m) / C(N - 1, n_test - 1).
    """
    if not sizes:
        return 0.0
    m, groups = (np.array(part, np.float64) for part in zip(*sorted(sizes.items()), strict=True))
    n, held = n_test + n_train, np.minimum(m, n_test)
    alone = np.exp(gammaln(n_test) - gammaln(n_test - held + 1) - gammaln(n) + gammaln(n - m + 1))
    return float(np.sum(groups * m * (n_test / n) * (1 - np.where(m > n_test, 0.0, alone))))


def alone(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """(n,) bool: which of (n,) hashes in any order equal no other."""
    _, which, times = np.unique(hashes, return_inverse=True, return_counts=True)
    return np.asarray(times[which] == 1)


def _repeated(features: NDArray[np.uint64]) -> NDArray[np.bool_]:
    equal = features[1:] == features[:-1]
    return np.r_[equal, False] | np.r_[False, equal] if len(features) else np.zeros(0, bool)


def _starts(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Where a run of equal values starts."""
    return np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
