"""A sample of rows with their columns: the same rows however the stream is cut, with what the model made of them."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import testing
from auditor.findings import NotApplicable
from auditor.states import FeatureSample, SampledRows, Task
from tests.states.generating import measured

TASK = Task(("a", "b"))
FEATURES = np.arange(60, dtype=np.float32).reshape(20, 3)
LABELS = np.arange(20) % 2


def sample_of(most_rows: int) -> SampledRows:
    with patch("auditor.states.feature_sample.MOST_ROWS", most_rows):
        found: SampledRows = measured(
            FeatureSample(TASK), testing.rows(LABELS, predicted=LABELS // 2, features=FEATURES)
        )
    return found


def test_few_rows_are_all_kept_in_the_order_of_the_file() -> None:
    sample = sample_of(20)
    assert (sample.n, len(sample)) == (20, 20)
    np.testing.assert_array_equal(sample.features, FEATURES)
    np.testing.assert_array_equal(sample.labels, LABELS)
    np.testing.assert_array_equal(sample.right, LABELS == 0)


def test_of_many_rows_each_that_is_kept_is_whole() -> None:
    sample = sample_of(7)
    assert (sample.n, len(sample)) == (20, 7)
    assert (np.diff(sample.row_key.astype(int)) > 0).all()
    np.testing.assert_array_equal(sample.features, FEATURES[sample.row_key.astype(int)])


def test_a_smaller_sample_is_the_one_that_would_have_been_drawn() -> None:
    smaller, drawn = sample_of(12).first(7), sample_of(7)
    np.testing.assert_array_equal(smaller.row_key, drawn.row_key)
    np.testing.assert_array_equal(smaller.features, drawn.features)
    assert len(sample_of(7).first(9)) == 7


def sample_holding(features, labels) -> SampledRows:
    n = len(labels)
    key = np.arange(n, dtype=np.uint64)
    return SampledRows(n, np.asarray(features, np.float32).reshape(n, -1), np.asarray(labels), key, key > 0)


CELLS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40)


@given(CELLS, st.randoms(use_true_random=False))
def test_the_halves_hold_the_same_rows_in_whatever_order_they_stand(cells, random) -> None:
    shuffled = random.sample(cells, len(cells))
    held = [np.array(order)[sample_holding(*zip(*order, strict=True)).half].tolist() for order in (cells, shuffled)]
    assert sorted(held[0]) == sorted(held[1])


@given(CELLS)
def test_equal_rows_are_spread_evenly_over_the_halves(cells) -> None:
    values, labels = (np.array(part) for part in zip(*cells, strict=True))
    half = sample_holding(values, labels).half
    assert all(abs(int(half[values == value].sum()) * 2 - int((values == value).sum())) <= 1 for value in range(4))
    assert abs(2 * int(half.sum()) - len(half)) <= 1


def test_which_half_a_label_falls_to_is_chance_among_equal_rows() -> None:
    """Four equal rows, two of either class: by chance a half has both of one class in a third of cases, and never by turns."""
    values, labels = np.repeat(np.arange(3000), 4), np.tile([0, 0, 1, 1], 3000)
    half = sample_holding(values, labels).half.reshape(3000, 4)
    alone = np.count_nonzero(half[:, :2].sum(axis=1) != 1)
    assert 900 < alone < 1100


def test_halves_of_rows_with_several_labels_and_of_none() -> None:
    labels = np.array([[0, 1], [1, 0], [1, 1], [0, 1]], np.int8)
    assert sample_holding(np.zeros(4), labels).half.sum() == 2
    nothing = np.zeros(0, np.int64)
    assert not len(SampledRows(0, np.zeros((0, 0), np.float32), nothing, nothing.astype(np.uint64), nothing > 0).half)


def multiplied(levels, seed=1):
    """Rows of three columns, of which those with label 1 stand there five times, in any order; and how many there were before."""
    random = np.random.default_rng(seed)
    labels = (random.random(600) < 0.1).astype(np.int64)
    features = random.normal(size=(600, 3)) if levels == 0 else random.integers(0, levels, (600, 3))
    order = random.permutation(np.repeat(np.arange(600), np.where(labels == 1, 5, 1)))
    return features[order], labels[order], len(order) - 600


def test_of_copies_one_row_is_distinct_and_the_others_are_counted() -> None:
    features, labels, more = multiplied(levels=0)
    kept = sample_holding(features, labels).distinct
    assert (len(kept), kept.copies, kept.n) == (600, more, 600 + more)
    assert len(np.unique(kept.features, axis=0)) == 600
    assert kept.labels.sum() * 5 == labels.sum()


def test_equal_rows_with_other_labels_are_no_copies() -> None:
    features, labels, _ = multiplied(levels=0)
    twice = sample_holding(np.concatenate([features, features]), np.concatenate([labels, 1 - labels]))
    assert len(twice.distinct) == 1200


def test_rows_that_are_equal_by_chance_are_all_kept() -> None:
    random = np.random.default_rng(1)
    coarse = sample_holding(random.integers(0, 4, (600, 3)), random.integers(0, 2, 600))
    assert coarse.distinct is coarse
    assert not coarse.distinct.copies


@pytest.mark.parametrize("levels", [0, 4, 1000])
def test_which_rows_are_distinct_does_not_depend_on_their_order(levels) -> None:
    features, labels, _ = multiplied(levels)
    order = np.random.default_rng(2).permutation(len(labels))
    with patch("auditor.states.feature_sample.MOST_PAIRED", 400):
        kept = [sample_holding(features[rows], labels[rows]).distinct for rows in (order, order[::-1])]
    held = [sorted(zip(one.features.tolist(), one.labels.tolist(), strict=True)) for one in kept]
    assert held[0] == held[1]


def test_wide_rows_are_kept_within_the_values_that_fit() -> None:
    with patch("auditor.states.feature_sample.MOST_VALUES", 15):
        assert len(sample_of(20)) == 5


def test_a_row_of_several_labels_is_right_where_all_that_are_known_are() -> None:
    labels, given = [[1, 0], [1, 0], [-1, 1]], [[1, 0], [1, 1], [0, 1]]
    rows = testing.rows(labels, predicted=given, features=np.zeros((3, 1)))
    found = measured(FeatureSample(Task(("x", "y"), multilabel=True)), rows)
    assert found.right.tolist() == [True, False, True]


def test_images_have_no_columns() -> None:
    images = testing.rows([0, 1], predicted=[0, 1], features=np.zeros((2, 1, 4, 4)))
    m = testing.measured(images, class_names=("a", "b"), states=[FeatureSample])
    with pytest.raises(NotApplicable, match="images have no columns"):
        m.test[FeatureSample]
