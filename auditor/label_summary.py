"""What the report shows of rows that may have several labels: every number is computed here, before any page is drawn."""

from collections.abc import Mapping
from typing import Any

from auditor import wording
from auditor.designs import design_notes, design_of
from auditor.figure_data import Curve
from auditor.measurements import Measurements, SplitMeasurements
from auditor.results import Majority, SplitResult, Value
from auditor.states import LabelCounts, LabelTotals, Losses, Ranking
from auditor.statistics.estimates import Proportion
from auditor.summary import CURVES_SHOWN, class_result, line_of, scored, value

NAMED = 3
AVERAGED = (
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "macro_precision", "macro_recall", "macro_f1",
    "micro_precision", "micro_recall", "micro_f1", "weighted_precision", "weighted_recall", "weighted_f1",
    "hamming_loss", "label_accuracy", "samples_f1", "samples_jaccard",
)  # fmt: skip
SCORED = ("roc_auc", "average_precision", "log_loss", "brier_score")


def label_split_result(measurements: Measurements, split: SplitMeasurements) -> SplitResult:
    """All that the report says of one split."""
    task = measurements.task
    averaged: dict[str, Any] = {name: value(split.metric(name)) for name in AVERAGED}
    averaged |= {name: scored(split, name) for name in SCORED}
    return SplitResult(
        n_samples=split.n,
        class_names=task.class_names,
        **averaged,
        mcc=None,
        kappa=None,
        classes={name: class_result(split.labels[i], 1) for i, name in enumerate(task.class_names)},
        confusion=None,
        confusion_sparse=None,
        majority=_majority(measurements, split),
        roc=_curve(split, "roc", "ROC curve", "False positive rate", "Recall"),
        precision_recall=_curve(split, "precision_recall", "Precision-recall curve", "Recall", "Precision"),
        notes=_notes(split),
        design=design_of(split),
        multilabel=True,
        n_whole=split[LabelCounts].n_whole,
    )


def constant_metric(metric: str, measurements: Measurements, prior: Mapping[str, float]) -> Value | None:
    """What giving every test row the labels that most rows have gets; None where it is undefined or was not counted."""
    totals, (with_label, _) = measurements.test[LabelCounts], measurements.majority_labels
    plain, _, name = metric.removesuffix("]").partition("[")
    if metric == "accuracy" and not with_label.any():
        return _share(totals, int(totals.without.sum()), totals.n_whole)
    if metric == "balanced_accuracy":
        return Value(0.5, n=totals.n)
    if plain not in ("recall", "precision") or name not in totals.task.class_names:
        return None
    i = totals.task.class_names.index(name)
    support, given = int(totals.support[i]), bool(with_label[i])
    if plain == "recall":
        return _share(totals, support if given else 0, support)
    if given and name in prior:
        return Value(prior[name])
    return _share(totals, support, int(totals.known[i])) if given else None


def _share(totals: LabelTotals, k: int, n: int) -> Value:
    """A share of rows, without an interval where they stand in groups."""
    plain = Proportion(k, n)
    return value(plain) if totals.groups is None else Value(plain.value, n=n, k=k)


def _majority(measurements: Measurements, split: SplitMeasurements) -> Majority:
    with_label, source = measurements.majority_labels
    names = [name for name, held in zip(measurements.task.class_names, with_label, strict=True) if held]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    given = ", ".join(names[:NAMED]) + more or "no label"
    totals = split[LabelCounts]
    exact = Value(None) if names else _share(totals, int(totals.without.sum()), totals.n_whole)
    return Majority(given, source, exact, 0.5 if totals.n else None, None, None, None)


def _curve(split: SplitMeasurements, which: str, title: str, x: str, y: str) -> Curve | None:
    if not all(Ranking in label for label in split.labels):
        return None
    found = [line for label in split.labels[:CURVES_SHOWN] if (line := line_of(label, 1, which)) is not None]
    return Curve(title, x, y, tuple(found)) if found else None


def _notes(split: SplitMeasurements) -> tuple[str, ...]:
    totals = split[LabelCounts]
    told = (_part_known(totals), _blank(totals), _absent(totals), _least_losses(split))
    return (*design_notes(split), *(note for note in told if note))


def _part_known(totals: LabelTotals) -> str:
    lacking = totals.n - totals.n_whole
    if not lacking:
        return ""
    return (
        f"{wording.plural(lacking, 'row')} of {wording.count(totals.n)} lack some label: such a row is judged on the labels that "
        "are known, and left out of accuracy, Hamming loss, samples F1 and samples Jaccard, which are of whole rows"
    )


def _blank(totals: LabelTotals) -> str:
    blank = int(totals.blank.sum())
    said = f"{wording.plural(blank, 'row')} have no label and are given none"
    return f"{said}; samples F1 and samples Jaccard count them as 0, as scikit-learn does" if blank else ""


def _absent(totals: LabelTotals) -> str:
    names = [name for name, rows in zip(totals.task.class_names, totals.support, strict=True) if not rows]
    if not names:
        return ""
    said = ", ".join(map(wording.quoted, names[:10])) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return (
        f"no row has {said}: macro averages count such a label as 0, as scikit-learn does, and balanced accuracy, ROC-AUC and "
        "average precision leave it out"
    )


def _least_losses(split: SplitMeasurements) -> str:
    cut = sum(label[Losses].zero for label in split.labels if Losses in label)
    return (
        f"{cut:,} answers gave what happened next to no probability; each counts as the largest loss kept"
        if cut
        else ""
    )
