import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn import metrics

from auditor.statistics.operating_points import Outcome, operating_points, precision_recall_curve, roc_curve, thinned

Counts = NDArray[np.int64]


@given(arrays(np.int64, (2, 12), elements=st.integers(0, 5)).filter(lambda table: bool(table.sum(1).all())))
def test_curves_equal_scikit_learn(table: Counts) -> None:
    positives, negatives = table
    scores = np.concatenate([np.repeat(np.arange(12), positives), np.repeat(np.arange(12), negatives)])
    labels = np.repeat([1, 0], [positives.sum(), negatives.sum()])
    held = positives + negatives > 0
    points = operating_points(positives[held], negatives[held])
    false_alarms, recall, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    x, y, _ = roc_curve(points)
    assert x == pytest.approx(false_alarms)
    assert y == pytest.approx(recall)
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    x, y, index = precision_recall_curve(points)
    assert x == pytest.approx(recall[:-1][::-1])
    assert y == pytest.approx(precision[:-1][::-1])
    assert index.tolist() == list(range(len(points.tp) - 1))[::-1]


def test_counts_of_an_operating_point() -> None:
    points = operating_points(np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0]))
    outcome = points.outcome(1)
    assert outcome == Outcome(2, 1, 0, 1)
    assert (outcome.precision.value, outcome.recall.value) == pytest.approx((2 / 3, 1.0))
    assert outcome.f_score().value == pytest.approx(0.8)
    assert points.f_score()[1] == pytest.approx(0.8)
    assert outcome + outcome == Outcome(4, 2, 0, 2)


def test_calling_nothing_has_no_precision() -> None:
    points = operating_points(np.array([2, 1]), np.array([1, 2]))
    assert points.outcome(2) == Outcome(0, 0, 3, 3)
    assert np.isnan(points.precision[2])
    assert points.outcome(2).precision.value is None


def test_empty_bins_do_not_break_the_curve() -> None:
    points = operating_points(np.array([2, 0, 1, 0]), np.array([1, 0, 2, 0]))
    recall, precision, _ = precision_recall_curve(points)
    assert np.isfinite(precision).all()
    assert recall[-1] == 1


def test_a_long_curve_keeps_its_ends_and_its_shape() -> None:
    rng = np.random.default_rng(0)
    positives, negatives = rng.poisson(np.linspace(0, 2, 20_000)), rng.poisson(np.linspace(2, 0, 20_000))
    points = operating_points(positives, negatives)
    x, y, index = roc_curve(points)
    assert len(x) <= 500
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert y == pytest.approx(points.recall[index])
    away = np.abs(points.false_positive_rate[:, None] - x) + np.abs(points.recall[:, None] - y)
    assert away.min(1).max() < 2 / 499


@given(arrays(np.float64, 900, elements=st.floats(0, 1)), st.integers(3, 100))
def test_thinning_never_exceeds_its_limit(y: NDArray[np.float64], limit: int) -> None:
    kept = thinned(np.linspace(0, 1, 900), y, limit)
    assert len(kept) <= limit
    assert (kept[0], kept[-1]) == (0, 899)
    assert (np.diff(kept) > 0).all()
