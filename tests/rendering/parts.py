"""What the reports made by hand are made of: splits computed from a confusion matrix, findings, provenance."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from auditor.figure_data import Bars, Curve, Line
from auditor.findings import Direction, Finding, Interval, Severity, Status
from auditor.report import CheckRecord, DataFile, ModelFile, Provenance
from auditor.results import ClassResult, Generalisation, HistoryResult, Majority, ScoreHistogram, SplitResult, Value
from auditor.statistics.estimates import AreaUnderCurve, Difference, Estimate, FScore, MeanOfProportions, Proportion

Counts = NDArray[np.int64]
MODEL, TEST, TRAIN = (f"{digit}" * 64 for digit in "3b7")
SHIFT = 1.638  # distance of the two score distributions of the fraud example, in standard deviations


def value(estimate: Estimate, k: float | None = None) -> Value:
    exact = estimate.exact if isinstance(estimate, Proportion) else (None, None)
    both = (exact[0], exact[1]) if exact[0] is not None and exact[1] is not None else None
    return Value(estimate.value, estimate.low, estimate.high, estimate.n, k, estimate.method, both)


def share(k: int, n: int) -> Value:
    return value(Proportion(k, n), k)


def one_class(confusion: Counts, i: int) -> ClassResult:
    tp, support, called, n = confusion[i, i], confusion[i].sum(), confusion[:, i].sum(), confusion.sum()
    tn = n - support - called + tp
    f1 = value(FScore(float(tp), float(called - tp), float(support - tp)))
    specificity = share(int(tn), int(n - support))
    recall, precision = share(int(tp), int(support)), share(int(tp), int(called))
    return ClassResult(int(support), int(called), int(tp), recall, precision, f1, specificity)


def split_result(names: tuple[str, ...], confusion: Counts, positive: str | None = None) -> SplitResult:
    """Every metric that counts give; those that need scores are null."""
    n, right, supports = int(confusion.sum()), int(np.trace(confusion)), confusion.sum(axis=1)
    classes = {name: one_class(confusion, i) for i, name in enumerate(names)}
    most = int(supports.argmax())
    balanced = MeanOfProportions(tuple(map(float, np.diag(confusion))), tuple(map(float, supports)))
    macro = {
        metric: Value(float(np.mean([getattr(c, metric).value or 0.0 for c in classes.values()])), n=n)
        for metric in ("precision", "recall", "f1")
    }
    own: dict[str, Any] = {
        metric: getattr(classes[positive], metric) if positive else macro[metric] for metric in macro
    }
    averages: dict[str, Any] = {f"macro_{metric}": found for metric, found in macro.items()}
    averages |= {f"{kind}_{metric}": share(right, n) for kind in ("micro", "weighted") for metric in macro}
    always = share(int(supports[most]), n)
    majority = Majority(names[most], "train", always, 1 / len(names), int(right * 0.1), int(right * 0.1), 0.5)
    dense = len(names) <= 256
    cells = tuple((int(i), int(j), int(confusion[i, j])) for i, j in np.argwhere(confusion))
    return SplitResult(
        n_samples=n,
        class_names=names,
        accuracy=share(right, n),
        balanced_accuracy=value(balanced),
        **own,
        **averages,
        mcc=Value(correlation(confusion), n=n),
        kappa=Value(agreement(confusion), n=n),
        roc_auc=None,
        average_precision=None,
        log_loss=None,
        brier_score=None,
        classes=classes,
        confusion=tuple(tuple(map(int, row)) for row in confusion) if dense else None,
        confusion_sparse=None if dense else cells,
        majority=majority,
        positive=positive,
        notes=("Every row counts once.",),
    )


def correlation(c: Counts) -> float:
    n, t, p = c.sum(), c.sum(axis=1).astype(float), c.sum(axis=0).astype(float)
    spread = math.sqrt((n * n - (p * p).sum()) * (n * n - (t * t).sum()))
    return float((np.trace(c) * n - (t * p).sum()) / spread) if spread else 0.0


def agreement(c: Counts) -> float:
    expected = float((c.sum(axis=1) / c.sum() * (c.sum(axis=0) / c.sum())).sum())
    return (float(np.trace(c) / c.sum()) - expected) / (1 - expected)


def with_scores(result: SplitResult, positives: int, negatives: int) -> SplitResult:
    """Curves of two normal score distributions that give the fraud example's matrix at 0.5."""
    false_alarms = np.concatenate([[0.0], np.geomspace(1e-5, 1, 220)])
    found = np.concatenate([[0.0], ndtr(SHIFT + ndtri(false_alarms[1:]))])
    right = positives * found[1:] / (positives * found[1:] + negatives * false_alarms[1:])
    edges = np.linspace(0, 1, 41)
    cut = ndtri(1 - 24 / 9800)
    places = np.concatenate([[-np.inf], np.log(edges[1:-1] / (1 - edges[1:-1])) * 0.6 + cut, [np.inf]])
    counts = {
        f"not fraud, {negatives:,} rows": tuple(int(x) for x in np.rint(negatives * np.diff(ndtr(places)))),
        f"fraud, {positives:,} rows": tuple(int(x) for x in np.rint(positives * np.diff(ndtr(places - SHIFT)))),
    }
    area = AreaUnderCurve(float(ndtr(SHIFT / math.sqrt(2))), positives, negatives, 1.6e-4)
    return replace(
        result,
        roc_auc=value(area),
        average_precision=Value(0.248, 0.197, 0.307, 10_000, None, "Poisson bootstrap"),
        log_loss=Value(0.0871, 0.0812, 0.0930, 10_000, None, "normal"),
        brier_score=Value(0.0184, n=10_000),
        roc=Curve(
            "ROC curve",
            "share of not fraud called fraud",
            "share of fraud found",
            (line("fraud", false_alarms, found), line("chance", [0, 1], [0, 1])),
        ),
        precision_recall=Curve(
            "Precision against recall",
            "recall",
            "precision",
            (line("fraud", found[1:], right), line("prevalence", [0, 1], [0.02, 0.02])),
        ),
        score_histogram=ScoreHistogram("score of “fraud”", tuple(map(float, edges)), counts),
    )


