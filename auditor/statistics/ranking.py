"""How well a score ranks positives above negatives: AUC and average precision from counts, ties exact.

Counts come per distinct score, or per bin, in ascending order of the score; or as sorted keys of the positives and of
the negatives apart, where only the positives are walked.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from auditor.statistics.bins import Counts, Floats
from auditor.statistics.estimates import AreaUnderCurve

Keys = NDArray[np.uint32]


@dataclass(frozen=True)
class Ranking:
    """Ranking metrics of one score against one class; None where a class that they need is absent.

    delong_variance: variance of the area (DeLong, DeLong & Clarke-Pearson 1988), None below two rows in either class.
    """

    positives: int
    negatives: int
    auc: float | None
    average_precision: float | None
    delong_variance: float | None

    @property
    def area(self) -> AreaUnderCurve:
        """The area with its bounds."""
        return AreaUnderCurve(self.auc, self.positives, self.negatives, self.delong_variance)


def rank_metrics(sorted_positives: Keys, sorted_negatives: Keys) -> Ranking:
    """Ranking metrics from ascending keys (or scores) of each class, in time of the positives alone when they are few.

    Equal to the definitions of scikit-learn: ties count half for the area and form one threshold for the precision.
    """
    first, count = _runs(sorted_positives)
    keys = sorted_positives[first]
    below = np.searchsorted(sorted_negatives, keys, side="left")
    tied = np.zeros_like(below)
    next_up = sorted_negatives[np.minimum(below, len(sorted_negatives) - 1)] if len(sorted_negatives) else ~keys
    shared = np.flatnonzero(next_up == keys)
    tied[shared] = np.searchsorted(sorted_negatives, keys[shared], side="right") - below[shared]
    return _rank(count, below, tied, len(sorted_negatives))


def rank_counts(positives: Counts, negatives: Counts) -> Ranking:
    """Ranking metrics from counts per distinct score or bin, ascending; rows of one bin are taken as tied."""
    positives, negatives = np.asarray(positives, np.int64), np.asarray(negatives, np.int64)
    held = np.flatnonzero(positives)
    tied = negatives[held]
    return _rank(positives[held], np.cumsum(negatives)[held] - tied, tied, int(negatives.sum()))


def tally(sorted_positives: Keys, sorted_negatives: Keys) -> tuple[Keys, Counts, Counts]:
    """Distinct keys in ascending order with the positives and the negatives at each."""
    keys = np.concatenate([sorted_positives, sorted_negatives])
    order = np.argsort(keys, kind="stable")  # merges the two sorted runs in linear time
    keys = keys[order]
    first, total = _runs(keys)
    if not len(first):
        return keys, total, total
    positives = np.add.reduceat((order < len(sorted_positives)).astype(np.int64), first)
    return keys[first], positives, total - positives


def _runs(ascending: Keys) -> tuple[Counts, Counts]:
    """Start and length of each run of equal values."""
    first = np.flatnonzero(np.concatenate([[True] * bool(len(ascending)), ascending[1:] != ascending[:-1]]))
    return first, np.diff(first, append=len(ascending))


def _rank(count: Counts, below: Counts, tied: Counts, negatives: int) -> Ranking:
    """Metrics from positives, negatives below and negatives tied per distinct score that a positive has."""
    positives = int(count.sum())
    if not positives:
        return Ranking(0, negatives, None, None, None)
    above = positives - np.cumsum(count)
    concordant, precision = 0, 0.0
    for part in _blocks(len(count)):
        c, found = count[part], count[part] + above[part]
        concordant += int(np.sum(c * (2 * below[part] + tied[part])))
        precision += float(np.sum(c * found / (found + (negatives - below[part]))))
    if not negatives:
        return Ranking(positives, 0, None, precision / positives, None)
    # Twice the Mann-Whitney count is a whole number, divided once: the area is exact to the last bit.
    area = concordant / (2 * positives * negatives)
    variance = _delong(count, below, tied, negatives, area) if min(positives, negatives) > 1 else None
    return Ranking(positives, negatives, area, precision / positives, variance)


def _delong(count: Counts, below: Counts, tied: Counts, negatives: int, area: float) -> float:
    """Sum of the variances of the two mean placements; negatives lie between the positives' scores or are tied."""
    positives = int(count.sum())
    above = positives - np.cumsum(count)
    of_positives, of_negatives, passed = 0.0, 0.0, 0
    for part in _blocks(len(count)):
        c, over, under, equal = count[part], above[part], below[part], tied[part]
        between = np.diff(under, prepend=passed) - np.concatenate([[0], equal[:-1]])
        of_positives += float(np.sum(c * ((under + equal / 2) / negatives - area) ** 2))
        of_negatives += float(np.sum(between * ((over + c) / positives - area) ** 2))
        of_negatives += float(np.sum(equal * ((over + c / 2) / positives - area) ** 2))
        passed = int(under[-1] + equal[-1])
    of_negatives += (negatives - passed) * area**2
    return of_positives / (positives - 1) / positives + of_negatives / (negatives - 1) / negatives


def _blocks(length: int) -> Iterator[slice]:
    """Slices whose temporary arrays stay in the cache: whole arrays of a million cost their page faults."""
    return (slice(start, start + 16_384) for start in range(0, length, 16_384))


def auc_error_bound(positives: Counts, negatives: Counts) -> float | None:
    """Largest possible |area from bins - area from scores|: half the share of pairs that fall in one bin."""
    pairs = int(np.sum(positives)) * int(np.sum(negatives))
    return int(np.sum(np.asarray(positives, np.int64) * negatives)) / (2 * pairs) if pairs else None


def average_precision_bounds(positives: Counts, negatives: Counts) -> tuple[float, float] | None:
    """Smallest and largest average precision that the scores behind the bins can have, None without positives.

    Low: in each bin the negatives come first, all scores distinct. High: the positives come first, as one tie.
    """
    held = np.flatnonzero(positives)
    if not len(held):
        return None
    p, n = np.asarray(positives)[held].astype(np.float64), np.asarray(negatives)[held].astype(np.float64)
    through = np.cumsum(p)
    above = through[-1] - through
    false = float(np.sum(negatives)) - np.cumsum(negatives)[held]
    high = float(np.sum(p * (above + p) / (above + p + false)) / through[-1])
    worst = false + n
    # The sum over i = 1..p of (above + i) / (above + i + worst).
    low = p - worst * (special.digamma(above + worst + p + 1) - special.digamma(above + worst + 1))
    return float(np.sum(low) / through[-1]), high


def areas(positives: NDArray[np.number], negatives: NDArray[np.number]) -> Floats:
    """Area under the ROC curve along the last axis (replicates first), NaN where a class is absent."""
    p, n = np.asarray(positives, np.float64), np.asarray(negatives, np.float64)
    with np.errstate(invalid="ignore"):
        concordant = np.sum(p * (np.cumsum(n, axis=-1) - n / 2), axis=-1)
        return np.asarray(concordant / (p.sum(axis=-1) * n.sum(axis=-1)))


def average_precisions(positives: NDArray[np.number], negatives: NDArray[np.number]) -> Floats:
    """Average precision along the last axis (replicates first), ties as one threshold, NaN without positives."""
    p, n = np.asarray(positives, np.float64), np.asarray(negatives, np.float64)
    found = np.cumsum(p[..., ::-1], axis=-1)[..., ::-1]
    called = found + np.cumsum(n[..., ::-1], axis=-1)[..., ::-1]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sum(p * found / np.where(called > 0, called, 1), axis=-1) / p.sum(axis=-1))
