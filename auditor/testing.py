"""For those who write checks: measurements from a few arrays or counts, and a check run on them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from auditor.batches import Batch, OutputKind, Scores
from auditor.checking import Check, judge
from auditor.engines.local import Stream, measure
from auditor.findings import Finding
from auditor.hashing import splitmix64
from auditor.measurements import Measurements
from auditor.policy import PRESETS, Policy
from auditor.states import (
    BucketLosses,
    BucketRanking,
    Buckets,
    Confusion,
    ConfusionHalves,
    Losses,
    OutputForm,
    Ranking,
    Reliability,
    RowHashes,
    ScoreHistogram,
    State,
    Task,
    Temperatures,
    TopRanks,
)  # fmt: skip
from auditor.states.buckets import DESIGN

STATES: tuple[type[State[Any]], ...] = (
    Confusion, ConfusionHalves, Losses, Ranking, ScoreHistogram, OutputForm, RowHashes, TopRanks, Reliability, Temperatures,
    Buckets, BucketLosses, BucketRanking,
)  # fmt: skip


def rows(
    labels: ArrayLike,
    *,
    predicted: ArrayLike | None = None,
    probabilities: ArrayLike | None = None,
    features: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> Batch:
    """A batch from (n,) int labels with -1 for none, and (n,) int decisions or (n, classes) probabilities, or both.

    groups: (n,) whole numbers, one a group; weights: (n,) at least 0.
    """
    truth = np.asarray(labels, np.int64)
    decided = None if predicted is None else np.asarray(predicted, np.int64)
    if probabilities is None:
        scores = Scores(np.zeros((len(truth), 1)), OutputKind.PREDICTED, decided=decided)
    else:
        scores = Scores(np.asarray(probabilities), OutputKind.PROBABILITIES, decided=decided)
    given = None if features is None else np.asarray(features, np.float32)
    cluster = None if groups is None else splitmix64(np.asarray(groups).astype(np.uint64)) & ~np.uint64(1)
    weight = None if weights is None else np.asarray(weights, np.float64)
    return Batch(truth, np.arange(len(truth), dtype=np.uint64), given, scores, cluster, weight)


def from_confusion(matrix: ArrayLike) -> Batch:
    """A batch with these counts of (true, predicted), and no scores."""
    counts = np.asarray(matrix, np.int64)
    true, called = np.divmod(np.arange(counts.size), len(counts))
    return rows(np.repeat(true, counts.ravel()), predicted=np.repeat(called, counts.ravel()))


def measured(
    test: Batch,
    *,
    class_names: Sequence[str],
    positive: str | None = None,
    train: Batch | None = None,
    validation: Batch | None = None,
    states: Sequence[type[State[Any]]] = (),
) -> Measurements:
    """Measurements of batches, as a run would give them; `states` are those of your own checks."""
    names = tuple(class_names)
    task = Task(names, None if positive is None else names.index(positive))
    given = {"test": test, "train": train, "validation": validation}
    streams = {name: _stream(name, batch) for name, batch in given.items() if batch is not None}
    found = measure(streams, [*STATES, *states], task, lambda _split, _rows: None)
    return Measurements(task, found.test, found.as_given, found.splits, found.overlap)


def compute(
    check: Check, measurements: Measurements, *, preset: str = "balanced", limits: Mapping[str, float] | None = None
) -> list[Finding]:
    """The findings of one check, its gates decided."""
    policy = Policy(PRESETS[preset], (), confirmed=True)
    alone = check.with_limits(limits or {})
    return judge([alone], measurements, policy)


def _stream(name: str, batch: Batch) -> Stream:
    def shards() -> Iterator[Iterator[Batch]]:
        yield iter([batch])

    missing = {}
    if batch.features is None:
        missing["features"] = "the batch has no features"
    if batch.scores is not None and batch.scores.kind is OutputKind.PREDICTED:
        missing["scores"] = "the batch has decisions and no scores"
    if batch.cluster is None and batch.weight is None:
        missing[DESIGN] = "the batch has neither groups nor weights"
    return Stream(name, shards, missing)
