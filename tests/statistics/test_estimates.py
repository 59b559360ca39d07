import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logit

from auditor.statistics.estimates import (
    AreaUnderCurve,
    Difference,
    Estimate,
    FScore,
    MeanOfProportions,
    PairedDifference,
    Proportion,
    Smooth,
)

EVERY_KIND = [
    Proportion(8, 9),
    FScore(24, 24, 176),
    FScore(24, 24, 176, 2),
    Smooth(0.5, 0.1, "logit", 30, "bootstrap"),
    Smooth(0.5, 0.1, "fisher", 30, "bootstrap"),
    Smooth(0.5, 0.1, "log", 30, "bootstrap"),
    Smooth(0.5, 0.1, "identity", 30, "t", 29),
    MeanOfProportions((24, 9776), (200, 9800)),
    AreaUnderCurve(0.75, 20, 30, 0.005),
    AreaUnderCurve(0.75, 2000, 3000, 0.0001),
    AreaUnderCurve(1.0, 20, 30, 0.0),
    Difference(Proportion(56, 70), Proportion(48, 80)),
    PairedDifference(12, 2, 50),
]
WITHOUT_ROWS = [
    Proportion(0, 0),
    FScore(0, 0, 0),
    FScore(0, 0, 0, 2),
    Smooth(None, None, "logit", 0, "bootstrap"),
    MeanOfProportions((0, 0), (0, 0)),
    AreaUnderCurve(None, 0, 30, None),
    Difference(Proportion(0, 0), Proportion(48, 80)),
    PairedDifference(0, 0, 0),
]


def number(value: float | None) -> float:
    assert value is not None
    return value


@pytest.mark.parametrize("estimate", EVERY_KIND)
def test_an_interval_contains_its_value_and_widens_with_confidence(estimate: Estimate) -> None:
    value = number(estimate.value)
    assert number(estimate.low) <= value <= number(estimate.high)
    assert number(estimate.lower(0.005)) <= number(estimate.lower(0.05)) <= value
    assert number(estimate.upper(0.005)) >= number(estimate.upper(0.05)) >= value
    assert estimate.n > 0
    assert estimate.method
    assert estimate.decision_method


@pytest.mark.parametrize("estimate", EVERY_KIND)
def test_the_shown_interval_has_two_and_a_half_percent_in_each_tail(estimate: Estimate) -> None:
    assert (estimate.low, estimate.high) == estimate.interval(0.025)
    if estimate.method == estimate.decision_method:
        assert (estimate.low, estimate.high) == (estimate.lower(0.025), estimate.upper(0.025))


@pytest.mark.parametrize("estimate", WITHOUT_ROWS)
def test_undefined_is_none_and_never_zero(estimate: Estimate) -> None:
    assert estimate.value is None
    assert (estimate.low, estimate.high, estimate.lower(0.05), estimate.upper(0.05)) == (None, None, None, None)


def test_estimates_are_values() -> None:
    assert Proportion(8, 9) == Proportion(8, 9) != Proportion(8, 10)
    assert len({Proportion(8, 9), Proportion(8, 9), FScore(8, 0, 1), MeanOfProportions((1,), (2,))}) == 3
    with pytest.raises(AttributeError):
        Proportion(8, 9).k = 9  # type: ignore[misc]


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="0 <= k <= n"):
        Proportion(k, n)


def test_recall_of_twelve_percent() -> None:
    recall = Proportion(24, 200)
    assert (recall.low, recall.high) == pytest.approx((0.082, 0.172), abs=5e-4)
    assert recall.upper(0.05) == pytest.approx(0.1646, abs=5e-5)


def test_eight_of_nine_shows_little() -> None:
    assert Proportion(8, 9).lower(0.05) == pytest.approx(0.5709, abs=5e-5)
    assert Proportion(8, 9).upper(0.05) == pytest.approx(0.9943, abs=5e-5)
    assert (Proportion(8, 9).low, Proportion(8, 9).high) == pytest.approx((0.565, 0.980), abs=5e-4)
    assert Proportion(9, 9).lower(0.05) == pytest.approx(0.7169, abs=5e-5)


