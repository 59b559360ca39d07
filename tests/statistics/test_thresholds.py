import numpy as np
import pytest
from scipy import stats

from auditor.statistics import bins, thresholds
from auditor.statistics.operating_points import OperatingPoints, Outcome, operating_points

FOUR = operating_points(np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0]))
SHARE, SEPARATION = 0.2, 1.5


def sampled(rng: np.random.Generator, n: int) -> OperatingPoints:
    positive = rng.random(n) < SHARE
    index = bins.bin_index((rng.normal(size=n) + SEPARATION * positive).astype(np.float32), fine=False)
    return operating_points(
        np.bincount(index[positive], minlength=bins.COARSE_BINS),
        np.bincount(index[~positive], minlength=bins.COARSE_BINS),
    )


def true_precision(index: int) -> float:
    edge = bins.bin_edge(np.array([index]), fine=False)[0]
    found, alarms = SHARE * stats.norm.sf(edge - SEPARATION), (1 - SHARE) * stats.norm.sf(edge)
    return float(found / (found + alarms))


def true_recall(index: int) -> float:
    return float(stats.norm.sf(bins.bin_edge(np.array([index]), fine=False)[0] - SEPARATION))


def test_elkan_threshold() -> None:
    assert thresholds.cost_threshold(1, 10) == pytest.approx(0.0909, abs=5e-5)


def test_the_best_f1_of_the_four_scores() -> None:
    best = thresholds.best_f_score(FOUR)
    assert best == 1
    assert FOUR.outcome(best).f_score().value == pytest.approx(0.8)


def test_the_cheapest_threshold_follows_the_costs() -> None:
    assert thresholds.cheapest(FOUR, 1, 10) == 1
    assert thresholds.cheapest(FOUR, 10, 1) == 3
    assert thresholds.costs(FOUR, 1, 10).tolist() == [2, 1, 11, 10, 20]


def test_youden() -> None:
    assert thresholds.best_youden(operating_points(np.array([0, 0, 5]), np.array([5, 5, 1]))) == 2


def test_ties_go_to_the_highest_threshold() -> None:
    assert thresholds.highest_best(np.array([1.0, 3.0, 3.0, 2.0])) == 2


def test_a_flat_optimum_is_an_interval() -> None:
    assert thresholds.near_best(np.array([0.5, 0.795, 0.8, 0.799, 0.5, 0.8])) == (5, 5)
    assert thresholds.near_best(np.array([0.5, 0.795, 0.8, 0.799, 0.5])) == (1, 3)
    assert thresholds.near_best(np.array([0.8, 0.8])) == (0, 1)


def test_certified_floors_are_seldom_violated() -> None:
    rng = np.random.default_rng(0)
    broken_precision, broken_recall = 0, 0
    for _ in range(200):
        points = sampled(rng, 2000)
        precise, found = thresholds.certified_precision(points, 0.7), thresholds.certified_recall(points, 0.8)
        broken_precision += precise is not None and true_precision(precise) < 0.7
        broken_recall += found is not None and true_recall(found) < 0.8
    assert broken_precision <= 19  # 5% and three standard errors of it
    assert broken_recall <= 19


def test_a_floor_within_reach_is_certified_and_used_up() -> None:
    points = sampled(np.random.default_rng(1), 20_000)
    index = thresholds.certified_precision(points, 0.7)
    assert index is not None
    assert 0.7 <= true_precision(index) < 0.75
    recall = thresholds.certified_recall(points, 0.8)
    assert recall is not None
    assert 0.8 <= true_recall(recall) < 0.83


def test_a_floor_out_of_reach_is_not_certified() -> None:
    assert thresholds.certified_precision(sampled(np.random.default_rng(2), 2000), 0.999) is None
    assert thresholds.certified_precision(FOUR, 0.5) is None
    assert thresholds.certified_recall(FOUR, 0.9) is None


def test_a_faultless_score_needs_as_many_calls_as_the_floor() -> None:
    points = operating_points(np.array([0, 58]), np.array([100, 0]))
    assert thresholds.certified_precision(points, 0.95) is None
    points = operating_points(np.array([0, 59]), np.array([100, 0]))
    assert thresholds.certified_precision(points, 0.95) == 1


def test_cross_fitting_does_not_flatter() -> None:
    rng = np.random.default_rng(3)
    within, across = [], []
    for _ in range(60):
        first, second = sampled(rng, 150), sampled(rng, 150)
        both = OperatingPoints(first.tp + second.tp, first.fp + second.fp)
        within.append(both.outcome(thresholds.best_f_score(both)).f_score().value)
        across.append(thresholds.cross_fitted(first, second, thresholds.best_f_score).f_score().value)
    edges = bins.bin_edge(np.arange(bins.COARSE_BINS), fine=False)
    found, alarms = SHARE * stats.norm.sf(edges - SEPARATION), (1 - SHARE) * stats.norm.sf(edges)
    best = float(np.max(2 * found / (found + alarms + SHARE)))
    assert np.mean(np.array(within, float)) > best > np.mean(np.array(across, float))


def test_costs_of_one_outcome_are_those_of_poisson_counts() -> None:
    found = thresholds.cost(Outcome(5, 20, 3, 972), 1, 10)
    assert (found.value, found.n) == (50, 1000)
    assert found.standard_error == pytest.approx(np.sqrt(20 + 300))


def test_a_cost_is_dearer_only_where_the_bound_shows_it() -> None:
    low, same, high = (thresholds.cost(Outcome(0, alarms, 0, 0), 1, 10) for alarms in (100, 115, 200))
    assert thresholds.is_dearer(high, low, 1.2)
    assert not thresholds.is_dearer(same, low, 1.0)
    assert not thresholds.is_dearer(low, high, 1.0)


def test_changes_between_two_thresholds_are_differences_of_the_operating_points() -> None:
    points = operating_points(np.array([10, 30, 60]), np.array([500, 60, 20]))
    found = thresholds.changes(points, 1, 2)
    assert found["recall"].value == pytest.approx(0.30)
    assert found["precision"].value == pytest.approx(90 / 170 - 60 / 80)
    assert (found["precision"].upper(0.05) or 0) < 0
    assert thresholds.changes(points, 2, 3)["precision"].value is None


def test_a_threshold_is_counted_on_rows_that_did_not_choose_it() -> None:
    rng = np.random.default_rng(5)
    first, second, other = (sampled(rng, 500) for _ in range(3))
    both = OperatingPoints(first.tp + second.tp, first.fp + second.fp)
    alone = thresholds.tune(thresholds.best_f_score, both, (first, second))
    assert alone.index == thresholds.best_f_score(both)
    assert alone.fair == thresholds.cross_fitted(first, second, thresholds.best_f_score)
    assert (alone.own, alone.on_validation) == (both.outcome(alone.index), False)
    chosen = thresholds.tune(thresholds.best_f_score, both, (first, second), other)
    assert chosen.index == thresholds.best_f_score(other)
    assert (chosen.fair, chosen.own) == (both.outcome(chosen.index), other.outcome(chosen.index))
    assert chosen.on_validation


def test_a_false_alarm_among_the_first_calls_does_not_end_the_certification() -> None:
    points = operating_points(np.array([0, 2000, 29]), np.array([5000, 20, 1]))
    assert thresholds.certified_precision(points, 0.9) == 1
