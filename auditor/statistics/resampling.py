"""Uncertainty of any function of counts: Poisson bootstrap of the counts, jackknife over hash buckets.

A sum of n independent Poisson(1) row weights is Poisson(n), so that drawing the counts is the Poisson bootstrap of the
rows at a cost that does not depend on their number (Chamandy et al. 2012; Hanley & MacGibbon 2006). Where rows are not
independent, whole clusters share a bucket and the jackknife over buckets holds (Chamandy et al. 2012).
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.averages import SUMMARIES, Statistic
from auditor.statistics.bins import Counts, Floats, equal_mass_groups
from auditor.statistics.bounds import Scale
from auditor.statistics.confusion import ConfusionCounts, defined
from auditor.statistics.estimates import Smooth
from auditor.statistics.intervals import to_scale
from auditor.statistics.ranking import average_precisions, rank_counts

REPLICATES = 400
CELLS_AT_ONCE = 1 << 21

# Neighbouring bins are merged before average precision is resampled: its standard error changes by less than the
# bootstrap's own error.
RANKING_BINS = 256


def generator(name: str) -> np.random.Generator:
    """Random numbers that depend on the name alone."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


def poisson_replicates(counts: Counts, name: str, replicates: int = REPLICATES) -> Iterator[Counts]:
    """Poisson replicates of the counts, as blocks (some replicates, cells) that together have `replicates` rows."""
    draw = generator(name)
    step = max(1, CELLS_AT_ONCE // max(1, len(counts)))
    for start in range(0, replicates, step):
        yield draw.poisson(counts, (min(step, replicates - start), len(counts)))


def bootstrap_confusion(
    confusion: ConfusionCounts, statistics: Mapping[str, Statistic], name: str, replicates: int = REPLICATES
) -> dict[str, Floats]:
    """(replicates,) values of each statistic, all from the same replicates of the cells.

    A class that occurs and is never right is drawn with half a row that is: a Poisson of 0 would never be anything else,
    and the spread too small.
    """
    held = _with_half_rows(confusion)
    found: dict[str, list[Floats]] = {key: [] for key in statistics}
    for block in poisson_replicates(held.counts, name, replicates):
        classes = held.replicated(block)
        for key, statistic in statistics.items():
            found[key].append(statistic(classes))
    return {key: np.concatenate(values) for key, values in found.items()}


def _with_half_rows(confusion: ConfusionCounts) -> ConfusionCounts:
    empty = np.flatnonzero((confusion.support > 0) & (confusion.correct == 0))
    counts = np.concatenate([confusion.counts, np.full(len(empty), 0.5)])
    true, called = np.concatenate([confusion.true, empty]), np.concatenate([confusion.called, empty])
    return ConfusionCounts(confusion.n_classes, true, called, counts)


def summary_estimates(
    confusion: ConfusionCounts, name: str, summaries: Mapping[str, tuple[Statistic, Scale]] = SUMMARIES
) -> dict[str, Smooth]:
    """MCC, kappa and the averages over classes, with standard errors by the Poisson bootstrap."""
    if not confusion.n:
        return {key: Smooth(None, None, scale, 0, "Poisson bootstrap") for key, (_, scale) in summaries.items()}
    replicates = bootstrap_confusion(confusion, {key: statistic for key, (statistic, _) in summaries.items()}, name)
    smallest = int(confusion.support[confusion.support > 0].min())
    return {
        key: Smooth(
            defined(statistic(confusion.classes)),
            spread(replicates[key]),
            scale,
            confusion.n,
            "Poisson bootstrap",
            binding=smallest,
        )
        for key, (statistic, scale) in summaries.items()
    }


def bootstrap_bins(
    positives: Counts,
    negatives: Counts,
    statistic: Callable[[NDArray[np.number], NDArray[np.number]], Floats],
    name: str,
    replicates: int = REPLICATES,
) -> Floats:
    """(replicates,) values of a statistic of binned scores, called with (replicates, bins) of each class."""
    held = np.flatnonzero(np.asarray(positives) + negatives)
    both = np.concatenate([np.asarray(positives)[held], np.asarray(negatives)[held]])
    blocks = poisson_replicates(both, name, replicates)
    return np.concatenate([statistic(block[:, : len(held)], block[:, len(held) :]) for block in blocks])


def average_precision_estimate(positives: Counts, negatives: Counts, name: str, replicates: int = REPLICATES) -> Smooth:
    """Average precision from counts per distinct score or bin, ascending, with its bootstrapped standard error and bias."""
    ranking = rank_counts(positives, negatives)
    rows, method = ranking.positives + ranking.negatives, "Poisson bootstrap"
    if not ranking.positives or not ranking.negatives:
        return Smooth(ranking.average_precision, None, "logit", rows, method)
    mass = np.asarray(positives) / ranking.positives + np.asarray(negatives) / ranking.negatives
    starts = equal_mass_groups(mass, RANKING_BINS)
    merged = [np.add.reduceat(np.asarray(counts, np.int64), starts) for counts in (positives, negatives)]
    resampled = bootstrap_bins(merged[0], merged[1], average_precisions, name, replicates)
    return Smooth(
        ranking.average_precision,
        spread(resampled),
        "logit",
        rows,
        method,
        binding=min(ranking.positives, ranking.negatives),
        leaning=_upward_lean(float(average_precisions(*merged)), resampled),
    )


def _upward_lean(value: float, replicates: Floats) -> float:
    """How far the replicates' mean lies above the value on the logit scale, 0 where it does not (Efron 1979).

    Average precision of few positives is biased upwards, since each positive counts itself among the found.
    """
    known = replicates[~np.isnan(replicates)]
    mean = float(known.mean()) if len(known) else value
    return to_scale(mean, "logit") - to_scale(value, "logit") if 0 < value < mean < 1 else 0.0


def spread(replicates: Floats) -> float | None:
    """Standard deviation of the defined replicates, None if fewer than half are defined."""
    known = replicates[~np.isnan(replicates)]
    return float(np.std(known, ddof=1)) if len(known) >= max(2, len(replicates) / 2) else None


def leave_one_out(buckets: Counts) -> Counts:
    """Totals without each bucket: (buckets, ...) to (buckets, ...)."""
    totals: Counts = buckets.sum(axis=0) - buckets
    return totals


def jackknife_error(without_each: Floats) -> float | None:
    """Delete-a-group jackknife standard error from the values without each of M buckets; M - 1 degrees of freedom.

    None if any value is undefined.
    """
    m = len(without_each)
    if m < 2 or np.isnan(without_each).any():
        return None
    return math.sqrt((m - 1) / m * float(np.sum((without_each - without_each.mean()) ** 2)))


def jackknife_estimate(value: float | None, without_each: Floats, scale: Scale, n: float) -> Smooth:
    """An estimate whose standard error is the bucket jackknife's, with Student's t."""
    return Smooth(value, jackknife_error(without_each), scale, n, "bucket jackknife", len(without_each) - 1)


def design_effect(k: Counts, n: Counts) -> float | None:
    """Variance of a share under the clustering relative to independent rows, from k and n per bucket.

    None where the share is 0 or 1, or all its rows are in one bucket. With 64 buckets independent rows give 0.68 to 1.4
    in 95% of cases.
    """
    total, rows = int(k.sum()), int(n.sum())
    without = leave_one_out(n)
    if not 0 < total < rows or (without == 0).any():
        return None
    error = jackknife_error(leave_one_out(k) / without)
    share = total / rows
    return None if error is None else error**2 / (share * (1 - share) / rows)
