"""The law of all states: how the stream is cut and how the shards are merged changes no bit of the result."""

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.batches import Batch, OutputKind, Scores
from auditor.states import (
    BucketLosses,
    BucketRanking,
    Buckets,
    ColumnTotals,
    Confusion,
    ConfusionHalves,
    FeatureSample,
    FoldedTexts,
    GroupCells,
    GroupTimes,
    Identities,
    LabelCounts,
    Losses,
    LossHistogram,
    OutputForm,
    Ranking,
    Reliability,
    RowHashes,
    RowTimes,
    ScoreHistogram,
    State,
    Task,
    Temperatures,
    TopRanks,
)
from auditor.states.by_label import ByLabel, begun
from auditor.states.folded_texts import TEXTS
from auditor.states.state import GROUP
from tests.states.generating import Case, cases, label_cases, measured, written_out

Make = Callable[[Task], State[Any]]


def sparse_confusion(task: Task) -> State[Any]:
    with patch("auditor.states.confusion.DENSE_CLASSES", 1):
        return Confusion(task)


def binned_ranking(task: Task) -> State[Any]:
    with patch("auditor.states.ranking.BINNED_BYTES", 2**14):
        return Ranking(task, budget=8)


def sampled_temperatures(task: Task) -> State[Any]:
    with patch("auditor.states.temperatures.MOST_ROWS", 5):
        return Temperatures(task)


def crowded_feature_sample(task: Task) -> State[Any]:
    with patch("auditor.states.feature_sample.MOST_ROWS", 5):
        return FeatureSample(task)


def overfull_bucket_ranking(task: Task) -> State[Any]:
    return BucketRanking(task, budget=8)


def coarse_loss_histogram(task: Task) -> State[Any]:
    return LossHistogram(task, budget=64)


def often_gathered_groups(task: Task) -> State[Any]:
    with patch("auditor.states.group_sizes.PARTS_AT_ONCE", 1):
        return Buckets(task)


def sampled_row_times(task: Task) -> State[Any]:
    with patch("auditor.states.row_times.MOST_ROWS", 5):
        return RowTimes(task)


def often_gathered_group_cells(task: Task) -> State[Any]:
    with patch("auditor.states.group_cells.PARTS_AT_ONCE", 1):
        return GroupCells(task)


# A new state is held to the law by a line here.
STATES: Mapping[str, Make] = {
    "buckets": Buckets,
    "buckets with groups gathered": often_gathered_groups,
    "bucket losses": BucketLosses,
    "bucket ranking": BucketRanking,
    "bucket ranking beyond its budget": overfull_bucket_ranking,
    "column totals": ColumnTotals,
    "confusion": Confusion,
    "confusion halves": ConfusionHalves,
    "sparse confusion": sparse_confusion,
    "feature sample": FeatureSample,
    "feature sample beyond its rows": crowded_feature_sample,
    "folded texts": FoldedTexts,
    "group cells": GroupCells,
    "group cells gathered": often_gathered_group_cells,
    "group times": GroupTimes,
    "identities": Identities,
    "losses": Losses,
    "loss histogram": LossHistogram,
    "loss histogram within its budget": coarse_loss_histogram,
    "output form": OutputForm,
    "ranking": Ranking,
    "ranking beyond its budget": binned_ranking,
    "reliability": Reliability,
    "row hashes": RowHashes,
    "row times": RowTimes,
    "row times beyond the sample": sampled_row_times,
    "score histogram": ScoreHistogram,
    "temperatures": Temperatures,
    "top ranks": TopRanks,
    "temperatures beyond the sample": sampled_temperatures,
}


# What is measured where a row may have several labels: of each label, or of whole rows.
OF_LABELS = (
    ColumnTotals,
    Confusion,
    FeatureSample,
    FoldedTexts,
    GroupCells,
    GroupTimes,
    Identities,
    LabelCounts,
    Losses,
    LossHistogram,
    OutputForm,
    Ranking,
    Reliability,
    RowHashes,
    RowTimes,
    ScoreHistogram,
    Temperatures,
)


def offered(case: Case) -> Mapping[str, Make]:
    """The states that can be measured on a case: those of groups where it has groups."""
    grouped = case.rows.cluster is not None
    return {name: make for name, make in STATES.items() if grouped or GROUP not in make(case.task).reads}


def rows_for(case: Case, state: State[Any]) -> Batch:
    """The rows of a case as the state reads them: written out where it reads texts."""
    kind = state.kind if isinstance(state, ByLabel) else type(state)
    return written_out(case.rows) if TEXTS in kind.reads else case.rows


def bits(value: Any) -> object:
    """A result as something that is equal only where every bit is; what a result caches about itself is left out."""
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, value.tobytes()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(f.name, bits(getattr(value, f.name))) for f in dataclasses.fields(value) if not f.name.startswith("_")]
    if isinstance(value, (tuple, list)):
        return [bits(item) for item in value]
    return type(value).__name__, value.hex() if isinstance(value, float) else repr(value)


