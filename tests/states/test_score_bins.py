"""Counts of scores in fine bins, from which calibration and every threshold follow."""

import numpy as np
import pytest
from hypothesis import given
from scipy.special import expit

from auditor.batches import Batch, OutputKind, Scores
from auditor.states import Reliability, ScoreBins, Task, thresholds
from auditor.states.score_bins import PROBABILITIES, second_half
from tests.states.generating import Case, cases, measured

TASK = Task(("no", "yes"), 1)


def binned(labels, p, task=TASK, kind=OutputKind.PROBABILITIES, **more) -> ScoreBins:
    p = np.asarray(p, np.float64)
    outputs = np.stack([1 - p, p], axis=1) if p.ndim == 1 else p
    batch = Batch(np.asarray(labels), np.arange(len(labels), dtype=np.uint64), None, Scores(outputs, kind, **more))
    found: ScoreBins = measured(Reliability(task), batch)
    return found


def two_overconfident_groups() -> ScoreBins:
    """100 rows at .2 of which 30 are positive, 100 at .8 of which 70 are."""
    return binned(np.repeat([1, 0, 1, 0], [30, 70, 70, 30]), np.repeat([0.2, 0.8], 100))


def test_the_figures_of_two_overconfident_groups():
    bins = two_overconfident_groups()
    assert bins.groups is not None
    assert bins.groups.probability == pytest.approx([0.2, 0.8], abs=2e-4)
    assert bins.groups.positives.tolist() == [30, 70]
    assert bins.error is not None
    assert bins.error.value == pytest.approx(0.08876, abs=2e-4)
    assert bins.fit is not None
    assert bins.fit.slope.value == pytest.approx(0.6112, abs=1e-3)
    assert bins.fit.slope.standard_error == pytest.approx(0.1113, abs=2e-4)
    assert bins.fit.intercept.value == pytest.approx(0.0, abs=1e-3)
    assert bins.spiegelhalter_z == pytest.approx(3.5355, abs=0.01)
    assert bins.stated == pytest.approx(100, abs=0.05)


@given(cases())
def test_every_row_is_counted_on_its_side(case: Case) -> None:
    bins, scores = measured(Reliability(case.task), case.rows), case.rows.scores
    assert scores is not None
    assert bins.n == len(case.rows)
    if case.task.positive is not None:
        assert bins.positives.sum() == (case.rows.labels == case.task.positive).sum()
    elif scores.threshold is None:
        assert bins.positives.sum() == (case.rows.labels == scores.predicted).sum()


@given(cases(kinds=(OutputKind.LOGITS, OutputKind.PROBABILITIES), n_classes=(2, 3, 9)))
def test_the_bins_hold_the_stated_probabilities(case: Case) -> None:
    scores = case.rows.scores
    assert scores is not None
    p = scores.probabilities
    expected = p.max(axis=1).sum() if case.task.positive is None else p[:, case.task.positive].sum()
    assert measured(Reliability(case.task), case.rows).stated == pytest.approx(expected, abs=2e-4 * len(p))


def test_the_halves_are_even_and_follow_the_key_alone():
    keys = np.arange(100_000, dtype=np.uint64)
    half = second_half(keys)
    assert 49_500 < half.sum() < 50_500
    assert (second_half(keys[::-1])[::-1] == half).all()
    bins = binned(np.ones(1000, int), np.full(1000, 0.3))
    assert bins.counts[:, 1].sum(axis=1).tolist() == [1000 - half[:1000].sum(), half[:1000].sum()]


def test_thresholds_are_ascending_easily_said_and_reach_from_all_rows_to_none():
    at = thresholds()
    assert (np.diff(at) > 0).all()
    assert (at[0], at[-1]) == (0.0, np.inf)
    assert {0.5, 0.18, 0.001, 0.999, 1e-6}.issubset(at.tolist())


def test_what_a_threshold_gives_is_what_calling_from_it_on_gives():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 3, 4000).round(3)
    labels = (rng.random(4000) < p).astype(int)
    bins = binned(labels, p)
    points, at = bins.points(), thresholds()
    for t in (0.0, 0.1, 0.25, 0.5, 0.501, 0.9):
        found = points.outcome(int(np.searchsorted(at, t)))
        assert (found.tp, found.fp) == (((p >= t) & (labels == 1)).sum(), ((p >= t) & (labels == 0)).sum())
    assert points.outcome(len(at) - 1).tp == 0


def test_the_halves_of_the_points_sum_to_the_whole():
    bins = two_overconfident_groups()
    assert (bins.points(0).tp + bins.points(1).tp == bins.points().tp).all()
    assert (bins.points(0).fp + bins.points(1).fp == bins.points().fp).all()


@pytest.mark.parametrize(
    ("kind", "more", "threshold"),
    [
        (OutputKind.PROBABILITIES, {}, 0.5),
        (OutputKind.SIGMOID, {}, None),
        (OutputKind.PROBABILITIES, {"threshold": 0.3}, 0.3),
        (OutputKind.PROBABILITIES, {"threshold": 0.3, "scored": 0}, 0.7),
        (OutputKind.PROBABILITIES, {"decided": np.array([1, 0])}, None),
    ],
)
def test_the_threshold_in_use_is_known_where_there_is_one(kind, more, threshold):
    assert binned([1, 0], [0.8, 0.1], kind=kind, **more).threshold == threshold


def test_two_rules_in_one_stream_are_no_threshold():
    state = Reliability(TASK)
    for threshold in (0.3, 0.4):
        scores = Scores(np.array([[0.2, 0.8]]), OutputKind.PROBABILITIES, threshold=threshold)
        state.update(Batch(np.array([1]), np.zeros(1, np.uint64), None, scores))
    assert state.result().threshold is None


def test_with_more_classes_the_confidence_is_that_of_the_class_named():
    bins = binned([0, 1, 2], [[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.0, 0.0, 1.0]], Task(("a", "b", "c")))
    right, wrong = np.flatnonzero(bins.positives), np.flatnonzero(bins.negatives)
    assert PROBABILITIES[right] == pytest.approx([0.7, 1.0], abs=2e-4)
    assert PROBABILITIES[wrong] == pytest.approx([0.5], abs=2e-4)


def test_losses_by_temperature_are_those_of_the_rows():
    rng = np.random.default_rng(1)
    z = rng.normal(0, 2, 500)
    labels = rng.integers(0, 2, 500)
    losses, rows = binned(labels, expit(z)).losses_by_temperature
    assert rows.sum() == 500
    expected = np.logaddexp(0, np.where(labels == 1, -1, 1) * z / 2).sum()
    assert losses.sum(axis=0)[18] == pytest.approx(expected, rel=1e-4)
