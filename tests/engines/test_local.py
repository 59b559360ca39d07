"""One pass over each split: where every row goes, and what test shares with train."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.batches import Array, Batch, OutputKind, Scores
from auditor.engines.local import Measured, Stream, measure
from auditor.findings import NotApplicable
from auditor.measurements import RowCounts
from auditor.states import Confusion, Losses, RowHashes, State, Task

TASK = Task(("no", "yes"), 1)
STATES: tuple[type[State[Any]], ...] = (Confusion, Losses, RowHashes)


def rows(features: Array, labels: Array | None = None, logits: Array | None = None, first: int = 0) -> Batch:
    """Rows (n, columns) whose label is, unless given, "yes" on every third, and whose logit is the first feature."""
    n = len(features)
    labels = (np.arange(n) % 3 == 0).astype(np.int64) if labels is None else labels
    outputs = features[:, :1] if logits is None else logits
    return Batch(labels, np.arange(first, first + n, dtype=np.uint64), features, Scores(outputs, OutputKind.LOGITS))


def stream(name: str, *shards: Sequence[Batch], missing: dict[str, str] | None = None) -> Stream:
    def opened() -> Iterator[Iterator[Batch]]:
        return (iter(shard) for shard in shards)

    return Stream(name, opened, missing or {})


def run(states: Sequence[type[State[Any]]] = STATES, **splits: Batch | Stream) -> Measured:
    streams = {name: split if isinstance(split, Stream) else stream(name, [split]) for name, split in splits.items()}
    return measure(streams, states, TASK, lambda _name, _rows: None)


def distinct(n: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)


def coarse(n: int, seed: int) -> Array:
    """Rows of which a table holds each several times by chance."""
    return np.random.default_rng(seed).integers(0, 3, (n, 3)).astype(np.float32)


def with_copies(n: int, copies: int) -> tuple[Array, Array]:
    """Train of n rows, and test of n rows of which the last are copies of train's first."""
    train, test = distinct(n, 1), distinct(n, 2)
    test[n - copies :] = train[:copies]
    return train, test


# Where the rows go


def test_every_row_is_counted_in_one_place() -> None:
    train, test = with_copies(100, 10)
    labels = np.zeros(100, np.int64)
    labels[:7] = -1
    logits = test[:, :1].copy()
    logits[5:9] = np.nan  # two of them have no label
    found = run(train=rows(train), test=rows(test, labels, logits)).test.rows
    assert found == RowCounts(read=100, without_label=7, unusable=2, unusable_inputs=0, shared=10, judged=81)
    assert found.read == found.without_label + found.unusable + found.shared + found.judged


