import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from auditor.statistics import Proportion, bins, calibration

P = np.array([0.2, 0.8])
POSITIVES, NEGATIVES = np.array([30, 70]), np.array([70, 30])


def test_two_overconfident_bins() -> None:
    found = calibration.reliability_bins(P, POSITIVES, NEGATIVES)
    assert found is not None
    assert calibration.expected_calibration_error(found) == pytest.approx(0.10)
    error = calibration.squared_calibration_error(found, "x")
    assert error.square.value == pytest.approx(0.0078788, abs=5e-8)
    assert error.value == pytest.approx(0.08876, abs=5e-6)
    parts = calibration.brier_parts(found)
    assert (parts.reliability, parts.resolution, parts.uncertainty) == pytest.approx((0.01, 0.04, 0.25))
    labels = np.repeat([1, 0, 1, 0], [30, 70, 70, 30])
    brier = brier_score_loss(labels, np.repeat([0.2, 0.8], 100))
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(brier)
    assert brier == pytest.approx(0.22)


def test_spiegelhalter_on_the_two_bins_and_on_the_brier_example() -> None:
    assert calibration.spiegelhalter_z(P, POSITIVES, NEGATIVES) == pytest.approx(3.5355, abs=5e-5)
    z = calibration.spiegelhalter_z(np.array([0.1, 0.9, 0.8, 0.3]), np.array([0, 1, 1, 0]), np.array([1, 0, 0, 1]))
    assert z == pytest.approx(-0.8805, abs=5e-5)
    assert calibration.spiegelhalter_z(np.array([0.5]), np.array([3]), np.array([4])) is None


def test_the_slope_of_the_two_bins() -> None:
    fit = calibration.recalibration_fit(logit(P), POSITIVES, NEGATIVES)
    assert fit is not None
    assert fit.slope.value == pytest.approx(0.6112, abs=5e-5)
    assert fit.slope.standard_error == pytest.approx(0.1113, abs=5e-5)
    assert fit.intercept.value == pytest.approx(0, abs=1e-9)
    assert 1 / (fit.slope.value or 0) == pytest.approx(1.636, abs=5e-4)


def test_the_fit_equals_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2, 3000)
    y = rng.random(3000) < expit(0.4 + 0.7 * z)
    oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(z[:, None], y)
    fit = calibration.recalibration_fit(z, y.astype(int), (~y).astype(int))
    assert fit is not None
    assert (fit.intercept.value, fit.slope.value) == pytest.approx((oracle.intercept_[0], oracle.coef_[0, 0]), abs=1e-5)


@pytest.mark.parametrize(
    ("z", "positives", "negatives"),
    [
        ([-1.0, 1.0], [0, 5], [5, 0]),
        ([-1.0, 1.0], [3, 5], [0, 0]),
        ([1.0], [3], [4]),
        ([-1.0, 0.0, 1.0], [0, 2, 5], [5, 2, 0]),
    ],
)
def test_where_no_slope_exists_there_is_none(z: list[float], positives: list[int], negatives: list[int]) -> None:
    assert calibration.recalibration_fit(np.array(z), np.array(positives), np.array(negatives)) is None


def test_saturated_scores_do_not_decide_the_slope_alone() -> None:
    fit = calibration.recalibration_fit(
        np.array([-1024.0, *logit(P), 1024.0]), np.array([1, 300, 700, 9]), np.array([9, 700, 300, 1])
    )
    assert fit is not None
    assert fit.slope.value is not None
    assert 0 < fit.slope.value < 1


def test_observed_to_expected() -> None:
    even = calibration.observed_to_expected(P, POSITIVES, NEGATIVES)
    share = Proportion(int(POSITIVES.sum()), int((POSITIVES + NEGATIVES).sum()))
    assert even.value == pytest.approx(1.0)
    ratios = np.array([even.low, even.high, even.lower(0.05)], float)
    np.testing.assert_allclose(ratios, np.array([share.low, share.high, share.lower(0.05)], float) * share.n / share.k)
    none = calibration.observed_to_expected(P, np.zeros(2, int), NEGATIVES)
    assert (none.value, none.low) == (0.0, 0.0)


