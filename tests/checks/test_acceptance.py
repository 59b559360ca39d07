"""Conditions of release: floors on classes, the user's gates, the majority."""

import numpy as np
import pytest

from auditor import Severity, Status
from auditor.checking import judge
from auditor.config import parse_gate
from auditor.policy import NOTHING_BY_DEFAULT, PRESETS, Policy
from auditor.testing import compute, from_confusion, measured, rows

FRAUD = [[24, 176], [24, 9776]]


@pytest.fixture(scope="module")
def fraud():
    return measured(from_confusion(FRAUD), class_names=["fraud", "not fraud"], positive="fraud")


def gated(checks, measurements, *gates):
    policy = Policy(NOTHING_BY_DEFAULT, tuple(parse_gate(gate) for gate in gates), confirmed=True)
    return judge([checks["acceptance"]], measurements, policy)


def test_twelve_percent_recall_fails_the_fraud_preset_with_counts_and_interval(checks, fraud):
    (finding,) = compute(checks["class-recall"], fraud, preset="fraud")
    assert (finding.status, finding.severity, finding.gate) == (Status.FAIL, Severity.BLOCKER, True)
    assert "24 of 200; 95% interval 8.2% to 17.2%" in finding.message
    assert finding.interval.high == pytest.approx(0.1646, abs=5e-5)


def test_a_floor_of_the_user_replaces_that_of_the_preset(checks, fraud):
    (finding,) = compute(checks["class-recall"], fraud, preset="fraud", limits={"floor": 0.05})
    assert (finding.status, finding.limit) == (Status.PASS, 0.05)


def test_eight_of_nine_cannot_show_eighty_percent_and_says_how_many_more_would(checks):
    measurements = measured(from_confusion([[8, 1], [20, 480]]), class_names=["sick", "well"], positive="sick")
    (finding,) = gated(checks, measurements, "recall[sick]>=0.8")
    assert finding.status is Status.INCONCLUSIVE
    assert "Label 115 more “sick” rows" in finding.remedy
    assert "124 in all" in finding.remedy
    assert "whatever the model does" in finding.message
    assert "71.7%" in finding.message
    assert finding.interval.low == pytest.approx(0.5709, abs=5e-5)
    assert finding.interval.high == pytest.approx(0.9943, abs=5e-5)


def test_a_gate_passes_when_its_bound_clears_the_limit_and_not_before(checks):
    measurements = measured(from_confusion([[14, 0], [0, 100]]), class_names=["a", "b"], positive="a")
    assert gated(checks, measurements, "recall[a]>=0.8")[0].status is Status.PASS
    measurements = measured(from_confusion([[13, 0], [0, 100]]), class_names=["a", "b"], positive="a")
    assert gated(checks, measurements, "recall[a]>=0.8")[0].status is Status.INCONCLUSIVE


def test_a_ceiling_is_a_gate_too(checks):
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]] * 500)
    measurements = measured(rows([0, 1] * 500, probabilities=probabilities), class_names=["a", "b"], positive="b")
    assert gated(checks, measurements, "log_loss<=0.5")[0].status is Status.PASS
    assert gated(checks, measurements, "log_loss<=0.1")[0].status is Status.FAIL


def test_a_star_stands_for_every_class_and_holm_covers_them(checks):
    measurements = measured(
        from_confusion(np.diag([90, 60, 95]) + np.array([[0, 10, 0], [20, 0, 20], [5, 0, 0]])),
        class_names=["a", "b", "c"],
    )
    findings = gated(checks, measurements, "recall[*]>=0.8")
    assert [finding.subject for finding in findings] == ["class a", "class b", "class c"]
    failing = [finding for finding in findings if finding.status is Status.FAIL]
    assert [finding.subject for finding in failing] == ["class b"]
    assert failing[0].interval.level == pytest.approx(1 - 0.05 / 3)


def test_a_metric_that_was_not_measured_is_undecided_never_passed(checks, fraud):
    (finding,) = gated(checks, fraud, "roc_auc>=0.9")
    assert finding.status is Status.INCONCLUSIVE
    assert "no scores" in finding.message


def test_the_majority_that_is_as_accurate_leaves_no_gain(checks, fraud):
    (finding,) = compute(checks["better-than-majority"], fraud, preset="fraud")
    assert finding.status is Status.FAIL
    assert "24 and the majority 24 (McNemar mid-p test, p = 0.500)" in finding.message
    assert "gets 98.0%" in finding.message


def test_published_pathology_counts_beat_the_majority(checks):
    measurements = measured(from_confusion([[231, 27], [32, 54]]), class_names=["abnorm", "norm"], positive="abnorm")
    (finding,) = compute(checks["better-than-majority"], measurements)
    assert finding.status is Status.PASS
    assert "54 and the majority 27" in finding.message


def test_a_model_that_trades_accuracy_for_recall_is_not_blamed_for_it(checks):
    measurements = measured(from_confusion([[180, 20], [900, 8900]]), class_names=["fraud", "fine"], positive="fraud")
    (finding,) = compute(checks["better-than-majority"], measurements)
    assert finding.status is Status.PASS
    assert "trades accuracy for recall" in finding.message


def test_few_rows_cannot_tell_a_gain(checks):
    measurements = measured(from_confusion([[3, 5], [2, 10]]), class_names=["a", "b"], positive="a")
    (finding,) = compute(checks["better-than-majority"], measurements)
    assert finding.status is Status.INCONCLUSIVE


