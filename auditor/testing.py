"""For those who write checks: measurements from a few arrays or counts, and a check run on them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from auditor import states
from auditor.batches import Array, Batch, OutputKind, Scores
from auditor.checking import Check, judge
from auditor.engines.local import Stream, measure
from auditor.findings import Finding
from auditor.hashing import is_text, splitmix64
from auditor.label_scores import LabelScores
from auditor.measurements import Measurements
from auditor.policy import PRESETS, Policy
from auditor.states import LabelCounts, State, Task
from auditor.states.buckets import DESIGN
from auditor.states.feature_sample import COLUMNS
from auditor.states.folded_texts import TEXTS
from auditor.states.state import GROUP, IDENTITY, TIME

STATES: tuple[type[State[Any]], ...] = tuple(
    kind
    for kind in vars(states).values()
    if isinstance(kind, type) and issubclass(kind, State) and kind not in (State, LabelCounts)
)


def rows(
    labels: ArrayLike,
    *,
    predicted: ArrayLike | None = None,
    probabilities: ArrayLike | None = None,
    features: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    times: ArrayLike | None = None,
    ids: ArrayLike | None = None,
) -> Batch:
    """A batch from (n,) int labels with -1 for none, and (n,) int decisions or (n, classes) probabilities, or both.

    features: (n, ...) numbers, or texts, (n,) or (n, columns); groups, ids: (n,) whole numbers, one a group or row; weights:
    (n,) at least 0; times: (n,) numbers or dates of numpy.
    Where a row may have several labels, labels, decisions and probabilities are (n, labels), the first two of 1 and 0.
    """
    truth = np.asarray(labels, np.int64)
    decided = None if predicted is None else np.asarray(predicted, np.int64)
    given = None if features is None else _features(np.asarray(features))
    cluster = None if groups is None else splitmix64(np.asarray(groups).astype(np.uint64)) & ~np.uint64(1)
    weight = None if weights is None else np.asarray(weights, np.float64)
    batch = Batch(truth, np.arange(len(truth), dtype=np.uint64), given, cluster=cluster, weight=weight)
    identity = None if ids is None else np.maximum(splitmix64(np.asarray(ids, np.uint64)), np.uint64(1))
    batch = replace(batch, time=_clock(times), identity=identity)
    several = truth.ndim == 2
    kind = OutputKind.SIGMOID if several else OutputKind.PROBABILITIES
    outputs = np.zeros((len(truth), 1)) if probabilities is None else np.asarray(probabilities)
    kind = OutputKind.PREDICTED if probabilities is None else kind
    if several:
        said = LabelScores(outputs, kind, (None,) * truth.shape[1], decided)
        return replace(batch, labels=truth.astype(np.int8), label_scores=said)
    return replace(batch, scores=Scores(outputs, kind, decided=decided))


def _features(given: Array) -> Array:
    """Numbers or texts as a batch holds them."""
    if given.dtype.kind not in "UT":
        return np.asarray(given, np.float32)
    texts = given.astype(np.dtypes.StringDType())
    return texts[:, None] if texts.ndim == 1 else texts


def _clock(times: ArrayLike | None) -> Array | None:
    """Times as a batch holds them."""
    if times is None:
        return None
    given = np.asarray(times)
    return given.astype("datetime64[us]" if given.dtype.kind == "M" else np.float64)


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
    feature_names: Sequence[str] = (),
) -> Measurements:
    """Measurements of batches, as a run would give them; `states` are those of your own checks."""
    names = tuple(class_names)
    several = test.labels.ndim == 2
    task = Task(names, None if positive is None else names.index(positive), several)
    given = {"test": test, "train": train, "validation": validation}
    streams = {name: _stream(name, batch) for name, batch in given.items() if batch is not None}
    found = measure(streams, [*STATES, *([LabelCounts] if several else []), *states], task, lambda _split, _rows: None)
    return Measurements(
        task, found.test, found.as_given, found.splits, found.overlap, feature_names=tuple(feature_names),
        without_shared=found.without_shared,
    )  # fmt: skip


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

    missing = _of_features(batch.features)
    if batch.said.kind is OutputKind.PREDICTED:
        missing["scores"] = "the batch has decisions and no scores"
    if batch.cluster is None and batch.weight is None:
        missing[DESIGN] = "the batch has neither groups nor weights"
    for read, part in ((GROUP, batch.cluster), (TIME, batch.time), (IDENTITY, batch.identity)):
        if part is None:
            missing[read] = f"the batch has no {read}"
    return Stream(name, shards, missing)


def _of_features(features: Array | None) -> dict[str, str]:
    """What features of this kind cannot offer, and why."""
    if features is None:
        return dict.fromkeys(("features", COLUMNS, TEXTS), "the batch has no features")
    if is_text(features):
        return {COLUMNS: "texts have no columns of numbers"}
    return {TEXTS: "the features are no texts"} | ({COLUMNS: "images have no columns"} if features.ndim > 2 else {})
