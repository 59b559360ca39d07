"""What the training history tells: divergence, no learning, instability, and which epoch is audited."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from auditor import Severity, Status
from auditor.histories import History
from auditor.testing import compute, from_confusion, measured

EVEN = [[400, 100], [100, 400]]


def curves(checks, train, val, not_finite=None, *, matrix=EVEN, audited=None, sources=None, **others):
    epochs, names = tuple(map(float, range(1, len(train) + 1))), [f"c{k}" for k in range(len(matrix))]
    columns = {"train_loss": train, "val_loss": val, **others}
    given = {name: tuple(values) for name, values in columns.items() if values is not None}
    history = History(
        Path("history.csv"), "", epochs, given, not_finite or {}, sources=sources or {}, audited=audited
    )  # fmt: skip
    positive = "c1" if len(matrix) == 2 else None
    measurements = measured(from_confusion(matrix), class_names=names, positive=positive)
    return compute(checks["loss-curves"], replace(measurements, training_history=history))


def one(findings, subject):
    (found,) = (f for f in findings if f.subject == subject)
    return found


TRAIN = [1, 0.78, 0.62, 0.5, 0.42, 0.35, 0.3, 0.26, 0.22, 0.19, 0.17, 0.15]


def test_validation_loss_that_turned_up_is_major_and_names_the_epoch_to_keep(checks):
    findings = curves(checks, TRAIN, [1, 0.8, 0.65, 0.55, 0.5, 0.52, 0.56, 0.6, 0.66, 0.7, 0.76, 0.8])
    diverged = next(f for f in findings if f.subject == "epoch 5")
    assert (diverged.status, diverged.severity) == (Status.FAIL, Severity.MAJOR)
    assert diverged.value == pytest.approx(0.529, abs=5e-4)
    assert "53% above" in diverged.message
    assert "epoch 5" in diverged.remedy


def test_validation_loss_that_levels_off_is_no_divergence(checks):
    findings = curves(checks, TRAIN, [1, 0.8, 0.65, 0.55, 0.51, 0.50, 0.49, 0.485, 0.48, 0.482, 0.479, 0.478])
    assert [f.status for f in findings] == [Status.PASS]
    assert findings[0].figures[0].lines[1].y[0] == 1
    assert findings[0].figures[0].spans == ()


def test_nan_in_a_loss_is_a_blocker(checks):
    findings = curves(checks, TRAIN, [*TRAIN[:-1], None], {"val_loss": (12,)})
    assert any(f.severity is Severity.BLOCKER and "NaN" in f.message for f in findings)


def test_a_loss_that_stays_at_that_of_a_constant_learnt_nothing(checks):
    findings = curves(
        checks, [0.70, 0.694, 0.693, 0.692, 0.693, 0.692, 0.691, 0.692, 0.691, 0.692], [0.70] + [0.693] * 9
    )
    assert any("nothing was learnt" in f.message and f.severity is Severity.MAJOR for f in findings)


def test_three_epochs_are_described_and_not_judged(checks):
    findings = curves(checks, [0.6, 0.5, 0.4], [0.6, 0.55, 0.56])
    assert findings[0].status is Status.PASS
    assert "described, not judged" in findings[0].message


def test_without_a_history_it_says_so(checks):
    (finding,) = compute(checks["loss-curves"], measured(from_confusion(EVEN), class_names=["a", "b"], positive="b"))
    assert (finding.status, finding.message) == (Status.SKIP, "No training history was given.")


def test_losses_recorded_every_other_epoch_are_paired_by_epoch(checks):
    val = [None if i % 2 else 0.5 + 0.0001 * i for i in range(20)]
    findings = curves(checks, list(np.linspace(0.6, 0.3, 20)), val)
    assert not any("NaN" in f.message for f in findings)


def test_a_nan_that_training_recovered_from_is_no_stop(checks):
    findings = curves(checks, TRAIN, [None, *TRAIN[1:]], {"val_loss": (1,)})
    assert any(f.severity is Severity.MAJOR and "NaN" in f.message for f in findings)


def test_three_epochs_learn_nothing_about_learning(checks):
    findings = curves(checks, [5, 0.9, 0.3], [5, 0.9, 0.3])
    assert [f.status for f in findings] == [Status.PASS]


def test_losses_of_zero_are_losses(checks):
    findings = curves(checks, [0.0] * 12, [0.0] * 12)
    assert "training loss went from 0.000 to 0.000" in findings[0].message
    assert "still falling" not in findings[0].message


RISING = [1, 0.8, 0.65, 0.55, 0.5, 0.52, 0.56, 0.6, 0.66, 0.7, 0.76, 0.8]


def test_the_trend_stands_beside_the_rise_as_support(checks):
    (found,) = curves(checks, TRAIN, RISING)
    assert "Mann-Kendall z 3.3 since then" in found.message


@pytest.mark.parametrize(("change", "severity"), [(0.0, Severity.MINOR), (-0.05, Severity.MAJOR)])
def test_a_loss_that_rises_while_accuracy_holds_is_over_confidence(checks, change, severity):
    accuracy = [0.5, 0.6, 0.7, 0.78, 0.8, *np.linspace(0.8, 0.8 + change, 7)]
    (found,) = curves(checks, TRAIN, RISING, val_accuracy=accuracy)
    assert (found.severity, "over-confidence" in found.message) == (severity, severity is Severity.MINOR)


def test_the_best_epoch_audited_is_no_fault_and_the_rise_is_told(checks):
    (found,) = curves(checks, TRAIN, RISING, audited=5.0)
    assert (found.status, found.severity) == (Status.PASS, Severity.INFO)
    assert "after epoch 5; the audited model of epoch 5 is from before that" in found.message


def test_a_stated_later_epoch_is_judged_by_what_had_happened_until_then(checks):
    (found,) = (f for f in curves(checks, TRAIN, RISING, audited=11.0) if f.status is Status.FAIL)
    assert found.severity is Severity.MAJOR
    assert found.remedy == "Audit the checkpoint of epoch 5."


def test_a_nan_after_the_audited_epoch_is_told_and_no_fault(checks):
    (found,) = curves(checks, TRAIN, [*FLAT[:-1], None], {"val_loss": (12.0,)}, audited=10.0)
    assert (found.status, found.message) == (
        Status.PASS,
        "The validation loss became NaN or infinite at epoch 12; the audited model of epoch 10 is from before that.",
    )


FLAT = [1, 0.8, 0.65, 0.55, 0.51, 0.50, 0.49, 0.485, 0.48, 0.482, 0.479, 0.478]


@pytest.mark.parametrize(
    ("level", "matrix", "why"),
    [
        (0.3133, EVEN, "a softmax applied twice cannot go below 0.313"),
        (0.6552, [[800, 100], [50, 50]], "a sigmoid applied twice cannot go below 0.655"),
        (
            1.4612,
            [[9 * (i == j) + 1 for j in range(10)] for i in range(10)],
            "a softmax applied twice cannot go below 1.461",
        ),
        (0.6931, EVEN, "nothing was learnt"),
        (0.6931, [[800, 100], [50, 50]], "equal shares for all classes give 0.693: nothing was learnt"),
        (0.9, EVEN, "worse than a constant answer"),
        (0.55, EVEN, "it stands still after 20.6% of the way"),
    ],
)
def test_the_level_of_the_plateau_tells_what_is_wrong(checks, level, matrix, why):
    falling = level * (1 + 0.3 * np.exp(-np.arange(20) / 1.5) + 1e-4)
    assert why in one(curves(checks, falling, None, matrix=matrix), "train_loss").message


def test_a_first_epoch_above_twice_ln_k_began_badly(checks):
    found = one(curves(checks, [3.0, *TRAIN[1:]], FLAT), "first loss")
    assert (found.severity, found.value, found.limit) == (Severity.MINOR, 3.0, pytest.approx(2 * math.log(2)))


def test_a_loss_below_zero_is_a_fault_only_of_a_cross_entropy(checks):
    losses = [*TRAIN[:-1], -0.1]
    plain = one(curves(checks, losses, FLAT), "train_loss")
    named = one(curves(checks, losses, FLAT, sources={"train_loss": "train_nll"}), "train_loss")
    assert (plain.status, named.status) == (Status.PASS, Status.FAIL)
    assert "below 0 in 1 of 12 epochs: no cross-entropy can be" in named.message


def test_a_noisy_loss_is_unstable(checks):
    noise = np.exp(0.8 * np.random.default_rng(0).standard_normal(40))
    found = one(curves(checks, np.exp(-np.arange(40) / 20) * noise, None), "train_loss")
    assert (found.status, found.severity) == (Status.FAIL, Severity.MAJOR)


def test_seven_epochs_tell_of_the_last_rises(checks):
    (found,) = curves(checks, TRAIN[:7], RISING[:7])
    assert "validation loss rose in the last 2 of them; fewer than 8 epochs are described" in found.message


@pytest.mark.parametrize(
    ("train", "said"),
    [(TRAIN, "it was still falling, more epochs may help"), ([*TRAIN, *[0.15] * 12], "it has levelled off")],
)
def test_a_sound_run_is_described(checks, train, said):
    (found,) = curves(checks, train, None)
    assert (found.status, said in found.message) == (Status.PASS, True)


def test_the_picture_marks_the_epochs_and_the_best_constant_answer(checks):
    (figure,) = curves(checks, TRAIN, RISING)[0].figures
    assert figure.marks == (("best: epoch 5", 5), ("audited: epoch 12", 12))
    assert figure.spans == (("validation loss 53% higher", 5, 12),)
    assert figure.lines[-1].name == "best constant answer"
    assert figure.lines[-1].y == pytest.approx((math.log(2),) * 2)
