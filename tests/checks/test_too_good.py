"""Excellent figures are told, and doubted only where there is a sign of leakage."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from auditor import Confidence, Direction, Severity, Status
from auditor.checking import judge
from auditor.policy import PRESETS, Policy
from auditor.settings import Waiver
from auditor.states import ColumnTotals, FeatureSample
from auditor.testing import compute, measured, rows


def table(n, seed, *, easy=True, sure=0.998, share=0.5):
    """Rows of two classes that are far apart, or that no plain method can tell; the model is right on `sure` of them."""
    random = np.random.default_rng(seed)
    labels = (random.random(n) < share).astype(int)
    features = random.normal(size=(n, 4)).astype(np.float32)
    signs = np.sign(features[:, 0] * features[:, 1] * features[:, 2])
    features[:, 0] = features[:, 0] + 8 * labels if easy else features[:, 0] * np.where(signs == 2 * labels - 1, 1, -1)
    right = random.random(n) < sure
    p = np.where(right == (labels == 1), 0.97, 0.03)
    return rows(labels, probabilities=np.stack([1 - p, p], axis=1), features=features)


def of(test, train=None):
    return measured(test, train=train, class_names=["a", "b"], positive="b", states=[FeatureSample, ColumnTotals])


def test_usual_figures_pass(checks):
    (finding,) = compute(checks["too-good"], of(table(2000, 1, sure=0.93), table(4000, 2, sure=0.93)))
    assert finding.status is Status.PASS
    assert "No figure is so good" in finding.message


def test_an_easy_task_is_information_with_what_a_plain_method_answers(checks):
    (finding,) = compute(checks["too-good"], of(table(3000, 1), table(4000, 2)))
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.INFO)
    assert "nothing that was examined is a sign of leakage" in finding.message
    assert "of 4,000 training rows is right on 2,000 of 2,000 rows, the model on 1,99" in finding.message


def test_a_task_that_plain_methods_fail_at_is_doubted(checks):
    (finding,) = compute(checks["too-good"], of(table(3000, 1, easy=False), table(4000, 2, easy=False)))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert finding.direction is Direction.FLATTERS
    assert "the task is not easy" in finding.message


def test_a_loss_lower_on_test_than_on_train_is_doubted(checks):
    (finding,) = compute(checks["too-good"], of(table(6000, 1, sure=0.999), table(6000, 2, sure=0.97)))
    assert finding.severity is Severity.MAJOR
    assert "log loss is lower on test (0.033) than on the rows learnt from (0.1" in finding.message


def test_nothing_is_doubted_without_training_rows_or_where_one_class_has_nearly_all(checks):
    (alone,) = compute(checks["too-good"], of(table(3000, 1, easy=False)))
    assert alone.severity is Severity.INFO
    (rare,) = compute(checks["too-good"], of(table(3000, 1, easy=False, share=0.01)))
    assert "Accuracy is" not in rare.message


def leaky():
    """Copies of training rows in an excellent test."""
    train, test = table(4000, 2), table(3000, 1)
    test.features[:200] = train.features[:200]
    return of(test, train)


@pytest.mark.parametrize(("days", "doubted"), [(None, True), (-1, True), (1, False)])
def test_what_a_check_of_leakage_found_counts_unless_it_is_waived(checks, days, doubted):
    waivers = ()
    if days is not None:
        until = (datetime.now(UTC) + timedelta(days=days)).date()
        waivers = (Waiver(check="shared-rows", reason="known", by="a reviewer", expires=until.isoformat()),)
    policy = Policy(PRESETS["balanced"], (), confirmed=True, waivers=waivers)
    found = judge([checks["shared-rows"], checks["too-good"]], leaky(), policy)
    finding = next(one for one in found if one.check == "too-good")
    assert (finding.severity is Severity.MAJOR) is doubted
    assert ("shared-rows found what flatters" in finding.message) is doubted
    assert ("what was waived aside" in finding.message) is not doubted


def test_each_of_several_labels_may_be_too_good(checks):
    random = np.random.default_rng(3)
    labels = random.integers(0, 2, (4000, 2))
    p = np.where(labels == 1, 0.95, 0.05)
    p[:, 1] = random.random(4000)
    batch = rows(labels, probabilities=p, features=random.normal(size=(4000, 3)))
    m = measured(batch, class_names=["x", "y"], states=[FeatureSample])
    (finding,) = compute(checks["too-good"], m)
    assert (finding.subject, finding.severity) == ("label x", Severity.INFO)
