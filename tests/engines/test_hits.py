"""Which rows are looked at twice: the hits of test, and the few training rows that may equal one of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.batches import Array, Batch
from auditor.engines.hits import Hits


def rows(features: Array, first: int = 0) -> Batch:
    return Batch(np.zeros(len(features), np.int64), np.arange(first, first + len(features), dtype=np.uint64), features)


def table(n: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(size=(n, 6)).astype(np.float32)


@given(st.lists(st.integers(0, 50), min_size=1, unique=True), st.integers(1, 5))
def test_the_numbers_of_the_hits_are_known_however_they_came(numbers: list[int], cuts: int) -> None:
    whole, hits = rows(table(51, 0)), Hits()
    for part in np.array_split(np.array(numbers), cuts):
        one = Hits()
        if len(part):
            one.add(whole.rows(part))
        hits.merge(one)
    assert np.flatnonzero(hits.among(whole.row_key)).tolist() == sorted(numbers)


def test_equal_rows_pass_and_nearly_all_others_do_not() -> None:
    test, train, hits = table(500, 1), table(20_000, 2), Hits()
    train[100:600] = test
    hits.add(rows(test))
    passed = hits.may_equal(train)
    assert passed[100:600].all()
    assert passed.sum() < 550


def test_blanks_and_both_zeros_pass_for_each_other() -> None:
    hits = Hits()
    hits.add(rows(np.array([[0.0, np.nan]], np.float32)))
    assert hits.may_equal(np.array([[-0.0, -np.nan]], np.float32)).tolist() == [True]


@pytest.mark.parametrize("empty", [np.zeros((4, 0), np.float32), np.full((4, 1), "a", np.dtypes.StringDType())])
def test_rows_without_a_number_always_pass(empty: Array) -> None:
    hits = Hits()
    hits.add(rows(empty[:1]))
    assert hits.may_equal(empty).all()
