import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import isotonic_regression

from auditor.statistics import curves

TRAIN = np.array([1, 0.78, 0.62, 0.5, 0.42, 0.35, 0.3, 0.26, 0.22, 0.19, 0.17, 0.15])
RISING = np.array([1, 0.8, 0.65, 0.55, 0.5, 0.52, 0.56, 0.6, 0.66, 0.7, 0.76, 0.8])
FLAT = np.array([1, 0.8, 0.65, 0.55, 0.50, 0.49, 0.485, 0.48, 0.482, 0.479, 0.478])
TAIL = np.array([0.50, 0.52, 0.56, 0.60, 0.66, 0.70])

values = arrays(np.float64, st.integers(1, 25), elements=st.floats(-3, 3))


def noisy(curve: NDArray[np.float64], noise: float, seed: int) -> NDArray[np.float64]:
    return np.asarray(curve * np.exp(np.random.default_rng(seed).normal(0, noise, len(curve))))


def test_a_rise_of_53_percent_is_found() -> None:
    found = curves.divergence(RISING, TRAIN)
    assert found is not None
    assert found.rise == pytest.approx(0.529, abs=5e-4)
    assert found.z == pytest.approx(22.4, abs=0.06)
    assert (found.best_epoch, found.epochs_after, found.train_fell, found.found) == (4, 6, True, True)


def test_a_loss_that_levels_off_is_not_divergence() -> None:
    found = curves.divergence(FLAT, TRAIN[: len(FLAT)])
    assert found is not None
    assert not found.found


def test_a_rise_of_both_losses_is_not_overfitting() -> None:
    found = curves.divergence(RISING, RISING)
    assert found is not None
    assert (found.train_fell, found.found) == (False, False)


def test_validation_alone_suffices() -> None:
    found = curves.divergence(RISING)
    assert found is not None
    assert (found.train_fell, found.found) == (None, True)


@pytest.mark.parametrize("losses", [RISING[:7], np.where(np.arange(12) == 3, np.nan, RISING), RISING - 0.6])
def test_short_broken_or_negative_losses_give_no_divergence(losses: NDArray[np.float64]) -> None:
    assert curves.divergence(losses) is None


def test_clean_curves_are_seldom_flagged_and_rises_nearly_always() -> None:
    epochs = np.arange(30)
    falling, rising = 0.4 + np.exp(-epochs / 5), 0.4 + np.exp(-epochs / 3) + 0.008 * np.maximum(0, epochs - 10)
    flagged = [
        sum(
            bool(found and found.found)
            for found in (curves.divergence(noisy(curve, 0.02, seed)) for seed in range(100))
        )
        for curve in (falling, rising)
    ]
    assert flagged[0] <= 5
    assert flagged[1] >= 95


def test_long_histories_are_averaged_and_epochs_counted_as_given() -> None:
    epochs = np.arange(1000)
    curve = 0.4 + np.exp(-epochs / 60) + 0.0005 * np.maximum(0, epochs - 400)
    found = curves.divergence(noisy(curve, 0.01, 0))
    assert found is not None
    assert found.found
    assert 280 < found.best_epoch < 480
    assert len(curves.blocks(curve)) <= curves.LONGEST


def test_a_rise_without_noise_stays_a_number() -> None:
    found = curves.divergence(np.exp(np.abs(np.arange(12) - 5) * 0.125))
    assert found is not None
    assert found.found
    assert math.isfinite(found.z)


@given(values)
def test_the_falling_fit_equals_scipy(series: NDArray[np.float64]) -> None:
    assert curves.falling_fit(series) == pytest.approx(isotonic_regression(series, increasing=False).x, abs=1e-9)


@given(values)
def test_the_u_shape_is_the_best_of_all_turning_points(series: NDArray[np.float64]) -> None:
    fit, gain = curves.u_shape(series)
    best = min(
        sum(
            float(np.sum((part - isotonic_regression(part, increasing=up).x) ** 2)) if len(part) else 0.0
            for part, up in ((series[:turn], False), (series[turn:], True))
        )
        for turn in range(len(series) + 1)
    )
    assert float(np.sum((series - fit) ** 2)) == pytest.approx(best, abs=1e-9)
    assert -1e-9 <= gain <= 1


