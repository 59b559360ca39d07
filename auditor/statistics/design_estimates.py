"""Metrics of a confusion matrix whose rows stand in groups or carry weights, each with its design effect."""

from dataclasses import replace

import numpy as np

from auditor.statistics.averages import Statistic, balanced_accuracy
from auditor.statistics.bounds import Scale, Smooth
from auditor.statistics.confusion import defined, f_scores, ratio, recalls
from auditor.statistics.designs import (
    ACCURACY,
    BucketCounts,
    Rate,
    UnderDesign,
    binding_rows,
    effect_of,
    jackknifed,
    kish_effect,
    rate_effect,
    rates_of_class,
)
from auditor.statistics.estimates import FScore, MeanOfProportions, PairedDifference, Proportion
from auditor.statistics.resampling import jackknife_error


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
        return UnderDesign(plain, kish_effect(counts, rate), None, counts.weighted)
    left, value, square = counts.without_each, plain.value or 0.0, beta**2
    errors = square * fn + fp
    logit_variance = 1 / tp + (square**2 * fn + fp) / errors**2 if tp and errors else 0.0
    spread = jackknife_error(f_scores(left, beta)[:, k]) if counts.can_tell else None
    found = effect_of(counts, spread, logit_variance * (value * (1 - value)) ** 2, rate.whole(counts.classes))
    return UnderDesign(plain, *found, counts.weighted)


def mean_recall_estimate(counts: BucketCounts) -> UnderDesign:
    """Balanced accuracy with the design effect of the mean."""
    total, rows = counts.total, counts.rows.support
    recall = np.nan_to_num(recalls(total))
    plain = MeanOfProportions(tuple((recall * rows).tolist()), tuple(rows.tolist()))
    if counts.groups is None:
        effect = max((kish_effect(counts, rates_of_class(k)["recall"]) for k in range(len(rows))), default=1.0)
        return UnderDesign(plain, effect, None, counts.weighted)
    left, present = counts.without_each, rows > 0
    variance = float(np.sum((recall * (1 - recall))[present] / rows[present]) / max(present.sum(), 1) ** 2)
    spread = jackknife_error(balanced_accuracy(left)) if counts.can_tell else None
    return UnderDesign(plain, *effect_of(counts, spread, variance, counts.classes.n), counts.weighted)


def gain_estimate(counts: BucketCounts, answer: int) -> UnderDesign:
    """Accuracy minus that of always answering one class, with its design effect."""
    total, rows = counts.total, float(counts.rows.n)
    scale = rows / float(total.n) if total.n else 0.0
    ahead, behind = Rate(lambda c: ACCURACY.part(c) - c.correct[..., answer], ACCURACY.whole), _missed(answer)
    n10, n01 = (max(float(rate.part(total)) * scale, 0.0) for rate in (ahead, behind))
    plain = PairedDifference(n10, n01, rows)
    if counts.groups is None:
        return UnderDesign(plain, kish_effect(counts, ACCURACY), None, counts.weighted)
    left = counts.without_each
    spread = jackknife_error(ratio(ahead.part(left) - behind.part(left), left.n)) if counts.can_tell else None
    variance = ((n10 + n01) / rows - ((n10 - n01) / rows) ** 2) / rows if rows else 0.0
    return UnderDesign(plain, *effect_of(counts, spread, variance, counts.classes.n), counts.weighted)


def summary_estimate(counts: BucketCounts, statistic: Statistic, scale: Scale) -> Smooth:
    """A summary of the whole confusion matrix with the jackknife's standard error."""
    n = float(counts.rows.n)
    found = jackknifed(
        counts, defined(statistic(counts.total)) if n else None, statistic(counts.without_each), scale, n
    )
    support = np.asarray(counts.rows.support, np.float64)
    smallest = float(np.min(np.where(support > 0, support, n)))
    return replace(found, binding=binding_rows(counts, smallest))


def _missed(answer: int) -> Rate:
    return Rate(lambda c: c.support[..., answer] - c.correct[..., answer], ACCURACY.whole)