def in_another_layout(batch: Batch) -> Batch:
    """The same rows with scores and features column by column in memory."""
    assert batch.features is not None
    said = dataclasses.replace(batch.said, outputs=np.asfortranarray(batch.said.outputs))
    changed: dict[str, Any] = {"scores" if batch.label_scores is None else "label_scores": said}
    return dataclasses.replace(batch, **changed, features=np.asfortranarray(batch.features))


def pieces(batch: Batch, rng: np.random.Generator) -> list[Batch]:
    """The rows in another order, cut anywhere, empty pieces included, in either layout."""
    cuts = np.sort(rng.integers(0, len(batch) + 1, rng.integers(0, 8)))
    cut = [batch.rows(part) for part in np.split(rng.permutation(len(batch)), cuts)]
    return [in_another_layout(piece) if rng.random() < 0.5 else piece for piece in cut]


def merged(shards: list[State[Any]], rng: np.random.Generator) -> State[Any]:
    """All shards in one, merged two at a time in any order."""
    while len(shards) > 1:
        taken = shards.pop(rng.integers(len(shards)))
        shards[rng.integers(len(shards))].merge(taken)
    return shards[0]


def measured_in_shards(case: Case, make: Make, n_shards: int, rng: np.random.Generator) -> object:
    """The bits of the result after a random cut, a random dealing of the pieces to shards and random merging."""
    shards = [make(case.task) for _ in range(n_shards)]
    for piece in pieces(rows_for(case, shards[0]), rng):
        shards[rng.integers(n_shards)].update(piece)
    return bits(merged(shards, rng).result())


def measured_whole(case: Case, make: Make) -> object:
    state = make(case.task)
    return bits(measured(state, rows_for(case, state)))


@pytest.mark.parametrize("n_shards", [1, 2, 64])
@given(cases(), st.integers(0, 2**32))
def test_any_cut_and_any_order_of_merging_give_the_same_bits(n_shards: int, case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = {name: measured_whole(case, make) for name, make in offered(case).items()}
    assert {name: measured_in_shards(case, make, n_shards, rng) for name, make in offered(case).items()} == whole


@pytest.mark.parametrize("n_shards", [1, 64])
@given(label_cases(), st.integers(0, 2**32))
def test_the_law_holds_where_a_row_may_have_several_labels(n_shards: int, case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    made: dict[str, Make] = {kind.__name__: partial(begun, kind) for kind in OF_LABELS}
    whole = {name: measured_whole(case, make) for name, make in made.items()}
    assert {name: measured_in_shards(case, make, n_shards, rng) for name, make in made.items()} == whole


@given(cases())
def test_empty_states_and_empty_batches_change_nothing(case: Case) -> None:
    for make in offered(case).values():
        alone, into, nothing = make(case.task), make(case.task), make(case.task)
        rows = rows_for(case, alone)
        alone.update(rows)
        nothing.update(rows.rows(np.zeros(0, np.int64)))
        alone.merge(nothing)
        into.merge(alone)
        assert bits(alone.result()) == bits(into.result()) == measured_whole(case, make)


@given(cases())
def test_a_result_stays_as_it_was_when_more_rows_come(case: Case) -> None:
    for make in offered(case).values():
        state, other = make(case.task), make(case.task)
        rows = rows_for(case, state)
        first = measured(state, rows)
        before = bits(first)
        other.update(rows)
        state.merge(other)
        state.update(rows)
        assert bits(first) == before
        assert bits(state.result()) != before


@pytest.mark.parametrize("make", STATES.values(), ids=STATES)
def test_a_state_of_another_task_or_kind_is_refused(make: Make) -> None:
    state = make(Task(("a", "b"), 1))
    for other in (make(Task(("a", "b"), 0)), make(Task(("a", "c"), 1)), make(Task(("a", "b", "c")))):
        with pytest.raises(ValueError, match=r"Task\(class_names=\('a', 'b'\), positive=1\) cannot be merged with"):
            state.merge(other)
    stranger: Any = Losses(state.task) if not isinstance(state, Losses) else Confusion(state.task)
    with pytest.raises(ValueError, match="cannot be merged with"):
        state.merge(stranger)


@pytest.mark.parametrize(
    "make", [Losses, LossHistogram, OutputForm, ScoreHistogram, Ranking, Reliability, Temperatures]
)
def test_wide_outputs_add_up_alike_in_either_layout(make: Make) -> None:
    rng = np.random.default_rng(3)
    task = Task(tuple(map(str, range(200))))
    scores = Scores(rng.normal(0, 3, (500, 200)), OutputKind.LOGITS)
    batch = Batch(rng.integers(0, 200, 500), np.arange(500, dtype=np.uint64), rng.normal(size=(500, 1)), scores)
    one, other = make(task), make(task)
    one.update(batch)
    for start in range(0, 500, 7):
        other.update(in_another_layout(batch.rows(np.arange(start, min(start + 7, 500)))))
    assert bits(one.result()) == bits(other.result())
