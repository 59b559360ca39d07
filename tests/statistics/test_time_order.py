"""How times lie to each other, against brute force and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from auditor.statistics import time_order

Times = NDArray[np.float64]
some = arrays(np.float64, st.integers(1, 40), elements=st.integers(-20, 20).map(float))


@given(some, some)
def test_the_distance_of_distributions_is_that_of_kolmogorov_and_smirnov(first: Times, second: Times) -> None:
    both = np.concatenate([first, second])
    expected = np.abs((first <= both[:, None]).mean(axis=1) - (second <= both[:, None]).mean(axis=1)).max()
    assert time_order.distance_of_distributions(first, second) == pytest.approx(expected)


def test_without_rows_there_is_no_distance() -> None:
    assert time_order.distance_of_distributions([], [1.0]) is None


@given(some, some)
def test_the_nearest_time_is_the_nearest_of_all(times: Times, known: Times) -> None:
    expected = np.abs(times[:, None] - known).min(axis=1)
    np.testing.assert_array_equal(time_order.distance_to_nearest(times, known), expected)


@given(some)
def test_bins_hold_all_rows_once_and_rows_of_one_distance_together(distance: Times) -> None:
    right = np.arange(len(distance)) % 2 == 0
    found = time_order.by_distance(distance, right)
    assert (found.n.sum(), found.k.sum()) == (len(distance), right.sum())
    assert (found.low <= found.high).all()
    assert (found.high[:-1] < found.low[1:]).all()
    assert len(found.n) <= 10


def test_decay_compares_the_nearest_third_with_the_farthest() -> None:
    distance = np.arange(300.0)
    right = distance < 150
    lost = time_order.decay(distance, right)
    assert lost is not None
    assert (lost.first.value, lost.second.value) == (1.0, 0.0)
    assert lost.first.n == lost.second.n == 100
    thinned = time_order.decay(distance, right, alike=10)
    assert thinned is not None
    assert thinned.first.n == 10


@pytest.mark.parametrize("distance", [[], [0.0] * 9, [0.0] * 8 + [1.0]])
def test_where_distances_hardly_differ_nothing_is_compared_or_only_what_is_farther(distance: list[float]) -> None:
    lost = time_order.decay(distance, [True] * len(distance))
    assert lost is None or lost.second.n == 1


def test_halves_are_cut_at_the_median_and_one_time_has_none() -> None:
    assert time_order.halves([3.0, 1.0, 2.0, 4.0]) is not None
    np.testing.assert_array_equal(time_order.halves([3.0, 1.0, 2.0, 4.0]), [True, False, False, True])
    np.testing.assert_array_equal(time_order.halves([1.0, 2.0, 2.0, 2.0]), [False, True, True, True])
    assert time_order.halves([2.0, 2.0]) is None


def test_the_shift_of_later_rows_is_that_of_their_counts() -> None:
    later = np.arange(200) >= 100
    labels = np.where(later, np.arange(200) % 4 == 0, np.arange(200) % 2 == 0)
    shift = time_order.shift_of_later(later, labels)
    assert shift is not None
    assert shift.total_variation == pytest.approx(0.25)
    fewer = time_order.shift_of_later(later, labels, alike=10)
    assert fewer is not None
    assert fewer.total_variation_lower(0.005) < shift.total_variation_lower(0.005)
    assert time_order.shift_of_later(later, np.zeros(200)) is None


def test_dates_become_seconds_and_numbers_stay() -> None:
    dates = np.array(["1970-01-02", "1969-12-31"], "datetime64[us]")
    assert time_order.seconds(dates).tolist() == [86400, -86400]
    assert time_order.seconds(np.array([1, 2])).tolist() == [1, 2]