def test_mann_kendall_and_theil_sen_on_the_tail() -> None:
    found = curves.trend(TAIL)
    assert found is not None
    assert found.s == 15
    assert found.variance == pytest.approx(28.33, abs=5e-3)
    assert found.z == pytest.approx(2.63, abs=5e-3)
    assert found.slope == pytest.approx(0.04)
    assert curves.trend(TAIL[:2]) is None


@given(values.filter(lambda series: len(series) > 3))
def test_trend_equals_scipy(series: NDArray[np.float64]) -> None:
    found = curves.trend(series)
    assert found is not None
    assert found.slope == pytest.approx(stats.theilslopes(series).slope, abs=1e-12)
    pairs = itertools.combinations(series, 2)
    assert found.s == sum(np.sign(later - earlier) for earlier, later in pairs)
    assert found.variance >= 0


def test_autocorrelation_widens_the_variance_of_the_trend() -> None:
    wave = np.sin(np.arange(60) / 6)
    shuffled = np.random.default_rng(0).permutation(wave)
    slow, mixed = curves.trend(wave), curves.trend(shuffled)
    assert slow is not None
    assert mixed is not None
    assert slow.variance > 1.5 * mixed.variance


def test_one_curve_described() -> None:
    found = curves.examine(RISING)
    assert (found.epochs, found.first, found.last, found.rises_at_end) == (12, 1.0, 0.76, 7)
    assert found.learned(1.0) == pytest.approx(0.24)
    assert not found.still_falling
    assert not found.is_plateau
    assert found.spikes == ()


def test_a_curve_that_is_still_falling_and_one_that_is_done() -> None:
    assert curves.examine(TRAIN).still_falling
    done = curves.examine(np.concatenate([TRAIN, np.full(10, 0.15)]))
    assert done.is_plateau
    assert done.tail_change == 0


def test_stuck_at_chance_learns_nothing() -> None:
    stuck = curves.examine(noisy(np.full(20, math.log(10)), 0.01, 1))
    learned = stuck.learned(math.log(10))
    assert learned is not None
    assert abs(learned) < 0.05
    worse = curves.examine(np.full(20, 1.2 * math.log(10))).learned(math.log(10))
    assert worse == pytest.approx(-0.2)


def test_what_is_not_finite_or_negative_is_located() -> None:
    assert curves.examine(np.array([1.0, np.nan, 0.5, np.inf])).not_finite == (1, 3)
    negative = curves.examine(np.array([1.0, -0.5, 0.5]))
    assert (negative.negative, negative.last, negative.learned(1.0)) == ((1,), None, None)
    assert curves.examine(np.zeros(0)).epochs == 0


def test_noise_is_estimated_on_the_log_scale() -> None:
    falling = 0.5 + np.exp(-np.arange(200) / 20)
    assert curves.examine(noisy(falling, 0.03, 0)).noise == pytest.approx(0.03, rel=0.25)
    assert (curves.examine(noisy(falling, 0.4, 0)).noise or 0) > 0.3


def test_spikes_are_found_and_a_slow_rise_is_none() -> None:
    spiky = 0.5 + np.exp(-np.arange(30) / 5)
    spiky[[12, 20]] *= 2
    assert curves.examine(spiky).spikes == (12, 20)
    assert curves.examine(np.concatenate([TRAIN, np.linspace(0.16, 0.5, 20)])).spikes == ()


def test_few_epochs_give_no_noise_and_no_trend() -> None:
    found = curves.examine(np.array([1.0, 0.8, 0.9, 1.0]))
    assert (found.noise, found.tail, found.tail_change, found.rises_at_end) == (None, None, None, 2)
    assert found.last == 0.9


def test_floors_and_ceilings_of_a_double_softmax() -> None:
    floors = [curves.double_softmax_floor(k) for k in (2, 3, 10, 100, 1000)]
    assert floors == pytest.approx([0.3133, 0.5514, 1.4612, 3.6222, 5.9095], abs=5e-5)
    ceilings = [curves.double_softmax_ceiling(k) for k in (2, 3, 10, 100)]
    assert ceilings == pytest.approx([0.7311, 0.5761, 0.2320, 0.0267], abs=5e-5)
