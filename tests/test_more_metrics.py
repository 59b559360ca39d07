"""F-beta, negative predictive value, top-k accuracy and skill, by the names users write."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from auditor.errors import UsageError
from auditor.testing import from_confusion, measured, rows

MATRIX = [[231, 27], [32, 54]]


@pytest.fixture(scope="module")
def pathology():
    return measured(from_confusion(MATRIX), class_names=["abnorm", "norm"], positive="abnorm").test


@pytest.fixture(scope="module")
def scored():
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 2, 400)
    p = np.clip(0.3 + 0.4 * labels + 0.2 * draw.normal(size=400), 0.01, 0.99)
    return (
        labels,
        p,
        measured(rows(labels, probabilities=np.stack([1 - p, p], 1)), class_names=["a", "b"], positive="b").test,
    )


@pytest.mark.parametrize("beta", [0.5, 2, 3])
def test_f_beta_equals_scikit_learn(pathology, beta):
    true, called = np.divmod(np.repeat(np.arange(4), np.ravel(MATRIX)), 2)
    expected = oracle.fbeta_score(true, called, beta=beta, pos_label=0)
    assert pathology.metric(f"f{beta}[abnorm]").value == pytest.approx(expected, abs=1e-12)
    assert pathology.metric(f"f{beta}").value == pathology.metric(f"f{beta}[abnorm]").value


def test_negative_predictive_value_is_the_precision_of_the_rest(pathology):
    assert pathology.metric("negative_predictive_value[abnorm]") == pathology.metric("precision[norm]")


def test_normalised_accuracy_is_the_room_above_the_majority_that_is_filled(pathology):
    estimate = pathology.metric("normalised_accuracy")
    assert estimate.value == pytest.approx((285 / 344 - 258 / 344) / (1 - 258 / 344))
    assert estimate.low < estimate.value < estimate.high


def test_skill_compares_with_stating_the_share_of_each_class(scored):
    labels, p, split = scored
    share = labels.mean()
    constant = oracle.log_loss(labels, np.full(400, share))
    assert split.metric("log_loss_skill").value == pytest.approx(1 - oracle.log_loss(labels, p) / constant, abs=1e-9)
    expected = 1 - oracle.brier_score_loss(labels, p) / (share * (1 - share))
    assert split.metric("brier_skill").value == pytest.approx(expected, abs=1e-9)


def test_top_k_is_a_metric_from_ten_classes_up():
    draw = np.random.default_rng(1)
    labels, p = draw.integers(0, 12, 200), draw.dirichlet(np.ones(12), 200)
    split = measured(rows(labels, probabilities=p), class_names=[str(i) for i in range(12)]).test
    expected = oracle.top_k_accuracy_score(labels, p, k=5, labels=np.arange(12))
    assert split.metric("top_5_accuracy").value == pytest.approx(expected)


@pytest.mark.parametrize("name", ["f1.", "f", "f-1", "top_11_accuracy", "top_0_accuracy"])
def test_names_that_are_no_metrics_are_refused(pathology, name):
    with pytest.raises(UsageError, match="is no metric"):
        pathology.metric(name)
