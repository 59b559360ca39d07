"""Rows of equal hash are compared value by value; what only seems to be a copy is none."""

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.batches import Array, Batch, OutputKind, Scores
from auditor.engines.local import Measured, Stream, measure
from auditor.hashing import row_hashes
from auditor.overlap import Pair
from auditor.states import Confusion, LabelCounts, RowHashes, Task
from auditor.testing import rows as rows_of

TASK = Task(("no", "yes"), 1)


def rows(features: Array, labels: Array | None = None) -> Batch:
    n = len(features)
    labels = (np.arange(n) % 2).astype(np.int64) if labels is None else labels
    return Batch(labels, np.arange(n, dtype=np.uint64), features, Scores(features[:, :1], OutputKind.LOGITS))


def run(
    train: Batch, test: Batch, task: Task = TASK, cuts: int = 1, faithful: bool = True
) -> tuple[Measured, list[tuple[int, int]]]:
    """What was measured, and all pairs of a test row and a training row as they were kept."""
    kept: list[Any] = []

    def stream(name: str, batch: Batch) -> Stream:
        pieces = [batch.rows(part) for part in np.array_split(np.arange(len(batch)), cuts)]
        return Stream(name, lambda: iter([iter(pieces)]), faithful=lambda: faithful)

    streams = {"train": stream("train", train), "test": stream("test", test)}
    states = (LabelCounts if task.multilabel else Confusion, RowHashes)
    found = measure(streams, states, task, lambda _name, _rows: None, kept.append)
    none = np.zeros(0, np.int64)
    pairs = (np.concatenate([none, *(getattr(one, name) for one in kept)]) for name in ("test_row", "train_row"))
    return found, list(zip(*(part.tolist() for part in pairs), strict=True))


def distinct(n: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)


def coarse_hashes(features: Array) -> Array:
    """Hashes of which only 256 differ, so that many rows that differ share one."""
    return row_hashes(features) & np.uint64(0xFF << 56)


def test_every_copy_is_found_with_its_training_row_and_both_labels() -> None:
    train, test = distinct(100, 1), distinct(50, 2)
    test[[3, 20, 44]] = train[[70, 5, 70]]
    found, kept = run(rows(train), rows(test, np.ones(50, np.int64)))
    assert found.overlap is not None
    assert found.overlap.look.pairs == (Pair(3, 70, "yes", "no"), Pair(20, 5, "yes", "yes"), Pair(44, 70, "yes", "no"))
    assert (found.overlap.look.verified, found.overlap.look.by_hash, found.overlap.look.same_label) == (3, 0, 1)
    assert found.overlap.look.by_class == (0, 3)
    assert kept == [(3, 70), (20, 5), (44, 70)]


def test_the_first_of_equal_training_rows_is_named() -> None:
    train, test = distinct(60, 1), distinct(20, 2)
    train[[9, 31]] = train[50]
    test[7] = train[50]
    for cuts in (1, 7, 60):
        found, _ = run(rows(train), rows(test), cuts=cuts)
        assert found.overlap is not None
        assert found.overlap.look.pairs == (Pair(7, 9, "yes", "yes"),)


@pytest.mark.parametrize("cuts", [1, 9])
def test_rows_that_share_a_hash_and_no_values_are_no_copies(cuts: int) -> None:
    train, test = distinct(600, 1), distinct(200, 2)
    test[:10] = train[:10]
    with patch("auditor.batches.row_hashes", coarse_hashes):
        found, kept = run(rows(train), rows(test), cuts=cuts)
    plain, _ = run(rows(train), rows(test))
    assert found.overlap is not None
    assert plain.overlap is not None
    assert found.overlap.look.refuted > 150
    assert (found.overlap.n_shared, found.overlap.look.verified) == (10, 10)
    assert found.overlap.look.pairs == plain.overlap.look.pairs
    assert kept == [(i, i) for i in range(10)]
    assert found.as_given[Confusion].n == 200
    assert found.without_shared is not None
    assert found.without_shared[Confusion].n == 190


