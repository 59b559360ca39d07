"""Moments over several tables are those that numpy reckons over all of their rows."""

from unittest.mock import patch

import numpy as np

from auditor.statistics import joint_moments


def test_moments_are_those_of_all_rows_together():
    random = np.random.default_rng(0)
    table = (random.normal(size=(500, 4)) @ random.normal(size=(4, 4)) + [0, 3, -1000, 1e4]).astype(np.float32)
    with patch("auditor.statistics.correlations.ROWS_AT_ONCE", 64):
        found = joint_moments(table[:333], table[333:])
    exact = table.astype(np.float64)
    assert found.n == 500
    np.testing.assert_allclose(found.mean, exact.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.deviation, exact.std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.correlation, np.corrcoef(exact.T), atol=1e-12)


def test_some_of_the_columns_and_each_pair_of_them_once():
    table = np.random.default_rng(1).normal(size=(50, 3))
    part = joint_moments(table).of(np.array([True, False, True]))
    assert part.mean.shape == (2,)
    assert part.between == np.abs(np.corrcoef(table[:, 0], table[:, 2])[0, 1])


def test_columns_that_do_not_vary_or_hold_blanks_have_no_correlation_and_spoil_no_other():
    table = np.random.default_rng(2).normal(size=(50, 4))
    table[:, 1], table[3, 2] = 7.0, np.nan
    found = joint_moments(table).correlation
    assert np.isnan(found[1:3]).all()
    assert abs(found[0, 3] - np.corrcoef(table[:, 0], table[:, 3])[0, 1]) < 1e-12
