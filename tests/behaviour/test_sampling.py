"""The few rows that the model is tried on."""

import numpy as np
import pytest

from auditor.behaviour import sampling
from auditor.behaviour.sampling import sampled
from tests.behaviour.making import split


def rows_of(n, width=2):
    features = np.arange(n * width, dtype=np.float32).reshape(n, width)
    return split("test", features, np.arange(n) % 3, 3)


def test_all_rows_are_kept_where_there_are_few():
    found = sampled(rows_of(100), 32)
    assert sorted(found.row_key.tolist()) == list(range(100))


def test_labels_and_features_stay_with_their_row():
    found = sampled(rows_of(9000), 1000)
    assert len(found) == 4096
    assert (found.labels == found.row_key % 3).all()
    assert (found.features[:, 0] == 2 * found.row_key).all()


@pytest.mark.parametrize("size", [7, 100, 5000])
def test_the_batch_size_changes_nothing(size, monkeypatch):
    monkeypatch.setattr(sampling, "MOST_ROWS", 50)
    found, whole = sampled(rows_of(1000), size), sampled(rows_of(1000), 1000)
    assert found.row_key.tolist() == whole.row_key.tolist()


def test_no_more_than_four_times_as_many_rows_are_read(monkeypatch):
    monkeypatch.setattr(sampling, "MOST_ROWS", 50)
    found = sampled(rows_of(10_000), 1000)
    assert found.row_key.max() < 200
    assert found.row_key.max() > 150


def test_wide_rows_are_fewer(monkeypatch):
    monkeypatch.setattr(sampling, "MOST_VALUES", 64)
    assert len(sampled(rows_of(1000, width=8), 100)) == 8


def test_without_rows_there_is_no_sample():
    assert sampled(rows_of(0), 10) is None
