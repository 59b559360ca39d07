"""Whole numbers that no two rows share are an id where they lie close together, and an accident or a measurement elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.statistics import numbering_columns, repeating_columns


def found(*files, collisions=10.0, fewest=100):
    return numbering_columns([np.asarray(file, np.float32) for file in files], collisions, fewest)


def column(values):
    return np.asarray(values, np.float32)[:, None]


@given(st.integers(100, 3000), st.integers(-5000, 5000), st.randoms(use_true_random=False))
def test_consecutive_numbers_are_found_in_any_order_and_from_any_start(n, start, random):
    (one,) = found(column(random.sample(range(start, start + n), n)))
    assert (one.column, one.anew, one.low, one.high) == (0, False, (start,), (start + n - 1,))
    assert one.collisions == pytest.approx((n - 1) / 2)


def test_numbers_of_two_files_are_one_numbering_or_begin_anew():
    ids = np.random.default_rng(0).permutation(1000)
    (one,) = found(column(ids[:800]), column(ids[800:]))
    assert (one.anew, one.low, one.high) == (False, (0.0,), (999.0,))
    (anew,) = found(column(np.arange(800)), column(np.arange(200)))
    assert (anew.anew, anew.low, anew.high) == (True, (0.0, 0.0), (799.0, 199.0))
    assert anew.collisions == pytest.approx(199 / 2)


def test_files_that_are_numbered_far_apart_are_numbered_each():
    (anew,) = found(column(np.arange(800)), column(10_000_000 + np.arange(200)))
    assert anew.anew


@pytest.mark.parametrize(
    "values",
    [
        np.arange(1000) + 0.5,
        np.concatenate([np.arange(999), [np.nan]]),
        np.concatenate([np.arange(999), [np.inf]]),
        np.concatenate([np.arange(999), [998]]),
        1000 * np.arange(1000),
        np.arange(99),
    ],
    ids=["halves", "a blank", "an infinity", "one twice", "far apart", "few"],
)
def test_what_is_no_number_of_a_row_is_left(values):
    assert found(column(values)) == []


def test_a_test_file_of_few_rows_is_one_with_train_or_nothing():
    assert len(found(column(np.arange(500)), column(np.arange(500, 520)))) == 1
    assert found(column(np.arange(500)), column(np.arange(20))) == []


def test_density_is_asked_of_more_the_more_columns_there_are():
    """1,000 numbers over a range in which 12 pairs would be equal: enough for one column and its 10, not for twenty."""
    spread = np.round(np.linspace(0, 999 * 1000 / 2 / 12 - 1, 1000))
    assert len(found(column(spread))) == 1
    assert found(np.repeat(column(spread), 20, axis=1)) == []


def test_beyond_single_precision_ids_collide_and_are_not_found():
    assert len(found(column(2**24 - 1000 + np.arange(1000)))) == 1
    assert found(column(2**24 + np.arange(1000))) == []


def test_numbers_that_repeat_as_those_of_entities_do():
    random = np.random.default_rng(1)
    table = np.stack(
        [
            random.integers(0, 300, 3000),  # a customer
            random.integers(0, 90, 3000),  # an age
            np.arange(3000),  # a number of each row
            random.integers(0, 300, 3000) + 0.5,
            np.where(np.arange(3000) == 5, np.nan, random.integers(0, 300, 3000)),
            np.arange(3000) // 2,  # pairs
            np.arange(3000) // 1.9,
        ],
        axis=1,
    )
    assert repeating_columns(table.astype(np.float32)).tolist() == [True, False, False, False, False, True, False]
