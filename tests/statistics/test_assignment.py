"""Which output is which class: the assignment with the largest sum."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from auditor.statistics import best_assignment

SQUARES = st.integers(1, 9).flatmap(lambda n: arrays(np.int64, (n, n), elements=st.integers(0, 6)))


def total(counts, row_of):
    return counts[row_of, np.arange(len(counts))].sum()


def test_a_cyclic_shift_of_ten_classes_is_recovered():
    shift = np.roll(np.arange(10), 1)
    counts = np.full((10, 10), 3)
    counts[shift, np.arange(10)] = 60
    assert best_assignment(counts).tolist() == shift.tolist()


@given(SQUARES)
def test_the_sum_is_that_of_scipy_and_every_row_is_used_once(counts):
    row_of = best_assignment(counts)
    assert sorted(row_of) == list(range(len(counts)))
    rows, columns = linear_sum_assignment(counts, maximize=True)
    assert total(counts, row_of) == counts[rows, columns].sum()


@given(SQUARES)
def test_nothing_moves_where_moving_gains_nothing(counts):
    row_of = best_assignment(counts)
    if total(counts, row_of) == np.trace(counts):
        assert row_of.tolist() == list(range(len(counts)))


@given(SQUARES)
def test_the_counts_given_stay_as_they_are(counts):
    before = counts.copy()
    best_assignment(counts)
    assert (counts == before).all()


def test_equal_counts_everywhere_move_nothing():
    assert best_assignment(np.full((50, 50), 7)).tolist() == list(range(50))


@pytest.mark.parametrize("mean", [0.005, 1.0, 50.0])
def test_a_thousand_classes_of_noise_take_seconds_at_most(mean):
    counts = np.random.default_rng(1).poisson(mean, (1000, 1000))
    started = time.process_time()
    row_of = best_assignment(counts)
    assert time.process_time() - started < 5
    rows, columns = linear_sum_assignment(counts, maximize=True)
    assert total(counts, row_of) == counts[rows, columns].sum()
