"""What buckets of rows hold: whole groups, weights to the last bit, and the sizes of groups."""

import numpy as np
import pytest

from auditor.batches import Batch, OutputKind, Scores
from auditor.states import BucketLosses, BucketRanking, Buckets, Losses, Task
from auditor.states.buckets import bucket_of
from tests.states.generating import measured

TASK = Task(("no", "yes"), 1)


def batch(n: int, clusters: np.ndarray | None = None, weights: np.ndarray | None = None, seed: int = 0) -> Batch:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n)
    scores = Scores((labels + random.normal(size=n)).astype(np.float32)[:, None], OutputKind.LOGITS)
    cluster = None if clusters is None else clusters.astype(np.uint64)
    return Batch(labels, np.arange(n, dtype=np.uint64), None, scores, cluster, weights)


def test_rows_of_one_group_are_in_one_bucket_and_groups_spread_over_all():
    rows = batch(6400, np.repeat(np.arange(640) * 2, 10))
    bucket = bucket_of(rows).reshape(640, 10)
    assert (bucket == bucket[:, :1]).all()
    assert set(bucket[:, 0]) == set(range(64))


def test_sums_over_the_buckets_are_the_counts_of_the_classes():
    rows = batch(500, np.arange(500) // 5 * 2)
    sums = measured(Buckets(TASK), rows)
    assert rows.scores is not None
    assert sums.counts.total.support.tolist() == np.bincount(rows.labels).tolist()
    assert sums.counts.total.predicted.tolist() == np.bincount(rows.scores.predicted).tolist()
    assert sums.counts.total.correct.sum() == (rows.labels == rows.scores.predicted).sum()
    assert (sums.groups, sums.ungrouped, sums.counts.alike, sums.weighted) == (100, 0, 5.0, False)


def test_odd_clusters_are_rows_without_a_group():
    assert measured(Buckets(TASK), batch(4, np.array([2, 2, 5, 7]))).ungrouped == 2


def test_weights_are_summed_to_nine_digits_and_their_squares_with_them():
    weights = np.random.default_rng(1).choice([2.0**-16, 0.0, 0.1, 3.7, 2.0**16], 1000)
    rows = batch(1000, weights=weights)
    counts = measured(Buckets(TASK), rows).counts
    for k in (0, 1):
        assert counts.total.support[k] == pytest.approx(weights[rows.labels == k].sum(), rel=1e-12)
        assert counts.squares.support[k] == pytest.approx((weights[rows.labels == k] ** 2).sum(), rel=1e-12)
    assert (counts.groups, counts.rows.n, counts.weighted) == (None, 1000, True)


def test_the_mean_loss_without_weights_is_that_of_all_rows():
    rows = batch(300, np.arange(300) * 2)
    counts = measured(Buckets(TASK), rows).counts
    for name in ("log_loss", "brier_score"):
        found = measured(BucketLosses(TASK), rows).mean(name, counts)
        assert found.value == pytest.approx(measured(Losses(TASK), rows).mean(name).value, rel=1e-12)


def test_equal_losses_have_no_interval():
    scores = Scores(np.full((50, 1), 0.5), OutputKind.SIGMOID)
    rows = Batch(np.arange(50) % 2, np.arange(50, dtype=np.uint64), None, scores, np.arange(50, dtype=np.uint64) * 2)
    assert measured(BucketLosses(TASK), rows).mean("log_loss", measured(Buckets(TASK), rows).counts).low is None


def test_beyond_its_budget_a_ranking_keeps_nothing():
    rows = batch(20, np.arange(20))
    assert measured(BucketRanking(TASK, budget=20), rows).of_class(1) is not None
    assert measured(BucketRanking(TASK, budget=19), rows).of_class(1) is None


def test_a_class_that_is_not_ranked_has_no_rows():
    assert measured(BucketRanking(TASK), batch(20, np.arange(20))).of_class(0) is None
