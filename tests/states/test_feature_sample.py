"""A sample of rows with their columns: the same rows however the stream is cut, with what the model made of them."""

from unittest.mock import patch

import numpy as np
import pytest

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


def test_about_half_of_the_rows_are_in_either_half_and_always_the_same() -> None:
    many = measured(
        FeatureSample(TASK),
        testing.rows(np.zeros(4000, int), predicted=np.zeros(4000, int), features=np.zeros((4000, 1))),
    )
    assert 1850 < many.half.sum() < 2150
    np.testing.assert_array_equal(many.first(100).half, many.half[np.isin(many.row_key, many.first(100).row_key)])


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
