import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from auditor.statistics import bins, ranking

Scores = NDArray[np.float32]

few_values = arrays(np.float32, st.integers(2, 60), elements=st.sampled_from([-2.0, -0.5, 0.0, 0.25, 1.0, 3.0, 7.5]))
both_classes = st.tuples(few_values, few_values)


def keys(scores: Scores) -> NDArray[np.uint32]:
    return np.sort(bins.sortable_key(scores))


def delong_by_pairs(positives: Scores, negatives: Scores) -> float:
    wins = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    return float(np.var(wins.mean(1), ddof=1) / len(positives) + np.var(wins.mean(0), ddof=1) / len(negatives))


def test_the_example_of_four_scores() -> None:
    found = ranking.rank_metrics(keys(np.array([0.35, 0.8], np.float32)), keys(np.array([0.1, 0.4], np.float32)))
    assert (found.auc, found.delong_variance) == pytest.approx((0.75, 0.125))
    assert found.average_precision == pytest.approx(0.8333, abs=5e-5)
    assert ranking.auc_error_bound(np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0])) == 0


@given(both_classes)
def test_area_and_average_precision_equal_scikit_learn(scores: tuple[Scores, Scores]) -> None:
    found = ranking.rank_metrics(keys(scores[0]), keys(scores[1]))
    labels, joined = np.repeat([1, 0], [len(scores[0]), len(scores[1])]), np.concatenate(scores)
    assert found.auc == pytest.approx(roc_auc_score(labels, joined), abs=1e-12)
    assert found.average_precision == pytest.approx(average_precision_score(labels, joined), abs=1e-12)
    assert found.delong_variance == pytest.approx(delong_by_pairs(*scores), abs=1e-12)


@given(both_classes)
def test_counts_give_what_keys_give(scores: tuple[Scores, Scores]) -> None:
    distinct, positives, negatives = ranking.tally(keys(scores[0]), keys(scores[1]))
    values, expected = np.unique(np.concatenate(scores), return_counts=True)
    assert (bins.score_of_key(distinct) == values).all()
    assert (positives + negatives == expected).all()
    by_keys, by_counts = (
        ranking.rank_metrics(keys(scores[0]), keys(scores[1])),
        ranking.rank_counts(positives, negatives),
    )
    assert by_keys.auc == by_counts.auc
    assert by_counts.average_precision == pytest.approx(by_keys.average_precision, abs=1e-14)
    assert by_counts.delong_variance == pytest.approx(by_keys.delong_variance, abs=1e-14)
    assert ranking.areas(positives, negatives) == pytest.approx(by_keys.auc)
    assert ranking.average_precisions(positives, negatives) == pytest.approx(by_keys.average_precision)


@given(both_classes)
def test_swapping_the_classes_mirrors_the_area(scores: tuple[Scores, Scores]) -> None:
    there, back = (ranking.rank_metrics(keys(a), keys(b)) for a, b in (scores, scores[::-1]))
    assert there.auc is not None
    assert back.auc == pytest.approx(1 - there.auc)
    assert back.delong_variance == pytest.approx(there.delong_variance, abs=1e-14)


spread_out = arrays(np.float32, st.integers(2, 60), elements=st.floats(-8, 8, width=32))


@given(st.tuples(spread_out, spread_out), st.integers(1, 7))
def test_bins_give_the_exact_values_within_their_bounds(scores: tuple[Scores, Scores], width: int) -> None:
    exact = ranking.rank_metrics(keys(scores[0]), keys(scores[1]))
    positives, negatives = (np.bincount(np.floor((part + 8) / width).astype(int), minlength=20) for part in scores)
    binned, bound = ranking.rank_counts(positives, negatives), ranking.auc_error_bound(positives, negatives)
    limits = ranking.average_precision_bounds(positives, negatives)
    assert exact.auc is not None
    assert binned.auc is not None
    assert bound is not None
    assert limits is not None
    assert abs(binned.auc - exact.auc) <= bound + 1e-12
    assert exact.average_precision is not None
    assert limits[0] - 1e-9 <= exact.average_precision <= limits[1] + 1e-9


def test_blocks_of_the_sums_do_not_show() -> None:
    rng = np.random.default_rng(5)
    positives = rng.normal(1, 1, 40_000).round(4).astype(np.float32)
    negatives = rng.normal(0, 1, 50_000).round(4).astype(np.float32)
    found = ranking.rank_metrics(keys(positives), keys(negatives))
    labels, joined = np.repeat([1, 0], [40_000, 50_000]), np.concatenate([positives, negatives])
    assert found.auc == pytest.approx(roc_auc_score(labels, joined), abs=1e-14)
    assert found.average_precision == pytest.approx(average_precision_score(labels, joined), abs=1e-14)
    placements = np.searchsorted(np.sort(negatives), positives, "left") + np.searchsorted(
        np.sort(negatives), positives, "right"
    )
    of_negatives = np.searchsorted(np.sort(positives), negatives, "left") + np.searchsorted(
        np.sort(positives), negatives, "right"
    )
    variance = np.var(placements / 1e5, ddof=1) / 40_000 + np.var(of_negatives / 8e4, ddof=1) / 50_000
    assert found.delong_variance == pytest.approx(variance, rel=1e-10)


def test_without_a_class_there_is_no_area() -> None:
    some, none = np.array([3, 4], np.uint32), np.zeros(0, np.uint32)
    assert ranking.rank_metrics(none, some) == ranking.Ranking(0, 2, None, None, None)
    assert ranking.rank_metrics(some, none) == ranking.Ranking(2, 0, None, 1.0, None)
    assert ranking.rank_metrics(none, none).area.value is None
    assert [len(part) for part in ranking.tally(none, none)] == [0, 0, 0]
    assert ranking.auc_error_bound(np.array([1]), np.array([0])) is None
    assert ranking.average_precision_bounds(np.array([0]), np.array([3])) is None


def test_one_positive_has_an_area_without_a_variance() -> None:
    found = ranking.rank_metrics(np.array([5], np.uint32), np.array([1, 2, 9], np.uint32))
    assert found.auc == pytest.approx(2 / 3)
    assert found.delong_variance is None
    assert found.area.low is not None


def test_a_rare_class_among_a_million_rows_is_ranked_in_milliseconds() -> None:
    rng = np.random.default_rng(0)
    positives = keys(rng.normal(1, 1, 20_000).astype(np.float32))
    negatives = keys(rng.normal(0, 1, 980_000).astype(np.float32))
    times = []
    for _ in range(5):
        start = time.process_time()
        ranking.rank_metrics(positives, negatives)
        times.append(time.process_time() - start)
    assert min(times) < 0.05  # measured 0.002 to 0.003 s