def test_where_every_hit_is_refuted_nothing_is_shared() -> None:
    with patch("auditor.batches.row_hashes", coarse_hashes):
        found, _ = run(rows(distinct(600, 1)), rows(distinct(100, 2)))
    assert found.overlap is not None
    assert found.overlap.n_shared == 0
    assert found.overlap.look.refuted > 50
    assert found.test is found.as_given


def test_zeros_of_either_sign_and_every_nan_are_equal() -> None:
    train = np.array([[0.0, 1, np.nan]], np.float32)
    test = np.array([[-0.0, 1, np.float32("-nan")], [0.0, 1, 2]], np.float32)
    found, _ = run(rows(train), rows(test))
    assert found.overlap is not None
    assert (found.overlap.look.verified, found.overlap.look.refuted) == (1, 0)


def test_beyond_what_is_kept_rows_are_equal_by_their_hash() -> None:
    train, test = distinct(300, 1), distinct(300, 2)
    test[:100] = train[:100]
    with patch("auditor.engines.second_look.MOST_VALUES_KEPT", 30):
        found, kept = run(rows(train), rows(test))
    assert found.overlap is not None
    assert (found.overlap.look.verified, found.overlap.look.by_hash) == (30, 70)
    assert kept == [(i, i) for i in range(100)]
    with patch("auditor.engines.second_look.MOST_BYTES_KEPT", 40 * 3 * 4):
        found, _ = run(rows(train), rows(test))
    assert found.overlap is not None
    assert found.overlap.look.verified == 40


def test_rows_that_differ_at_each_reading_are_not_looked_up() -> None:
    train = distinct(50, 1)
    found, kept = run(rows(train), rows(train), faithful=False)
    assert kept == []
    assert found.overlap is not None
    assert found.overlap.look.pairs == ()


def test_of_several_labels_all_must_agree_and_each_is_counted() -> None:
    features = distinct(3, 1)
    labels = np.array([[1, 0], [1, 1], [0, 0]])
    other = np.array([[1, 0], [0, 1], [0, 0]])
    train = rows_of(other, predicted=other, features=features)
    test = rows_of(labels, predicted=labels, features=features)
    found, _ = run(train, test, Task(("a", "b"), multilabel=True))
    assert found.overlap is not None
    assert (found.overlap.look.same_label, found.overlap.look.by_class) == (2, (2, 1))
    assert [(pair.test_label, pair.train_label) for pair in found.overlap.look.pairs] == [
        ("a", "a"),
        ("a, b", "b"),
        ("", ""),
    ]


@given(
    st.lists(st.integers(0, 6), max_size=30), st.lists(st.integers(0, 6), max_size=30), st.integers(1, 5), st.booleans()
)
def test_the_pairs_are_those_that_comparing_every_row_with_every_row_finds(
    train: list[int], test: list[int], cuts: int, colliding: bool
) -> None:
    batches = [rows(np.array(values, np.float32).reshape(-1, 1)) for values in (train, test)]
    with patch(
        "auditor.batches.row_hashes", (lambda f: row_hashes(f) & np.uint64(3 << 62)) if colliding else row_hashes
    ):
        found, kept = run(batches[0], batches[1], cuts=cuts)
    expected = [(i, train.index(value)) for i, value in enumerate(test) if value in train]
    assert kept == expected
    assert found.overlap is not None
    assert found.overlap.n_shared == len(expected)
    assert found.overlap.look.same_label == sum(i % 2 == j % 2 for i, j in expected)


def test_texts_that_unicode_composes_alike_are_one_row() -> None:
    texts = np.array([["caf\u00e9"], ["tea"], ["milk"]], np.dtypes.StringDType())
    spelt = np.array([["cafe\u0301"], ["Tea"]], np.dtypes.StringDType())
    train, test = (
        Batch(
            np.zeros(len(part), np.int64),
            np.arange(len(part), dtype=np.uint64),
            part,
            Scores(np.zeros((len(part), 1)), OutputKind.LOGITS),
        )
        for part in (texts, spelt)
    )
    found, kept = run(train, test)
    assert kept == [(0, 0)]
    assert found.overlap is not None
    assert (found.overlap.look.verified, found.overlap.look.refuted) == (1, 0)
