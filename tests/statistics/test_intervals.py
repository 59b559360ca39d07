import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy import stats

from auditor.statistics import intervals


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 5000))
    return draw(st.integers(0, n)), n


@given(counts(), st.sampled_from([0.005, 0.025, 0.05]))
def test_wilson_and_clopper_pearson_equal_scipy(count: tuple[int, int], alpha: float) -> None:
    k, n = count
    oracle = stats.binomtest(k, n)
    wilson, exact = (oracle.proportion_ci(1 - 2 * alpha, "wilson"), oracle.proportion_ci(1 - 2 * alpha, "exact"))
    for ours, expected in ((intervals.wilson, wilson), (intervals.clopper_pearson, exact)):
        assert [float(limit) for limit in ours(k, n, alpha)] == pytest.approx([expected.low, expected.high], abs=1e-9)


@given(counts())
def test_both_intervals_contain_the_share(count: tuple[int, int]) -> None:
    k, n = count
    for limits in (intervals.wilson(k, n), intervals.clopper_pearson(k, n)):
        assert 0 <= limits[0] <= k / n <= limits[1] <= 1


@given(st.integers(2, 400).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_one_more_success_raises_both_limits(count: tuple[int, int]) -> None:
    k, n = count
    for method in (intervals.wilson, intervals.clopper_pearson):
        fewer, more = method(k, n), method(k + 1, n)
        assert fewer[0] < more[0]
        assert fewer[1] < more[1]


def test_without_rows_the_limits_are_undefined() -> None:
    assert np.isnan([*intervals.wilson(0, 0), *intervals.clopper_pearson(0, 0)]).all()


def test_an_exact_bound_is_exceeded_with_the_stated_probability() -> None:
    low, _ = intervals.clopper_pearson(37, 50, 0.05)
    assert stats.binom.sf(36, 50, float(low)) == pytest.approx(0.05)


def test_fractional_counts_are_allowed() -> None:
    low, high = intervals.clopper_pearson(300, 1000 / 3, 0.05)
    assert (float(low), float(high)) == pytest.approx((0.8688, 0.9258), abs=5e-5)


@pytest.mark.parametrize(
    ("n10", "n01", "n", "low", "high"),
    [(7, 1, 21, 0.0260, 0.5172), (12, 2, 50, 0.0611, 0.3447), (0, 0, 44, -0.0803, 0.0803)],
)
def test_tango_equals_the_published_limits(n10: int, n01: int, n: int, low: float, high: float) -> None:
    assert intervals.tango_difference(n10, n01, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 200))
def test_tango_is_antisymmetric_and_contains_the_difference(n10: int, n01: int, same: int) -> None:
    n = max(1, n10 + n01 + same)
    low, high = intervals.tango_difference(n10, n01, n)
    back = intervals.tango_difference(n01, n10, n)
    assert -1 <= low <= (n10 - n01) / n <= high <= 1
    assert (-back[1], -back[0]) == pytest.approx((low, high), abs=1e-12)


def test_tango_limit_solves_its_score_equation() -> None:
    n10, n01, n = 12, 2, 50
    low, _ = intervals.tango_difference(n10, n01, n)
    a, b, c = 2 * n, -n10 - n01 + (2 * n - n10 + n01) * low, -n01 * low * (1 - low)
    q = (math.sqrt(b * b - 4 * a * c) - b) / (2 * a)
    assert (n10 - n01 - n * low) / math.sqrt(n * (2 * q + low * (1 - low))) == pytest.approx(stats.norm.ppf(0.975))


@given(st.floats(0.01, 0.99), st.integers(2, 300), st.integers(2, 300))
def test_auc_score_limits_solve_their_equation_and_mirror(auc: float, positives: int, negatives: int) -> None:
    low, high = intervals.auc_score_limits(auc, positives, negatives)
    extra = (positives + negatives) / 2 - 1
    bracket = 1 + extra * (1 - low) / (2 - low) + extra * low / (1 + low)
    distance = stats.norm.ppf(0.975) * math.sqrt(low * (1 - low) * bracket / (positives * negatives))
    assert 0 <= low < auc < high <= 1
    assert auc - low == pytest.approx(distance, abs=1e-9)
    mirrored = intervals.auc_score_limits(1 - auc, positives, negatives)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize("scale", ["identity", "log", "logit", "fisher"])
@pytest.mark.parametrize("value", [0.05, 0.5, 0.93])
def test_scales_invert_and_their_slope_is_the_derivative(scale: str, value: float) -> None:
    assert intervals.from_scale(intervals.to_scale(value, scale), scale) == pytest.approx(value)
    step = 1e-6
    slope = (intervals.to_scale(value + step, scale) - intervals.to_scale(value - step, scale)) / (2 * step)
    assert intervals.scale_slope(value, scale) == pytest.approx(slope, rel=1e-6)


