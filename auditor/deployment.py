"""Metrics where the classes occur as often as they will in use, and not as often as in the test file."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from auditor import wording
from auditor.findings import NotApplicable
from auditor.states import Buckets, Confusion, Ranking
from auditor.states.confusion import ConfusionMatrix
from auditor.statistics.bins import Floats
from auditor.statistics.design_estimates import rate_estimate
from auditor.statistics.designs import rates_of_class
from auditor.statistics.estimates import Estimate, Proportion
from auditor.statistics.prior import (
    AccuracyAtPrior,
    FScoreAtPrior,
    PrecisionAtPrior,
    WeightedMean,
    average_precision_at_prior,
)

if TYPE_CHECKING:
    from auditor.measurements import Measurements, SplitMeasurements

UNMOVED = ("recall", "balanced_accuracy", "macro_recall")
AGAINST_THE_REST = ("specificity", "roc_auc")
AS_ACCURACY = ("accuracy", "micro_precision", "micro_recall", "micro_f1", "weighted_recall")
F_BETA = re.compile(r"f(\d+(?:\.\d+)?)")


def metric_in_use(split: "SplitMeasurements", name: str, prior: Mapping[str, float]) -> tuple[Estimate, str]:
    """A metric where the named classes make up these shares of the rows, and the words that say so.

    The other classes share the rest as in the split. Recall and balanced accuracy do not hang on the shares, specificity and
    ROC-AUC only where a class has several others. Means over classes of precision or F, MCC, kappa, losses and skills are not
    followed. Raises NotApplicable for what is not followed, or where what it needs was not measured.
    """
    if not prior or name.partition("[")[0] in UNMOVED:
        return split.metric(name), ""
    if split.labels:
        return _of_label(split, name, prior)
    shares = class_shares(split, prior)
    if _keeps_its_rest(split, name, shares):
        return split.metric(name), ""
    found = _followed(split, name, shares)
    if found is None:
        raise NotApplicable(
            "it is not followed to the class shares that were stated; ask for a metric that is, or for recall"
        )
    return found, in_use(prior)


def judged_in_use(m: "Measurements", name: str, prior: Mapping[str, float]) -> tuple[Estimate, str]:
    """A metric of the judged rows at the class shares of use, and the words that say so.

    Where copies of mostly some classes were taken out, the rows left have not the shares of the file, and those of the file come
    from the copies: what hangs on the shares is told at those that are stated, the rest divided as in the file. Raises
    NotApplicable for it where none are, for what is not followed to them, and for a mean over classes one of which has no row left.
    """
    if not m.remixed:
        return m.test.metric_in_use(name, prior)
    left, whole = m.test[Confusion].support, m.as_given[Confusion].support
    lost = [wording.quoted(m.task.class_names[k]) for k in np.flatnonzero((left == 0) & (whole > 0))]
    if lost and "[" not in name and name in UNMOVED[1:]:
        raise NotApplicable(f"without copies no row of {', '.join(lost)} is left")
    if name.partition("[")[0] in (*UNMOVED, *(AGAINST_THE_REST if m.task.is_binary else ())):
        return m.test.metric(name), ""
    if not prior:
        raise NotApplicable(
            "copies of mostly some classes were taken out, and the class shares of the file come from them: state those of use with --prior"
        )
    shares = dict(zip(m.task.class_names, m.as_given.class_shares(prior).tolist(), strict=True))
    estimate, moved = m.test.metric_in_use(name, shares)
    return estimate, in_use(prior) if moved else ""


def _of_label(split: "SplitMeasurements", name: str, prior: Mapping[str, float]) -> tuple[Estimate, str]:
    """A metric of one label at its stated share; those over all labels, and of labels without one, stay as they are."""
    plain, _, label = name.removesuffix("]").partition("[")
    if label in prior and label in split.counts.task.class_names:
        return split.labels[split.counts.task.class_names.index(label)].metric_in_use(plain, {label: prior[label]})
    if not label:
        raise NotApplicable(
            "over all labels it is not followed to the shares that were stated; ask for it of one label"
        )
    return split.metric(name), ""


def _keeps_its_rest(split: "SplitMeasurements", name: str, shares: Floats) -> bool:
    """Whether a metric of one class against the rest stays, since the rest is mixed in use as among the rows."""
    plain, _, class_name = name.removesuffix("]").partition("[")
    if plain not in AGAINST_THE_REST:
        return False
    matrix = split[Confusion]
    if matrix.task.is_binary:
        return True
    return bool(class_name) and _is_observed(matrix, matrix.task.class_names.index(class_name), shares)


def _rest_in_use(matrix: ConfusionMatrix, index: int, shares: Floats) -> Floats:
    """(classes,) shares of the other classes among themselves, 0 for the class itself."""
    others = np.arange(matrix.task.n_classes) != index
    return np.asarray(np.where(others, shares, 0.0) / max(1 - float(shares[index]), np.finfo(np.float64).tiny))


def _is_observed(matrix: ConfusionMatrix, index: int, shares: Floats) -> bool:
    rest = np.where(np.arange(matrix.task.n_classes) != index, matrix.support, 0)
    return np.allclose(_rest_in_use(matrix, index, shares), rest / max(int(rest.sum()), 1), atol=1e-12)


def in_use(prior: Mapping[str, float]) -> str:
    """`where 1.0% of the rows are “fraud”`."""
    stated = " and ".join(
        f"{wording.ratio(share)} of the rows are {wording.quoted(name)}" for name, share in prior.items()
    )
    return f"where {stated}"


def _followed(split: "SplitMeasurements", name: str, shares: Floats) -> Estimate | None:
    matrix = split[Confusion]
    plain, _, class_name = name.removesuffix("]").partition("[")
    if name in AS_ACCURACY and Buckets not in split:
        return WeightedMean(tuple(matrix.correct.tolist()), tuple(matrix.support.tolist()), tuple(shares.tolist()))
    index = matrix.task.class_names.index(class_name) if class_name else matrix.task.positive
    if Buckets in split:
        index = 0 if name in AS_ACCURACY else index
        known = index is not None and matrix.task.is_binary
        return _under_design(split, plain, index or 0, float(shares[index or 0])) if known else None
    return None if index is None else _of_class(split, plain, index, shares)


def class_shares(split: "SplitMeasurements", prior: Mapping[str, float]) -> Floats:
    """(classes,) shares in use: those stated, and what they leave divided as among the rows, by weight where they have one."""
    names, rows = split[Confusion].task.class_names, split[Confusion].support
    weight = split[Buckets].weighted_support if Buckets in split else rows
    shares = np.array([prior.get(name, 0.0) for name in names])
    others = np.array([name not in prior for name in names])
    support = np.where(others, weight, 0).astype(np.float64)
    if support.sum():
        shares += support / support.sum() * max(0.0, 1 - shares.sum())
    return shares


def _of_class(split: "SplitMeasurements", plain: str, index: int, shares: Floats) -> Estimate | None:
    matrix, share = split[Confusion], float(shares[index])
    recall, alarms = matrix.classes.recall(index), _false_alarms(matrix, index, shares)
    if plain == "precision":
        return PrecisionAtPrior(recall, alarms, share)
    if plain == "negative_predictive_value":
        return PrecisionAtPrior(_complement(alarms), _complement(recall), 1 - share)
    if plain == "specificity":
        return _complement(alarms)
    if found := F_BETA.fullmatch(plain):
        return FScoreAtPrior(recall, alarms, share, float(found[1]))
    if plain == "average_precision" and matrix.task.is_binary:
        if index not in split[Ranking].ranked:
            raise NotApplicable(f"class {matrix.task.class_names[index]} was not ranked")
        return average_precision_at_prior(*split[Ranking].tally(index), share, f"audit-v1 average precision {index}")
    return None


def _under_design(split: "SplitMeasurements", plain: str, index: int, share: float) -> Estimate | None:
    """A metric of one of two classes whose rows stand in groups or carry weights; None where it is not followed."""
    counts, rates = split[Buckets].counts, rates_of_class(index)
    recall, specificity = (rate_estimate(counts, rates[name]) for name in ("recall", "specificity"))
    if plain in AS_ACCURACY:
        return AccuracyAtPrior(recall, specificity.complement, share)
    if plain == "precision":
        return PrecisionAtPrior(recall, specificity.complement, share)
    if plain == "negative_predictive_value":
        return PrecisionAtPrior(specificity, recall.complement, 1 - share)
    found = F_BETA.fullmatch(plain)
    return None if found is None else FScoreAtPrior(recall, specificity.complement, share, float(found[1]))


def _false_alarms(matrix: ConfusionMatrix, index: int, shares: Floats) -> Proportion | WeightedMean:
    """Share of the rows of other classes that are called a class, each class weighing what it does in use."""
    pairs, support = matrix.pairs, matrix.support
    called = np.zeros(matrix.task.n_classes, np.int64)
    column = pairs.called == index
    called[pairs.true[column]] = pairs.counts[column]
    others = np.arange(matrix.task.n_classes) != index
    if _is_observed(matrix, index, shares):
        return Proportion(int(called[others].sum()), int(support[others].sum()))
    weights = _rest_in_use(matrix, index, shares)
    return WeightedMean(tuple(called.tolist()), tuple(support.tolist()), tuple(weights.tolist()))


def _complement(rate: Proportion | WeightedMean) -> Proportion | WeightedMean:
    """One minus the rate."""
    if isinstance(rate, Proportion):
        return Proportion(rate.n - rate.k, rate.n)
    left = tuple(n - k for k, n in zip(rate.k, rate.n_each, strict=True))
    return WeightedMean(left, rate.n_each, rate.weights)
