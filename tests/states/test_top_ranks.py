"""Top-k accuracy is the share of rows whose true class has one of the k highest scores."""

import numpy as np
import pytest
from sklearn.metrics import top_k_accuracy_score

from auditor import NotApplicable
from auditor.batches import Batch, OutputKind, Scores
from auditor.states import Task, TopRanks


def ranked(outputs, labels, n_classes):
    state = TopRanks(Task(tuple(map(str, range(n_classes)))))
    state.update(Batch(labels, np.arange(len(labels), dtype=np.uint64), None, Scores(outputs, OutputKind.LOGITS)))
    return state.result()


@pytest.mark.parametrize("k", [1, 3, 5, 10])
@pytest.mark.parametrize("n_classes", [10, 40])
def test_it_equals_scikit_learn_where_no_scores_tie(k, n_classes):
    draw = np.random.default_rng(k)
    labels, outputs = draw.integers(0, n_classes, 300), draw.normal(size=(300, n_classes))
    expected = top_k_accuracy_score(labels, outputs, k=k, labels=np.arange(n_classes)) if k < n_classes else 1.0
    assert ranked(outputs, labels, n_classes).accuracy(k).value == pytest.approx(expected, abs=1e-15)


def test_equal_scores_never_count_in_favour():
    assert ranked(np.zeros((4, 12)), np.array([0, 3, 5, 11]), 12).accuracy(5).value == 0


def test_below_ten_classes_it_does_not_apply():
    with pytest.raises(NotApplicable, match="from 10 classes up"):
        ranked(np.zeros((4, 3)), np.array([0, 1, 2, 0]), 3).accuracy(5)
