"""The gap between train and test, and what the training history tells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from auditor import Severity, Status
from auditor.checking import judge
from auditor.config import parse_gate
from auditor.data import History
from auditor.policy import NOTHING_BY_DEFAULT, Policy
from auditor.testing import compute, from_confusion, measured

NAMES = ["a", "b"]


def right(n, of):
    """Two even classes with n of `of` rows right."""
    return from_confusion([[n // 2, of // 2 - n // 2], [of // 2 - n // 2, n // 2]])


def gap(checks, train, test, *gates):
    measurements = measured(test, train=train, class_names=NAMES, positive="b")
    policy = Policy(NOTHING_BY_DEFAULT, tuple(parse_gate(gate) for gate in gates), confirmed=True)
    chosen = [checks["acceptance"], checks["generalisation-gap"]] if gates else [checks["generalisation-gap"]]
    return judge(chosen, measurements, policy)[-1]


def test_nine_points_with_a_bound_over_five_are_minor(checks):
    finding = gap(checks, right(990, 1000), right(900, 1000))
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MINOR)
    assert "a gap of 9.0 points" in finding.message
    assert finding.value == pytest.approx(0.09)


def test_a_large_gap_is_major_only_where_a_condition_is_not_met(checks):
    assert gap(checks, right(2000, 2000), right(1400, 2000), "accuracy>=0.6").severity is Severity.MINOR
    assert gap(checks, right(2000, 2000), right(1400, 2000), "accuracy>=0.9").severity is Severity.MAJOR


def test_many_rows_do_not_make_a_tenth_of_a_point_a_finding(checks):
    assert gap(checks, right(910_000, 1_000_000), right(909_000, 1_000_000)).status is Status.PASS


def test_as_poor_on_train_as_on_test_underfits_where_a_condition_fails(checks):
    finding = gap(checks, right(6000, 10_000), right(6000, 10_000), "accuracy>=0.8")
    assert (finding.severity, "underfits" in finding.message) == (Severity.MAJOR, True)


def test_a_test_clearly_better_than_train_is_told(checks):
    finding = gap(checks, right(8000, 10_000), right(9500, 10_000))
    assert (finding.status, "clearly better than train" in finding.message) == (Status.FAIL, True)


def test_few_test_rows_cannot_tell(checks):
    assert gap(checks, right(950, 1000), right(46, 50)).status is Status.INCONCLUSIVE


def curves(checks, train, val, not_finite=None):
    history = History(
        Path("history.csv"),
        "",
        tuple(range(1, len(train) + 1)),
        {"train_loss": tuple(train), "val_loss": tuple(val)},
        not_finite or {},
    )
    measurements = replace(measured(right(800, 1000), class_names=NAMES, positive="b"), training_history=history)
    return compute(checks["loss-curves"], measurements)


TRAIN = [1, 0.78, 0.62, 0.5, 0.42, 0.35, 0.3, 0.26, 0.22, 0.19, 0.17, 0.15]


def test_validation_loss_that_turned_up_is_major_and_names_the_epoch_to_keep(checks):
    findings = curves(checks, TRAIN, [1, 0.8, 0.65, 0.55, 0.5, 0.52, 0.56, 0.6, 0.66, 0.7, 0.76, 0.8])
    diverged = next(f for f in findings if f.subject == "epoch 5")
    assert (diverged.status, diverged.severity) == (Status.FAIL, Severity.MAJOR)
    assert diverged.value == pytest.approx(0.529, abs=5e-4)
    assert "53% above" in diverged.message
    assert "epoch 5" in diverged.remedy


def test_validation_loss_that_levels_off_is_no_divergence(checks):
    findings = curves(checks, TRAIN, [1, 0.8, 0.65, 0.55, 0.51, 0.50, 0.49, 0.485, 0.48, 0.482, 0.479, 0.478])
    assert [f.status for f in findings] == [Status.PASS]
    assert findings[0].figures[0].lines[1].y[0] == 1


def test_nan_in_a_loss_is_a_blocker(checks):
    findings = curves(checks, TRAIN, [*TRAIN[:-1], None], {"val_loss": 1})
    assert any(f.severity is Severity.BLOCKER and "NaN" in f.message for f in findings)


def test_a_loss_that_stays_at_that_of_a_constant_learnt_nothing(checks):
    findings = curves(
        checks, [0.70, 0.694, 0.693, 0.692, 0.693, 0.692, 0.691, 0.692, 0.691, 0.692], [0.70] + [0.693] * 9
    )
    assert any("nothing was learnt" in f.message and f.severity is Severity.MAJOR for f in findings)


def test_three_epochs_are_described_and_not_judged(checks):
    findings = curves(checks, [0.6, 0.5, 0.4], [0.6, 0.55, 0.56])
    assert findings[0].status is Status.PASS
    assert "described, not judged" in findings[0].message


def test_without_a_history_it_says_so(checks):
    (finding,) = compute(checks["loss-curves"], measured(right(80, 100), class_names=NAMES, positive="b"))
    assert (finding.status, finding.message) == (Status.SKIP, "No training history was given.")


def test_losses_recorded_every_other_epoch_are_paired_by_epoch(checks):
    val = [None if i % 2 else 0.5 + 0.0001 * i for i in range(20)]
    findings = curves(checks, list(np.linspace(0.6, 0.3, 20)), val)
    assert not any("NaN" in f.message for f in findings)


def test_a_nan_that_training_recovered_from_is_no_stop(checks):
    findings = curves(checks, TRAIN, [None, *TRAIN[1:]], {"val_loss": 1})
    assert any(f.severity is Severity.MAJOR and "NaN" in f.message for f in findings)


def test_three_epochs_learn_nothing_about_learning(checks):
    findings = curves(checks, [5, 0.9, 0.3], [5, 0.9, 0.3])
    assert [f.status for f in findings] == [Status.PASS]


def test_losses_of_zero_are_losses(checks):
    findings = curves(checks, [0.0] * 12, [0.0] * 12)
    assert "training loss went from 0.000 to 0.000" in findings[0].message
    assert "still falling" not in findings[0].message