def test_rows_without_a_label_are_left_out_and_counted() -> None:
    labels = np.array([0, -1, 1, -1, -1])
    found = run(test=rows(distinct(5, 0), labels)).test
    assert found.rows == RowCounts(read=5, without_label=3, judged=2)
    assert found[Confusion].support.tolist() == [1, 1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rows_with_outputs_that_are_not_finite_are_left_out_and_counted(bad: float) -> None:
    features = distinct(6, 0)
    logits = features[:, :1].copy()
    logits[[1, 4]] = bad
    features[4, 2] = np.nan
    features[5, 2] = np.inf  # its output is finite: it is judged
    found = run(test=rows(features, logits=logits)).test
    assert found.rows == RowCounts(read=6, unusable=2, unusable_inputs=1, judged=4)
    assert found[Confusion].n == found[Losses].n == 4
    assert found[Losses].mean("log_loss").value is not None


@pytest.mark.parametrize("what", ["no labels", "no finite outputs"])
def test_a_batch_without_a_usable_row_changes_nothing(what: str) -> None:
    train, test = with_copies(20, 5)
    some = rows(test)
    lost = rows(train, np.full(20, -1)) if what == "no labels" else rows(train, logits=np.full((20, 1), np.nan))
    found = run(train=rows(train), test=stream("test", [some, lost]))
    assert found.test.rows.read == 40
    assert (found.test.rows.shared, found.test.rows.judged) == (5, 15)
    assert found.test[Confusion].n == 15


@pytest.mark.parametrize("empty", [stream("test"), stream("test", []), stream("test", [rows(distinct(0, 0))])])
def test_a_split_without_rows_has_counts_of_zero(empty: Stream) -> None:
    found = run(train=rows(distinct(5, 0)), test=empty)
    assert found.test.rows == RowCounts()
    assert found.test[Confusion].n == 0
    assert found.overlap is not None
    assert (found.overlap.n_test, found.overlap.share.value, found.overlap.copied) == (0, None, False)


def test_progress_names_the_split_and_counts_every_row_once() -> None:
    seen: list[tuple[str, int]] = []
    streams = {name: stream(name, [rows(distinct(3, 0)), rows(distinct(2, 1))]) for name in ("train", "test")}
    measure(streams, STATES, TASK, lambda name, n: seen.append((name, n)))
    assert seen == [("train", 3), ("train", 2), ("test", 3), ("test", 2)]


# What test shares with train


def test_copies_of_training_rows_are_not_judged_and_stay_in_what_was_given() -> None:
    train, test = with_copies(200, 30)
    found = run(train=rows(train), test=rows(test))
    alone, all_rows = run(test=rows(test[:170])), run(test=rows(test))
    assert found.test[Losses] == alone.test[Losses]
    assert found.as_given[Losses] == all_rows.test[Losses]
    np.testing.assert_array_equal(found.test[Confusion].dense, alone.test[Confusion].dense)
    np.testing.assert_array_equal(found.as_given[Confusion].dense, all_rows.test[Confusion].dense)
    assert (found.test.rows.judged, found.as_given.rows.judged) == (170, 200)
    assert found.overlap is not None
    assert found.overlap.copied
    assert (found.overlap.n_test, found.overlap.n_shared, found.overlap.n_train, found.overlap.n_train_repeated) == (
        200,
        30,
        200,
        0,
    )


def test_the_first_copies_are_named_by_their_row() -> None:
    train, test = with_copies(200, 30)
    found = run(train=rows(train), test=rows(test, first=1000))
    assert found.overlap is not None
    assert found.overlap.first_rows == tuple(range(1170, 1190))


def test_nothing_is_taken_out_of_a_table_that_repeats_itself_by_chance() -> None:
    train, test = coarse(1000, 1), coarse(1000, 2)
    found = run(train=rows(train), test=rows(test))
    assert found.overlap is not None
    assert found.overlap.n_shared > 900
    assert not found.overlap.copied
    assert found.test is found.as_given
    assert found.test[Confusion].n == found.test.rows.judged == 1000


def test_copies_are_taken_out_of_a_table_that_repeats_itself_less() -> None:
    train, test = with_copies(1000, 100)
    train[990:] = train[980:990]
    found = run(train=rows(train), test=rows(test))
    assert found.overlap is not None
    assert (found.overlap.n_train_repeated, found.overlap.n_shared) == (20, 100)
    assert found.overlap.copied
    assert found.test[Confusion].n == 900


def test_a_single_equal_image_is_a_copy_and_a_single_equal_row_of_unknown_columns_is_not() -> None:
    train, test = with_copies(200, 1)
    images = [table[:, :, None, None] for table in (train, test)]
    logits = np.zeros((200, 1))
    for (known, seen), copied in (((train, test), False), ((images[0], images[1]), True)):
        found = run(train=rows(known, logits=logits), test=rows(seen, logits=logits))
        assert found.overlap is not None
        assert (found.overlap.n_shared, found.overlap.copied) == (1, copied)


def test_a_copy_is_one_by_its_features_whatever_its_label() -> None:
    train, test = with_copies(50, 10)
    found = run(train=rows(train, np.zeros(50, np.int64)), test=rows(test, np.ones(50, np.int64)))
    assert found.test.rows.shared == 10


def test_without_a_shared_row_both_views_are_one() -> None:
    found = run(train=rows(distinct(50, 1)), test=rows(distinct(50, 2)))
    assert found.test is found.as_given
    assert found.overlap is not None
    assert not found.overlap.copied


def test_validation_is_compared_with_nothing() -> None:
    train = distinct(50, 1)
    found = run(train=rows(train), validation=rows(train), test=rows(distinct(50, 2)))
    assert found.splits["validation"].rows == RowCounts(read=50, judged=50)
    assert found.overlap is not None
    assert found.overlap.n_shared == 0


@pytest.mark.parametrize("without", ["train", "features", "row hashes"])
def test_nothing_is_compared_without_what_it_takes(without: str) -> None:
    train, test = with_copies(50, 10)
    bare = Batch(rows(test).labels, rows(test).row_key, None, rows(test).scores)
    splits: dict[str, Batch | Stream] = {"train": rows(train), "test": rows(test)}
    if without == "train":
        del splits["train"]
    if without == "features":
        splits["test"] = stream("test", [bare], missing={"features": "no features"})
    found = run((Confusion,) if without == "row hashes" else STATES, **splits)
    assert found.overlap is None
    assert found.test[Confusion].n == 50


# States


def test_a_state_that_needs_what_the_data_lack_says_why() -> None:
    decided = Scores(np.zeros((4, 0)), OutputKind.PREDICTED, decided=np.array([0, 1, 1, 0]))
    batch = Batch(np.array([0, 1, 0, 0]), np.arange(4, dtype=np.uint64), None, decided)
    found = run(test=stream("test", [batch], missing={"scores": "no scores", "features": "no features"})).test
    assert found[Confusion].correct.tolist() == [2, 1]
    assert Losses not in found
    with pytest.raises(NotApplicable, match="no scores"):
        found[Losses]
    with pytest.raises(NotApplicable, match="no features"):
        found[RowHashes]


class Widest(State[int]):
    """The most rows that came at once, and a state that a plug-in might bring."""

    reads: ClassVar[frozenset[str]] = frozenset({"predicted"})

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.most = 0

    def update(self, batch: Batch) -> None:
        self.most = max(self.most, len(batch))

    def merge(self, other: "Widest") -> None:
        self.refuse_other_task(other)
        self.most = max(self.most, other.most)

    def result(self) -> int:
        return self.most


def test_states_never_see_more_rows_at_once_than_memory_allows() -> None:
    with patch("auditor.engines.local.STATE_ROWS_TIMES_CLASSES", 10):
        found = run((Confusion, Widest), test=rows(distinct(23, 0))).test
    assert (found[Widest], found[Confusion].n, found.rows.read) == (5, 23, 23)


def hashes_and_losses(found: Measured) -> list[object]:
    """All that was measured, the arrays as bytes."""
    views = [found.test, found.as_given, *found.splits.values()]
    arrays = [array.tobytes() for view in views for array in (view[RowHashes].hashes, view[Confusion].dense)]
    return [*((view.rows, view[Losses]) for view in views), *arrays, found.overlap]


@given(st.lists(st.integers(0, 120), max_size=12), st.integers(0, 2**32), st.booleans())
def test_how_the_data_are_cut_changes_nothing(cuts: list[int], seed: int, shuffled_keys: bool) -> None:
    rng = np.random.default_rng(seed)
    train, test = with_copies(120, 40)
    labels = rng.integers(-1, 2, 120)
    logits = np.where(rng.random((120, 1)) < 0.1, np.nan, test[:, :1])
    whole = rows(test, labels, logits)
    if shuffled_keys:
        whole = Batch(whole.labels, rng.integers(0, 2**64, 120, np.uint64), whole.features, whole.scores)

    def shards(batch: Batch) -> list[list[Batch]]:
        pieces = [batch.rows(part) for part in np.split(np.arange(120), sorted(cuts))]
        ends = sorted(rng.integers(0, len(pieces) + 1, 2))
        return [pieces[: ends[0]], pieces[ends[0] : ends[1]], pieces[ends[1] :]]

    cut = run(train=stream("train", *shards(rows(train))), test=stream("test", *shards(whole)))
    assert hashes_and_losses(cut) == hashes_and_losses(run(train=rows(train), test=whole))
