"""Metrics at the class shares of use, against the same metrics of rows that have these shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from auditor.deployment import class_shares, metric_in_use
from auditor.findings import NotApplicable
from auditor.testing import from_confusion, measured, rows

NAMES = ("a", "b", "c")
BINARY = (
    "accuracy",
    "precision",
    "negative_predictive_value",
    "f1",
    "f2",
    "recall",
    "specificity",
    "balanced_accuracy",
)


def split(matrix, names=NAMES, positive=None):
    return measured(from_confusion(matrix), class_names=names[: len(matrix)], positive=positive).test


@given(st.lists(st.integers(1, 200), min_size=4, max_size=4), st.integers(2, 40))
def test_two_classes_in_other_shares_give_what_rows_in_those_shares_give(cells, times):
    matrix = np.array(cells).reshape(2, 2)
    more = matrix * [[times], [1]]  # as if each row of class a stood in the file `times` times
    prior = {"a": float(more[0].sum() / more.sum())}
    for name in BINARY:
        found, _ = metric_in_use(split(matrix, positive="a"), name, prior)
        assert found.value == pytest.approx(split(more, positive="a").metric(name).value, rel=1e-12)
        assert found.lower(0.05) <= found.value <= found.upper(0.05)


@given(st.lists(st.integers(1, 50), min_size=9, max_size=9), st.lists(st.integers(1, 9), min_size=3, max_size=3))
def test_three_classes_whose_shares_are_all_stated(cells, times):
    matrix = np.array(cells).reshape(3, 3)
    more = matrix * np.array(times)[:, None]
    prior = dict(zip(NAMES, (more.sum(axis=1) / more.sum()).tolist(), strict=True))
    for name in ("accuracy", "precision[b]", "f1[c]", "negative_predictive_value[a]", "specificity[a]", "macro_recall"):
        found, _ = metric_in_use(split(matrix), name, prior)
        if name != "specificity[a]":  # its other classes keep their shares among the rows
            assert found.value == pytest.approx(split(more).metric(name).value, rel=1e-12)


def test_what_is_not_stated_shares_the_rest_as_among_the_rows():
    counts = split([[10, 0, 0], [0, 20, 0], [0, 0, 60]])
    assert class_shares(counts, {"a": 0.5}).tolist() == pytest.approx([0.5, 0.125, 0.375])
    assert class_shares(counts, {}).tolist() == pytest.approx([1 / 9, 2 / 9, 6 / 9])


def test_average_precision_in_other_shares_is_that_of_weighted_rows():
    draw = np.random.default_rng(5)
    labels = draw.integers(0, 2, 400)
    p = np.round(1 / (1 + np.exp(-(labels + draw.normal(size=400)))), 2)
    test = measured(rows(labels, probabilities=np.stack([1 - p, p], 1)), class_names=["no", "yes"], positive="yes").test
    for prior in (0.02, 0.9):
        weights = np.where(labels == 1, prior / labels.mean(), (1 - prior) / (1 - labels.mean()))
        found, words = metric_in_use(test, "average_precision", {"yes": prior})
        assert found.value == pytest.approx(metrics.average_precision_score(labels, p, sample_weight=weights), abs=1e-6)
        assert found.low < found.value < found.high
        assert words == f"where {prior:.1%} of the rows are “yes”"


def test_what_does_not_hang_on_the_shares_is_left_alone_and_what_is_not_followed_says_so():
    test = split([[8, 2], [3, 17]], positive="a")
    assert metric_in_use(test, "recall", {"a": 0.01}) == (test.metric("recall"), "")
    assert metric_in_use(test, "precision", {}) == (test.metric("precision"), "")
    with pytest.raises(NotApplicable, match="not followed to the class shares that were stated"):
        metric_in_use(test, "mcc", {"a": 0.01})


def test_of_three_classes_specificity_moves_where_the_others_are_mixed_otherwise():
    test = split([[90, 0, 10], [0, 90, 10], [80, 0, 20]])
    assert metric_in_use(test, "specificity[a]", {"a": 0.5}) == (test.metric("specificity[a]"), "")
    found, words = metric_in_use(test, "specificity[a]", {"a": 0.1, "b": 0.1, "c": 0.8})
    assert found.value == pytest.approx((0.1 * 1.0 + 0.8 * 0.2) / 0.9)
    assert "80.0% of the rows are “c”" in words


def test_accuracy_of_weighted_rows_of_two_classes_is_followed_too():
    batch = rows([0] * 50 + [1] * 50, predicted=[0] * 40 + [1] * 10 + [1] * 48 + [0] * 2, weights=[2.0] * 100)
    test = measured(batch, class_names=["a", "b"], positive="b").test
    found, _ = metric_in_use(test, "accuracy", {"b": 0.9})
    assert found.value == pytest.approx(0.9 * 0.96 + 0.1 * 0.8)
    assert found.lower(0.05) < found.value < found.upper(0.05)


def test_a_class_without_rows_that_will_occur_leaves_accuracy_undefined():
    test = split([[8, 2, 0], [3, 17, 0], [0, 0, 0]])
    assert metric_in_use(test, "accuracy", {"c": 0.1})[0].value is None


def test_the_bounds_of_accuracy_in_use_hold_as_often_as_they_say():
    draw, prior = np.random.default_rng(1), {"a": 0.3, "b": 0.3, "c": 0.4}
    recalls, sizes, held = np.array([0.9, 0.5, 0.97]), (300, 40, 20), []
    truth = float(np.dot(recalls, list(prior.values())))
    for _ in range(300):
        right = draw.binomial(sizes, recalls)
        matrix = np.diag(right)
        matrix[[0, 1, 2], [1, 2, 0]] = np.array(sizes) - right
        held.append(metric_in_use(split(matrix), "accuracy", prior)[0].lower(0.05) <= truth)
    assert np.mean(held) >= 0.93
