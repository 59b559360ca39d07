"""Models that ignore their inputs, and models that follow their last digits."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from auditor import Severity, Status
from auditor.behaviour import Comparison
from auditor.testing import compute
from tests.behaviour.making import blobs, loaded, measurements, nearest

TEST = blobs(400)


class Then(nn.Module):
    def __init__(self, before=None, after=None):
        super().__init__()
        self.layer, self.before, self.after = nearest(), before, after

    def forward(self, features):
        scores = self.layer(self.before(features) if self.before else features)
        return self.after(scores) if self.after else scores


def asked(checks, module, test=TEST):
    return compute(checks["input-sensitivity"], measurements(loaded(module), test, classes=3))


def test_a_smooth_model_that_uses_all_columns_passes(checks):
    noise, columns = asked(checks, nearest())
    assert (noise.status, columns.status) == (Status.PASS, Status.PASS)
    assert "Each of 6 columns" in columns.message


def test_equal_outputs_for_different_rows_ignore_the_inputs(checks):
    (finding,) = asked(checks, Then(after=lambda scores: scores * 0 + 1.5))
    assert (finding.severity, finding.validity) == (Severity.BLOCKER, False)
    assert "256 different rows are all the same" in finding.message


def test_equal_rows_may_have_equal_outputs(checks):
    features, labels = TEST
    features = features * 0 + 1.5
    assert all(finding.status is Status.PASS for finding in asked(checks, nearest(), (features, labels)))


def test_a_model_of_last_digits_is_major(checks):
    noise, _ = asked(checks, Then(before=lambda x: torch.sin(1000 * x)))
    assert noise.severity is Severity.MAJOR
    assert "1% of a standard deviation" in noise.message


@pytest.mark.parametrize(
    ("flips", "severity"), [(0, Severity.INFO), (12, Severity.INFO), (24, Severity.MINOR), (90, Severity.MAJOR)]
)
def test_the_bound_of_the_share_decides(checks, flips, severity):
    m = measurements(loaded(nearest()), TEST, classes=3)
    seen = replace(m.behaviour, disturbed=Comparison(256, flips, 0.1))
    noise, _ = compute(checks["input-sensitivity"], replace(m, probe=replace(m.probe, behaviour=seen)))
    assert noise.severity is severity


def test_columns_that_do_nothing_are_listed_as_information(checks):
    module = Then(before=lambda x: x * torch.tensor([1.0, 1, 0, 1, 0, 1]))
    _, columns = asked(checks, module)
    assert columns.severity is Severity.INFO
    assert "2 of 6 columns change no output when they are shuffled: column 2, column 4" in columns.message
