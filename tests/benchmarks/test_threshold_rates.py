"""How often a certified floor is broken, and how far cross-fitting is from the truth."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.special import expit, ndtr

from auditor import Status
from auditor.checking import built_in
from auditor.states import Reliability, thresholds
from auditor.statistics import best_f_score, certified_precision, cross_fitted
from auditor.testing import compute, measured, rows
from tests.benchmarks.simulated import BinaryModel, table

SEED = 20010401
SEEDS = 200
FALSE_ALARMS_AT_5, FEWEST_AT_95, FEWEST_AT_99 = 16, 184, 195
PREVALENCE = 0.1


@cache
def scores_at(separation: float) -> np.ndarray:
    """Scores from which the positive class may be called, one for each threshold on the probability."""
    inside = np.clip(thresholds(), 1e-300, 1 - 1e-16)
    return (np.log(inside / (1 - inside)) - np.log(PREVALENCE / (1 - PREVALENCE)) + separation**2 / 2) / separation


def batch(random, n, separation):
    """Calibrated probabilities of two normal classes."""
    model = BinaryModel(separation, 0.8)
    score, labels = model.scores(random, n, PREVALENCE)
    p = expit(separation * score - separation**2 / 2 + np.log(PREVALENCE / (1 - PREVALENCE)))
    return rows(labels, probabilities=np.stack([1 - p, p], axis=1))


def true_rates(index, separation):
    """(precision, recall) of calling the positive class from a threshold on."""
    at = scores_at(separation)[index]
    found, alarms = PREVALENCE * ndtr(separation - at), (1 - PREVALENCE) * ndtr(-at)
    return found / (found + alarms), found / PREVALENCE


def bins(test):
    return measured(test, class_names=["no", "yes"], positive="yes", states=[Reliability]).test[Reliability]


@pytest.mark.parametrize("n", [2000, 20_000])
def test_a_certified_precision_is_seldom_broken_and_certified_where_it_can_be(n):
    random, separation, floor = np.random.default_rng(SEED), 3.0, 0.8
    found = [certified_precision(bins(batch(random, n, separation)).points(), floor) for _ in range(SEEDS)]
    certified = [index for index in found if index is not None]
    broken = sum(true_rates(index, separation)[0] < floor for index in certified)
    table(
        f"A precision of {floor:.0%} certified on {n} rows",
        ["certified", "broken", "mean recall there"],
        [[f"{len(certified)} of {SEEDS}", broken, f"{np.mean([true_rates(i, separation)[1] for i in certified]):.3f}"]],
    )
    assert broken <= FALSE_ALARMS_AT_5
    assert n < 20_000 or len(certified) >= FEWEST_AT_95


@pytest.mark.parametrize("n", [1000, 10_000])
def test_the_cross_fitted_f1_is_near_the_truth_and_tuning_on_test_is_seen(n):
    random, separation = np.random.default_rng(SEED), 1.0
    check = next(check for check in built_in() if check.id == "threshold-choice")
    own, fair, true, flagged = [], [], [], 0
    for _ in range(SEEDS):
        test = batch(random, n, separation)
        found = bins(test)
        index = best_f_score(found.points())
        precision, recall = true_rates(index, separation)
        own.append(found.points().outcome(index).f_score().value)
        fair.append(cross_fitted(found.points(0), found.points(1), best_f_score).f_score().value)
        true.append(2 * precision * recall / (precision + recall))
        tuned = replace(test, scores=replace(test.scores, threshold=float(thresholds()[index])))
        m = measured(tuned, class_names=["no", "yes"], positive="yes", states=[Reliability])
        flagged += any(
            f.status is Status.FAIL and "very rows" in f.message for f in compute(check, m, preset="ranking")
        )
    bias = float(np.mean(np.array(fair) - true))
    table(
        f"The threshold of highest F1 among {n} rows",
        ["on the rows that chose it", "cross-fitted", "truly", "bias of cross-fitting", "tuning seen"],
        [
            [
                f"{np.mean(own):.3f}",
                f"{np.mean(fair):.3f}",
                f"{np.mean(true):.3f}",
                f"{bias:+.4f}",
                f"{flagged} of {SEEDS}",
            ]
        ],
    )
    assert abs(bias) < 0.015
    assert np.mean(own) > np.mean(true)
    assert flagged >= FEWEST_AT_99
