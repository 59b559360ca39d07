"""The accuracy paradox and the mix of classes."""

import numpy as np
import pytest

from auditor import Severity, Status
from auditor.testing import compute, from_confusion, measured


def test_98_percent_accuracy_with_56_percent_balanced_accuracy_is_a_paradox(checks):
    (finding,) = compute(
        checks["class-imbalance"],
        measured(from_confusion([[24, 176], [24, 9776]]), class_names=["fraud", "fine"], positive="fraud"),
    )
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MAJOR)
    assert "accuracy is 98.0% and balanced accuracy 55.9%" in finding.message


def test_a_good_model_of_a_rare_class_is_told_only_that_accuracy_is_no_headline(checks):
    (finding,) = compute(
        checks["class-imbalance"],
        measured(from_confusion([[190, 10], [100, 9700]]), class_names=["fraud", "fine"], positive="fraud"),
    )
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MINOR)


def test_even_classes_pass(checks):
    (finding,) = compute(
        checks["class-imbalance"], measured(from_confusion(np.diag([90, 100, 95])), class_names=list("abc"))
    )
    assert finding.status is Status.PASS


def test_an_absent_class_is_a_skip_with_its_reason(checks):
    (finding,) = compute(
        checks["class-imbalance"], measured(from_confusion([[0, 0], [5, 95]]), class_names=["a", "b"], positive="a")
    )
    assert finding.status is Status.SKIP
    assert "absent" in finding.message


def shifted(checks, train, test):
    batches = [from_confusion(np.diag(counts)) for counts in (train, test)]
    return compute(
        checks["prior-shift"], measured(batches[1], train=batches[0], class_names=[str(i) for i in range(len(test))])
    )[0]


def test_a_split_of_the_same_mix_shows_no_shift(checks):
    assert shifted(checks, [9000, 1000], [1800, 200]).status is Status.PASS


def test_many_rows_do_not_make_a_small_shift_a_finding(checks):
    assert shifted(checks, [900_000, 100_000], [899_000, 101_000]).status is Status.PASS


@pytest.mark.parametrize(("test", "severity"), [([1700, 300], Severity.MINOR), ([1400, 600], Severity.MAJOR)])
def test_a_shift_beyond_the_margins_is_found(checks, test, severity):
    finding = shifted(checks, [9000, 1000], test)
    assert (finding.status, finding.severity) == (Status.FAIL, severity)


def test_ten_classes_of_one_mix_are_seldom_called_shifted(checks):
    draw = np.random.default_rng(0)
    found = [
        shifted(checks, draw.multinomial(2000, [0.1] * 10), draw.multinomial(500, [0.1] * 10)).status
        for _ in range(100)
    ]
    assert found.count(Status.FAIL) <= 5
