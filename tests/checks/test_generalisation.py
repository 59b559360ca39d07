"""The gap between train and test."""

import pytest

from auditor import Severity, Status
from auditor.checking import judge
from auditor.config import parse_gate
from auditor.policy import NOTHING_BY_DEFAULT, Policy
from auditor.testing import from_confusion, measured

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
