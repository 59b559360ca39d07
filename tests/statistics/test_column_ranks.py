"""The ranks of a column as it stands: never less than scikit-learn says of its values, and never less than its bins say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from auditor.statistics import rank_metrics
from auditor.statistics.column_bins import Areas
from auditor.statistics.column_ranks import at_least_by_rank, rising_columns

ROWS = st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 2)), min_size=8, max_size=40)


def bins(area, columns=1):
    return Areas(np.full(columns, area), np.full(columns, 0.5), 1, 1)


@given(ROWS)
def test_areas_and_variances_are_those_of_the_values(drawn):
    values, classes = (np.array(part) for part in zip(*drawn, strict=True))
    features = values[:, None].astype(np.float32)
    rising = rising_columns(features, classes, (0, 1, 2))
    for k, found in enumerate(at_least_by_rank([bins(0.0)] * 3, features, classes, (0, 1, 2), rising)):
        expected = rank_metrics(*(np.sort(values[of] + 9).astype(np.uint32) for of in (classes == k, classes != k)))
        if expected.auc is None or max(expected.auc, 1 - expected.auc) < 0.6:
            assert found.area[0] == 0
        else:
            assert found.area[0] == pytest.approx(max(expected.auc, 1 - expected.auc), abs=1e-12)
            assert found.variance[0] == pytest.approx(
                np.nan if expected.delong_variance is None else expected.delong_variance, abs=1e-12, nan_ok=True
            )


def test_the_direction_is_that_of_the_rows_learnt_from():
    classes = np.arange(100) % 2
    up = (classes * 5 + np.arange(100) % 7).astype(np.float32)[:, None]
    area = roc_auc_score(classes, up[:, 0])
    rising = rising_columns(up, classes, (1,))
    assert at_least_by_rank([bins(0.0)], up, classes, (1,), rising)[0].area[0] == pytest.approx(area)
    assert area > 0.6
    assert at_least_by_rank([bins(0.3)], -up, classes, (1,), rising)[0].area[0] == 0.3


def test_what_bins_say_stands_where_it_is_more_and_blanks_rank_below_all():
    classes = np.array([0, 0, 1, 1])
    features = np.array([[np.nan, 1], [-np.inf, 1], [-1, 1], [2, 1]], np.float32)
    found = at_least_by_rank([bins(0.7, 2)], features, classes, (1,), np.array([[True, True]]))[0]
    assert found.area.tolist() == [1.0, 0.7]
    assert found.variance.tolist() == [0.0, 0.5]
