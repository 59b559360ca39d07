"""Whether grouped rows tell less than their number."""

import numpy as np
import pytest

from auditor import Severity, Status
from auditor.testing import compute, measured, rows


def of_groups(groups, size, alike, seed=0):
    """Measurements of rows that are right 8 times in 10, `alike` with their whole group or each by itself."""
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), size)
    right = random.random(groups)[group] < 0.8 if alike else random.random(groups * size) < 0.8
    labels = random.integers(0, 2, groups * size)
    batch = rows(labels, predicted=np.where(right, labels, 1 - labels), groups=group)
    return measured(batch, class_names=["no", "yes"], positive="yes")


def test_rows_that_are_right_together_are_a_minor_finding_with_the_effective_rows(checks):
    (finding,) = compute(checks["independent-rows"], of_groups(200, 10, alike=True))
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MINOR)
    assert finding.value == pytest.approx(10, rel=0.4)
    assert finding.message.startswith("2,000 rows in 200 groups: the design effect of accuracy is ")
    assert "independent rows, and all intervals account for it" in finding.message
    assert "label rows of new ones" in finding.remedy


def test_groups_whose_rows_differ_as_others_do_pass(checks):
    (finding,) = compute(checks["independent-rows"], of_groups(500, 4, alike=False))
    assert finding.status is Status.PASS


def test_few_groups_show_no_interval_and_it_says_so(checks):
    (finding,) = compute(checks["independent-rows"], of_groups(6, 100, alike=False))
    assert finding.severity is Severity.MINOR
    assert "no interval can be given" in finding.message


def test_without_groups_it_is_a_skip(checks):
    batch = rows([0, 1, 1], predicted=[0, 1, 0])
    (finding,) = compute(checks["independent-rows"], measured(batch, class_names=["no", "yes"], positive="yes"))
    assert finding.status is Status.SKIP


def test_without_groups_equal_rows_are_counted_and_taken_as_independent(checks):
    features = np.array([[1.0], [1.0], [2.0], [3.0]])
    given = {"class_names": ["no", "yes"], "positive": "yes"}
    (found,) = compute(
        checks["independent-rows"], measured(rows([0, 1, 1, 0], predicted=[0, 1, 0, 0], features=features), **given)
    )
    assert found.status is Status.PASS
    assert found.message.startswith(
        "2 of 4 test rows have the features of another test row: as copies all rows would tell as"
    )
    assert "much as 3 independent ones, as coincidences of a coarse table as much as 4" in found.message
    (found,) = compute(
        checks["independent-rows"], measured(rows([0, 1], predicted=[0, 1], features=features[1:3]), **given)
    )
    assert found.message.startswith("No two of 2 test rows have the same features")


def test_undecided_gates_ask_for_rows_of_new_groups_and_more_than_independent_rows_would_take(checks):
    labels = np.ones(400, np.int64)
    labels[::2] = 0
    group = np.arange(400) // 2 // 10
    wrong = (np.random.default_rng(0).random(20) < 0.4)[group]
    called = np.where(wrong, 1 - labels, labels)
    said = []
    for design in ({}, {"groups": group}):
        m = measured(rows(labels, predicted=called, **design), class_names=["no", "yes"], positive="yes")
        said.append(compute(checks["class-recall"], m, limits={"floor": 0.5})[0])
    assert [finding.status for finding in said] == [Status.PASS, Status.INCONCLUSIVE]
    assert "rows from new groups" in said[1].remedy
    assert "independent ones; 95% interval" in said[1].message


def test_checks_that_know_no_weights_are_skipped_and_say_so_of_groups(checks):
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 600)
    p = 1 / (1 + np.exp(-2 * labels + 1 - random.normal(size=600)))
    both = np.stack([1 - p, p], axis=1)
    for id_ in ("calibration", "threshold-choice", "precision-recall-balance"):
        given = {"class_names": ["no", "yes"], "positive": "yes"}
        weighted = measured(rows(labels, probabilities=both, weights=np.ones(600)), **given)
        grouped = measured(rows(labels, probabilities=both, groups=np.arange(600) // 2), **given)
        assert compute(checks[id_], weighted)[0].status is Status.SKIP
        assert "rows are taken as independent here" in compute(checks[id_], grouped)[0].message


def test_the_majority_is_beaten_or_not_by_weight_and_on_effective_rows(checks):
    labels, called = np.array([0] * 60 + [1] * 40), np.array([0] * 50 + [1] * 50)
    given = {"class_names": ["no", "yes"], "positive": "yes"}
    weights = np.where(labels == 1, 0.01, 1.0)
    plain, weighted = (measured(rows(labels, predicted=called, **d), **given) for d in ({}, {"weights": weights}))
    (found,) = compute(checks["better-than-majority"], plain)
    assert found.status is Status.PASS
    (found,) = compute(checks["better-than-majority"], weighted)
    assert "the model trades accuracy for recall" in found.message
    assert "Tango score on effective rows" in found.message
