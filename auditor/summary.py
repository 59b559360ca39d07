"""Measurements as the report shows them: every number is computed here, once, before any page is drawn."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from auditor.designs import design_notes, design_of
from auditor.figure_data import Curve, Line
from auditor.findings import Finding, NotApplicable
from auditor.measurements import Measurements, SplitMeasurements
from auditor.results import (
    ClassResult,
    HistoryResult,
    Majority,
    OperatingPoint,
    Reliability,
    ReliabilityGroup,
    RowFlow,
    ScoreHistogram,
    SplitResult,
    Temperature,
    Value,
)
from auditor.states import Buckets, Confusion, ConfusionMatrix, Losses, Ranking, ScoreBins, Temperatures, thresholds
from auditor.states import Reliability as ReliabilityState
from auditor.states import ScoreHistogram as ScoreHistogramState
from auditor.states.score_histogram import BINS
from auditor.statistics.calibration import expected_calibration_error
from auditor.statistics.designs import UnderDesign
from auditor.statistics.estimates import Estimate, Proportion
from auditor.statistics.hypothesis_tests import mcnemar_mid_p
from auditor.statistics.intervals import SHOWN_ALPHA
from auditor.statistics.operating_points import operating_points, precision_recall_curve, roc_curve
from auditor.statistics.ranking import auc_error_bound
from auditor.statistics.temperature import fit_temperature
from auditor.statistics.thresholds import best_f_score

DENSE_SHOWN = 256
SPARSE_SHOWN = 2000
CURVES_SHOWN = 10
SUGGESTED = "suggested"
THRESHOLDS_SHOWN = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)

COUNTED = (
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "macro_precision", "macro_recall", "macro_f1",
    "micro_precision", "micro_recall", "micro_f1", "weighted_precision", "weighted_recall", "weighted_f1", "mcc", "kappa",
)  # fmt: skip


def value(estimate: Estimate) -> Value:
    """An estimate on paper."""
    exact = k = None
    plain = estimate.plain if isinstance(estimate, UnderDesign) else estimate
    if isinstance(plain, Proportion):
        low, high = estimate.decision_interval(SHOWN_ALPHA)
        exact = None if low is None or high is None else (low, high)
        k = None if isinstance(estimate, UnderDesign) and estimate.weighted else plain.k
    shown = Value(estimate.value, estimate.low, estimate.high, float(estimate.n), k, estimate.method, exact)
    if not isinstance(estimate, UnderDesign):
        return shown
    return replace(shown, design_effect=estimate.design_effect, effective_n=estimate.effective_n)


def split_result(measurements: Measurements, split: SplitMeasurements, suggested: float | None = None) -> SplitResult:
    """All that the report says of one split; `suggested` is the threshold that a check advises, if any."""
    task, matrix = measurements.task, split[Confusion]
    counted: dict[str, Any] = {name: value(split.metric(name)) for name in COUNTED}
    small = task.n_classes <= DENSE_SHOWN
    return SplitResult(
        n_samples=matrix.n,
        class_names=task.class_names,
        **counted,
        roc_auc=scored(split, "roc_auc"),
        average_precision=scored(split, "average_precision"),
        log_loss=scored(split, "log_loss"),
        brier_score=scored(split, "brier_score"),
        top_5_accuracy=scored(split, "top_5_accuracy"),
        normalised_accuracy=scored(split, "normalised_accuracy"),
        log_loss_skill=scored(split, "log_loss_skill"),
        brier_skill=scored(split, "brier_skill"),
        classes={name: class_result(split, i) for i, name in enumerate(task.class_names)},
        confusion=tuple(tuple(int(cell) for cell in row) for row in matrix.dense) if small else None,
        confusion_sparse=None if small else _largest_cells(matrix),
        majority=_majority(measurements, split),
        roc=_curve(split, "roc"),
        precision_recall=_curve(split, "precision_recall"),
        score_histogram=_histogram(split),
        reliability=reliability(split),
        operating_points=operating_points_of(split, suggested),
        positive=None if task.positive is None else task.class_names[task.positive],
        notes=_notes(split),
        design=design_of(split),
    )


def row_flow(measurements: Measurements) -> RowFlow:
    """Where the rows of the test file went."""
    rows = measurements.as_given.rows
    removed = rows.shared if measurements.removed else 0
    judged = measurements.test.n
    return RowFlow(rows.read, rows.without_label, rows.unusable, removed, judged, rows.shared - removed)


def history(measurements: Measurements) -> HistoryResult | None:
    """The training history, with the epoch of the lowest validation loss (training loss where there is no other)."""
    found = measurements.training_history
    if found is None:
        return None
    known = measurements.splits.get("train", measurements.test)
    chance = known[Confusion].entropy if Confusion in known else None
    return HistoryResult(found.epochs, dict(found.columns), found.best_epoch, found.audited_epoch, found.unit, chance)


def reliability(split: SplitMeasurements) -> Reliability | None:
    """How stated probabilities and what came true compare on one split; None without scored rows."""
    if ReliabilityState not in split or split.weighted:
        return None
    bins = split[ReliabilityState]
    if bins.groups is None or bins.error is None:
        return None
    groups, fit = bins.groups, bins.fit
    shares = (Proportion(int(k), int(n)) for k, n in zip(groups.positives, groups.total, strict=True))
    return Reliability(
        "confidence" if bins.task.positive is None else f"probability of {bins.task.class_names[bins.task.positive]}",
        tuple(
            ReliabilityGroup(float(f"{p:.6g}"), value(share))
            for p, share in zip(groups.probability, shares, strict=True)
        ),
        value(bins.error),
        expected_calibration_error(groups),
        bins.stated,
        value(bins.observed_to_expected),
        None if fit is None else value(fit.intercept),
        None if fit is None else value(fit.slope),
        bins.spiegelhalter_z,
        _temperature(split, bins),
    )


def suggested_threshold(findings: Sequence[Finding]) -> float | None:
    """The threshold that a check advises, from the mark in its figure."""
    marks = (mark for f in findings for figure in f.figures if isinstance(figure, Curve) for mark in figure.marks)
    return next((at for name, at in marks if name == SUGGESTED), None)


def operating_points_of(split: SplitMeasurements, suggested: float | None = None) -> tuple[OperatingPoint, ...]:
    """What is in use, what is suggested, the highest F1 of these rows, and thresholds from .01 to .99.

    Empty but for two scored classes.
    """
    matrix = split[Confusion]
    positive = matrix.task.positive
    if ReliabilityState not in split or split.weighted or positive is None or not matrix.task.is_binary or not matrix.n:
        return ()
    bins = split[ReliabilityState]
    points, at = bins.points(), thresholds()
    best = best_f_score(points)
    listed = [("", t, points.outcome(int(np.searchsorted(at, t)))) for t in THRESHOLDS_SHOWN]
    highest = ("highest F1", float(at[best]) if at[best] <= 1 else None, points.outcome(best))
    advised = [] if suggested is None else [(SUGGESTED, suggested, points.outcome(int(np.searchsorted(at, suggested))))]
    return tuple(
        OperatingPoint(name, t, o.tp, o.fp, o.fn, o.tn, value(o.recall), value(o.precision), value(o.f_score()))
        for name, t, o in (("in use", bins.threshold, matrix.outcome(positive)), *advised, highest, *listed)
    )


def _temperature(split: SplitMeasurements, bins: ScoreBins) -> Temperature | None:
    if bins.task.positive is None:
        if Temperatures not in split:
            return None
        losses, rows = split[Temperatures].losses, split[Temperatures].rows
    else:
        losses, rows = bins.losses_by_temperature
    fit = fit_temperature(losses, rows)
    if fit is None or fit.after >= fit.before:
        return None
    return Temperature(fit.temperature, fit.before, fit.after, fit.n)


def scored(split: SplitMeasurements, name: str) -> Value | None:
    """A metric on paper, None where it was not measured."""
    try:
        return value(split.metric(name))
    except NotApplicable:
        return None


def class_result(split: SplitMeasurements, i: int) -> ClassResult:
    """One class against the rest."""
    matrix, name = split[Confusion], f"[{split[Confusion].task.class_names[i]}]"
    ranked = Ranking in split and i in split[Ranking].ranked
    real, called, hit = int(matrix.support[i]), int(matrix.predicted[i]), int(matrix.correct[i])
    return ClassResult(
        real, called, hit,
        value(split.metric(f"recall{name}")), value(split.metric(f"precision{name}")),
        value(split.metric(f"f1{name}")), value(split.metric(f"specificity{name}")),
        scored(split, f"roc_auc{name}") if ranked else None,
        scored(split, f"average_precision{name}") if ranked else None,
        hit, called - hit, real - hit, matrix.n - called - real + hit,
    )  # fmt: skip


def _largest_cells(matrix: ConfusionMatrix) -> tuple[tuple[int, int, int], ...]:
    """The mistaken pairs with most rows, then every class's own cell would be too many: recall says those."""
    pairs = matrix.pairs
    wrong = np.flatnonzero(pairs.true != pairs.called)
    kept = wrong[np.argsort(-pairs.counts[wrong], kind="stable")][:SPARSE_SHOWN]
    return tuple((int(pairs.true[i]), int(pairs.called[i]), int(pairs.counts[i])) for i in kept)


