"""Exported models with a fault, audited as a user would."""

import numpy as np
import pytest
import torch
from torch import nn

from auditor.config import load_config
from auditor.pipeline import audit
from auditor.report import VerdictStatus
from tests.behaviour.making import blobs, nearest
from tests.models.saving import exported


class Turned(nn.Module):
    """Outputs in another order than the classes."""

    def __init__(self):
        super().__init__()
        self.layer = nearest()

    def forward(self, features):
        return self.layer(features)[:, [1, 2, 0]]


def report_of(folder, module, **settings):
    for name, seed in (("test", 2), ("train", 1)):
        features, labels = blobs(600, seed=seed)
        np.savez(folder / f"{name}.npz", x=features, y=labels)
    rows = {0: torch.export.Dim("batch", min=2)}
    model = exported(folder / "model.pt2", module, torch.zeros(4, 6), dynamic_shapes=(rows,))
    given = {"model": model, "test": folder / "test.npz", "train": folder / "train.npz", "device": "cpu"}
    return audit(load_config(given | {"trust_model_code": True, "quiet": True} | settings, None, folder))


def found(report, id_):
    return [f for f in report.findings if f.check == id_ and f.status == "fail"]


def test_a_program_exported_in_evaluation_mode_is_ready(tmp_path):
    report = report_of(tmp_path, nn.Sequential(nn.BatchNorm1d(6).eval(), nn.Dropout(0.1).eval(), nearest()).eval())
    assert report.verdict.status is VerdictStatus.READY


@pytest.mark.parametrize("part", [nn.Dropout(0.5), nn.BatchNorm1d(6)])
def test_a_program_exported_in_training_mode_is_no_evaluation(tmp_path, part):
    report = report_of(tmp_path, nn.Sequential(part, nearest()).train())
    (finding,) = found(report, "evaluation-mode")
    assert report.verdict.status is VerdictStatus.INVALID_EVALUATION
    assert "acts as in training in 1 part (aten." in finding.message
    assert finding.message in report.verdict.reasons


def test_a_permuted_order_of_classes_is_repaired_by_the_line_that_is_printed(tmp_path):
    report = report_of(tmp_path, Turned())
    assert report.verdict.status is VerdictStatus.INVALID_EVALUATION
    (finding,) = found(report, "label-order")
    assert 'classes = ["1", "2", "0"]' in finding.remedy
    assert report_of(tmp_path, Turned(), classes=["1", "2", "0"]).verdict.status is VerdictStatus.READY