def test_quantiles_equal_scipy() -> None:
    assert intervals.normal_quantile(0.95) == pytest.approx(stats.norm.ppf(0.95))
    assert intervals.t_quantile(0.975, 63) == pytest.approx(stats.t.ppf(0.975, 63))


@given(counts(), st.sampled_from([0.005, 0.025, 0.05]))
def test_the_mean_of_one_share_has_its_own_limits(count: tuple[int, int], alpha: float) -> None:
    k, n = np.array([count[0]]), np.array([count[1]])
    for method in (intervals.wilson, intervals.clopper_pearson):
        low, high = method(k, n, alpha)
        assert intervals.mean_limits(k, n, low, high, alpha) == pytest.approx((low[0], high[0]), abs=1e-12)


def mean_by_wilson(counted: ArrayLike, rows: ArrayLike) -> tuple[float, float]:
    k, n = np.asarray(counted, np.float64), np.asarray(rows, np.float64)
    return intervals.mean_limits(k, n, *intervals.wilson(k, n))


@given(st.lists(counts(), min_size=1, max_size=30))
def test_the_limits_of_a_mean_contain_it_and_mirror_each_other(each: list[tuple[int, int]]) -> None:
    k, n = np.array(each).T
    low, high = mean_by_wilson(k, n)
    assert 0 <= low <= np.mean(k / n) <= high <= 1
    mirrored = mean_by_wilson(n - k, n)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-9)


def test_over_many_classes_the_lopsidedness_of_each_share_averages_out() -> None:
    # The mean of 400 shares of 36 of 40 is 14,400 of 16,000 rows.
    low, high = mean_by_wilson(np.full(400, 36), np.full(400, 40))
    pooled = [float(limit) for limit in intervals.wilson(14_400, 16_000)]
    assert [0.9 - low, high - 0.9] == pytest.approx([0.9 - pooled[0], pooled[1] - 0.9], rel=0.05)


def test_a_small_class_without_a_miss_leaves_the_other_class_its_upper_limit() -> None:
    _, high = mean_by_wilson(np.array([10, 350]), np.array([10, 500]))
    assert high - 0.85 == pytest.approx((float(intervals.wilson(350, 500)[1]) - 0.7) / 2)


def exact_misses(n: tuple[int, int], rates: tuple[float, float], alpha: float) -> tuple[float, float]:
    """Probabilities that the Clopper-Pearson bounds of a mean of two shares lie above and below it."""
    grid = [(a, b) for a in range(n[0] + 1) for b in range(n[1] + 1)]
    weight = [stats.binom.pmf(a, n[0], rates[0]) * stats.binom.pmf(b, n[1], rates[1]) for a, b in grid]
    limits = np.array(
        [intervals.mean_limits(np.array(k), np.array(n), *intervals.clopper_pearson(k, n, alpha), alpha) for k in grid]
    )
    truth = sum(rates) / 2
    return float(np.dot(weight, limits[:, 0] > truth)), float(np.dot(weight, limits[:, 1] < truth))


@pytest.mark.parametrize("n", [(10, 10), (5, 40), (25, 25)])
@pytest.mark.parametrize("rates", [(0.6, 0.7), (0.8, 0.95), (0.9, 0.9), (0.96, 0.8)])
def test_the_deciding_bounds_of_two_shares_miss_at_most_as_often_as_stated(
    n: tuple[int, int], rates: tuple[float, float]
) -> None:
    assert max(exact_misses(n, rates, 0.05)) <= 0.05


@pytest.mark.parametrize("recall", [0.75, 0.9])
def test_the_limits_of_a_mean_of_many_shares_miss_about_equally_on_both_sides(recall: float) -> None:
    random, rows = np.random.default_rng(0), np.full(100, 20)
    found = random.binomial(20, recall, (4000, 100))
    limits = np.array([mean_by_wilson(k, rows) for k in found])
    assert 0.01 < np.mean(limits[:, 0] > recall) < 0.033
    assert 0.01 < np.mean(limits[:, 1] < recall) < 0.033


@given(counts(), st.sampled_from([1e-4, 0.05]))
def test_the_limit_of_a_mean_is_as_unlikely_as_hoeffding_allows_and_below_the_exact_one(count, alpha: float) -> None:
    k, n = count
    low = intervals.bounded_mean_low(k / n, n, alpha)
    assert 0 <= low <= float(intervals.clopper_pearson(k, n, alpha)[0]) + 1e-12
    if k == n:
        assert low == pytest.approx(alpha ** (1 / n))
    elif k:
        divergence = stats.entropy([k / n, 1 - k / n], [low, 1 - low])
        assert n * divergence == pytest.approx(-math.log(alpha))
