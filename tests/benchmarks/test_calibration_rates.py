"""How often calibration and threshold findings are raised for nothing, and how often for a reason: 200 seeds each."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm

from auditor import Severity, Status
from auditor.checking import built_in, judge
from auditor.config import parse_gate
from auditor.policy import NOTHING_BY_DEFAULT, Policy
from auditor.states import Reliability, Temperatures
from auditor.testing import compute, measured, rows

SEEDS, ROWS = 200, 5000
FALSE_ALARMS, MISSES = 16, 16  # of 200: 97.5% limits of a rate of 5%
CHECKS = {check.id: check for check in built_in()}
GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority", "threshold-choice")


def two_classes(seed, slope, share=0.5):
    """Scores of two normal classes, calibrated but for the slope, about 90% right at even shares."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(ROWS) < share).astype(int)
    margin = 2.56 * (rng.normal(size=ROWS) + 2.56 * labels) - 2.56**2 / 2 + logit(share)
    p = expit(margin / slope)
    batch = rows(labels, probabilities=np.stack([1 - p, p], axis=1))
    return measured(batch, class_names=["no", "yes"], positive="yes", states=[Reliability, Temperatures])


def ten_classes(seed, slope):
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 3, (ROWS, 10))
    labels = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    scaled = np.exp(z / slope)
    batch = rows(labels, probabilities=scaled / scaled.sum(axis=1, keepdims=True))
    return measured(batch, class_names=list("abcdefghij"), states=[Reliability, Temperatures])


MODELS = {
    "even classes": two_classes,
    "5% positives": lambda seed, slope: two_classes(seed, slope, 0.05),
    "ten classes": ten_classes,
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("slope", [1.0, 0.5])
def test_calibrated_models_are_left_alone_and_logits_twice_too_large_are_found(model, slope):
    found = [compute(CHECKS["calibration"], MODELS[model](seed, slope))[0] for seed in range(SEEDS)]
    raised = sum(finding.status is Status.FAIL for finding in found)
    major = sum(finding.severity is Severity.MAJOR for finding in found)
    print(f"\n{model}, slope {slope}: {raised} of {SEEDS} raised, {major} of them major")
    assert raised <= FALSE_ALARMS if slope == 1.0 else raised >= SEEDS - MISSES


def normal_scores(seed, n, share, separation):
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < share).astype(int)
    score = rng.normal(size=n) + separation * labels
    p = expit(separation * score - separation**2 / 2 + logit(share))
    return rows(labels, probabilities=np.stack([1 - p, p], axis=1))


def true_rates(threshold, share, separation):
    """Recall and precision in the population of calling from this probability on."""
    cut = (logit(threshold) + separation**2 / 2 - logit(share)) / separation
    found, alarms = share * norm.sf(cut - separation), (1 - share) * norm.sf(cut)
    return found / share, found / (found + alarms)


def offered(seed, n, recall, precision, *, validation, share=0.1, separation=2.5):
    """The threshold offered as proven, None where there is none."""
    more = normal_scores(10_000 + seed, n, share, separation) if validation else None
    test = normal_scores(seed, n, share, separation)
    m = measured(test, class_names=["no", "yes"], positive="yes", validation=more, states=[Reliability])
    gates = (parse_gate(f"recall[yes]>={recall}"), parse_gate(f"precision[yes]>={precision}"))
    found = judge([CHECKS[id_] for id_ in GATES], m, Policy(NOTHING_BY_DEFAULT, gates, confirmed=True))
    (finding,) = [f for f in found if f.check == "threshold-choice" and f.figures]
    return dict(finding.figures[0].marks)["suggested"] if finding.severity is Severity.MAJOR else None


@pytest.mark.parametrize("validation", [False, True], ids=["cross-fitted", "validation"])
def test_a_threshold_is_offered_where_one_exists_and_seldom_where_it_breaks_a_floor(validation):
    cut = 0.1
    recall, precision = true_rates(cut, 0.1, 2.5)
    rates = {}
    for margin in (-0.02, 0.0, 0.05):
        # Moving the floors by a margin below what one threshold truly reaches.
        found = [
            offered(seed, 20_000, recall - margin, precision - margin, validation=validation) for seed in range(SEEDS)
        ]
        given = [t for t in found if t is not None]
        true = [true_rates(t, 0.1, 2.5) for t in given]
        broken = sum(r < recall - margin or p < precision - margin for r, p in true)
        rates[margin] = len(given), broken
        print(f"\nfloors {margin:+} below what is reached: {len(given)} of {SEEDS} offered, {broken} broke a floor")
    assert rates[-0.02][0] <= FALSE_ALARMS
    assert rates[0.0][1] <= FALSE_ALARMS
    assert rates[0.05][0] >= SEEDS - MISSES
    assert rates[0.05][1] <= FALSE_ALARMS
