"""The gap between train and test."""

import numpy as np
import pytest

from auditor import Severity, Status
from auditor.checking import judge
from auditor.config import parse_gate
from auditor.policy import NOTHING_BY_DEFAULT, Policy
from auditor.testing import compute, from_confusion, measured, rows

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
    assert finding.interval.low == pytest.approx(0.075, abs=0.002)


def test_a_large_gap_is_major_only_where_a_condition_is_not_met(checks):
    assert gap(checks, right(2000, 2000), right(1400, 2000), "accuracy>=0.6").severity is Severity.MINOR
    assert gap(checks, right(2000, 2000), right(1400, 2000), "accuracy>=0.9").severity is Severity.MAJOR


def test_what_is_lost_is_a_share_of_the_gain_over_a_constant_answer(checks):
    assert (
        "on which 18.4% of its gain over a constant answer is lost"
        in gap(checks, right(990, 1000), right(900, 1000)).message
    )


def test_a_rare_class_that_only_train_finds_is_told_where_the_mean_hides_it(checks):
    names = [f"c{i}" for i in range(20)]
    train = np.diag([500] * 19 + [100])
    test = train.copy()
    test[19, 19], test[19, 0] = 40, 60
    finding = compute(
        checks["generalisation-gap"], measured(from_confusion(test), train=from_confusion(train), class_names=names)
    )[0]
    assert finding.interval.low < 0.05
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MAJOR)
    assert (
        "recall on “c19”, the rarest class, is 100% (100 of 100) on train and 40.0% (40 of 100) on test"
        in finding.message
    )


def test_a_class_that_is_not_rare_is_told_only_where_it_is_a_fault(checks):
    assert "rarest" not in gap(checks, right(900, 1000), right(880, 1000)).message
    uneven = from_confusion([[950, 0], [10, 40]])
    assert "recall on “b”, the rarest class, is 80.0% (40 of 50) on train" in gap(checks, uneven, uneven).message


def test_a_gap_of_losses_counts_where_the_decisions_are_the_same(checks):
    truth = np.arange(2000) % 2
    sure, unsure = (np.stack([np.where(truth, 1 - p, p), np.where(truth, p, 1 - p)], 1) for p in (0.99, 0.6))
    noise = np.random.default_rng(0).uniform(-0.005, 0.005, 2000)[:, None] * [1, -1]
    train, test = rows(truth, probabilities=sure + noise), rows(truth, probabilities=unsure + noise)
    finding = gap(checks, train, test)
    assert (finding.value, finding.status, finding.severity) == (0, Status.FAIL, Severity.MAJOR)
    assert (
        "log loss is 0.010 on train and 0.511 on test (0.693 is the loss of the best constant answer)"
        in finding.message
    )
    assert gap(checks, train, test, "accuracy>=0.9").severity is Severity.MINOR


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