def test_accuracy_of_the_caret_example() -> None:
    accuracy = Proportion(285, 344)
    assert accuracy.value == pytest.approx(0.8285, abs=5e-5)
    assert accuracy.exact == pytest.approx((0.7844, 0.8668), abs=5e-5)
    assert (accuracy.low, accuracy.high) == pytest.approx((0.7851, 0.8646), abs=5e-5)


def test_a_design_effect_divides_the_rows() -> None:
    effective = Proportion(900, 1000).effective(3)
    assert effective.n == pytest.approx(333.3, abs=0.05)
    assert (effective.lower(0.05), effective.upper(0.05)) == pytest.approx((0.8688, 0.9258), abs=5e-5)
    independent = Proportion(900, 1000)
    assert (independent.lower(0.05), independent.upper(0.05)) == pytest.approx((0.8830, 0.9152), abs=5e-5)


@pytest.mark.parametrize(
    "estimate",
    [
        FScore(24, 24, 176),
        MeanOfProportions((24, 90), (200, 100)),
        PairedDifference(12, 2, 50),
        AreaUnderCurve(0.7, 50, 80, 0.002),
    ],
)
def test_a_design_effect_keeps_the_value_and_widens(
    estimate: FScore | MeanOfProportions | PairedDifference | AreaUnderCurve,
) -> None:
    wider = estimate.effective(2)
    assert wider.value == pytest.approx(estimate.value)
    assert number(wider.lower(0.05)) < number(estimate.lower(0.05))
    assert number(wider.upper(0.05)) > number(estimate.upper(0.05))


def test_f1_through_jaccard() -> None:
    f1 = FScore(24, 24, 176)
    assert f1.value == pytest.approx(0.1935, abs=5e-5)
    assert (f1.low, f1.high) == pytest.approx((0.136, 0.268), abs=5e-4)
    share = Proportion(24, 224)
    assert f1.lower(0.05) == pytest.approx(2 * number(share.lower(0.05)) / (1 + number(share.lower(0.05))))


def test_f_beta_is_a_logit_interval_about_nearly_the_value() -> None:
    f2 = FScore(400, 100, 100, 2)
    assert f2.value == pytest.approx(5 * 400 / (5 * 400 + 4 * 100 + 100))
    half = stats.norm.ppf(0.95) * math.sqrt(1 / 400.5 + (16 * 100.25 + 100.25) / (5 * 100.25) ** 2)
    centre = math.log(5 * 400.5 / (5 * 100.25))
    assert float(logit(number(f2.lower(0.05)))) == pytest.approx(centre - half)
    assert float(logit(number(f2.upper(0.05)))) == pytest.approx(centre + half)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.sampled_from([0.5, 1.0, 2.0]))
def test_f_scores_contain_their_value(tp: int, fp: int, fn: int, beta: float) -> None:
    score = FScore(tp, fp, fn, beta)
    if tp + fp + fn:
        assert 0 <= number(score.low) <= number(score.value) <= number(score.high) <= 1


def test_newcombe_for_independent_proportions() -> None:
    difference = Difference(Proportion(56, 70), Proportion(48, 80))
    assert (difference.low, difference.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert difference.method == "Newcombe hybrid score"


def test_train_test_gap_is_shown_above_five_points_and_not_above_ten() -> None:
    gap = Difference(Proportion(990, 1000), Proportion(900, 1000))
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.09, 0.0710, 0.1107), abs=5e-5)
    assert number(gap.lower(0.05)) > 0.05
    assert number(gap.lower(0.005)) < 0.10


def test_a_weight_scales_a_difference() -> None:
    seen, new = Proportion(198, 200), Proportion(1440, 1800)
    difference = Difference(seen, new)
    assert (difference.value, difference.low, difference.high) == pytest.approx((0.19, 0.159, 0.210), abs=5e-4)
    inflation = Difference(seen, new, weight=0.1)
    assert inflation.value == pytest.approx(0.019)
    assert inflation.low == pytest.approx(0.1 * number(difference.low))


def test_a_difference_of_means_is_root_sum_of_squares() -> None:
    first, second = Smooth(0.5, 0.03, "identity", 10, "z"), Smooth(0.3, 0.04, "identity", 10, "z")
    assert Difference(first, second).lower(0.05) == pytest.approx(0.2 - 0.05 * stats.norm.ppf(0.95))


