import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.batches import Batch, OutputKind, Scores
from auditor.states import ScoreCounts, ScoreHistogram, Task
from auditor.states.score_histogram import BINS
from tests.states.generating import Case, cases, measured


def counted(case: Case) -> ScoreCounts:
    found: ScoreCounts = measured(ScoreHistogram(case.task), case.rows)
    return found


@given(cases())
def test_the_bars_equal_numpys_histogram(case: Case) -> None:
    scores, labels = case.rows.scores, case.rows.labels
    assert scores is not None
    if case.task.positive is None:
        height, side = scores.probabilities.max(axis=1), labels == scores.predicted
    else:
        height, side = scores.probabilities[:, case.task.positive], labels == case.task.positive
    expected = [np.histogram(np.minimum(height[side == part], 1), BINS, (0, 1))[0] for part in (False, True)]
    found = counted(case).counts
    assert found.dtype == np.int64
    assert found.sum() == len(labels)
    # numpy rounds its edges otherwise: a score on an edge may fall to either side of it.
    on_an_edge = np.isclose(height * BINS % 1, [[0], [1]], atol=1e-9).sum()
    assert np.abs(np.cumsum(found, axis=1) - np.cumsum(expected, axis=1)).max() <= on_an_edge


@given(st.integers(0, BINS - 1), st.sampled_from([0, 1]))
def test_a_score_falls_in_the_bin_whose_lower_edge_it_passes(index: int, label: int) -> None:
    p = (index + 0.5) / BINS
    batch = Batch(np.array([label]), np.zeros(1, np.uint64), None, Scores(np.array([[p]]), OutputKind.SIGMOID))
    assert np.argwhere(counted(Case(Task(("no", "yes"), 1), batch)).counts).tolist() == [[label, index]]


@pytest.mark.parametrize(("p", "index"), [(0.0, 0), (0.025, 1), (0.5, 20), (1.0, 39)])
def test_the_ends_and_edges_belong_to_the_bin_above_but_for_the_last(p: float, index: int) -> None:
    batch = Batch(np.array([1]), np.zeros(1, np.uint64), None, Scores(np.array([[p]]), OutputKind.SIGMOID))
    assert counted(Case(Task(("no", "yes"), 1), batch)).counts[1, index] == 1
