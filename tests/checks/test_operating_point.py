"""Whether another threshold would serve better."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import precision_recall_curve

from auditor import Confidence, Severity, Status
from auditor.checking import judge
from auditor.config import parse_gate
from auditor.policy import NOTHING_BY_DEFAULT, PRESETS, Policy
from auditor.states import Reliability, thresholds
from auditor.summary import split_result, suggested_threshold
from auditor.testing import compute, from_confusion, measured, rows

GATES = ("acceptance", "class-recall", "class-precision", "better-than-majority", "threshold-choice")


def batch(n, share, separation=2.5, shift=0.0, seed=0):
    """Calibrated scores of two normal classes so far apart, the logits then moved by `shift`."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < share).astype(int)
    score = rng.normal(size=n) + separation * labels
    p = expit(separation * score - separation**2 / 2 + logit(share) + shift)
    return rows(labels, probabilities=np.stack([1 - p, p], axis=1))


def audited(test, validation=None):
    return measured(test, class_names=["fine", "fraud"], positive="fraud", validation=validation, states=[Reliability])


def judged(checks, measurements, *gates, preset="fraud", limits=None):
    policy = Policy(NOTHING_BY_DEFAULT if gates else PRESETS[preset], tuple(map(parse_gate, gates)), confirmed=True)
    chosen = [checks[id_].with_limits((limits or {}) if id_ == "threshold-choice" else {}) for id_ in GATES]
    found = judge(chosen, measurements, policy)
    return [f for f in found if f.check == "threshold-choice"]


def test_a_recall_that_another_threshold_meets_is_fixable(checks):
    (finding,) = judged(checks, audited(batch(20_000, 0.05, 3.0), batch(20_000, 0.05, 3.0, seed=1)))
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MAJOR)
    assert finding.confidence is Confidence.CONFIRMED
    assert finding.message.startswith("Fixable by threshold: calling fraud from 0.")
    assert "chosen on validation data, counted on test" in finding.message
    assert "meets every condition" in finding.message
    assert "--positive fraud --threshold 0." in finding.remedy
    assert "confirm it" not in finding.remedy
    (curve,) = finding.figures
    assert [name for name, _ in curve.marks] == ["in use", "suggested"]


def test_the_threshold_offered_passes_every_gate_when_the_audit_is_run_with_it(checks):
    test = batch(20_000, 0.05, 3.0)
    (finding,) = judged(checks, audited(test))
    threshold = dict(finding.figures[0].marks)["suggested"]
    p = test.scores.probabilities
    again = audited(rows(test.labels, probabilities=p, predicted=(p[:, 1] >= threshold).astype(int)))
    found = judge([checks[id_] for id_ in GATES], again, Policy(PRESETS["fraud"], (), confirmed=True))
    assert {f.status for f in found if f.gate} == {Status.PASS}


def test_without_validation_data_it_says_so_and_asks_for_confirmation(checks):
    (finding,) = judged(checks, audited(batch(20_000, 0.05, 3.0)))
    assert finding.severity is Severity.MAJOR
    assert (
        "there is no validation data: each half of test judged by the threshold that the other half chose"
        in finding.message
    )
    assert "confirm it on rows that did not choose it" in finding.remedy


def test_the_threshold_that_is_suggested_stands_among_the_operating_points(checks):
    m = audited(batch(20_000, 0.05, 3.0))
    found = judged(checks, m)
    at = suggested_threshold(found)
    assert at is not None
    assert at == dict(found[0].figures[0].marks)["suggested"]
    point = split_result(m, m.test, at).operating_points[1]
    called = m.test[Reliability].points().outcome(int(np.searchsorted(thresholds(), at)))
    assert (point.name, point.threshold, point.tp, point.fp) == ("suggested", at, called.tp, called.fp)


def at_threshold(test, threshold):
    return replace(test, scores=replace(test.scores, threshold=threshold))


def best_threshold(test):
    """The highest F1 among the scores themselves, as a user finds it."""
    precision, recall, at = precision_recall_curve(test.labels, test.scores.probabilities[:, 1])
    f1 = 2 * precision[:-1] * recall[:-1] / np.maximum(precision[:-1] + recall[:-1], 1e-12)
    return float(at[f1.argmax()])


def test_a_threshold_that_is_the_best_of_the_very_rows_it_is_judged_on_is_suspected(checks):
    test = batch(1000, 0.1, 1.5)
    tuned = at_threshold(test, best_threshold(test))
    (finding,) = [f for f in judged(checks, audited(tuned), "accuracy>=0.1") if "very rows" in f.message]
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MINOR)
    assert finding.confidence is Confidence.SUSPECTED
    assert "If it was chosen on them, new rows give less: F1 is 0." in finding.message
    assert "--validation" in finding.remedy


def test_a_threshold_from_elsewhere_or_with_validation_data_is_not_suspected(checks):
    test, other = batch(1000, 0.1, 1.5), batch(1000, 0.1, 1.5, seed=1)
    elsewhere = audited(at_threshold(test, best_threshold(other)))
    shown = audited(at_threshold(test, best_threshold(test)), at_threshold(other, best_threshold(test)))
    for measurements in (elsewhere, shown):
        assert not [f for f in judged(checks, measurements, "accuracy>=0.1") if "very rows" in f.message]


def test_where_no_threshold_meets_the_conditions_none_is_suggested(checks):
    found = judged(checks, audited(batch(5000, 0.05, 0.5)))
    assert [name for name, _ in found[0].figures[0].marks] == ["in use", "nearest"]
    assert suggested_threshold(found) is None


