from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

from auditor.batches import Batch, OutputKind, Scores
from auditor.findings import NotApplicable
from auditor.states import Ranking, Rankings, Task
from auditor.statistics.ranking import auc_error_bound, average_precision_bounds
from tests.states.generating import Array, Case, cases, measured

PROBABILITIES = (OutputKind.PROBABILITIES, OutputKind.SIGMOID)


def score_by_definition(scores: Scores, class_index: int) -> Array:
    """What ranks the rows: the float32 margin of logits, probabilities as they are given."""
    outputs = scores.outputs.astype(np.float64)
    sign = 1 if class_index == scores.scored else -1
    if scores.kind in PROBABILITIES:
        return sign * outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, class_index]
    if scores.kind is OutputKind.LOGITS and outputs.shape[1] == 1:
        return (sign * outputs[:, 0]).astype(np.float32)
    if scores.kind is OutputKind.LOGITS and outputs.shape[1] == 2:
        return (outputs[:, class_index] - outputs[:, 1 - class_index]).astype(np.float32)
    return scores.margin(class_index)


def assert_equals_scikit_learn(case: Case, found: Rankings, class_index: int) -> None:
    assert case.rows.scores is not None
    truth = case.rows.labels == class_index
    ranks = rankdata(score_by_definition(case.rows.scores, class_index), "dense")
    metrics = found.metrics(class_index)
    assert (metrics.positives, metrics.negatives) == (truth.sum(), (~truth).sum())
    if truth.any() and not truth.all():
        assert metrics.auc == pytest.approx(roc_auc_score(truth, ranks), abs=1e-12)
    else:
        assert metrics.auc is None
    if truth.any():
        assert metrics.average_precision == pytest.approx(average_precision_score(truth, ranks), abs=1e-12)
        assert found.average_precision(class_index).value == pytest.approx(metrics.average_precision, abs=1e-14)
    else:
        assert metrics.average_precision is None
        assert found.average_precision(class_index).value is None


@pytest.mark.parametrize("kind", [kind for kind in OutputKind if kind is not OutputKind.PREDICTED])
@given(data=st.data())
def test_area_and_average_precision_equal_scikit_learn(kind: OutputKind, data: st.DataObject) -> None:
    case = data.draw(cases(kinds=(kind,), n_classes=(2, 3), dtypes=(np.float32,)))
    found: Rankings = measured(Ranking(case.task), case.rows)
    assert found.binned is None
    for class_index in found.ranked:
        assert_equals_scikit_learn(case, found, class_index)


@given(cases(kinds=PROBABILITIES, logits=st.floats(-80, 80, width=32), dtypes=(np.float32,)))
def test_probabilities_next_to_0_and_1_are_told_apart(case: Case) -> None:
    found: Rankings = measured(Ranking(case.task), case.rows)
    assert case.rows.scores is not None
    for class_index in found.ranked:
        keys = case.rows.scores.sort_keys(class_index)
        wanted = rankdata(score_by_definition(case.rows.scores, class_index), "dense")
        np.testing.assert_array_equal(rankdata(keys, "dense"), wanted)
        assert_equals_scikit_learn(case, found, class_index)


@given(cases(n_classes=(2, 3)))
def test_beyond_the_budget_the_area_is_within_its_stated_error(case: Case) -> None:
    exact: Rankings = measured(Ranking(case.task), case.rows)
    with patch("auditor.states.ranking.BINNED_BYTES", 2**12):
        binned: Rankings = measured(Ranking(case.task, budget=0), case.rows)
    assert binned.binned is not None
    for class_index in exact.ranked:
        area, in_bins, counts = exact.metrics(class_index), binned.metrics(class_index), binned.tally(class_index)
        bound, limits = auc_error_bound(*counts), average_precision_bounds(*counts)
        assert (area.auc is None) == (in_bins.auc is None) == (bound is None)
        if area.auc is not None and in_bins.auc is not None and bound is not None:
            assert abs(in_bins.auc - area.auc) <= bound + 1e-12
        assert (area.average_precision is None) == (limits is None)
        if area.average_precision is not None and limits is not None:
            assert limits[0] - 1e-9 <= area.average_precision <= limits[1] + 1e-9


def test_the_budget_counts_rows_times_ranked_classes() -> None:
    scores = Scores(np.zeros((4, 3)), OutputKind.LOGITS)
    batch = Batch(np.zeros(4, np.int64), np.arange(4, dtype=np.uint64), None, scores)
    task = Task(("a", "b", "c"))
    assert measured(Ranking(task, budget=12), batch).binned is None
    with patch("auditor.states.ranking.BINNED_BYTES", 2**12):
        assert measured(Ranking(task, budget=11), batch).binned.sum() == 12


@pytest.mark.parametrize(
    ("n_classes", "positive", "ranked"),
    [(2, 0, (0,)), (2, 1, (1,)), (2, None, (0, 1)), (3, None, (0, 1, 2)), (257, None, ())],
)
def test_the_classes_that_are_ranked(n_classes: int, positive: int | None, ranked: tuple[int, ...]) -> None:
    found = Ranking(Task(tuple(map(str, range(n_classes))), positive)).result()
    assert found.ranked == ranked


def test_a_class_that_was_not_ranked_says_so() -> None:
    found = Ranking(Task(("no", "yes"), 1)).result()
    with pytest.raises(NotApplicable, match="class no was not ranked"):
        found.metrics(0)


def test_without_rows_there_is_no_area() -> None:
    found = Ranking(Task(("no", "yes"), 1)).result()
    assert found.metrics(1).auc is None
    assert found.average_precision(1).value is None
    assert [len(part) for part in found.tally(1)] == [0, 0]


def test_many_rows_are_tallied_in_groups_that_hold_every_row() -> None:
    rng = np.random.default_rng(1)
    n = 2**18 + 1
    labels = (rng.random(n) < 0.1).astype(np.int64)
    scores = Scores((rng.normal(size=n) + labels)[:, None], OutputKind.LOGITS)
    found: Rankings = measured(
        Ranking(Task(("no", "yes"), 1)), Batch(labels, np.arange(n, dtype=np.uint64), None, scores)
    )
    positives, negatives = found.tally(1)
    assert len(positives) == len(negatives) <= 4096
    assert (positives.sum(), negatives.sum()) == (labels.sum(), n - labels.sum())
    assert found.average_precision(1).value == pytest.approx(
        average_precision_score(labels, scores.margin(1)), abs=1e-12
    )
