"""Outputs that are no numbers."""

import numpy as np

from auditor import Direction, Severity, Status
from auditor.batches import Batch, OutputKind, Scores
from auditor.testing import compute, measured, rows

NAMES = ["a", "b"]


def outputs(values, kind, features=None):
    labels = np.tile([0, 1], len(values))[: len(values)]
    features = np.ones((len(values), 2), np.float32) if features is None else features
    return Batch(
        labels, np.arange(len(values), dtype=np.uint64), features, Scores(np.asarray(values, np.float32), kind)
    )


def test_all_finite_outputs_pass_with_their_number(checks):
    (finding,) = compute(
        checks["finite-outputs"],
        measured(outputs(np.zeros((50, 2)), OutputKind.LOGITS), class_names=NAMES, positive="b"),
    )
    assert (finding.status, "50 rows" in finding.message) == (Status.PASS, True)


def test_one_nan_on_finite_inputs_makes_the_figures_untrustworthy(checks):
    values = np.zeros((50, 2))
    values[7, 1] = np.nan
    (finding,) = compute(
        checks["finite-outputs"], measured(outputs(values, OutputKind.LOGITS), class_names=NAMES, positive="b")
    )
    assert (finding.severity, finding.validity, finding.direction) == (Severity.BLOCKER, True, Direction.DEFLATES)
    assert "1 of 50 rows" in finding.message


def test_nan_on_rows_with_empty_cells_is_major_and_counted_apart(checks):
    values, features = np.zeros((50, 2)), np.ones((50, 2), np.float32)
    values[:2], features[:2, 0] = np.nan, np.nan
    findings = compute(
        checks["finite-outputs"],
        measured(outputs(values, OutputKind.LOGITS, features), class_names=NAMES, positive="b"),
    )
    assert [(f.severity, f.validity) for f in findings] == [(Severity.MAJOR, False)]
    assert "The output of 2 of 50 rows is not finite, and so is an input" in findings[0].message


def test_decisions_without_outputs_are_finite(checks):
    (finding,) = compute(
        checks["finite-outputs"], measured(rows([0, 1], predicted=[0, 1]), class_names=NAMES, positive="b")
    )
    assert finding.status is Status.PASS


def test_many_rows_that_cannot_be_judged_make_the_figures_untrustworthy(checks):
    values, features = np.zeros((50, 2)), np.ones((50, 2), np.float32)
    values[:10], features[:10, 0] = np.nan, np.nan
    batch = outputs(values, OutputKind.LOGITS, features)
    (finding,) = compute(checks["finite-outputs"], measured(batch, class_names=NAMES, positive="b"))
    assert (finding.severity, finding.validity) == (Severity.BLOCKER, True)
