"""Class names in another order than the outputs."""

import tomllib
from dataclasses import replace

import numpy as np
import pytest

from auditor import Direction, Severity, Status
from auditor.batches import OutputKind
from auditor.measurements import ProbeResult
from auditor.testing import compute, from_confusion, measured, rows


def answers(accuracy, order, n, seed=0):
    """Labels, and decisions that are right this often where output j stands for class order[j]."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, len(order), n)
    meant = np.where(draw.random(n) < accuracy, labels, draw.integers(0, len(order), n))
    return labels, np.argsort(order)[meant]


def names(k):
    return [f"class {i}" for i in range(k)]


def setting(finding):
    """The line of auditor.toml that the remedy prints."""
    return tomllib.loads(finding.remedy[finding.remedy.index("classes =") : finding.remedy.rindex("]") + 1])


def asked(checks, labels, predicted, k, *, probed=True):
    found = measured(rows(labels, predicted=predicted), class_names=names(k))
    probe = ProbeResult(OutputKind.LOGITS, declared=False, n_rows=len(labels)) if probed else None
    (finding,) = compute(checks["label-order"], replace(found, probe=probe))
    return finding


def test_a_cyclic_shift_is_found_and_the_line_that_repairs_it_printed(checks):
    shift = np.roll(np.arange(10), -1)
    finding = asked(checks, *answers(0.9, shift, 1000), 10)
    assert (finding.severity, finding.validity, finding.direction) == (Severity.BLOCKER, True, Direction.DEFLATES)
    assert "10 outputs stand for another class" in finding.message
    assert setting(finding)["classes"] == [names(10)[i] for i in shift]


def test_two_exchanged_classes_of_four_are_named(checks):
    finding = asked(checks, *answers(0.9, [0, 2, 1, 3], 400), 4, probed=False)
    assert finding.severity is Severity.BLOCKER
    assert "“class 1” is “class 2”, “class 2” is “class 1”" in finding.remedy


def test_a_good_model_passes(checks):
    finding = asked(checks, *answers(0.9, np.arange(10), 1000), 10)
    assert finding.status is Status.PASS
    assert "No other order" in finding.message


def test_guesses_pass(checks):
    labels, predicted = answers(0.0, np.arange(5), 2000)
    assert asked(checks, labels, predicted, 5).status is Status.PASS


def test_one_answer_to_everything_is_another_fault(checks):
    labels = np.repeat([0, 1, 2], [100, 700, 200])
    finding = asked(checks, labels, np.zeros(1000, np.int64), 3)
    assert finding.status is Status.PASS


def test_a_single_output_the_wrong_way_round_is_named_by_positive(checks):
    draw = np.random.default_rng(1)
    labels = draw.integers(0, 2, 400)
    p = np.where(labels == 1, 0.2, 0.8)[:, None]
    batch = rows(labels, probabilities=p)
    found = replace(
        measured(batch, class_names=["no", "yes"], positive="yes"),
        probe=ProbeResult(OutputKind.SIGMOID, declared=True, n_rows=400),
    )
    (finding,) = compute(checks["label-order"], found)
    assert finding.severity is Severity.BLOCKER
    assert "--positive" in finding.remedy


def test_one_answer_of_a_class_that_hardly_occurs_is_another_fault_too(checks):
    labels = np.repeat([0, 1, 2, 3], [1, 100, 500, 300])
    finding = asked(checks, labels, np.zeros(901, np.int64), 4)
    assert finding.status is Status.PASS


@pytest.mark.parametrize(("k", "reason"), [(1001, "ore than 1,000 classes"), (2, "two halves")])
def test_what_cannot_be_asked_says_so(checks, k, reason):
    (finding,) = compute(checks["label-order"], measured(rows([0], predicted=[0]), class_names=names(k)))
    assert finding.status is Status.SKIP
    assert reason in finding.message


def test_a_name_that_needs_quoting_stays_valid_toml(checks):
    matrix = np.array([[0, 50], [50, 0]])
    found = measured(from_confusion(matrix), class_names=['say "no"', "back\\slash\u202e"])
    probe = ProbeResult(OutputKind.LOGITS, declared=False, n_rows=100)
    (finding,) = compute(checks["label-order"], replace(found, probe=probe))
    assert "\u202e" not in finding.remedy
    assert setting(finding)["classes"] == ["back\\slash\u202e", 'say "no"']
