"""Chance, constant answers, and the balance of misses and false alarms."""

import numpy as np
import pytest

from auditor import Severity, Status
from auditor.testing import compute, from_confusion, measured, rows


def scored(n, signal, seed=0):
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, n)
    p = 1 / (1 + np.exp(-(signal * (2 * labels - 1) + draw.normal(size=n))))
    return measured(rows(labels, probabilities=np.stack([1 - p, p], axis=1)), class_names=["a", "b"], positive="b")


def test_shuffled_answers_cannot_be_told_from_guessing(checks):
    (finding,) = compute(checks["better-than-chance"], scored(5000, 0.0))
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.BLOCKER)
    assert "cannot be told from guessing" in finding.message


def test_a_weak_but_real_ranking_passes(checks):
    (finding,) = compute(checks["better-than-chance"], scored(5000, 0.3))
    assert finding.status is Status.PASS


def test_a_ranking_the_wrong_way_round_makes_the_figures_untrustworthy(checks):
    (finding,) = compute(checks["better-than-chance"], scored(5000, -1.0))
    assert finding.status is Status.FAIL
    assert finding.validity
    assert "wrong way round" in finding.message


def test_few_rows_cannot_tell_from_guessing(checks):
    (finding,) = compute(checks["better-than-chance"], scored(40, 0.1))
    assert finding.status is Status.INCONCLUSIVE


def test_without_scores_kappa_stands_in(checks):
    (finding,) = compute(
        checks["better-than-chance"],
        measured(from_confusion([[2500, 2500], [2500, 2500]]), class_names=["a", "b"], positive="b"),
    )
    assert finding.status is Status.FAIL
    assert "kappa" in finding.message


@pytest.mark.parametrize(
    ("matrix", "status"),
    [([[0, 200], [1, 799]], Status.FAIL), ([[0, 5], [0, 995]], Status.PASS), ([[50, 50], [50, 850]], Status.PASS)],
)
def test_one_answer_to_everything_is_found_unless_the_truth_is_so_too(checks, matrix, status):
    (finding,) = compute(
        checks["constant-prediction"], measured(from_confusion(matrix), class_names=["a", "b"], positive="a")
    )
    assert finding.status is status


def test_misses_outnumber_false_alarms(checks):
    (finding,) = compute(
        checks["precision-recall-balance"],
        measured(from_confusion([[24, 176], [24, 9776]]), class_names=["fraud", "fine"], positive="fraud"),
    )
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MAJOR)
    assert "0.24 (95% interval 0.18 to 0.32): misses outnumber false alarms" in finding.message


def test_the_direction_a_preset_favours_is_information(checks):
    many_alarms = measured(from_confusion([[190, 10], [1000, 8800]]), class_names=["fraud", "fine"], positive="fraud")
    assert compute(checks["precision-recall-balance"], many_alarms, preset="fraud")[0].status is Status.PASS
    assert compute(checks["precision-recall-balance"], many_alarms, preset="balanced")[0].status is Status.FAIL


def test_equal_margins_are_balanced(checks):
    (finding,) = compute(
        checks["precision-recall-balance"],
        measured(from_confusion([[80, 20], [20, 880]]), class_names=["a", "b"], positive="a"),
    )
    assert finding.status is Status.PASS
    assert finding.value == 1.0


def test_a_handful_of_rows_proves_neither_guessing_nor_a_constant_answer(checks):
    one = measured(from_confusion([[0, 1], [0, 0]]), class_names=["a", "b"], positive="a")
    assert compute(checks["better-than-chance"], one)[0].status is Status.SKIP
    assert compute(checks["constant-prediction"], one)[0].status is Status.PASS
    four = measured(from_confusion([[1, 1], [1, 1]]), class_names=["a", "b"], positive="a")
    assert compute(checks["better-than-chance"], four)[0].status is Status.INCONCLUSIVE


def test_among_many_classes_each_is_asked_and_chance_is_shared_out(checks):
    matrix = np.diag([50] * 30)
    matrix[29, 28], matrix[29, 29] = 45, 5  # the last class is missed
    names = [f"c{i}" for i in range(30)]
    found = compute(checks["precision-recall-balance"], measured(from_confusion(matrix), class_names=names))
    assert {finding.subject for finding in found} == {"class c29"}
    assert "99.83% interval" in found[0].message
    assert found[0].interval.level == pytest.approx(1 - 0.05 / 30)


def test_a_class_of_many_rows_that_is_never_named_is_major(checks):
    matrix = [[40, 5, 0], [5, 45, 0], [20, 10, 0]]
    passed, dead = compute(checks["constant-prediction"], measured(from_confusion(matrix), class_names=["a", "b", "c"]))
    assert (passed.status, dead.severity) == (Status.PASS, Severity.MAJOR)
    assert "1 of 3 classes are never named: “c” (30 rows)" in dead.message


def test_a_class_of_few_rows_may_never_be_named(checks):
    matrix = [[40, 5, 0], [5, 45, 0], [20, 9, 0]]
    findings = compute(checks["constant-prediction"], measured(from_confusion(matrix), class_names=["a", "b", "c"]))
    assert [finding.status for finding in findings] == [Status.PASS]