def _majority(measurements: Measurements, split: SplitMeasurements) -> Majority:
    matrix, (index, source) = split[Confusion], measurements.majority
    gain = matrix.classes.gain_over_constant(index)
    present = int(np.count_nonzero(matrix.support))
    only_model, only_majority = int(gain.n10), int(gain.n01)
    balanced = (1 / present if matrix.support[index] else 0.0) if present else 0.0
    return Majority(
        matrix.task.class_names[index],
        source,
        value(split.share(index)),
        balanced,
        only_model,
        only_majority,
        None if Buckets in split else mcnemar_mid_p(only_model, only_majority),
    )


def _curve(split: SplitMeasurements, which: str) -> Curve | None:
    if Ranking not in split or split.weighted:
        return None
    found = [line for i in split[Ranking].ranked[:CURVES_SHOWN] if (line := line_of(split, i, which)) is not None]
    if not found:
        return None
    if which == "roc":
        return Curve("ROC curve", "False positive rate", "Recall", tuple(found))
    return Curve("Precision-recall curve", "Recall", "Precision", tuple(found))


def line_of(split: SplitMeasurements, i: int, which: str) -> Line | None:
    """The `roc` or `precision_recall` curve of one class, None where it or the rest has no row."""
    positives, negatives = split[Ranking].tally(i)
    if not positives.sum() or not negatives.sum():
        return None
    points = operating_points(positives, negatives)
    x, y, _ = roc_curve(points) if which == "roc" else precision_recall_curve(points)
    return Line(split[Confusion].task.class_names[i], tuple(map(_rounded, x)), tuple(map(_rounded, y)))


