"""Metrics of a confusion matrix whose rows stand in groups or carry weights, each with its design effect."""

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.averages import Statistic, macro_f1, macro_precision, macro_recall
from auditor.statistics.bounds import Scale, Smooth
from auditor.statistics.confusion import defined, f_scores, ratio, recalls
from auditor.statistics.designs import (
    ACCURACY,
    BucketCounts,
    Rate,
    UnderDesign,
    effect_of,
    jackknifed,
    rate_effect,
    rates_of_class,
    units_of,
    weighing_effect,
)
from auditor.statistics.estimates import FScore, MeanOfProportions, PairedDifference, Proportion
from auditor.statistics.resampling import jackknife_error

MACRO_MEANS = frozenset({macro_precision, macro_recall, macro_f1})


def rate_estimate(counts: BucketCounts, rate: Rate) -> UnderDesign:
    """A share with its design effect."""
    total = counts.total
    k, n, rows = float(rate.part(total)), float(rate.whole(total)), float(rate.whole(counts.rows))
    plain = Proportion(min(max(k * rows / n, 0.0), rows), rows) if n > 0 else Proportion(0, 0)
    return UnderDesign(plain, *rate_effect(counts, rate), counts.weighted)


def f_estimate(counts: BucketCounts, k: int, beta: float = 1.0) -> UnderDesign:
    """F-beta of class k with its design effect, by the delta variance of its logit."""
    rate, total = rates_of_class(k)["jaccard"], counts.total
    n, rows = float(rate.whole(total)), float(rate.whole(counts.rows))
    scale, right = (rows / n if n else 0.0), total.correct[k]
    tp, fp, fn = (float(max(part * scale, 0)) for part in (right, total.predicted[k] - right, total.support[k] - right))
    plain = FScore(tp, fp, fn, beta)
    if counts.groups is None:
        return UnderDesign(plain, weighing_effect(counts, rate), None, counts.weighted)
    left, value, square = counts.without_each, plain.value or 0.0, beta**2
    errors = square * fn + fp
    logit_variance = 1 / tp + (square**2 * fn + fp) / errors**2 if tp and errors else 0.0
    behind = rate.whole(counts.classes)
    spread = jackknife_error(f_scores(left, beta)[:, k]) if counts.can_tell(behind) else None
    variance = logit_variance * (value * (1 - value)) ** 2
    found = effect_of(spread, variance, behind, rows / units_of(counts, rate))
    return UnderDesign(plain, *found, counts.weighted)


def mean_recall_estimate(counts: BucketCounts, among: NDArray[np.bool_] | None = None) -> UnderDesign:
    """Balanced accuracy with the design effect of the mean, over all classes that have rows or over those `among` them."""
    total = counts.total
    present = total.support > 0 if among is None else (total.support > 0) & among
    rows = np.where(present, counts.rows.support, 0)
    recall = np.nan_to_num(recalls(total))
    plain = MeanOfProportions(tuple((recall * rows).tolist()), tuple(rows.tolist()))
    if counts.groups is None:
        effects = (weighing_effect(counts, rates_of_class(int(k))["recall"]) for k in np.flatnonzero(present))
        return UnderDesign(plain, max(effects, default=1.0), None, counts.weighted)
    variance = float(np.sum((recall * (1 - recall))[present] / rows[present]) / max(present.sum(), 1) ** 2)
    # Not the mean of the classes that are left: without its only bucket a class shows no variance of its own.
    left = recalls(counts.without_each)[:, present].mean(axis=1) if present.any() else np.zeros(0)
    smallest = float(rows[present].min(initial=max(int(counts.rows.n), 1)))
    told = all(counts.can_tell(counts.classes.support[:, k]) for k in np.flatnonzero(present))
    found = effect_of(
        jackknife_error(left) if told else None, variance, counts.classes.n, smallest / counts.units_of_smallest_class()
    )
    return UnderDesign(plain, *found, counts.weighted)


def gain_estimate(counts: BucketCounts, answer: int) -> UnderDesign:
    """Accuracy minus that of always answering one class, with its design effect."""
    total = counts.total
    rows = float(counts.rows.n) if total.n else 0.0
    scale = rows / float(total.n) if total.n else 0.0
    ahead, behind = Rate(lambda c: ACCURACY.part(c) - c.correct[..., answer], ACCURACY.whole), _missed(answer)
    n10, n01 = (max(float(rate.part(total)) * scale, 0.0) for rate in (ahead, behind))
    plain = PairedDifference(n10, n01, rows)
    if counts.groups is None:
        return UnderDesign(plain, weighing_effect(counts, ACCURACY), None, counts.weighted)
    left = counts.without_each
    spread = (
        jackknife_error(ratio(ahead.part(left) - behind.part(left), left.n))
        if counts.can_tell(counts.classes.n)
        else None
    )
    variance = ((n10 + n01) / rows - ((n10 - n01) / rows) ** 2) / rows if rows else 0.0
    found = effect_of(spread, variance, counts.classes.n, rows / units_of(counts, ACCURACY))
    return UnderDesign(plain, *found, counts.weighted)


def summary_estimate(counts: BucketCounts, statistic: Statistic, scale: Scale) -> Smooth:
    """A summary of the whole confusion matrix with the jackknife's standard error."""
    n, left = float(counts.rows.n), statistic(counts.without_each)
    if statistic in MACRO_MEANS:
        left = np.where(_emptied(counts), np.nan, left)
    return jackknifed(counts, defined(statistic(counts.total)) if counts.total.n else None, left, scale, n)


def _emptied(counts: BucketCounts) -> NDArray[np.bool_]:
    """(buckets that hold rows,) whether a class has no rows without it."""
    return np.asarray(((counts.without_each.support <= 0) & (counts.total.support > 0)).any(axis=1))


def _missed(answer: int) -> Rate:
    return Rate(lambda c: c.support[..., answer] - c.correct[..., answer], ACCURACY.whole)
