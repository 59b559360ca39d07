"""The area that tells training rows from new ones: within classes, with what bins can hide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from auditor.statistics import AreaUnderCurve, rank_counts, stratified_area


def counts(values, bins=12):
    return np.bincount(values, minlength=bins)


def oracle(higher, lower):
    return roc_auc_score(np.repeat([1, 0], [len(higher), len(lower)]), np.concatenate([higher, lower]))


def test_one_class_is_the_area_with_its_delong_variance():
    higher, lower = counts([2, 4, 5]), counts([1, 2, 3])
    found, plain = stratified_area(higher[None], lower[None]), rank_counts(higher, lower)
    assert found.value == pytest.approx(7.5 / 9)
    assert found.area == AreaUnderCurve(plain.auc, 3, 3, plain.delong_variance)


def test_pairs_in_one_bin_move_the_bounds_apart_but_for_the_first_bin():
    tied = stratified_area(counts([2, 4, 5])[None], counts([1, 2, 3])[None])
    exact = stratified_area(counts([0, 4, 5])[None], counts([0, 1, 3])[None])
    assert (tied.bound, exact.bound) == (pytest.approx(1 / 18), 0)
    assert tied.low == pytest.approx(max(tied.area.low - 1 / 18, 0))
    assert tied.high == pytest.approx(min(tied.area.high + 1 / 18, 1))


ROWS = st.lists(st.integers(0, 11), min_size=2, max_size=30)


@given(st.lists(st.tuples(ROWS, ROWS), min_size=1, max_size=4))
def test_classes_weigh_as_their_smaller_side(classes):
    found = stratified_area(*(np.array([counts(rows) for rows in side]) for side in zip(*classes, strict=True)))
    weights = [min(len(higher), len(lower)) for higher, lower in classes]
    expected = np.average([oracle(higher, lower) for higher, lower in classes], weights=weights)
    assert found.value == pytest.approx(expected)


def test_a_class_with_one_row_on_a_side_says_nothing_of_its_noise_and_is_left_out():
    higher = np.array([counts([2, 4, 5]), counts([9])])
    lower = np.array([counts([1, 2, 3]), counts([1, 1, 1])])
    assert stratified_area(higher, lower) == stratified_area(higher[:1], lower[:1])
    nothing = stratified_area(higher[1:], lower[1:])
    assert (nothing.value, nothing.low, nothing.lower(0.05)) == (None, None, None)


def test_equal_classes_halve_the_variance_and_double_the_rows_behind():
    higher, lower = counts([2, 4, 5, 5]), counts([1, 2, 3, 6])
    one, two = (stratified_area(np.array([higher] * k), np.array([lower] * k)).area for k in (1, 2))
    assert (two.value, two.positives, two.negatives) == (one.value, 2 * one.positives, 2 * one.negatives)
    assert two.variance == pytest.approx(one.variance / 2)


def test_no_difference_is_told_as_seldom_as_stated():
    rng = np.random.default_rng(5)
    draws = [[rng.multinomial(n, np.ones(40) / 40, size=3) for n in (60, 200)] for _ in range(400)]
    above = sum((stratified_area(*draw).lower(0.05) or 0) > 0.5 for draw in draws)
    assert above <= 30