def test_all_rows_seen_leave_an_interval_up_to_all_of_them() -> None:
    """63 of 63 where 62.4 were stated: more than all cannot be seen, and fewer might be."""
    ratio = calibration.observed_to_expected(np.array([62.4 / 63]), np.array([63]), np.array([0]))
    assert ratio.high == pytest.approx(63 / 62.4)
    assert ratio.low is not None
    assert ratio.low < 0.96


def simulated(n: int, slope: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1.5, n)
    positive = rng.random(n) < expit(slope * z)
    index = bins.bin_index(z.astype(np.float32), fine=False)
    return (
        np.bincount(index[positive], minlength=bins.COARSE_BINS),
        np.bincount(index[~positive], minlength=bins.COARSE_BINS),
    )


def test_debiasing_removes_what_chance_adds() -> None:
    centre = expit(bins.bin_centre(np.arange(bins.COARSE_BINS), fine=False))
    plain, squared, called = [], [], 0
    for seed in range(100):
        found = calibration.reliability_bins(centre, *simulated(1000, 1.0, seed))
        assert found is not None
        error = calibration.squared_calibration_error(found, "x")
        plain.append(calibration.expected_calibration_error(found))
        squared.append(error.square.value)
        called += (error.lower(0.05) or 0) > 0.05
    assert np.mean(plain) == pytest.approx(0.038, abs=0.005)
    assert abs(np.mean(np.array(squared, float))) < 4e-4
    assert called <= 5


def test_a_model_twice_too_confident_is_found() -> None:
    centre = expit(bins.bin_centre(np.arange(bins.COARSE_BINS), fine=False))
    counts = simulated(5000, 0.5, 0)
    found = calibration.reliability_bins(centre, *counts)
    assert found is not None
    assert (calibration.squared_calibration_error(found, "x").lower(0.05) or 0) > 0.05
    fit = calibration.recalibration_fit(bins.bin_centre(np.arange(bins.COARSE_BINS), fine=False), *counts)
    assert fit is not None
    assert fit.slope.value == pytest.approx(0.5, abs=0.06)
    assert (fit.slope.upper(0.025) or 1) < 0.8


def test_bins_have_about_equal_rows_and_keep_all() -> None:
    positives, negatives = simulated(10_000, 1.0, 1)
    found = calibration.reliability_bins(
        expit(bins.bin_centre(np.arange(bins.COARSE_BINS), fine=False)), positives, negatives
    )
    assert found is not None
    assert len(found.total) == 15
    assert (found.total.sum(), found.positives.sum()) == (10_000, positives.sum())
    assert found.total.max() - found.total.min() < 150
    assert (np.diff(found.probability) > 0).all()
    assert calibration.reliability_bins(P, np.zeros(2, int), np.zeros(2, int)) is None


def test_single_rows_make_no_division_by_zero() -> None:
    found = calibration.reliability_bins(np.array([0.3, 0.6]), np.array([1, 0]), np.array([0, 1]))
    assert found is not None
    assert calibration.squared_calibration_error(found, "x").square.value == pytest.approx((0.7**2 + 0.6**2) / 2)


def test_the_error_of_the_slope_holds_where_the_curve_bends() -> None:
    slopes, errors = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        z = rng.standard_t(3, 1000)
        y = rng.random(1000) < expit(np.clip(z, -1, 1))
        fit = calibration.recalibration_fit(z, y.astype(int), (~y).astype(int))
        assert fit is not None
        slopes.append(fit.slope.value)
        errors.append(fit.slope.standard_error)
    assert np.mean(np.array(errors, float)) == pytest.approx(np.std(np.array(slopes, float)), rel=0.15)
