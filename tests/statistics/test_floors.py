"""Floors on what a threshold gives, and which threshold to prefer."""

import numpy as np
import pytest

from auditor.statistics import Floor, OperatingPoints, Outcome, best_within, floor_on, operating_points

SIX = operating_points(np.array([0, 10, 40, 50]), np.array([700, 150, 45, 5]))


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("recall", 80 / 100),
        ("precision", 80 / 160),
        ("specificity", 720 / 800),
        ("negative_predictive_value", 720 / 740),
        ("accuracy", 800 / 900),
        ("balanced_accuracy", 0.85),
        ("f1", 160 / 260),
    ],
)
def test_every_metric_follows_from_the_counts(metric, value):
    assert Floor(metric, 0.5).estimate(Outcome(80, 80, 20, 720)).value == pytest.approx(value)


def test_what_does_not_follow_from_counts_is_refused():
    with pytest.raises(ValueError, match="roc_auc"):
        Floor("roc_auc", 0.5)
    assert floor_on("log_loss", 0.5) is None
    assert floor_on("accuracy", 0.5, of_positive=False) is None


def test_a_floor_on_the_other_class_is_one_on_the_positive():
    assert floor_on("recall", 0.9, of_positive=False) == Floor("specificity", 0.9)
    assert floor_on("precision", 0.9, of_positive=False) == Floor("negative_predictive_value", 0.9)
    assert floor_on("recall", 0.9) == Floor("recall", 0.9)


def test_a_value_at_the_limit_reaches_it_and_does_not_prove_it():
    floor = Floor("recall", 0.8)
    assert floor.is_reached(Outcome(80, 0, 20, 0))
    assert not floor.is_met(Outcome(80, 0, 20, 0))
    assert floor.is_met(Outcome(95, 0, 5, 0))
    assert not floor.is_reached(Outcome(0, 0, 0, 10))


def test_room_is_counted_in_standard_errors_at_the_limit():
    points = OperatingPoints(np.array([100, 90, 0]), np.array([900, 90, 0]))
    assert Floor("recall", 0.8).room(points) == pytest.approx([5.0, 2.5, -20.0])
    assert Floor("precision", 0.5).room(points)[1] == pytest.approx(0.0)
    assert Floor("precision", 0.5).room(points)[2] == -np.inf
    jaccard = 90 / (90 + 90 + 10)
    assert Floor("f1", 0.5).room(points)[1] == pytest.approx((jaccard - 1 / 3) / np.sqrt(2 / 9 / 190))
    assert Floor("balanced_accuracy", 0.9).room(points)[1] == pytest.approx(0.0)


def test_a_floor_of_one_is_met_only_without_a_miss():
    points = OperatingPoints(np.array([100, 99, 0]), np.array([900, 90, 0]))
    assert Floor("recall", 1.0).room(points).tolist() == [np.inf, -np.inf, -np.inf]


def test_of_the_thresholds_that_clear_all_floors_the_one_of_highest_f1_is_taken():
    assert best_within(SIX, [Floor("recall", 0.2)]) == 2
    assert best_within(SIX, [Floor("recall", 0.85)]) == 2 - 1
    assert best_within(SIX, [Floor("precision", 0.8)]) == 3


def test_where_none_clears_them_the_nearest_is_taken():
    index = best_within(SIX, [Floor("recall", 0.95), Floor("precision", 0.9)])
    rooms = np.min([Floor("recall", 0.95).room(SIX), Floor("precision", 0.9).room(SIX)], axis=0)
    assert rooms.max() < 0
    assert rooms[index] == rooms.max()
