"""Which labels were given to which rows: counts against a plain reckoning and scikit-learn."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from sklearn import metrics as oracle

from auditor.batches import Batch, OutputKind
from auditor.label_scores import LabelScores
from auditor.states import Confusion, LabelCounts, Task
from auditor.states.buckets import bucket_of
from auditor.states.by_label import begun
from tests.states.generating import Case, label_cases, measured


def counted(labels, given_labels):
    labels, decided = np.array(labels, np.int8), np.array(given_labels, np.int8)
    task = Task(tuple(f"label {i}" for i in range(labels.shape[1])), multilabel=True)
    said = LabelScores(np.zeros((len(labels), 0)), OutputKind.PREDICTED, (None,) * labels.shape[1], decided)
    return measured(LabelCounts(task), Batch(labels, np.arange(len(labels), dtype=np.uint64), label_scores=said))


@given(label_cases())
def test_counts_of_each_label_are_those_of_its_own_two_classes(case: Case) -> None:
    totals = measured(LabelCounts(case.task), case.rows)
    each = measured(begun(Confusion, case.task), case.rows)
    for i, matrix in enumerate(each):
        np.testing.assert_array_equal(totals.totals[i].reshape(2, 2), matrix.dense)
    assert totals.n == len(case.rows)


@given(label_cases())
def test_sums_over_whole_rows_equal_scikit_learn(case: Case) -> None:
    totals = measured(LabelCounts(case.task), case.rows)
    assert case.rows.label_scores is not None
    whole = (case.rows.labels >= 0).all(axis=1)
    true, called = case.rows.labels[whole], case.rows.label_scores.given[whole].astype(int)
    assert totals.n_whole == whole.sum()
    if not whole.any():
        return
    n = len(true)
    assert totals.exact.sum() == round(oracle.accuracy_score(true, called) * n)
    assert totals.errors.sum() == round(oracle.hamming_loss(true, called) * true.size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f1 = oracle.f1_score(true, called, average="samples", zero_division=0)
        jaccard = oracle.jaccard_score(true, called, average="samples", zero_division=0)
    assert totals.f1.sum() / n == pytest.approx(f1, abs=1e-12)
    assert totals.jaccard.sum() / n == pytest.approx(jaccard, abs=1e-12)


def test_an_unknown_cell_leaves_its_label_and_the_whole_row_out() -> None:
    totals = counted([[1, -1], [0, 0], [1, 1]], [[1, 1], [0, 0], [0, 1]])
    assert totals.known.tolist() == [3, 2]
    assert totals.support.tolist() == [2, 1]
    assert totals.predicted.tolist() == [1, 1]
    assert totals.correct.tolist() == [1, 1]
    assert (totals.n, totals.n_whole, int(totals.exact.sum()), int(totals.errors.sum())) == (3, 2, 1, 1)
    assert (int(totals.blank.sum()), int(totals.without.sum())) == (1, 1)
    assert totals.prevalence(1) == 0.5
    assert totals.call_rate(0) == 1 / 3


def test_a_label_of_which_nothing_is_known_has_no_prevalence() -> None:
    totals = counted([[1, -1], [0, -1]], [[1, 1], [0, 0]])
    assert totals.prevalence(1) is None
    assert totals.call_rate(1) is None
    assert totals.imbalance_ratio is None


def test_rows_fall_into_64_buckets_by_their_key_alone() -> None:
    buckets = bucket_of(Batch(np.zeros(6400, np.int64), np.arange(6400, dtype=np.uint64)))
    assert set(buckets.tolist()) == set(range(64))
    assert np.bincount(buckets).max() < 150
