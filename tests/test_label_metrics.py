"""Metrics of rows that may have several labels, by the names users write, against worked numbers and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as oracle

from auditor.errors import UsageError
from auditor.findings import NotApplicable
from auditor.label_metrics import label_metric_names
from auditor.testing import measured, rows

TRUE = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 1]])
GIVEN = np.array([[1, 0, 0], [0, 1, 1], [1, 0, 0], [0, 0, 1]])
NAMES = ("a", "b", "c")


def split_of(labels, **said):
    return measured(rows(labels, **said), class_names=[*"abcdef"[: np.shape(labels)[1]]]).test


@pytest.fixture(scope="module")
def worked():
    return split_of(TRUE, predicted=GIVEN)


@pytest.fixture(scope="module")
def scored():
    draw = np.random.default_rng(0)
    labels = (draw.random((500, 3)) < [0.5, 0.2, 0.05]).astype(int)
    p = np.clip(0.3 * labels + draw.random((500, 3)) * 0.7, 0.001, 0.999)
    return labels, p, split_of(labels, probabilities=p)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", 0.25), ("subset_accuracy", 0.25), ("hamming_loss", 0.25), ("label_accuracy", 0.75),
        ("micro_f1", 8 / 11), ("macro_f1", 13 / 18), ("f1", 13 / 18), ("samples_f1", 0.75), ("samples_jaccard", 0.625),
        ("recall[a]", 1.0), ("recall[b]", 0.5), ("precision[c]", 0.5), ("specificity[c]", 0.5), ("f1[b]", 2 / 3),
        ("accuracy[b]", 0.75), ("balanced_accuracy[b]", 0.75),
    ],
)  # fmt: skip
def test_worked_example(worked, name, expected):
    assert worked.metric(name).value == pytest.approx(expected)


@given(
    st.tuples(st.integers(1, 15), st.integers(2, 4)).flatmap(
        lambda shape: st.tuples(*[arrays(np.int64, shape, elements=st.integers(0, 1))] * 2)
    )
)
def test_decisions_equal_scikit_learn(drawn):
    true, called = drawn
    split = split_of(true, predicted=called)
    expected = {
        "accuracy": oracle.accuracy_score(true, called),
        "hamming_loss": oracle.hamming_loss(true, called),
        "samples_f1": oracle.f1_score(true, called, average="samples", zero_division=0),
        "weighted_precision": oracle.precision_score(true, called, average="weighted", zero_division=0),
        "recall": oracle.recall_score(true, called, average="macro", zero_division=0),
        "recall[b]": oracle.recall_score(true[:, 1], called[:, 1], zero_division=0),
        "f1[a]": oracle.f1_score(true[:, 0], called[:, 0], zero_division=0),
    }
    assert {name: split.metric(name).value or 0.0 for name in expected} == pytest.approx(expected, abs=1e-12)


def test_scores_equal_scikit_learn(scored):
    labels, p, split = scored
    columns = range(3)
    expected = {
        "roc_auc": oracle.roc_auc_score(labels, p, average="macro"),
        "average_precision": oracle.average_precision_score(labels, p, average="macro"),
        "roc_auc[c]": oracle.roc_auc_score(labels[:, 2], p[:, 2]),
        "log_loss": np.mean([oracle.log_loss(labels[:, i], p[:, i]) for i in columns]),
        "brier_score": np.mean([oracle.brier_score_loss(labels[:, i], p[:, i]) for i in columns]),
        "mcc[b]": oracle.matthews_corrcoef(labels[:, 1], p[:, 1] > 0.5),
    }
    assert {name: split.metric(name).value for name in expected} == pytest.approx(expected, abs=1e-9)


def test_every_metric_over_all_labels_has_an_interval_that_holds_its_value(scored):
    for name in label_metric_names():
        estimate = scored[2].metric(name)
        assert estimate.low <= estimate.value <= estimate.high, name
        assert estimate.low < estimate.high, name


@pytest.mark.parametrize(
    "name", ["mcc", "kappa", "specificity", "normalised_accuracy", "brier_skill", "top_5_accuracy"]
)
def test_what_needs_one_class_a_row_says_how_to_ask_of_a_label(scored, name):
    with pytest.raises(NotApplicable, match=r"is that of one label: ask for \w+\[LABEL\]|is asked from 10 classes up"):
        scored[2].metric(name)


def test_a_name_that_is_no_metric_or_no_label_is_refused(scored):
    with pytest.raises(UsageError, match="'recal' is no metric"):
        scored[2].metric("recal")
    with pytest.raises(UsageError, match=r"no label is called 'x'; the labels are a, b, c"):
        scored[2].metric("recall[x]")


def test_scores_that_are_not_there_are_not_measured(worked):
    with pytest.raises(NotApplicable, match="the batch has decisions and no scores"):
        worked.metric("roc_auc")


def test_a_label_without_rows_is_0_in_macro_averages_and_left_out_of_balanced_accuracy():
    true = np.array([[1, 0], [0, 0], [1, 0], [0, 0]])
    split = split_of(true, predicted=true)
    assert split.metric("macro_f1").value == 0.5
    assert split.metric("balanced_accuracy").value == 1
    assert split.metric("recall[b]").value is None


def test_rows_with_an_unknown_label_are_no_whole_rows_and_count_for_the_labels_that_are_known():
    split = split_of([[1, 0], [1, -1], [0, 1]], predicted=[[1, 0], [0, 0], [0, 1]])
    assert (split.metric("accuracy").k, split.metric("accuracy").n) == (2, 2)
    assert (split.metric("recall[a]").k, split.metric("recall[a]").n) == (1, 2)
    assert split.metric("recall[b]").n == 1


def test_nothing_known_of_any_whole_row_is_undefined_and_not_0():
    split = split_of([[1, -1], [-1, 1]], predicted=[[1, 0], [0, 1]])
    for name in ("accuracy", "hamming_loss", "samples_f1"):
        assert split.metric(name).value is None
    assert split.metric("micro_f1").value == 1


def in_groups(labels, *, of, times=1, **said):
    again = {name: np.repeat(values, times, axis=0) for name, values in said.items()}
    return split_of(np.repeat(labels, times, axis=0), groups=np.repeat(of, times), **again)


@pytest.fixture(scope="module")
def many():
    chance = np.random.default_rng(7)
    truth = chance.integers(0, 2, (400, 3))
    return {"labels": truth, "predicted": truth ^ (chance.random((400, 3)) < 0.2)}


@pytest.mark.parametrize(
    "name", ["accuracy", "balanced_accuracy", "macro_f1", "micro_recall", "hamming_loss", "samples_f1", "recall[b]"]
)
def test_rows_that_are_there_five_times_tell_no_more_than_once_when_they_are_one_group(many, name):
    once = in_groups(**many, of=np.arange(400)).metric(name)
    copied = in_groups(**many, of=np.arange(400), times=5).metric(name)
    assert copied.value == pytest.approx(once.value)
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high), abs=0.004)
    alone = split_of(np.repeat(many["labels"], 5, axis=0), predicted=np.repeat(many["predicted"], 5, axis=0))
    assert copied.high - copied.low > 1.5 * (alone.metric(name).high - alone.metric(name).low)


def test_fewer_than_ten_groups_show_no_interval(many):
    few = in_groups(**many, of=np.arange(400) % 9)
    for name in (*label_metric_names(), "recall[a]"):
        try:
            estimate = few.metric(name)
        except NotApplicable:
            continue
        assert (estimate.low, estimate.high) == (None, None), name
        assert estimate.value is not None
    gain = few.gain_over_labels(np.array([True, False, True]))
    assert gain.value is not None
    assert gain.lower(0.05) is None


def test_groups_of_rows_with_several_labels_are_counted_whole(many):
    split = in_groups(**many, of=np.arange(400) // 8)
    assert split.grouped
    assert split.groups == 50
    assert not split.weighted
