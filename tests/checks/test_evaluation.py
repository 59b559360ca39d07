"""Training mode, chance, and the rows beside."""

import re
from dataclasses import replace

import pytest
import torch
from torch import nn

from auditor import Direction, Severity, Status
from auditor.testing import compute, measured, rows
from tests.behaviour.making import blobs, loaded, measurements, nearest

TEST = blobs(400)
IDS = ("evaluation-mode", "determinism", "batch-independence")


def asked(checks, module, id_, *, evaluating=True):
    return compute(checks[id_], measurements(loaded(module, evaluating=evaluating), TEST, classes=3))


def treated(checks, id_, **seen):
    """The findings of a linear model's measurements with something else seen."""
    m = measurements(loaded(nearest()), TEST, classes=3)
    return compute(checks[id_], replace(m, probe=replace(m.probe, behaviour=replace(m.behaviour, **seen))))


@pytest.mark.parametrize("id_", IDS)
def test_a_model_in_evaluation_mode_passes(checks, id_):
    (finding,) = asked(checks, nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(0.5), nearest()), id_)
    assert (finding.status, "256 rows" in finding.message) == (Status.PASS, True)


@pytest.mark.parametrize("id_", IDS)
def test_without_a_model_there_is_nothing_to_ask(checks, id_):
    (finding,) = compute(checks[id_], measured(rows([0, 1], predicted=[0, 1]), class_names=["a", "b"]))
    assert (finding.status, finding.message) == (Status.SKIP, "No model was run.")


def test_dropout_left_on_makes_the_figures_untrustworthy_and_says_what_to_call(checks):
    (finding,) = asked(checks, nn.Sequential(nn.Dropout(0.1), nearest()), "evaluation-mode", evaluating=False)
    assert (finding.severity, finding.validity, finding.direction) == (Severity.BLOCKER, True, Direction.DEFLATES)
    assert "0 (Dropout)" in finding.message
    assert "model.eval()" in finding.remedy


def test_batch_normalisation_left_on_is_told_by_its_flag_and_by_its_buffers(checks):
    module = nn.Sequential(nn.BatchNorm1d(6), nearest())
    (finding,) = asked(checks, module, "evaluation-mode", evaluating=False)
    assert finding.severity is Severity.BLOCKER
    assert "acts as in training in 3 parts" in finding.message
    assert "writes to 3 buffers while it answers (0.running_mean" in finding.message


def test_a_training_flag_without_effect_is_information(checks):
    (finding,) = asked(checks, nn.Sequential(nn.Identity(), nearest()), "evaluation-mode", evaluating=False)
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.INFO)
    assert "outputs are not affected" in finding.message


def test_a_buffer_that_changes_without_effect_is_minor(checks):
    (finding,) = treated(checks, "evaluation-mode", changed_buffers=("calls",))
    assert finding.severity is Severity.MINOR


class Noisy(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.layer, self.size = nearest(), size

    def forward(self, features):
        scores = self.layer(features)
        return scores + self.size * torch.randn_like(scores)


def test_random_answers_are_major_with_the_rows_that_flip(checks):
    (finding,) = asked(checks, Noisy(20.0), "determinism")
    assert finding.severity is Severity.MAJOR
    assert "get another class" in finding.message


def test_random_digits_that_flip_nothing_are_minor(checks):
    (finding,) = asked(checks, Noisy(0.02), "determinism")
    assert finding.severity is Severity.MINOR
    assert "0 of 256 get another class" in finding.message


def test_the_batch_is_not_asked_about_where_chance_answers(checks):
    (finding,) = asked(checks, Noisy(20.0), "batch-independence")
    assert finding.status is Status.SKIP


def test_batch_normalisation_by_the_batch_depends_on_the_rows_beside(checks):
    module = nn.Sequential(nn.BatchNorm1d(6, track_running_stats=False), nearest())
    (finding,) = asked(checks, module, "batch-independence")
    assert finding.severity is Severity.MAJOR
    assert "Of 16 rows run alone" in finding.message


def test_half_precision_is_held_to_its_own_limit(checks):
    m = measurements(loaded(nearest()), TEST, classes=3)
    moved = replace(m.behaviour.repeated, largest=0.01)
    (single,) = treated(checks, "determinism", repeated=moved)
    (half,) = treated(checks, "determinism", repeated=moved, precision="bf16")
    assert (single.status, half.status) == (Status.FAIL, Status.PASS)


def test_outputs_that_cease_to_be_numbers_are_said_so(checks):
    m = measurements(loaded(nearest()), TEST, classes=3)
    (finding,) = treated(checks, "determinism", repeated=replace(m.behaviour.repeated, largest=float("inf"), flips=9))
    assert "cease to be numbers" in finding.message
    assert finding.value is None


def in_half(checks, *, raised=0.0, precision="bf16"):
    """The finding on a linear model whose outputs are all raised by so much, which takes digits from half precision."""
    layer = nearest()
    with torch.no_grad():
        layer.bias += raised
    (finding,) = compute(checks["half-precision"], measurements(loaded(layer, precision=precision), TEST, classes=3))
    return finding


def test_classes_that_half_precision_changes_are_minor_with_their_number(checks):
    finding = in_half(checks, raised=10_000.0)
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.MINOR)
    assert re.match(
        r"In bf16, \d+ of 256 rows get another class than in single precision; outputs move", finding.message
    )
    assert finding.value > 0.01


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_where_it_changes_none_it_passes_and_says_how_far_outputs_move(checks, precision):
    finding = in_half(checks, precision=precision)
    assert finding.status is Status.PASS
    assert finding.message.startswith(f"In {precision}, 0 of 256 rows get another class")
    assert "standard deviations" in finding.message


def test_single_precision_is_not_compared_with_itself(checks):
    assert in_half(checks, precision="fp32").status is Status.SKIP


def test_chance_is_not_blamed_on_half_precision(checks):
    model = loaded(Noisy(20.0), precision="bf16")
    (finding,) = compute(checks["half-precision"], measurements(model, TEST, classes=3))
    assert (finding.status, "each time" in finding.message) == (Status.SKIP, True)
