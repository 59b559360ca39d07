"""How long measuring takes beside scikit-learn, and at a hundred million rows; prints what it measured, asserts nothing about time."""

import resource
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn.calibration import calibration_curve

from auditor.batches import Batch, OutputKind, Scores
from auditor.measurements import RowCounts, SplitMeasurements
from auditor.states import Confusion, Losses, Ranking, Reliability, ScoreHistogram, Task

ROWS = 16_384
STATES = (Confusion, Losses, Ranking, ScoreHistogram, Reliability)


def seconds(action: Callable[[], object]) -> float:
    """Seconds of the processor, so that other work on the machine counts for little; all of it runs on one thread."""
    start = time.process_time()
    action()
    return time.process_time() - start


def batches(labels: np.ndarray, outputs: np.ndarray) -> Iterator[Batch]:
    size = min(ROWS, 2**22 // max(2, outputs.shape[1]))
    for start in range(0, len(labels), size):
        part = slice(start, start + size)
        keys = np.arange(start, start + len(labels[part]), dtype=np.uint64)
        yield Batch(labels[part], keys, None, Scores(outputs[part], OutputKind.LOGITS))


def measured(task: Task, stream: Iterator[Batch]) -> SplitMeasurements:
    states = [state(task) for state in STATES]
    for batch in stream:
        for state in states:
            state.update(batch)
    return SplitMeasurements("test", RowCounts(), {type(state): state.result() for state in states})


def everything(task: Task, labels: np.ndarray, outputs: np.ndarray) -> SplitMeasurements:
    """All metrics with their intervals."""
    split = measured(task, batches(labels, outputs))
    for name in (
        "accuracy",
        "balanced_accuracy",
        "mcc",
        "kappa",
        "macro_f1",
        "log_loss",
        "brier_score",
        "roc_auc",
        "average_precision",
    ):
        estimate = split.metric(name)
        assert estimate.low is not None
    return split


def test_a_million_binary_rows() -> None:
    draw = np.random.default_rng(0)
    labels = (draw.random(1_000_000) < 0.0197).astype(np.int64)
    outputs = (draw.normal(size=1_000_000) + 2.5 * labels - 3).astype(np.float32)[:, None]
    p = 1 / (1 + np.exp(-outputs[:, 0].astype(np.float64)))
    called = (p > 0.5).astype(int)

    def theirs() -> None:
        oracle.confusion_matrix(labels, called)
        oracle.classification_report(labels, called, output_dict=True)
        oracle.roc_auc_score(labels, p)
        oracle.average_precision_score(labels, p)
        oracle.log_loss(labels, p)
        calibration_curve(labels, p, n_bins=10)

    task = Task(("no", "yes"), 1)
    pairs = [(seconds(lambda: everything(task, labels, outputs)), seconds(theirs)) for _ in range(5)]
    print(
        f"\n1M binary rows: ours {min(a for a, _ in pairs):.3f} s with intervals, scikit-learn {min(b for _, b in pairs):.3f} s without"
    )
    print(f"  median ratio 1/{np.median([b / a for a, b in pairs]):.1f}")
    split = everything(task, labels, outputs)
    assert split.metric("roc_auc").value == pytest.approx(oracle.roc_auc_score(labels, p), abs=1e-12)
    assert split.metric("average_precision").value == pytest.approx(
        oracle.average_precision_score(labels, p), abs=1e-12
    )


def test_a_hundred_classes() -> None:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 100, 200_000)
    outputs = draw.normal(size=(200_000, 100)).astype(np.float32)
    outputs[np.arange(200_000), labels] += 2.5
    task = Task(tuple(map(str, range(100))))

    def ours(*, intervals: bool) -> None:
        state = Ranking(task)
        for batch in batches(labels, outputs):
            state.update(batch)
        found = state.result()
        for k in range(100):
            assert found.metrics(k).auc is not None
            assert not intervals or found.average_precision(k).low is not None

    shifted = np.exp(outputs.astype(np.float64))
    p = shifted / shifted.sum(axis=1, keepdims=True)
    one_hot = labels[:, None] == np.arange(100)
    theirs = seconds(
        lambda: (oracle.roc_auc_score(labels, p, multi_class="ovr"), oracle.average_precision_score(one_hot, p))
    )
    for intervals in (False, True):
        took = seconds(lambda: ours(intervals=intervals))  # noqa: B023  (called at once)
        said = "with" if intervals else "without"
        print(
            f"\n100 classes, 200k rows, AUC and AP {said} intervals: {took:.2f} s; scikit-learn {theirs:.2f} s: 1/{theirs / took:.1f}"
        )


def test_a_hundred_million_rows() -> None:
    """A stream of (label, margin) made as it goes, so that only what the states keep counts."""
    block = 1_000_000
    draw = np.random.default_rng(0)
    labels = (draw.random(block) < 0.02).astype(np.int64)
    outputs = (draw.normal(size=block) + 2 * labels - 3).astype(np.float32)[:, None]
    task = Task(("no", "yes"), 1)

    def stream() -> Iterator[Batch]:
        for _ in range(100):
            yield from batches(labels, outputs)

    def counted_only() -> None:
        total = np.zeros(4, np.int64)
        for batch in stream():
            assert batch.scores is not None
            total += np.bincount(2 * batch.labels + (batch.scores.outputs[:, 0] > 0), minlength=4)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours = seconds(lambda: measured(task, stream()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bare = seconds(counted_only)
    print(
        f"\n100M rows: {ours:.0f} s, {10 * ours:.0f} ns a row; a loop that only counts the confusion matrix {bare:.0f} s"
    )
    print(
        f"  peak memory {peak / 1024:.0f} MB, {(peak - before) / 1024:.0f} MB above what stood before (keys kept: up to 268 MB)"
    )
