"""The plain methods answer as scikit-learn's nearest neighbour and ridge classifier do."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from auditor.statistics import baselines, linear_answers, nearest_answers


def drawn(n, columns, seed):
    random = np.random.default_rng(seed)
    classes = random.integers(0, 3, n)
    features = random.normal(size=(n, columns)) * np.geomspace(0.01, 100, columns)
    features[:, 0] += 0.02 * classes
    return features.astype(np.float32), classes


@pytest.mark.parametrize("at_once", [2**22, 1000])
def test_the_nearest_row_is_that_of_scikit_learn(monkeypatch, at_once):
    monkeypatch.setattr(baselines, "DISTANCES_AT_ONCE", at_once)
    (known, classes), (asked, _) = drawn(500, 6, 1), drawn(90, 6, 2)
    scaler = StandardScaler().fit(known)
    expected = KNeighborsClassifier(1).fit(scaler.transform(known), classes).predict(scaler.transform(asked))
    np.testing.assert_array_equal(nearest_answers(known, classes, asked), expected)


@pytest.mark.parametrize("n", [40, 900])
def test_the_linear_model_is_that_of_scikit_learn_with_few_and_with_many_rows(n):
    (known, classes), (asked, _) = drawn(n, 60, 3), drawn(200, 60, 4)
    near, far = (
        np.hstack([StandardScaler().fit(known).transform(part), np.ones((len(part), 1))]) for part in (known, asked)
    )
    ridge = Ridge(alpha=n / 1000, fit_intercept=False).fit(near, np.eye(3)[classes])
    expected = ridge.predict(far).argmax(axis=1)
    assert np.mean(linear_answers(known, classes, asked, 3) == expected) > 0.99


def test_what_is_missing_or_infinite_counts_as_the_mean_and_constant_columns_for_nothing():
    known = np.array([[0.0, 7.0], [10.0, 7.0], [np.nan, 7.0]], np.float32)
    asked = np.array([[np.nan, 7.0], [np.inf, 9.0], [9.0, 7.0]], np.float32)
    classes = np.array([0, 1, 2])
    assert nearest_answers(known, classes, asked).tolist() == [2, 2, 1]
    assert set(linear_answers(known, classes, asked, 3).tolist()) <= {0, 1, 2}


def test_no_row_has_no_answer():
    known = np.zeros((3, 2), np.float32)
    assert len(nearest_answers(known, np.zeros(3, np.int64), known[:0])) == 0
