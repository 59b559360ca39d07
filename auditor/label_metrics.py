"""Metrics of rows that may have several labels each, by the names users write: `recall[toxic]`, `macro_f1`, `hamming_loss`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from auditor import wording
from auditor.errors import UsageError
from auditor.findings import NotApplicable
from auditor.states.label_counts import LabelCounts, LabelTotals
from auditor.statistics.bins import Floats
from auditor.statistics.designs import UnderDesign, effect_of, freedom
from auditor.statistics.estimates import Estimate, MeanOfEstimates, MeanOfProportions, Proportion, Smooth
from auditor.statistics.labels import LABEL_AVERAGES, WiderOf, bucket_estimate, gain_over_majority

if TYPE_CHECKING:
    from auditor.measurements import SplitMeasurements

OF_LABEL_MEANS = ("roc_auc", "average_precision", "log_loss", "brier_score")
MACRO = ("precision", "recall", "f1")


def label_metric(split: "SplitMeasurements", name: str) -> Estimate:
    """The estimate of a metric on a split whose rows may have several labels.

    `accuracy` and `subset_accuracy` are the share of rows of which every label is right; `precision`, `recall` and `f1` are
    macro averages; `roc_auc`, `average_precision`, `log_loss` and `brier_score` are means over labels. `NAME[LABEL]` is a
    metric of that label as of rows of two classes. Raises UsageError for a name that is no metric or no label, NotApplicable
    where it needs one class a row, or what was not measured.
    """
    if name.endswith("]"):
        plain, _, label = name[:-1].partition("[")
        return split.labels[_index(split, label, name)].metric(plain)
    totals = split[LabelCounts]
    if name in OF_ROWS:
        return OF_ROWS[name](totals)
    if name in OF_LABEL_MEANS:
        return _mean(split, name)
    average = f"macro_{name}" if name in MACRO else name
    if average in LABEL_AVERAGES:
        return _average(totals, average)
    split.labels[0].metric(name)  # raises UsageError for what is no metric at all
    raise NotApplicable(f"where a row may have several labels {name} is that of one label: ask for {name}[LABEL]")


def label_metric_names() -> tuple[str, ...]:
    """The names of metrics over all labels."""
    return (*OF_ROWS, *LABEL_AVERAGES, *OF_LABEL_MEANS)


def _index(split: "SplitMeasurements", label: str, name: str) -> int:
    names = split[LabelCounts].task.class_names
    if label not in names:
        raise UsageError(
            f"{name!r}: no label is called {label!r}{wording.meant(label, names)}; the labels are {', '.join(names[:20])}"
        )
    return names.index(label)


def label_gain(totals: LabelTotals, with_label: NDArray[np.bool_]) -> Smooth:
    """Share of right answers less that of giving every row the same labels, (labels,) bool, on the same rows."""
    return _of_groups(totals, gain_over_majority(totals.cells, with_label))


def _subset_accuracy(totals: LabelTotals) -> Estimate:
    """Share of the rows, of those whose every label is known, that are given exactly the labels they have."""
    if totals.groups is not None:
        return totals.accuracy
    return Proportion(int(totals.exact.sum()), totals.n_whole)


def _hamming_loss(totals: LabelTotals) -> Smooth:
    """Share of wrong answers, one a row and label, on rows whose every label is known."""
    answers = np.stack([totals.errors, totals.whole * totals.task.n_classes], axis=-1).astype(np.float64)
    return _of_groups(totals, bucket_estimate(answers, _quotient, totals.n_whole))


def _overlap(totals: LabelTotals, sums: Floats) -> Smooth:
    """Mean over the rows whose every label is known."""
    return _of_groups(totals, bucket_estimate(np.stack([sums, totals.whole], axis=-1), _quotient, totals.n_whole))


def _quotient(counts: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(counts[..., 0] / counts[..., 1])


def _average(totals: LabelTotals, name: str) -> Estimate:
    """An average over labels; the balanced accuracy, which decides, by limits of single counts as well."""
    support = totals.support
    binding = int(support[support > 0].min(initial=totals.n))
    estimate = _of_groups(totals, bucket_estimate(totals.cells, LABEL_AVERAGES[name], totals.n, binding))
    if name != "balanced_accuracy":
        return estimate
    single = _mean_of_counts(totals)
    return WiderOf(single if totals.groups is None else _thinned(totals, single, estimate), estimate)


def _of_groups(totals: LabelTotals, found: Smooth) -> Smooth:
    """The same where rows stand in groups: Student's t as their sizes allow, no error from too few of them."""
    if totals.groups is None:
        return found
    error = found.standard_error if totals.design.can_tell(totals.design.classes.n) else None
    binding = max((found.n if found.binding is None else found.binding) / totals.grouping.alike, 1.0)
    return replace(found, standard_error=error, degrees_of_freedom=freedom(totals.rows), binding=binding)


def _thinned(totals: LabelTotals, single: MeanOfProportions, estimate: Smooth) -> UnderDesign:
    """The mean on its effective rows, which are no more than there are."""
    right, rows = np.array(single.k, np.float64), np.array(single.n_each, np.float64)
    variance = float(np.sum(right * (rows - right) / rows**3)) / max(len(rows), 1) ** 2
    effect, degrees = effect_of(estimate.standard_error, variance, totals.rows, totals.grouping.alike)
    return UnderDesign(single, None if effect is None else max(effect, 1.0), degrees)


def _mean_of_counts(totals: LabelTotals) -> MeanOfProportions:
    """Mean of the recalls and specificities of the labels that some rows have and others lack, taken for independent."""
    support, lacking = totals.support, totals.known - totals.support
    tested = (support > 0) & (lacking > 0)
    right = np.concatenate([totals.totals[tested, 3], totals.totals[tested, 0]])
    return MeanOfProportions(
        tuple(map(int, right)), tuple(map(int, np.concatenate([support[tested], lacking[tested]])))
    )


def _mean(split: "SplitMeasurements", name: str) -> MeanOfEstimates:
    """Mean over the labels where it is defined."""
    estimates = [label.metric(name) for label in split.labels]
    return mean_estimate(estimates, split.n, "labels")


def mean_estimate(estimates: list[Estimate], n: int, of: str) -> MeanOfEstimates:
    """Mean of the defined ones; the means of their limits bound it, whatever the correlation."""
    return MeanOfEstimates(tuple(e for e in estimates if e.value is not None), n, of)


OF_ROWS: Mapping[str, Callable[[LabelTotals], Estimate]] = {
    "accuracy": _subset_accuracy,
    "subset_accuracy": _subset_accuracy,
    "hamming_loss": _hamming_loss,
    "samples_f1": lambda totals: _overlap(totals, totals.f1),
    "samples_jaccard": lambda totals: _overlap(totals, totals.jaccard),
}
