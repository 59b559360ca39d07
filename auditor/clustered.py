"""Metrics of a split whose rows were declared to depend on each other, or to weigh differently."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from auditor.findings import NotApplicable
from auditor.states import BucketLosses, BucketRanking, Buckets, Confusion, Ranking
from auditor.statistics.averages import SUMMARIES, macro_recall
from auditor.statistics.bounds import Estimate, Smooth
from auditor.statistics.clustered_ranking import (
    RankedRows,
    area_estimate,
    average_precision_under_design,
    mean_over_classes,
)
from auditor.statistics.design_estimates import f_estimate, gain_estimate, mean_recall_estimate, rate_estimate
from auditor.statistics.designs import (
    UnderDesign,
    rates_of_class,
    share_of_class,
)
from auditor.statistics.filled import Filled
from auditor.statistics.ranking import areas, average_precisions

if TYPE_CHECKING:
    from auditor.measurements import SplitMeasurements

AS_ACCURACY = frozenset({"accuracy", "micro_precision", "micro_recall", "micro_f1", "weighted_recall"})
LOSSES = ("log_loss", "brier_score")
SKILLS = {"log_loss_skill": "log_loss", "brier_skill": "brier_score"}
UNRANKED = "more than 33 million scores by classes are not kept beside the weights of their rows"


def overall_under_design(split: "SplitMeasurements", name: str) -> Estimate:
    """A metric of the whole split, its interval from the buckets; raise NotApplicable for what is not weighed."""
    sums = split[Buckets]
    if name in AS_ACCURACY:
        return sums.accuracy
    if name in SUMMARIES:
        return sums.summary(*SUMMARIES[name])
    if name == "macro_recall" and (sums.counts.total.predicted[sums.counts.total.support == 0] > 0).any():
        return sums.summary(macro_recall, "logit")
    if name in ("balanced_accuracy", "macro_recall"):
        return mean_recall_estimate(sums.counts)
    if name == "normalised_accuracy":
        shares = _shares(split)
        return Filled(gain_estimate(sums.counts, int(shares.argmax())), 1 - float(shares.max(initial=0)))
    return split[BucketLosses].mean(name, sums.counts) if name in LOSSES else _skill(split, SKILLS[name])


def class_under_design(split: "SplitMeasurements", name: str, class_index: int) -> Estimate | None:
    """A metric of one class; None where rows are independent and count alike."""
    if Buckets not in split:
        return None
    counts = split[Buckets].counts
    if name == "f1":
        return f_estimate(counts, class_index)
    rates = rates_of_class(class_index)
    if name in rates:
        return rate_estimate(counts, rates[name])
    ranked, ranking = _ranked(split, class_index), split[Ranking]
    if name == "roc_auc":
        return area_estimate(counts, ranking.metrics(class_index).area, ranked)
    return average_precision_under_design(counts, ranking.average_precision(class_index), ranked)


def f_under_design(split: "SplitMeasurements", class_index: int, beta: float) -> UnderDesign | None:
    """F-beta of one class; None where rows are independent and count alike."""
    return f_estimate(split[Buckets].counts, class_index, beta) if Buckets in split else None


def mean_ranking_under_design(split: "SplitMeasurements", name: str) -> Smooth:
    """The mean over the ranked classes of `roc_auc` or `average_precision`; their rows are the same, hence the buckets."""
    counts, n = split[Buckets].counts, split[Confusion].n
    statistic = areas if name == "roc_auc" else average_precisions
    values, left = [], []
    for k in split[Ranking].ranked:
        ranked = _ranked(split, k)
        if ranked is None:
            plain = [split[Ranking].metrics(i) for i in split[Ranking].ranked]
            known = [v for one in plain if (v := one.auc if name == "roc_auc" else one.average_precision) is not None]
            return Smooth(sum(known) / len(known) if known else None, None, "logit", n, "mean over classes")
        values.append(ranked.auc if name == "roc_auc" else ranked.average_precision)
        left.append(statistic(*ranked.without_each))
    return mean_over_classes(counts, values, left, n)


def gain_under_design(split: "SplitMeasurements", answer: int) -> UnderDesign | None:
    """Accuracy minus that of always answering one class; None where rows are independent and count alike."""
    return gain_estimate(split[Buckets].counts, answer) if Buckets in split else None


def share_under_design(split: "SplitMeasurements", class_index: int) -> UnderDesign | None:
    """How frequent a class is; None where rows are independent and count alike."""
    return rate_estimate(split[Buckets].counts, share_of_class(class_index)) if Buckets in split else None


def _ranked(split: "SplitMeasurements", class_index: int) -> RankedRows | None:
    """The rows by the score of a class; NotApplicable where they are weighted and beyond the budget."""
    found = split[BucketRanking].of_class(class_index)
    if found is None and split[Buckets].weighted:
        raise NotApplicable(UNRANKED)
    return found


def _shares(split: "SplitMeasurements") -> np.ndarray:
    """(classes,) weighted shares of the classes."""
    support = split[Buckets].weighted_support
    return support / max(float(support.sum()), 1e-300)


def _skill(split: "SplitMeasurements", name: str) -> Smooth:
    """1 - mean loss / loss of the constant answer that states the weighted share of each class, taken as known."""
    estimate, shares = split[BucketLosses].mean(name, split[Buckets].counts), _shares(split)
    held = shares[shares > 0]
    constant = float(-(held * np.log(held)).sum()) if name == "log_loss" else float((shares * (1 - shares)).sum())
    if split[Confusion].task.is_binary and name == "brier_score":
        constant /= 2
    if estimate.value is None or constant <= 0:
        return Smooth(None, None, "identity", estimate.n, estimate.method)
    error = None if estimate.standard_error is None else estimate.standard_error / constant
    return replace(estimate, value=1 - estimate.value / constant, standard_error=error)
