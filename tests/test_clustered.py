"""Metrics of rows with weights are scikit-learn's, and groups widen every interval and move no value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from auditor.findings import NotApplicable
from auditor.testing import measured, rows

BINARY = ("accuracy", "balanced_accuracy", "recall", "precision", "specificity", "f1", "f2", "macro_f1", "mcc", "kappa",
          "roc_auc", "average_precision", "log_loss", "brier_score", "log_loss_skill", "brier_skill",
          "normalised_accuracy", "negative_predictive_value", "weighted_f1", "macro_precision")  # fmt: skip


def drawn(seed, n=600, classes=2, groups=60, together=1.0):
    """Labels, probabilities (n, classes) and groups: the scores of a group err together, binary ones are often tied."""
    random = np.random.default_rng(seed)
    group = random.integers(0, groups, n)
    labels = random.integers(0, classes, n)
    logits = random.normal(size=(n, classes)) + together * random.normal(size=(groups, classes))[group]
    logits[np.arange(n), labels] += 1.5
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if classes == 2:
        p[:, 1] = np.round(p[:, 1], 2).clip(0.01, 0.99)
        p[:, 0] = 1 - p[:, 1]
    return labels, p, group


def split(labels, p, positive="1", **design):
    names = [str(k) for k in range(p.shape[1])]
    positive = positive if len(names) == 2 else None
    return measured(rows(labels, probabilities=p, **design), class_names=names, positive=positive).test


def oracle(labels, p, weight):
    """Values by scikit-learn."""
    named, kept = p.argmax(axis=1), {"sample_weight": weight}
    found = {
        "accuracy": metrics.accuracy_score(labels, named, **kept),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, named, **kept),
        "mcc": metrics.matthews_corrcoef(labels, named, **kept),
        "kappa": metrics.cohen_kappa_score(labels, named, **kept),
        "log_loss": metrics.log_loss(labels, p, **kept),
    }
    for average in ("macro", "weighted"):
        parts = metrics.precision_recall_fscore_support(labels, named, average=average, zero_division=0, **kept)
        found |= {f"{average}_{name}": parts[i] for i, name in enumerate(("precision", "recall", "f1"))}
    if p.shape[1] == 2:
        found["roc_auc"] = metrics.roc_auc_score(labels, p[:, 1], **kept)
        found["average_precision"] = metrics.average_precision_score(labels, p[:, 1], **kept)
        found["brier_score"] = metrics.brier_score_loss(labels, p[:, 1], **kept)
        found["f2"] = metrics.fbeta_score(labels, named, beta=2, **kept)
    for k in range(p.shape[1]):
        one = {"y_true": labels == k, "y_pred": named == k, "zero_division": 0, **kept}
        found |= {f"precision[{k}]": metrics.precision_score(**one), f"recall[{k}]": metrics.recall_score(**one)}
        found[f"f1[{k}]"] = metrics.f1_score(**one)
    return found


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from([2, 3]), st.booleans())
def test_every_weighted_metric_is_that_of_scikit_learn(seed, classes, grouped):
    labels, p, group = drawn(seed, 150, classes)
    weight = np.random.default_rng(seed).choice([0.0, 0.25, 1.0, 3.3, 100.0], 150)
    found = split(labels, p, weights=weight, **({"groups": group} if grouped else {}))
    for name, value in oracle(labels, p, weight).items():
        assert found.metric(name).value == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_weighted_means_over_classes_rank_as_scikit_learn_does():
    labels, p, _ = drawn(5, classes=3)
    weight = np.random.default_rng(6).exponential(size=600) + 0.01
    one_hot = np.eye(3)[labels]
    found = split(labels, p, weights=weight)
    area = metrics.roc_auc_score(one_hot, p, sample_weight=weight)
    precision = metrics.average_precision_score(one_hot, p, sample_weight=weight)
    assert found.metric("roc_auc").value == pytest.approx(area, rel=1e-6)  # keys are those of single precision
    assert found.metric("average_precision").value == pytest.approx(precision, rel=1e-6)


def test_weights_of_one_change_no_value():
    labels, p, _ = drawn(7)
    plain, weighted = split(labels, p), split(labels, p, weights=np.ones(600))
    for name in BINARY:
        assert weighted.metric(name).value == pytest.approx(plain.metric(name).value, rel=1e-12)


@pytest.mark.parametrize("name", BINARY)
def test_groups_change_no_value_and_every_interval(name):
    labels, p, group = drawn(8, 3000, groups=60)
    plain, grouped = split(labels, p).metric(name), split(labels, p, groups=group).metric(name)
    assert grouped.value == pytest.approx(plain.value, rel=1e-12)
    assert grouped.low < plain.low
    assert grouped.high > plain.high


def test_a_group_for_each_row_gives_nearly_the_interval_of_independent_rows():
    lengths = {name: [] for name in BINARY}
    for seed in range(8):
        labels, p, _ = drawn(seed, 1500, groups=1500)
        plain, grouped = split(labels, p), split(labels, p, groups=np.arange(1500))
        for name, ratios in lengths.items():
            one, other = grouped.metric(name), plain.metric(name)
            ratios.append((one.high - one.low) / (other.high - other.low))
    for name, ratios in lengths.items():
        assert np.mean(ratios) == pytest.approx(1.04, abs=0.1), name


@pytest.mark.parametrize("name", BINARY)
def test_a_copy_of_the_whole_test_set_shortens_no_interval(name):
    labels, p, group = drawn(10, groups=50, together=2.0)
    once = split(labels, p, groups=group).metric(name)
    copied = split(np.tile(labels, 2), np.tile(p, (2, 1)), groups=np.tile(group, 2)).metric(name)
    assert copied.value == pytest.approx(once.value, rel=1e-9)
    assert copied.high - copied.low >= 0.98 * (once.high - once.low)


def test_a_mean_over_classes_of_groups_has_an_interval_of_its_own():
    labels, p, group = drawn(11, classes=3)
    for name in ("roc_auc", "average_precision"):
        found = split(labels, p, groups=group).metric(name)
        assert found.method == "bucket jackknife"
        assert found.low < found.value < found.high


def test_a_faultless_ranking_of_few_groups_is_not_certain():
    labels = np.arange(400) % 2
    p = np.where(labels == 1, 0.9, 0.1)
    plain, grouped = (split(labels, np.stack([1 - p, p], 1), **d) for d in ({}, {"groups": np.arange(400) // 20}))
    for name in ("roc_auc", "accuracy", "f1", "mcc"):
        assert grouped.metric(name).value == 1
        assert grouped.metric(name).low < plain.metric(name).low


def test_what_is_counted_by_rows_alone_says_so():
    labels, p, group = drawn(12, classes=3)
    with pytest.raises(NotApplicable, match="counted by rows alone"):
        split(labels, p, groups=group).metric("top_5_accuracy")


def test_a_gain_and_a_share_follow_the_weights():
    labels = np.array([0, 0, 0, 1])
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
    found = split(labels, p, weights=[1, 1, 1, 6])
    assert found.prevalence(1) == pytest.approx(6 / 9)
    assert found.gain_over_constant(1).value == pytest.approx((1 + 1 + 6) / 9 - 6 / 9)
    assert found.gain_over_constant(0).value == pytest.approx((1 + 1 + 6) / 9 - 3 / 9)
