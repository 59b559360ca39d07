"""Outputs that are not the numbers they are taken for."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, softmax

from auditor import Confidence, Severity, Status
from auditor.batches import Batch, OutputKind, Scores
from auditor.measurements import ProbeResult
from auditor.testing import compute, measured

NAMES = ["a", "b"]


def outputs(values, kind):
    labels = np.tile([0, 1], len(values))[: len(values)]
    features = np.ones((len(values), 2), np.float32)
    return Batch(
        labels, np.arange(len(values), dtype=np.uint64), features, Scores(np.asarray(values, np.float32), kind)
    )


def held_to(kind, values, *, declared=True):
    batch = outputs(values, kind)
    return replace(measured(batch, class_names=NAMES, positive="b"), probe=ProbeResult(kind, declared, len(batch)))


PROBABILITIES = np.tile([[0.3, 0.7], [0.9, 0.1]], (20, 1))


def test_probabilities_declared_as_logits_would_get_a_second_softmax(checks):
    (finding,) = compute(checks["output-kind"], held_to(OutputKind.LOGITS, PROBABILITIES))
    assert (finding.status, finding.severity, finding.validity) == (Status.FAIL, Severity.BLOCKER, True)
    assert "applied twice" in finding.message
    assert "--output-kind probabilities" in finding.remedy


def test_logits_declared_as_probabilities_are_counted(checks):
    values = PROBABILITIES.copy()
    values[:4] = [2.0, -1.0]
    (finding,) = compute(checks["output-kind"], held_to(OutputKind.PROBABILITIES, values))
    assert finding.severity is Severity.BLOCKER
    assert "4 of 40 rows" in finding.message


def test_every_kind_passes_as_itself(checks):
    for kind, values in {
        OutputKind.PROBABILITIES: PROBABILITIES,
        OutputKind.LOG_PROBABILITIES: np.log(PROBABILITIES),
        OutputKind.LOGITS: 5 * PROBABILITIES - 2,
        OutputKind.SIGMOID: PROBABILITIES[:, :1],
    }.items():
        (finding,) = compute(checks["output-kind"], held_to(kind, values, declared=False))
        assert finding.status is Status.PASS, kind


def sure(n, classes, accuracy, seed=0):
    """Labels, and logits of a model that is sure of its answers, right or wrong."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, n)
    called = np.where(draw.random(n) < accuracy, labels, (labels + 1) % classes)
    return labels, 12 * np.eye(classes)[called] + draw.normal(size=(n, classes))


def stated(labels, values, kind=OutputKind.PROBABILITIES, positive=None):
    names = [f"class {i}" for i in range(max(2, values.shape[1]))]
    batch = Batch(labels, np.arange(len(labels), dtype=np.uint64), None, Scores(values.astype(np.float32), kind))
    found = measured(batch, class_names=names, positive=names[1] if len(names) == 2 else None)
    return replace(found, probe=ProbeResult(kind, declared=False, n_rows=len(labels)))


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_a_softmax_applied_twice_is_suspected_by_its_ceiling(checks, classes):
    labels, logits = sure(600, classes, 0.95)
    (finding,) = compute(checks["output-kind"], stated(labels, softmax(softmax(logits, axis=1), axis=1)))
    assert (finding.severity, finding.confidence) == (Severity.MAJOR, Confidence.SUSPECTED)
    assert "look like a softmax applied twice" in finding.message


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_a_softmax_applied_once_passes(checks, classes):
    labels, logits = sure(600, classes, 0.95)
    (finding,) = compute(checks["output-kind"], stated(labels, softmax(logits, axis=1)))
    assert finding.status is Status.PASS


def test_a_weak_model_that_says_so_passes(checks):
    draw = np.random.default_rng(1)
    p = draw.uniform(0.28, 0.72, 2000)
    labels = (draw.random(2000) < p).astype(np.int64)
    (finding,) = compute(checks["output-kind"], stated(labels, np.stack([1 - p, p], axis=1)))
    assert finding.status is Status.PASS


def test_a_sigmoid_applied_twice_is_suspected_by_its_range(checks):
    labels, logits = sure(600, 2, 0.9)
    once = expit(logits[:, 1:] - logits[:, :1])
    (twice,) = compute(checks["output-kind"], stated(labels, expit(once), OutputKind.SIGMOID))
    (plain,) = compute(checks["output-kind"], stated(labels, once, OutputKind.SIGMOID))
    assert twice.severity is Severity.MAJOR
    assert "0.500 to 0.731" in twice.message
    assert plain.status is Status.PASS


def decided_at(threshold, n=400, columns=1):
    """A table of logits, and decisions at this logit."""
    draw = np.random.default_rng(2)
    logit = draw.normal(0, 1, n)
    values = logit[:, None] if columns == 1 else np.stack([-logit / 2, logit / 2], axis=1)
    scores = Scores(values, OutputKind.LOGITS, decided=(logit > threshold).astype(np.int64))
    batch = Batch((logit + draw.normal(0, 1, n) > 0).astype(np.int64), np.arange(n, dtype=np.uint64), None, scores)
    return measured(batch, class_names=NAMES, positive="b")


@pytest.mark.parametrize("columns", [1, 2])
def test_logits_decided_at_one_half_are_found_in_a_table(checks, columns):
    (finding,) = compute(checks["output-kind"], decided_at(0.5, columns=columns))
    assert finding.severity is Severity.MAJOR
    assert "applied to logits" in finding.message


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7, -1.0])
def test_logits_decided_elsewhere_pass(checks, threshold):
    (finding,) = compute(checks["output-kind"], decided_at(threshold))
    assert finding.status is Status.PASS
    assert "with a logit from 0 to 0.5 are decided against" in finding.message


def test_a_table_without_logits_is_not_asked(checks):
    found = replace(stated(*sure(50, 3, 0.9), OutputKind.LOGITS), probe=None)
    (finding,) = compute(checks["output-kind"], found)
    assert finding.status is Status.SKIP
