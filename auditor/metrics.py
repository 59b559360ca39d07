"""Metrics by the names users write: `accuracy`, `recall[fraud]`, `macro_f1`, `roc_auc`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from auditor import wording
from auditor.clustered import class_under_design, f_under_design, mean_ranking_under_design, overall_under_design
from auditor.errors import UsageError
from auditor.findings import NotApplicable
from auditor.label_metrics import label_metric, mean_estimate
from auditor.states import Buckets, Confusion, Losses, Ranking, TopRanks
from auditor.states.confusion import ConfusionMatrix
from auditor.statistics.estimates import Estimate, Smooth
from auditor.statistics.filled import Filled

if TYPE_CHECKING:
    from auditor.measurements import SplitMeasurements


TOP = re.compile(r"top_(10|[1-9])_accuracy")
F_BETA = re.compile(r"f(0\.\d{1,3}|[2-9]|[1-9]\.\d{1,3})")


class OfClass(Protocol):
    """A metric of one class against the rest."""

    def __call__(self, split: "SplitMeasurements", class_index: int) -> Estimate:
        """Estimate it."""


def metric(split: "SplitMeasurements", name: str) -> Estimate:
    """The estimate of a metric on a split.

    `recall`, `precision`, `f1`, `specificity`, `roc_auc` and `average_precision` are those of the positive class where there is
    one, else the mean over classes; `recall[NAME]` is that of one class. Raises UsageError for a name that is no metric or no
    class, NotApplicable where what it needs was not measured.
    """
    if split.labels:
        return label_metric(split, name)
    matrix = split[Confusion]
    if name.endswith("]"):
        plain, _, class_name = name[:-1].partition("[")
        return _of_class(plain, name)(split, _class_index(matrix, class_name, name))
    if name in OVERALL:
        return OVERALL[name](split) if Buckets not in split else overall_under_design(split, name)
    if found := TOP.fullmatch(name):
        if Buckets in split:
            raise NotApplicable(f"{name} is counted by rows alone, without their groups and weights")
        return split[TopRanks].accuracy(int(found[1]))
    of_class = _of_class(name, name)
    if matrix.task.positive is not None:
        return of_class(split, matrix.task.positive)
    return _mean(split, name)


def metric_names() -> tuple[str, ...]:
    """All names of metrics."""
    return (*OVERALL, "top_5_accuracy", *OF_CLASS, "f2")


def _class_index(matrix: ConfusionMatrix, class_name: str, name: str) -> int:
    names = matrix.task.class_names
    if class_name not in names:
        guess = wording.meant(class_name, names)
        raise UsageError(f"{name!r}: no class is called {class_name!r}{guess}; the classes are {', '.join(names[:20])}")
    return names.index(class_name)


def _of_class(plain: str, name: str) -> OfClass:
    if found := F_BETA.fullmatch(plain):
        beta = float(found[1])
        return lambda split, k: f_under_design(split, k, beta) or split[Confusion].classes.f_score(k, beta)
    if plain not in OF_CLASS:
        raise UsageError(
            f"{name!r} is no metric{wording.meant(plain, metric_names())}; the metrics are {', '.join(metric_names())}, those "
            "of a class also as recall[CLASS]"
        )
    return lambda split, k: class_under_design(split, plain, k) or OF_CLASS[plain](split, k)


def _mean(split: "SplitMeasurements", plain: str) -> Estimate:
    if plain in ("recall", "precision", "f1"):
        return metric(split, f"macro_{plain}")
    if plain not in ("roc_auc", "average_precision"):
        raise NotApplicable(f"{plain} is defined for a positive class; with more classes ask for {plain}[CLASS]")
    ranking = split[Ranking]
    if not ranking.ranked:
        raise NotApplicable(f"{split[Confusion].task.n_classes} classes are too many to rank each against the rest")
    if Buckets in split:
        return mean_ranking_under_design(split, plain)
    return mean_estimate([OF_CLASS[plain](split, i) for i in ranking.ranked], split[Confusion].n, "classes")


def _macro_recall(split: "SplitMeasurements") -> Estimate:
    """Balanced accuracy, unless a class is called that never occurs, which counts as 0 here and not at all there."""
    matrix = split[Confusion]
    if ((matrix.predicted > 0) & (matrix.support == 0)).any():
        return split.summaries["macro_recall"]
    return matrix.classes.balanced_accuracy()


def _normalised_accuracy(split: "SplitMeasurements") -> Estimate:
    """(accuracy - share of the largest class) / (1 - that share): what of the room above the majority is filled."""
    matrix = split[Confusion]
    room = 1 - int(matrix.support.max()) / matrix.n if matrix.n else 0.0
    return Filled(matrix.classes.gain_over_constant(int(matrix.support.argmax())), room)


def _skill(split: "SplitMeasurements", name: str) -> Estimate:
    """1 - mean loss / loss of the constant answer that states the share of each class in this split, taken as known."""
    estimate, shares = split[Losses].mean(name), split[Confusion].support / max(split[Confusion].n, 1)
    constant = split[Confusion].entropy if name == "log_loss" else float((shares * (1 - shares)).sum())
    if split[Confusion].task.is_binary and name == "brier_score" and constant:
        constant /= 2
    if estimate.value is None or not constant:
        return Smooth(None, None, "identity", estimate.n, "Student t")
    error = None if estimate.standard_error is None else estimate.standard_error / constant
    return replace(estimate, value=1 - estimate.value / constant, standard_error=error)


OVERALL: Mapping[str, Callable[["SplitMeasurements"], Estimate]] = {
    "accuracy": lambda split: split[Confusion].classes.accuracy(),
    "balanced_accuracy": lambda split: split[Confusion].classes.balanced_accuracy(),
    "macro_recall": _macro_recall,
    "micro_precision": lambda split: split[Confusion].classes.accuracy(),
    "micro_recall": lambda split: split[Confusion].classes.accuracy(),
    "micro_f1": lambda split: split[Confusion].classes.accuracy(),
    "weighted_recall": lambda split: split[Confusion].classes.accuracy(),
    "macro_precision": lambda split: split.summaries["macro_precision"],
    "macro_f1": lambda split: split.summaries["macro_f1"],
    "weighted_precision": lambda split: split.summaries["weighted_precision"],
    "weighted_f1": lambda split: split.summaries["weighted_f1"],
    "mcc": lambda split: split.summaries["mcc"],
    "kappa": lambda split: split.summaries["kappa"],
    "log_loss": lambda split: split[Losses].mean("log_loss"),
    "brier_score": lambda split: split[Losses].mean("brier_score"),
    "normalised_accuracy": _normalised_accuracy,
    "log_loss_skill": lambda split: _skill(split, "log_loss"),
    "brier_skill": lambda split: _skill(split, "brier_score"),
}

OF_CLASS: Mapping[str, OfClass] = {
    "recall": lambda split, class_index: split[Confusion].classes.recall(class_index),
    "precision": lambda split, class_index: split[Confusion].classes.precision(class_index),
    "f1": lambda split, class_index: split[Confusion].classes.f_score(class_index),
    "negative_predictive_value": lambda split, class_index: split[Confusion].classes.negative_predictive_value(
        class_index
    ),
    "specificity": lambda split, class_index: split[Confusion].classes.specificity(class_index),
    "roc_auc": lambda split, class_index: split[Ranking].metrics(class_index).area,
    "average_precision": lambda split, class_index: split[Ranking].average_precision(class_index),
}
