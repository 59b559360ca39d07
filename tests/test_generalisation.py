"""Train beside test as the report holds it."""

from dataclasses import replace

import numpy as np
import pytest

from auditor.data.split import Reading
from auditor.generalisation import CLASSES_SHOWN, generalisation
from auditor.statistics import Difference, Proportion
from auditor.testing import from_confusion, measured, rows


def scored(mean, n=600, seed=0, **more):
    rng = np.random.default_rng(seed)
    truth, right = np.arange(n) % 2, np.exp(-rng.exponential(mean, n))
    return rows(
        truth, probabilities=np.stack([np.where(truth, 1 - right, right), np.where(truth, right, 1 - right)], 1), **more
    )


def of(test, **splits):
    return measured(test, class_names=["no", "yes"], positive="yes", **splits)


def test_gaps_are_train_less_test_and_of_log_loss_test_less_train():
    m = of(scored(1.0), train=scored(0.3, seed=1))
    found = generalisation(m)
    assert list(found.gaps) == ["accuracy", "balanced_accuracy", "roc_auc", "log_loss", "recall[yes]", "recall[no]"]
    for metric in ("accuracy", "roc_auc", "recall[yes]"):
        assert found.gaps[metric].value == pytest.approx(m.train.value(metric) - m.test.value(metric))
    assert found.gaps["log_loss"].value == pytest.approx(m.test.value("log_loss") - m.train.value("log_loss"))
    assert found.gaps["log_loss"].low > 0
    assert found.membership.value > 0.6


def test_a_gap_of_shares_has_newcombes_interval():
    gap = generalisation(of(from_confusion([[450, 50], [50, 450]]), train=from_confusion([[495, 5], [5, 495]]))).gaps[
        "accuracy"
    ]
    expected = Difference(Proportion(990, 1000), Proportion(900, 1000))
    assert (gap.low, gap.high) == (expected.low, expected.high)
    assert [round(gap.low, 4), round(gap.high, 4)] == [0.0710, 0.1107]


def test_every_row_is_counted_by_its_loss_between_the_edges_that_hold_any():
    found = generalisation(of(scored(1.0, n=301), train=scored(0.3, seed=1), validation=scored(0.5, n=77))).losses
    assert list(found.counts) == ["train, 600 rows", "validation, 77 rows", "test, 301 rows"]
    assert [sum(counts) for counts in found.counts.values()] == [600, 77, 301]
    assert len(found.edges) == len(found.counts["test, 301 rows"]) + 1
    ends = [[counts[place] for counts in found.counts.values()] for place in (0, -1)]
    assert all(any(end) for end in ends)


def test_classes_are_those_that_test_finds_least():
    names = [f"c{i}" for i in range(30)]
    right = np.arange(30) + 10
    matrix = np.diag(right) + np.roll(np.diag(50 - right), 1, axis=1)
    m = measured(from_confusion(matrix), train=from_confusion(np.diag([50] * 30)), class_names=names)
    gaps = [metric for metric in generalisation(m).gaps if "[" in metric]
    assert gaps == [f"recall[c{i}]" for i in range(CLASSES_SHOWN)]


def test_means_over_different_classes_have_no_gap():
    m = measured(
        from_confusion([[90, 10, 0], [10, 90, 0], [0, 0, 0]]),
        train=from_confusion([[90, 10, 0], [10, 90, 0], [0, 8, 2]]),
        class_names=["a", "b", "c"],
    )
    assert list(generalisation(m).gaps) == ["accuracy", "recall[a]", "recall[b]"]


def test_decisions_alone_have_gaps_and_no_losses():
    found = generalisation(of(from_confusion([[5, 5], [5, 5]]), train=from_confusion([[9, 1], [1, 9]])))
    assert list(found.gaps) == ["accuracy", "balanced_accuracy", "recall[no]", "recall[yes]"]
    assert (found.membership, found.losses) == (None, None)


def test_validation_alone_has_losses_and_no_gaps():
    found = generalisation(of(scored(1.0), validation=scored(0.5, seed=1)))
    assert (found.gaps, found.membership) == ({}, None)
    assert len(found.losses.counts) == 2


def test_test_alone_and_rows_that_change_have_nothing_beside_them():
    assert generalisation(of(scored(1.0))) is None
    readings = {"train": (Reading(1, 1), Reading(1, 2))}
    assert generalisation(replace(of(scored(1.0), train=scored(0.5)), readings=readings)) is None


def test_weighted_rows_are_not_told_apart():
    weights = np.full(600, 2.0)
    found = generalisation(of(scored(1.0, weights=weights), train=scored(0.3, weights=weights)))
    assert found.membership is None
    assert found.gaps["accuracy"].value > 0


def test_of_several_labels_every_answer_is_counted():
    truth = np.random.default_rng(0).integers(0, 2, (200, 3))
    p = np.where(truth, 0.8, 0.3)
    m = measured(rows(truth, probabilities=p), train=rows(truth, probabilities=p), class_names=["a", "b", "c"])
    found = generalisation(m)
    assert list(found.losses.counts) == ["train, 600 answers", "test, 600 answers"]
    assert found.gaps["recall[a]"].value == 0
