"""The level a loss settles at, against values worked by hand."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from auditor.statistics import LevelFault, divergence, double_sigmoid_floor, level, starts_badly

LN2 = math.log(2)


def flat(value: float) -> np.ndarray:
    return np.r_[2 * value, 1.3 * value, np.full(10, value)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_a_second_sigmoid_sets_a_floor(share: float) -> None:
    def mean_loss(p: float, positive: int) -> float:
        twice = 1 / (1 + math.exp(-p))
        return -math.log(twice if positive else 1 - twice)

    best = [float(minimize_scalar(mean_loss, bounds=(0, 1), args=(k,), options={"xatol": 1e-12}).fun) for k in (1, 0)]
    assert double_sigmoid_floor(share) == pytest.approx(share * best[0] + (1 - share) * best[1], abs=1e-6)
    assert best == pytest.approx([0.3133, 0.6931], abs=5e-5)


@pytest.mark.parametrize(
    ("losses", "constant", "n_classes", "share", "fault"),
    [
        (flat(0.05), LN2, 2, 0.5, None),
        (flat(0.314), LN2, 2, 0.5, LevelFault.DOUBLE_SOFTMAX),
        (flat(0.6552), 0.3251, 2, 0.1, LevelFault.DOUBLE_SIGMOID),
        (flat(0.6552), 0.3251, 2, None, None),  # below ln 2 by more than 5%: weights of classes could explain it
        (flat(0.69), LN2, 2, 0.5, LevelFault.STUCK),
        (flat(0.69), 0.3251, 2, 0.1, LevelFault.STUCK),
        (flat(0.9), LN2, 2, 0.5, LevelFault.WORSE),
        (flat(0.55), LN2, 2, 0.5, LevelFault.STUCK_HIGH),
        (np.linspace(1.0, 0.55, 12), LN2, 2, 0.5, None),
        (flat(2.3), math.log(10), 10, None, LevelFault.STUCK),
    ],
)
def test_what_is_wrong_with_a_level(losses, constant, n_classes, share, fault) -> None:
    found = level(losses, constant, n_classes, share)
    assert found is not None
    assert found.fault is fault


def test_the_reference_is_that_of_equal_shares_where_the_loss_stands_there() -> None:
    found = level(flat(0.69), 0.3251, 2, 0.1)
    assert found is not None
    assert found.reference == LN2
    assert found.learned == pytest.approx(1 - 0.69 / LN2)


@pytest.mark.parametrize("losses", [flat(0.5)[:7], np.r_[flat(0.5), np.nan], np.r_[flat(0.5), -1.0]])
def test_few_broken_or_negative_losses_have_no_level(losses) -> None:
    assert level(losses, LN2, 2) is None


def test_a_first_loss_above_twice_ln_k_is_a_bad_start() -> None:
    assert [starts_badly(first, 10) for first in (2.3, 4.60, 4.61)] == [False, False, True]


def test_another_figure_is_compared_over_the_same_windows() -> None:
    loss = np.array([1, 0.8, 0.65, 0.55, 0.5, 0.52, 0.56, 0.6, 0.66, 0.7, 0.76, 0.8])
    found = divergence(loss)
    assert found is not None
    assert (found.best, found.end) == ((4, 2), (10, 2))
    accuracy = np.arange(12) / 100
    assert found.change(accuracy) == pytest.approx(0.06)
    accuracy[10] = np.nan
    assert found.change(accuracy) == pytest.approx(0.065)
    assert found.change(np.full(12, np.nan)) is None
