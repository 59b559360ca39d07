import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import roc_auc_score

from auditor.batches import OutputKind
from auditor.states import LossCounts, LossHistogram, Task
from auditor.states.loss_histogram import NO_LOSS
from auditor.states.losses import log_losses
from auditor.testing import rows
from tests.states.generating import Case, cases, measured

TWO = Task(("a", "b"), 1)


def of_losses(losses, class_index: int = 1, task: Task = TWO) -> LossCounts:
    """What is counted of rows of one class with these losses."""
    right = np.exp(-np.asarray(losses, np.float64))
    probabilities = np.stack([right, 1 - right] if class_index == 0 else [1 - right, right], axis=1)
    found: LossCounts = measured(
        LossHistogram(task), rows(np.full(len(right), class_index), probabilities=probabilities)
    )
    return found


def test_three_losses_against_three_are_seven_and_a_half_pairs_of_nine():
    told = of_losses([0.2, 0.4, 0.5]).above(of_losses([0.1, 0.2, 0.3]))
    assert told.value == pytest.approx(0.8333, abs=5e-5)


def test_the_area_is_that_of_the_losses_to_within_its_bound():
    rng = np.random.default_rng(0)
    new, seen = rng.exponential(1.0, 2000), rng.exponential(0.5, 3000)
    told = of_losses(new).above(of_losses(seen))
    exact = roc_auc_score(np.repeat([1, 0], [2000, 3000]), np.concatenate([new, seen]))
    assert abs(told.value - exact) <= told.bound < 0.002


@given(cases(kinds=(OutputKind.LOGITS,)))
def test_every_row_is_counted_with_its_class_and_those_without_loss_apart(case: Case) -> None:
    found: LossCounts = measured(LossHistogram(case.task), case.rows)
    assert case.rows.scores is not None
    losses, _ = log_losses(case.rows.scores, case.rows.labels)
    assert found.counts.sum(axis=1).tolist() == np.bincount(case.rows.labels, minlength=case.task.n_classes).tolist()
    assert (found.n, found.counts[:, 0].sum()) == (len(losses), (losses <= NO_LOSS).sum())


def test_losses_are_counted_between_edges():
    edges = np.exp([-2.0, -1.0, 0.0])
    found = of_losses(np.exp([-30.0, -2.2, -1.5, -1.4, -0.5, 0.25, 1.0]))
    assert found.between(edges).tolist() == [2, 2, 1, 2]


def test_the_moments_of_each_class_are_those_of_its_losses_within_the_width_of_the_bins():
    losses = np.random.default_rng(3).exponential(0.5, 4000) + 1e-3
    n, mean, variance = of_losses(losses).moments
    assert n.tolist() == [0, 4000]
    assert mean.tolist() == [0, pytest.approx(losses.mean(), rel=0.01)]
    assert variance.tolist() == [0, pytest.approx(losses.var(ddof=1), rel=0.02)]


def test_moments_are_finite_to_the_largest_loss_that_is_counted():
    counts = np.zeros((2, LossHistogram(TWO).result().counts.shape[1]), np.int64)
    counts[1, [0, -1]] = 1
    _, mean, variance = LossCounts(TWO, counts).moments
    assert mean[1] == pytest.approx(512, rel=0.02)
    assert np.isfinite(variance).all()


@pytest.mark.parametrize(("classes", "counts"), [(2, 5_634), (300, 2**20), (10_000, 2**20), (1_000_000, 2_000_000)])
def test_many_classes_share_the_counts(classes: int, counts: int) -> None:
    state = LossHistogram(Task(tuple(map(str, range(classes)))))
    assert state.result().counts.size <= counts


def test_within_its_budget_the_bound_says_how_little_is_known():
    coarse = [measured(LossHistogram(TWO, budget=8), rows([1] * 3, probabilities=[[1 - p, p]] * 3)) for p in (0.9, 0.3)]
    told = coarse[1].above(coarse[0])
    assert told.bound > 0
    assert told.value - told.bound <= 1 <= told.value + told.bound
