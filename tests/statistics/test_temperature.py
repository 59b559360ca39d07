"""One number that divides all logits, chosen on one half of the rows and judged on the other."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit

from auditor.statistics import TEMPERATURES, fit_temperature, losses_by_temperature


def drawn(n, temperature, seed=0):
    """Margins that are `temperature` times too large, and which rows are positive."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1.5, n)
    return temperature * z, rng.random(n) < expit(z)


def halves(margins, positive):
    parts = [np.arange(len(margins)) % 2 == half for half in (0, 1)]
    losses = [losses_by_temperature(margins[p], positive[p].astype(int), (~positive[p]).astype(int)) for p in parts]
    return np.stack(losses), np.array([p.sum() for p in parts])


def test_temperature_one_stands_on_the_grid_and_changes_nothing():
    assert 1.0 in TEMPERATURES.tolist()
    z, positive = drawn(100, 1.0)
    fit = fit_temperature(*halves(z, positive))
    assert fit is not None
    p = np.where(positive, expit(z), expit(-z))
    assert fit.before == pytest.approx(float(-np.log(p).mean()))
    assert fit.n == 100


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7, 4.0])
def test_the_grid_finds_what_an_optimiser_finds(temperature):
    z, positive = drawn(20_000, temperature)
    fit = fit_temperature(*halves(z, positive))
    best = minimize_scalar(
        lambda octave: np.logaddexp(0, np.where(positive, -1, 1) * z / 2**octave).mean(),
        bounds=(-2, 3),
        method="bounded",
    )
    assert fit is not None
    assert fit.temperature == pytest.approx(2**best.x, rel=2e-3)
    assert fit.temperature == pytest.approx(temperature, rel=0.05)
    assert fit.after == pytest.approx(best.fun, abs=3e-4)


def test_the_two_overconfident_bins_ask_for_the_temperature_1_636():
    margins = np.log([0.25, 4.0])
    losses = losses_by_temperature(margins, np.array([15, 35]), np.array([35, 15]))
    fit = fit_temperature(np.stack([losses, losses]), np.array([100, 100]))
    assert fit is not None
    assert fit.temperature == pytest.approx(1.636, abs=0.005)
    assert fit.after < fit.before


def test_a_calibrated_model_gains_nothing_on_rows_that_did_not_choose():
    gains = []
    for seed in range(50):
        fit = fit_temperature(*halves(*drawn(400, 1.0, seed)))
        assert fit is not None
        gains.append(fit.before - fit.after)
    assert np.mean(gains) < 0


def test_where_the_loss_falls_to_the_end_of_the_grid_the_end_is_given():
    losses = np.stack([np.linspace(2, 1, len(TEMPERATURES))] * 2)
    fit = fit_temperature(losses, np.array([10, 10]))
    assert fit is not None
    assert fit.temperature == pytest.approx(8.0)


def test_an_empty_half_gives_no_fit():
    assert fit_temperature(np.ones((2, len(TEMPERATURES))), np.array([5, 0])) is None


def test_certainty_that_is_wrong_costs_as_much_as_the_smallest_float():
    losses = losses_by_temperature(np.array([-1024.0]), np.array([1]), np.array([0]))
    assert losses[TEMPERATURES.tolist().index(1.0)] == pytest.approx(36.04, abs=0.01)