def test_the_precision_floor_follows_a_rare_class(checks, fraud):
    (finding,) = compute(checks["class-precision"], fraud, preset="fraud")
    assert finding.limit == pytest.approx(0.02 + 0.1 * 0.98)
    assert PRESETS["balanced"].precision.at(0.02) == pytest.approx(0.10)
    assert PRESETS["balanced"].precision.at(0.4) == pytest.approx(0.50)


def test_a_random_ranking_never_meets_the_precision_of_the_fraud_preset():
    for prevalence in (0.001, 0.02, 0.2, 0.5, 0.9):
        assert PRESETS["fraud"].precision.at(prevalence) > prevalence
        assert PRESETS["ranking"].average_precision.at(prevalence) > prevalence


def test_beyond_twenty_classes_no_class_floor_decides(checks):
    measurements = measured(from_confusion(np.diag([50] * 21)), class_names=[str(i) for i in range(21)])
    (finding,) = compute(checks["class-precision"], measurements)
    assert finding.status is Status.SKIP
    assert "balanced accuracy decides" in finding.message
    (finding,) = compute(checks["class-recall"], measurements)
    assert (finding.status, finding.gate) == (Status.PASS, False)
    assert "Of 21 classes with test rows none are found less than 50% of the time; lowest" in finding.message


def test_of_many_classes_those_under_the_floor_are_counted_and_the_lowest_named(checks):
    right = np.full(1000, 38)
    right[[7, 8, 9]] = [3, 24, 22]  # of 50: one far under one half, two that chance explains
    matrix = np.diag(right)
    matrix[np.arange(1000), (np.arange(1000) + 1) % 1000] = 50 - right
    measurements = measured(from_confusion(matrix), class_names=[f"c{i}" for i in range(1000)])
    (finding,) = compute(checks["class-recall"], measurements)
    assert (finding.status, finding.severity, finding.gate) == (Status.FAIL, Severity.MINOR, False)
    assert "Of 1,000 classes with test rows 3 are found less than 50% of the time, 1 of them" in finding.message
    assert "lowest recall: “c7” 3 of 50, “c9” 22 of 50, “c8” 24 of 50" in finding.message
    assert "recall[c7]" in finding.remedy


def test_a_stated_share_in_use_decides_the_precision(checks):
    measurements = measured(from_confusion([[90, 10], [50, 950]]), class_names=["sick", "well"], positive="sick")
    policy = Policy(PRESETS["balanced"], (), confirmed=True, prior={"sick": 0.001})
    found = {finding.subject: finding for finding in judge([checks["class-precision"]], measurements, policy)}
    assert found["class sick"].value == pytest.approx(0.9 * 0.001 / (0.9 * 0.001 + 0.05 * 0.999))
    assert "Precision on sick where 0.1% of the rows are “sick” is 1.8%" in found["class sick"].message
    assert found["class sick"].limit == pytest.approx(0.005)
    assert found["class well"].value == pytest.approx(0.95 * 0.999 / (0.95 * 0.999 + 0.1 * 0.001))


def test_a_class_that_was_never_tested_holds_the_verdict_open(checks):
    measurements = measured(from_confusion([[20, 0, 0], [0, 20, 0], [0, 0, 0]]), class_names=["a", "b", "c"])
    found = {finding.subject: finding for finding in compute(checks["class-recall"], measurements)}
    assert (found["class c"].status, found["class c"].only_fails) == (Status.INCONCLUSIVE, False)
    assert (found["class a"].status, found["class a"].only_fails) == (Status.PASS, True)


def test_false_alarms_for_an_absent_class_are_judged(checks):
    measurements = measured(from_confusion([[135, 0, 15], [0, 135, 15], [0, 0, 0]]), class_names=["a", "b", "c"])
    found = {finding.subject: finding for finding in compute(checks["class-precision"], measurements)}
    assert (found["class c"].status, found["class c"].limit) == (Status.FAIL, 0.5)


def test_a_gate_of_ones_own_on_precision_reckons_with_the_stated_share(checks):
    measurements = measured(from_confusion([[90, 0], [10, 200]]), class_names=["a", "b"], positive="a")
    gates = (parse_gate("precision>=0.5"), parse_gate("precision[a]>=0.5"))
    policy = Policy(NOTHING_BY_DEFAULT, gates, confirmed=True, prior={"a": 0.001})
    findings = judge([checks["acceptance"]], measurements, policy)
    assert {finding.status for finding in findings} == {Status.FAIL}
    assert all("where 0.1% of the rows are “a”" in finding.message for finding in findings)


def test_equal_losses_have_no_interval_and_pass_nothing(checks):
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9]])
    measurements = measured(rows([0, 1], probabilities=probabilities), class_names=["a", "b"], positive="a")
    (finding,) = gated(checks, measurements, "log_loss<=0.2")
    assert finding.status is Status.INCONCLUSIVE
    assert "so few, or all alike" in finding.remedy


def test_three_classes_of_equal_scores_are_not_known_to_be_guessing_on_six_rows(checks):
    measurements = measured(rows([0, 1, 2] * 2, probabilities=np.full((6, 3), 1 / 3)), class_names=list("abc"))
    (finding,) = gated(checks, measurements, "roc_auc>=0.6")
    assert finding.status is Status.INCONCLUSIVE
