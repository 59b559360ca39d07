"""Losses and recalls of one split as they would be on the classes of another."""

import numpy as np
import pytest

from auditor.findings import NotApplicable
from auditor.testing import measured, rows

NAMES = ["a", "b", "c"]


def split(truth, seed, **more):
    """Rows whose losses are the higher the later their class stands."""
    draw = np.random.default_rng(seed)
    right = np.exp(-draw.exponential(0.2 * (1 + np.asarray(truth)), len(truth)))
    p = np.repeat(((1 - right) / 2)[:, None], 3, axis=1)
    p[np.arange(len(truth)), truth] = right
    return rows(truth, probabilities=p, **more)


def classes(*counts):
    return np.repeat(np.arange(len(counts)), counts)


def both(train, test):
    m = measured(test, train=train, class_names=NAMES)
    return m.train, m.test


def test_log_loss_at_other_shares_is_the_mean_of_the_means_of_the_classes():
    truth = classes(800, 150, 50)
    train, test = both(split(truth, 1), split(classes(100, 100, 200), 2))
    batch = split(truth, 1)
    losses = -np.log(batch.scores.probabilities[np.arange(1000), truth])
    expected = np.dot([0.25, 0.25, 0.5], [losses[truth == k].mean() for k in range(3)])
    assert train.log_loss_at(test).value == pytest.approx(expected, rel=0.01)


def test_its_standard_error_is_no_less_than_that_of_the_weighted_classes():
    truth = classes(800, 150, 50)
    train, test = both(split(truth, 1), split(classes(100, 100, 200), 2))
    losses = -np.log(split(truth, 1).scores.probabilities[np.arange(1000), truth])
    parts = [
        share**2 * losses[truth == k].var(ddof=1) / (truth == k).sum() for k, share in enumerate([0.25, 0.25, 0.5])
    ]
    assert train.log_loss_at(test).standard_error >= 0.99 * np.sqrt(sum(parts))


@pytest.mark.parametrize("more", [{}, {"weights": np.full(300, 2.0)}])
def test_at_its_own_shares_it_is_the_log_loss(more):
    train, test = both(split(classes(100, 100, 100), 1, **more), split(classes(100, 100, 100), 2, **more))
    assert train.log_loss_at(test) == train.metric("log_loss")


def test_weights_count_in_the_shares():
    weights = np.repeat([1.0, 1.0, 4.0], 100)
    train, test = both(split(classes(300, 300, 300), 1), split(classes(100, 100, 100), 2, weights=weights))
    assert train.log_loss_at(test).value > train.metric("log_loss").value + 0.05


def test_a_class_without_rows_has_no_loss_to_weigh():
    train, test = both(split(classes(100, 100), 1), split(classes(100, 100, 100), 2))
    with pytest.raises(NotApplicable, match="test has classes that train lacks"):
        train.log_loss_at(test)


def test_of_several_labels_it_is_the_mean():
    draw = np.random.default_rng(1)
    truth = (draw.random((400, 3)) < 0.5).astype(int)
    p = np.where(truth, 0.8, 0.3) + draw.uniform(-0.1, 0.1, truth.shape)
    m = measured(rows(truth, probabilities=p), train=rows(truth, probabilities=p), class_names=NAMES)
    assert m.train.log_loss_at(m.test).value == pytest.approx(m.train.value("log_loss"))


def test_mean_recall_is_over_the_classes_that_are_named():
    truth = classes(50, 50, 50)
    called = np.where(truth == 2, 0, truth)
    _, plain = both(rows(truth, predicted=called), rows(truth, predicted=called))
    assert plain.mean_recall(np.array([True, True, False])).value == 1
    weights = np.full(150, 3.0)
    _, weighted = both(rows(truth, predicted=called), rows(truth, predicted=called, weights=weights))
    assert weighted.mean_recall(np.array([True, False, True])).value == 0.5