def line(name: str, x: object, y: object) -> Line:
    return Line(name, tuple(map(float, np.asarray(x))), tuple(map(float, np.asarray(y))))


def provenance(test_rows: int) -> Provenance:
    data = (
        DataFile("test", "data/test.csv", "csv", TEST, test_rows),
        DataFile("train", "data/train.csv", "csv", TRAIN, 40_000),
    )
    return Provenance(
        ModelFile("models/fraud.pt2", "torch.export", MODEL, False, "logits", ("dynamic batch",)),
        data,
        {"auditor": "0.1.0", "torch": "2.13.0", "numpy": "2.4.6", "python": "3.11.2"},
        "Linux 6.1 x86_64",
        "cpu",
        "auditor run models/fraud.pt2 --test data/test.csv --train data/train.csv --target label --positive fraud",
        {"target": "label", "positive": "fraud", "preset": "fraud", "batch_size": "auto"},
        "0",
        "2026-11-21T22:10:04+00:00",
        12.4,
        "the label values, sorted",
        "stated with --positive",
        {"threads": "2", "batch size": "8192", "precision": "fp32"},
    )


def checks(findings: tuple[Finding, ...]) -> tuple[CheckRecord, ...]:
    text = "What it looks for, in a sentence.\n\nHow it is judged, with its limits (Author, 2019)."
    ids = dict.fromkeys(finding.check for finding in findings)
    status = {finding.check: finding.status for finding in findings}
    return tuple(CheckRecord(check, check.replace("-", " ").capitalize(), text, status[check]) for check in ids)


def history() -> HistoryResult:
    epochs = np.arange(1, 31)
    train, held = (
        0.68 * np.exp(-epochs / 9) + 0.03,
        0.62 * np.exp(-epochs / 6) + 0.10 + 0.004 * np.maximum(epochs - 12, 0),
    )
    accuracy = 0.98 - 0.2 * np.exp(-epochs / 4)
    columns = {"train_loss": train, "val_loss": held, "val_accuracy": accuracy}
    return HistoryResult(tuple(map(float, epochs)), {k: tuple(map(float, v)) for k, v in columns.items()}, 16.0, 30.0)


