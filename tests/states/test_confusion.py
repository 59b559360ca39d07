import math
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from scipy.stats import entropy
from sklearn.metrics import confusion_matrix

from auditor.batches import Batch, OutputKind, Scores
from auditor.states import Confusion, ConfusionMatrix, Task
from tests.states.generating import Case, cases, measured


def matrix_of(labels: list[int], decided: list[int], n_classes: int = 3) -> ConfusionMatrix:
    n = len(labels)
    scores = Scores(np.zeros((n, 0)), OutputKind.PREDICTED, decided=np.array(decided, np.int64))
    batch = Batch(np.array(labels, np.int64), np.arange(n, dtype=np.uint64), None, scores)
    found: ConfusionMatrix = measured(Confusion(Task(tuple("abcdefgh"[:n_classes]))), batch)
    return found


@given(cases())
def test_the_counts_equal_scikit_learn(case: Case) -> None:
    assert case.rows.scores is not None
    expected = confusion_matrix(case.rows.labels, case.rows.scores.predicted, labels=range(case.task.n_classes))
    found = measured(Confusion(case.task), case.rows)
    np.testing.assert_array_equal(found.dense, expected)
    np.testing.assert_array_equal(found.support, expected.sum(axis=1))
    np.testing.assert_array_equal(found.predicted, expected.sum(axis=0))
    np.testing.assert_array_equal(found.correct, expected.diagonal())
    assert found.n == len(case.rows)


@given(cases())
def test_the_sparse_form_says_what_the_dense_one_says(case: Case) -> None:
    with patch("auditor.states.confusion.DENSE_CLASSES", 1):
        sparse = Confusion(case.task)
    sparse.update(case.rows)
    sparse.update(case.rows)
    np.testing.assert_array_equal(sparse.result().dense, measured(Confusion(case.task), case.rows, case.rows).dense)


def test_ten_thousand_classes_take_memory_for_the_pairs_that_occur() -> None:
    n = 10_000
    scores = Scores(np.zeros((n, 0)), OutputKind.PREDICTED, decided=np.arange(n)[::-1].astype(np.int64))
    batch = Batch(np.arange(n, dtype=np.int64), np.arange(n, dtype=np.uint64), None, scores)
    found = measured(Confusion(Task(tuple(map(str, range(n))))), batch)
    assert len(found.pairs.counts) == n
    assert (found.support == 1).all()
    assert found.correct.sum() == 0


def test_shares_and_entropy_of_the_truth() -> None:
    found = matrix_of([0, 0, 0, 1, 2, 2], [0, 1, 2, 1, 2, 0])
    assert found.prevalence(0) == 0.5
    assert found.imbalance_ratio == 3
    assert found.entropy == pytest.approx(entropy([3, 1, 2]), abs=1e-15)


def test_an_absent_class_leaves_no_imbalance_ratio() -> None:
    found = matrix_of([0, 0], [0, 2])
    assert found.imbalance_ratio is None
    assert found.entropy == 0
    assert math.copysign(1, found.entropy) == 1


def test_without_rows_there_are_counts_and_no_shares() -> None:
    found = Confusion(Task(("a", "b"))).result()
    assert (found.n, found.prevalence(0), found.entropy, found.imbalance_ratio) == (0, None, None, None)
    np.testing.assert_array_equal(found.dense, np.zeros((2, 2)))