def test_balanced_accuracy_of_the_rare_class_example() -> None:
    mean = MeanOfProportions((24, 9776), (200, 9800))
    assert mean.value == pytest.approx(0.5588, abs=5e-5)
    assert mean.n == 10_000


def test_balanced_accuracy_skips_classes_without_rows() -> None:
    mean = MeanOfProportions((5, 0, 8), (10, 0, 10))
    assert mean.value == pytest.approx(0.65)
    assert mean.defined == 2
    assert mean.interval(0.025) == MeanOfProportions((5, 8), (10, 10)).interval(0.025)


def test_balanced_accuracy_does_not_collapse_when_all_of_a_small_class_is_found() -> None:
    mean = MeanOfProportions((10, 900), (10, 1000))
    assert number(mean.low) < 0.83 < number(mean.value) - 0.1


def test_complete_separation_is_bounded_by_disjoint_pairs() -> None:
    perfect = AreaUnderCurve(1.0, 10, 2000, 0.0)
    assert (perfect.low, perfect.high) == pytest.approx((0.025**0.1, 1.0))
    assert perfect.lower(0.05) == pytest.approx(0.05**0.1)
    reversed_ = AreaUnderCurve(0.0, 10, 2000, 0.0)
    assert (reversed_.low, reversed_.high) == pytest.approx((0.0, 1 - 0.025**0.1))


def test_a_large_area_has_the_logit_delong_interval_alone() -> None:
    area = AreaUnderCurve(0.8, 5000, 5000, 2e-5)
    half = stats.norm.ppf(0.975) * math.sqrt(2e-5) / (0.8 * 0.2)
    assert [float(logit(number(x))) for x in (area.low, area.high)] == pytest.approx(
        [logit(0.8) - half, logit(0.8) + half]
    )


def test_delong_on_the_published_asah_area() -> None:
    # Robin et al. 2011 (pROC): ndka, 41 poor and 72 good outcomes; their interval is on the plain scale.
    standard_error = (0.722670989888189 - 0.501244999271703) / 2 / stats.norm.ppf(0.975)
    plain = Smooth(0.611957994579946, standard_error, "identity", 41, "DeLong")
    assert (plain.low, plain.high) == pytest.approx((0.501244999271703, 0.722670989888189))
    area = AreaUnderCurve(0.611957994579946, 41, 72, standard_error**2)
    logit_limits = Smooth(0.611957994579946, standard_error, "logit", 41, "DeLong").interval(0.025)
    assert number(area.low) <= number(logit_limits[0])
    assert number(area.high) >= number(logit_limits[1])


def test_a_single_positive_still_has_score_limits() -> None:
    area = AreaUnderCurve(0.9, 1, 50, None)
    assert 0 < number(area.low) < 0.9 < number(area.high) < 1


def test_a_value_at_the_end_of_its_scale_has_the_bound_of_trials_without_a_miss() -> None:
    assert Smooth(1.0, 0.0, "logit", 1000, "b", binding=59).lower(0.05) == pytest.approx(0.05 ** (1 / 59))
    assert Smooth(1.0, 0.0, "fisher", 59, "b").interval(0.05) == pytest.approx((2 * 0.05 ** (1 / 59) - 1, 1.0))
    assert Smooth(-1.0, 0.0, "fisher", 59, "b").interval(0.05) == pytest.approx((-1.0, 1 - 2 * 0.05 ** (1 / 59)))
    assert Smooth(0.0, 0.0, "log", 59, "b").interval(0.05) == (None, None)


def test_a_t_quantile_is_used_with_degrees_of_freedom() -> None:
    assert Smooth(0.5, 0.01, "identity", 10, "t", 9).high == pytest.approx(0.5 + 0.01 * stats.t.ppf(0.975, 9))


def test_an_estimate_that_leans_upwards_reaches_further_down_and_no_further_up() -> None:
    plain = Smooth(0.4, 0.1, "logit", 30, "bootstrap")
    leaning = Smooth(0.4, 0.1, "logit", 30, "bootstrap", leaning=0.3)
    assert leaning.high == plain.high
    assert float(logit(number(leaning.low))) == pytest.approx(float(logit(number(plain.low))) - 0.3)
