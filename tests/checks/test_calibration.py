"""Stated probabilities and what came true."""

import re

import numpy as np
import pytest
from scipy.special import expit, log_softmax

from auditor import Severity, Status
from auditor.states import Reliability, Temperatures
from auditor.summary import split_result
from auditor.testing import compute, from_confusion, measured, rows

STATES = (Reliability, Temperatures)


def pair(labels, p, **more):
    batch = rows(labels, probabilities=np.stack([1 - p, p], axis=1))
    return measured(batch, class_names=["fine", "fraud"], positive="fraud", states=STATES, **more)


def logistic(n, slope=1.0, intercept=0.0, seed=0):
    """Rows whose true log-odds are intercept + slope x those stated."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1.5, n)
    return pair((rng.random(n) < expit(intercept + slope * z)).astype(int), expit(z))


def found(checks, measurements, **limits):
    (finding,) = compute(checks["calibration"], measurements, limits=limits)
    return finding


def test_probabilities_that_come_true_pass_with_their_figures(checks):
    finding = found(checks, logistic(5000))
    assert finding.status is Status.PASS
    assert "root mean square over 5,000 rows in 15 groups" in finding.message
    (curve,) = finding.figures
    assert [line.name for line in curve.lines][:2] == ["observed", "as stated"]
    assert len(curve.lines[0].x) == 15


def test_two_overconfident_groups_are_found_by_their_error_and_slope(checks):
    finding = found(checks, pair(np.repeat([1, 0, 1, 0], [300, 700, 700, 300]), np.repeat([0.2, 0.8], 1000)))
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MINOR)
    assert finding.value == pytest.approx(0.0989, abs=5e-4)
    assert "slope 0.61 (95% interval 0.54 to 0.68)" in finding.message
    assert "1,000 “fraud” seen where 1,000 were stated" in finding.message
    assert "over-confident" in finding.message
    assert "1.64 is that of lowest log loss" in finding.remedy


def test_logits_twice_too_large_are_overconfident_and_a_temperature_of_two_mends_it(checks):
    finding = found(checks, logistic(5000, slope=0.5))
    assert finding.status is Status.FAIL
    assert "over-confident, the probabilities are too extreme" in finding.message
    assert "Log loss goes from" in finding.remedy
    temperature = split_result(logistic(5000, slope=0.5), logistic(5000, slope=0.5).test).reliability.temperature
    assert temperature.value == pytest.approx(2.0, rel=0.1)
    assert temperature.log_loss_after < temperature.log_loss_before


def test_logits_half_as_large_as_they_should_be_are_underconfident(checks):
    finding = found(checks, logistic(5000, slope=2.0))
    assert finding.status is Status.FAIL
    assert "under-confident, the probabilities are too timid" in finding.message


def test_a_slope_of_a_third_is_major(checks):
    finding = found(checks, logistic(5000, slope=0.33))
    assert (finding.severity, finding.limit) == (Severity.MAJOR, 0.10)
    assert finding.interval.low > 0.10
    assert finding.interval.level == pytest.approx(0.995)


def test_too_many_stated_is_said_in_rows_and_no_temperature_is_said_to_mend_it(checks):
    finding = found(checks, logistic(5000, intercept=-1.0))
    assert finding.status is Status.FAIL
    assert "more is stated than comes true" in finding.message
    assert "intercept" in finding.remedy


def test_99_positives_judge_the_overall_level_alone(checks):
    finding = found(checks, pair(np.repeat([1, 0], [99, 9901]), np.full(10_000, 0.0099)))
    assert finding.status is Status.INCONCLUSIVE
    assert "99 rows of “fraud” cannot show more than the overall level (100 are needed)" in finding.message
    assert "label rows until 100 are of “fraud”" in finding.remedy
    finding = found(checks, pair(np.repeat([1, 0], [99, 9901]), np.full(10_000, 0.05)))
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MINOR)
    assert "99 “fraud” seen where 500 were stated (ratio 0.20" in finding.message


def test_a_model_that_is_always_right_cannot_show_its_calibration(checks):
    finding = found(
        checks,
        measured(rows([0, 1, 2] * 50, probabilities=np.eye(3)[[0, 1, 2] * 50]), class_names=list("abc"), states=STATES),
    )
    assert finding.status is Status.INCONCLUSIVE
    assert "0 rows answered wrongly" in finding.message


def test_decisions_without_scores_are_not_examined(checks):
    tables = measured(from_confusion([[80, 20], [20, 80]]), class_names=["a", "b"], positive="a", states=STATES)
    finding = found(checks, tables)
    assert finding.status is Status.SKIP
    assert "no scores" in finding.message


def several(n, temperature, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1.5, (n, 5))
    labels = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    probabilities = np.exp(log_softmax(temperature * z, axis=1))
    return measured(rows(labels, probabilities=probabilities), class_names=list("abcde"), states=STATES)


def test_with_more_classes_confidence_is_held_against_accuracy(checks):
    assert found(checks, several(5000, 1.0)).status is Status.PASS
    finding = found(checks, several(5000, 2.0))
    assert finding.status is Status.FAIL
    assert "Stated confidence and the share of right answers" in finding.message
    assert "right answers seen where" in finding.message
    assert "over-confident" in finding.message
    assert re.search(r"; (1\.9|2\.0)\d is that of lowest log loss", finding.remedy)


def test_limits_can_be_set(checks):
    assert (
        found(checks, logistic(5000, slope=0.7), minor=0.2, major=0.3, slope_minor=0.4, slope_major=0.3).status
        is Status.PASS
    )
    assert found(checks, logistic(5000, slope=0.7)).status is Status.FAIL


def test_the_report_holds_the_groups_and_what_follows_from_them():
    m = logistic(3000)
    result = split_result(m, m.test).reliability
    assert result.score == "probability of fraud"
    assert sum(group.observed.n for group in result.groups) == 3000
    assert result.slope.low < 1 < result.slope.high
    assert result.error.value is not None
    assert result.expected_calibration_error > 0
    assert result.observed_to_expected.value == pytest.approx(sum(g.observed.k for g in result.groups) / result.stated)
    plain = measured(from_confusion([[80, 20], [20, 80]]), class_names=["a", "b"], positive="a", states=STATES)
    assert split_result(plain, plain.test).reliability is None
