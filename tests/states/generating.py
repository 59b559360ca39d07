"""Rows with scores and features as hypothesis draws them: every kind of output, ties, extremes, absent classes."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.special import expit, log_expit, log_softmax, softmax

from auditor.batches import Batch, OutputKind, Scores
from auditor.label_scores import LabelScores
from auditor.states import State, Task

Array = NDArray[Any]

KINDS = (OutputKind.LOGITS, OutputKind.LOG_PROBABILITIES, OutputKind.PROBABILITIES, OutputKind.SIGMOID)
EXTREME = st.sampled_from([-1000.0, -1.0, -0.0, 0.0, 0.5, 1.0, 1000.0])
LOGITS = EXTREME | st.floats(-30, 30, width=32)


@dataclass(frozen=True)
class Case:
    """A task and all rows of a stream for it."""

    task: Task
    rows: Batch


def outputs_of(kind: OutputKind, logits: Array) -> Array:
    """What a model of this kind gives where another gives these logits: (n, 1) for one class of two, or (n, classes)."""
    single = logits.shape[1] == 1
    if kind is OutputKind.LOGITS:
        return logits
    if kind is OutputKind.LOG_PROBABILITIES:
        return np.asarray(log_expit(logits) if single else log_softmax(logits, axis=1))
    return np.asarray(expit(logits) if single or kind is OutputKind.SIGMOID else softmax(logits, axis=1))


@st.composite
def scores_of(
    draw: st.DrawFn,
    shape: tuple[int, int],
    *,
    kinds: tuple[OutputKind, ...],
    logits: st.SearchStrategy[float],
    dtypes: tuple[Any, ...],
) -> Scores:
    """Scores of (rows, classes); two classes may have one column, for either of them, and a threshold."""
    n, n_classes = shape
    kind = draw(st.sampled_from(kinds))
    columns = draw(st.sampled_from([1, 2])) if n_classes == 2 else n_classes
    drawn = draw(arrays(np.float64, (n, columns), elements=logits))
    outputs = outputs_of(kind, drawn).astype(draw(st.sampled_from(dtypes)))
    threshold = draw(st.none() | st.floats(0, 1)) if n_classes == 2 else None
    return Scores(outputs, kind, draw(st.sampled_from([0, 1])), threshold)


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    kinds: tuple[OutputKind, ...] = KINDS,
    n_classes: tuple[int, ...] = (2, 3, 9),
    most: int = 40,
    logits: st.SearchStrategy[float] = LOGITS,
    dtypes: tuple[Any, ...] = (np.float32, np.float64),
) -> Case:
    """One to `most` rows of some task; classes may be absent, one class may hold all rows, rows may repeat."""
    n, k = draw(st.integers(1, most)), draw(st.sampled_from(n_classes))
    task = Task(tuple(f"class {i}" for i in range(k)), draw(st.sampled_from([None, 0, 1])) if k == 2 else None)
    present = draw(st.lists(st.integers(0, k - 1), min_size=1, max_size=k))
    labels = draw(arrays(np.int64, n, elements=st.sampled_from(present)))
    features = draw(arrays(np.float32, (n, 3), elements=st.sampled_from([-0.0, 0.0, 1.0, np.nan, 2.5])))
    scores = draw(scores_of((n, k), kinds=kinds, logits=logits, dtypes=dtypes))
    cluster = draw(st.none() | arrays(np.uint64, n, elements=st.integers(0, 2**64 - 1) | st.sampled_from([4, 7, 8])))
    weight = draw(st.none() | arrays(np.float64, n, elements=st.just(0.0) | st.floats(2.0**-16, 2.0**16)))
    rows = Batch(labels, np.arange(n, dtype=np.uint64), features, scores, cluster, weight)
    return Case(task, replace(rows, time=draw(times_of(n)), identity=draw(identities_of(n))))


@st.composite
def times_of(draw: st.DrawFn, n: int) -> Array:
    """(n,) times as numbers or as dates; some repeat and some are not stated."""
    numbers = st.sampled_from([np.nan, -0.0, 0.0, 1.5, 2.0]) | st.floats(-1e6, 1e6)
    drawn = draw(arrays(np.float64, n, elements=numbers))
    dated = np.where(np.isnan(drawn), np.iinfo(np.int64).min, np.nan_to_num(drawn) * 1e6).astype(np.int64)
    return dated.view("datetime64[us]") if draw(st.booleans()) else drawn


def identities_of(n: int) -> st.SearchStrategy[Array]:
    """(n,) hashes of ids; some repeat and some are not stated."""
    return arrays(np.uint64, n, elements=st.sampled_from([0, 1, 2]) | st.integers(0, 2**64 - 1))


@st.composite
def label_cases(draw: st.DrawFn, *, most: int = 40) -> Case:
    """One to `most` rows of two to four labels, some of them unknown; a row may have none, a label no row."""
    n, n_labels = draw(st.integers(1, most)), draw(st.integers(2, 4))
    task = Task(tuple(f"label {i}" for i in range(n_labels)), multilabel=True)
    present = draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=6))
    labels = draw(arrays(np.int8, (n, n_labels), elements=st.sampled_from(present)))
    features = draw(arrays(np.float32, (n, 3), elements=st.sampled_from([-0.0, 0.0, 1.0, np.nan, 2.5])))
    kind = draw(st.sampled_from([OutputKind.LOGITS, OutputKind.SIGMOID]))
    logits = draw(arrays(np.float64, (n, n_labels), elements=LOGITS))
    outputs = outputs_of(OutputKind.SIGMOID, logits) if kind is OutputKind.SIGMOID else logits
    thresholds = tuple(draw(st.none() | st.floats(0.01, 0.99)) for _ in range(n_labels))
    said = LabelScores(outputs.astype(draw(st.sampled_from([np.float32, np.float64]))), kind, thresholds)
    cluster = draw(arrays(np.uint64, n, elements=st.sampled_from([4, 7, 8])))
    rows = Batch(labels, np.arange(n, dtype=np.uint64), features, cluster=cluster, label_scores=said)
    return Case(task, replace(rows, time=draw(times_of(n)), identity=draw(identities_of(n))))


def written_out(rows: Batch) -> Batch:
    """The same rows with texts for features; the two zeros differ in case and spacing alone."""
    assert rows.features is not None
    words = np.where(
        np.signbit(rows.features), " ZERO", np.where(rows.features == 0, "zero", rows.features.astype(str))
    )
    return replace(rows, features=words.astype(np.dtypes.StringDType()))


def measured(state: State[Any], *batches: Batch) -> Any:
    """The result of a state after these batches."""
    for batch in batches:
        state.update(batch)
    return state.result()