def test_what_the_rows_cannot_show_is_offered_as_suspected(checks):
    (finding,) = judged(checks, audited(batch(1200, 0.05, 3.0)))
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MINOR)
    assert finding.confidence is Confidence.SUSPECTED
    assert "Perhaps fixable" in finding.message
    assert "these rows cannot show it" in finding.message


def test_a_model_that_no_threshold_saves_is_not_said_to_be_fixable(checks):
    (finding,) = judged(checks, audited(batch(5000, 0.05, 0.7)))
    assert finding.status is Status.PASS
    assert "No threshold was found that meets every condition" in finding.message
    assert "No threshold certifies a precision of" in finding.message


def test_a_precision_is_certified_and_not_promised(checks):
    (finding,) = judged(checks, audited(batch(20_000, 0.2, 2.0)), "recall[fraud]>=0.9", "precision[fraud]>=0.9")
    assert finding.status is Status.PASS
    assert "A precision of 90.0% is certified down to 0." in finding.message


def test_a_floor_on_the_other_class_counts_as_much(checks):
    m = audited(batch(20_000, 0.3, 2.0, shift=-2.0))
    (finding,) = judged(checks, m, "recall[fraud]>=0.8")
    assert finding.severity is Severity.MAJOR
    (finding,) = judged(checks, m, "recall[fraud]>=0.8", "recall[fine]>=0.95")
    assert finding.status is Status.PASS


def test_a_condition_on_the_scores_themselves_is_not_fixed_by_a_threshold(checks):
    (finding,) = judged(checks, audited(batch(20_000, 0.05, 3.0)), "recall[fraud]>=0.9", "roc_auc>=0.999")
    assert finding.status is Status.PASS
    assert "ROC-AUC is asked too, and is not followed along the thresholds" in finding.message
    (finding,) = judged(checks, audited(batch(20_000, 0.05, 3.0)), "recall[fraud]>=0.9", "roc_auc>=0.9")
    assert finding.status is Status.FAIL


def test_where_every_condition_is_met_the_highest_f1_is_told_with_its_optimism(checks):
    (finding,) = judged(checks, audited(batch(5000, 0.3, 3.0)), preset="balanced")
    assert finding.status is Status.PASS
    assert "F1 is highest with fraud called from" in finding.message
    assert "on the rows that chose it" in finding.message


def test_fewer_than_thirty_positives_get_no_advice(checks):
    (finding,) = judged(checks, audited(rows([1] * 29 + [0] * 500, probabilities=np.full((529, 2), 0.5))))
    assert finding.status is Status.SKIP
    assert "29 rows of the rarer class allow no advice (30 are needed)" in finding.message


def test_validation_data_with_few_positives_do_not_choose(checks):
    (finding,) = judged(checks, audited(batch(20_000, 0.05, 3.0), batch(200, 0.05, 3.0, seed=1)))
    assert "there is no validation data" in finding.message


def test_neither_three_classes_nor_decisions_without_scores_have_a_threshold(checks):
    three = measured(from_confusion(np.diag([50] * 3)), class_names=list("abc"), states=[Reliability])
    assert compute(checks["threshold-choice"], three)[0].status is Status.SKIP
    plain = audited(from_confusion([[80, 20], [20, 80]]))
    assert compute(checks["threshold-choice"], plain)[0].status is Status.SKIP


def test_scores_crowded_around_the_threshold_are_steep(checks):
    crowded = judged(checks, audited(batch(5000, 0.5, 0.4)), "accuracy>=0.5")
    assert [f.status for f in crowded] == [Status.PASS, Status.FAIL]
    steep = crowded[1]
    assert (steep.severity, steep.limit) == (Severity.MINOR, 0.10)
    assert "Recall on fraud changes by" in steep.message
    assert steep.value > steep.interval.low > 0.10
    assert len(judged(checks, audited(batch(5000, 0.5, 3.0)), "accuracy>=0.5")) == 1


def test_costs_are_spoken_of_only_where_they_are_stated(checks):
    m = audited(batch(5000, 0.1, 2.0))
    assert len(judged(checks, m, "accuracy>=0.5")) == 1
    finding = judged(checks, m, "accuracy>=0.5", limits={"cost_miss": 10, "cost_alarm": 1})[1]
    assert (finding.status, finding.severity, finding.subject) == (Status.FAIL, Severity.MINOR, "costs")
    assert "would ask for 0.091 (Elkan 2001)" in finding.message
    assert "not calibrated" not in finding.message
    assert finding.value > 1.2


def test_uncalibrated_probabilities_do_not_fit_elkans_rule(checks):
    m = audited(batch(5000, 0.1, 2.0, shift=3.0))
    finding = judged(checks, m, "accuracy>=0.5", limits={"cost_miss": 10, "cost_alarm": 1})[1]
    assert "not calibrated well enough for that rule" in finding.message


def test_the_report_holds_the_operating_points():
    m = audited(batch(3000, 0.2))
    points = split_result(m, m.test).operating_points
    assert [point.name for point in points[:2]] == ["in use", "highest F1"]
    assert {point.tp + point.fp + point.fn + point.tn for point in points} == {3000}
    half = next(point for point in points if point.threshold == 0.5 and not point.name)
    assert (half.tp, half.fp) == (points[0].tp, points[0].fp)
    assert points[1].f1.value == pytest.approx(max(p.f1.value for p in points), abs=1e-9)
    plain = audited(from_confusion([[80, 20], [20, 80]]))
    assert split_result(plain, plain.test).operating_points == ()
