"""The moments of every column over all rows, as numpy has them in double precision."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from auditor import testing
from auditor.states import ColumnMoments, ColumnTotals, Task
from tests.states.generating import measured

VALUES = st.sampled_from([np.nan, -0.0, 0.0, 1.0, 1024.0]) | st.floats(-1000, 1000, width=32)


def moments_of(features) -> ColumnMoments:
    batch = testing.rows(np.zeros(len(features), int), predicted=np.zeros(len(features), int), features=features)
    found: ColumnMoments = measured(ColumnTotals(Task(("a", "b"))), batch)
    return found


@given(arrays(np.float32, (9, 3), elements=VALUES))
@example(np.repeat([[1024.0], [1e-5]], [1, 8], axis=0).repeat(3, axis=1).astype(np.float32))  # all round the same way
def test_moments_are_those_of_numpy(features):
    found, exact = moments_of(features), features.astype(np.float64)
    for column in range(3):
        filled = exact[~np.isnan(exact[:, column]), column]
        assert found.filled[column] == len(filled)
        if len(filled):
            assert found.mean[column] == pytest.approx(filled.mean(), abs=1e-9)
            assert found.deviation[column] ** 2 == pytest.approx(filled.var(), abs=2e-9)
            assert (found.low[column], found.high[column]) == (filled.min(), filled.max())
        else:
            assert np.isnan(found.mean[column])


def test_many_rows_of_single_precision_add_up_exactly():
    features = np.random.default_rng(0).normal(0.3, 1, (200_000, 4)).astype(np.float32)
    found = moments_of(features)
    np.testing.assert_allclose(found.mean, features.astype(np.float64).mean(axis=0), rtol=0, atol=1e-11)
    np.testing.assert_allclose(found.deviation, features.astype(np.float64).std(axis=0), rtol=0, atol=1e-10)


def test_a_column_with_values_too_large_to_be_summed_has_no_mean_and_the_others_have_theirs():
    found = moments_of(np.array([[1.0, 1e30], [3.0, 2.0], [2.0, -np.inf]], np.float32))
    assert found.far.tolist() == [0, 2]
    assert found.mean[0] == 2
    assert np.isnan(found.mean[1])
    assert np.isnan(found.deviation[1])
    assert found.low[1] == -np.inf


def test_moments_of_two_splits_are_those_of_both_together():
    features = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    pooled, whole = moments_of(features[:20]) + moments_of(features[20:]), moments_of(features)
    np.testing.assert_allclose(pooled.mean, whole.mean, rtol=0, atol=1e-12)
    np.testing.assert_allclose(pooled.deviation, whole.deviation, rtol=0, atol=1e-12)
    assert (pooled.n, pooled.low.tolist(), pooled.high.tolist()) == (50, whole.low.tolist(), whole.high.tolist())