def generalisation() -> Generalisation:
    """Recall of fraud 49.3 points lower than on train, and losses that lie higher."""
    recall = Difference(Proportion(490, 800), Proportion(24, 200))
    gaps = {"accuracy": Difference(Proportion(39_640, 40_000), Proportion(9800, 10_000)), "recall[fraud]": recall}
    edges = tuple(float(f"{edge:.6g}") for edge in np.exp(np.arange(-10, 3)))
    shape = np.exp(-((np.arange(12) - 6.0) ** 2) / 8)
    losses = {
        f"{name}, {n:,} rows": tuple(int(x) for x in np.rint(n * np.roll(shape, shift) / shape.sum()))
        for name, n, shift in (("train", 40_000, 0), ("validation", 5000, 1), ("test", 10_000, 2))
    }
    told = Value(0.643, 0.636, 0.65, 10_800, None, "DeLong within classes")
    return Generalisation(
        {name: value(gap) for name, gap in gaps.items()}, told, ScoreHistogram("log loss", edges, losses)
    )


FRAUD_FINDINGS = (
    Finding(
        Status.FAIL,
        "Recall of fraud is 12.0%: 24 of 200 found, at least 90% required",
        Severity.BLOCKER,
        value=0.12,
        limit=0.9,
        interval=Interval(None, 0.1646, 0.95, "Clopper-Pearson"),
        subject="class fraud",
        metric="recall[fraud]",
        remedy="Lower the threshold or weigh the 200 frauds more; at a score of 0.08, 180 of 200 would be found at 31% precision.",
        check="class-recall",
        title="Each class is found",
        gate=True,
    ),
    Finding(
        Status.FAIL,
        "Accuracy of 98.0% (9,800 of 10,000) is what always answering “not fraud” gets as well",
        Severity.MAJOR,
        value=0.98,
        limit=0.98,
        metric="accuracy",
        check="better-than-majority",
        gate=True,
        interval=Interval(0.9774, None, 0.95, "Clopper-Pearson"),
        remedy="Judge this model by recall and precision of fraud.",
    ),
    Finding(
        Status.INCONCLUSIVE,
        "Precision of fraud is 50.0%: 24 of 48, at least 28% required; 40 more calls would tell",
        value=0.5,
        limit=0.28,
        interval=Interval(0.374, None, 0.95, "Clopper-Pearson"),
        subject="class fraud",
        metric="precision[fraud]",
        check="class-precision",
        gate=True,
        remedy="Label 40 more rows that the model calls fraud.",
    ),
    Finding(
        Status.FAIL,
        "Validation loss rose by 28% after epoch 16 while training loss fell",
        Severity.MINOR,
        value=0.28,
        limit=0.2,
        check="loss-curves",
        remedy="Save the checkpoint of epoch 16.",
        figures=(Bars("Validation loss", ("epoch 16", "epoch 30"), (0.159, 0.204), 0.191, "loss"),),
    ),
    Finding(
        Status.FAIL,
        "124 of 10,124 test rows stand in training too; they were removed",
        Severity.MINOR,
        value=124,
        check="shared-rows",
        direction=Direction.FLATTERS,
        waived="Known repeat customers; J. Doe, until 1 March 2027",
    ),
    Finding(Status.PASS, "No output is NaN or infinite in 10,000 rows", check="finite-outputs"),
    Finding(Status.PASS, "Two runs on 2,048 rows gave the same outputs", check="determinism"),
    Finding(
        Status.PASS,
        "Calibration error is 1.2%",
        value=0.012,
        limit=0.05,
        check="calibration",
        interval=Interval(0.008, None, 0.95, "debiased binning"),
    ),
    Finding(Status.SKIP, "No column was declared with --time", check="time-order", title="Test comes after training"),
    Finding(
        Status.SKIP,
        "No column was declared with --group",
        check="shared-groups",
        title="No group stands in train and test",
    ),
    Finding(
        Status.SKIP, "No earlier report was given to compare with", check="no-regression", title="Nothing got worse"
    ),
)