def _rounded(number: float) -> float | None:
    return None if math.isnan(number) else round(float(number), 6)


def _histogram(split: SplitMeasurements) -> ScoreHistogram | None:
    if ScoreHistogramState not in split:
        return None
    found = split[ScoreHistogramState]
    edges = tuple(float(edge) for edge in np.linspace(0, 1, BINS + 1).round(6))
    names, positive = found.task.class_names, found.task.positive
    if positive is None:
        score, sides = "confidence", ("wrong", "right")
    else:
        score, sides = f"probability of {names[positive]}", (_other(names, positive), names[positive])
    return ScoreHistogram(
        score, edges, {side: tuple(map(int, counts)) for side, counts in zip(sides, found.counts, strict=True)}
    )


def _other(names: tuple[str, ...], positive: int) -> str:
    return names[1 - positive] if len(names) == 2 else f"not {names[positive]}"


def _notes(split: SplitMeasurements) -> tuple[str, ...]:
    notes = list(design_notes(split))
    if Losses in split and split[Losses].zero:
        notes.append(
            f"{split[Losses].zero:,} rows gave what happened next to no probability; each counts as the largest loss kept"
        )
    if Ranking in split and split[Ranking].binned is not None:
        bounds = [
            bound for i in split[Ranking].ranked if (bound := auc_error_bound(*split[Ranking].tally(i))) is not None
        ]
        notes.append(f"scores were counted in bins; the ROC-AUC is exact to within {max(bounds, default=0.0):.1e}")
    return tuple(notes)
