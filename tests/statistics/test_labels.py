"""Averages over the labels of rows that may have several, against worked numbers and scikit-learn, and their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as oracle

from auditor.statistics.bounds import Smooth
from auditor.statistics.estimates import MeanOfProportions
from auditor.statistics.labels import LABEL_AVERAGES, WiderOf, bucket_estimate, gain_over_majority

TRUE = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 1]])
GIVEN = np.array([[1, 0, 0], [0, 1, 1], [1, 0, 0], [0, 0, 1]])
INDICATORS = st.tuples(st.integers(1, 12), st.integers(2, 4)).flatmap(
    lambda shape: st.tuples(*[arrays(np.int64, shape, elements=st.integers(0, 1))] * 2)
)


def cells_of(true, given_labels):
    """(labels, 4) counts by 2 * true + given."""
    pairs = 2 * true + given_labels
    return np.stack([(pairs == k).sum(axis=0) for k in range(4)], axis=-1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("micro_f1", 8 / 11), ("macro_f1", 13 / 18), ("label_accuracy", 0.75), ("balanced_accuracy", 0.75)],
)
def test_worked_example(name, expected):
    assert float(LABEL_AVERAGES[name](cells_of(TRUE, GIVEN))) == pytest.approx(expected)


@given(INDICATORS)
def test_averages_equal_scikit_learn_absent_labels_and_blank_rows_included(rows):
    true, called = rows
    found = {name: float(statistic(cells_of(true, called))) for name, statistic in LABEL_AVERAGES.items()}
    scores = {"precision": oracle.precision_score, "recall": oracle.recall_score, "f1": oracle.f1_score}
    for average in ("macro", "micro", "weighted"):
        for name, score in scores.items():
            expected = score(true, called, average=average, zero_division=0)
            assert np.nan_to_num(found[f"{average}_{name}"]) == pytest.approx(expected, abs=1e-12)
    assert found["label_accuracy"] == pytest.approx(1 - oracle.hamming_loss(true, called))


@given(INDICATORS)
def test_balanced_accuracy_is_the_mean_over_the_labels_that_part_the_rows(rows):
    true, called = rows
    parted = [i for i in range(true.shape[1]) if 0 < true[:, i].sum() < len(true)]
    found = float(LABEL_AVERAGES["balanced_accuracy"](cells_of(true, called)))
    if not parted:
        assert np.isnan(found)
    else:
        each = [oracle.balanced_accuracy_score(true[:, i], called[:, i]) for i in parted]
        assert found == pytest.approx(np.mean(each))


@pytest.mark.parametrize("constant", [0, 1])
def test_one_answer_to_everything_has_a_balanced_accuracy_of_one_half(constant):
    answers = np.full_like(TRUE, constant)
    assert float(LABEL_AVERAGES["balanced_accuracy"](cells_of(TRUE, answers))) == 0.5


def test_a_jackknife_over_buckets_of_one_row_is_the_standard_error_of_a_mean():
    draw = np.random.default_rng(0)
    values = draw.normal(size=64)
    buckets = np.stack([values, np.ones(64)], axis=-1)
    estimate = bucket_estimate(buckets, lambda c: c[..., 0] / c[..., 1], 64, scale="identity")
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.standard_error == pytest.approx(values.std(ddof=1) / 8)
    assert estimate.degrees_of_freedom == 63


def test_buckets_without_rows_are_left_out_and_one_alone_gives_no_interval():
    buckets = np.zeros((64, 2, 4), np.int64)
    buckets[3] = cells_of(TRUE[:, :2], GIVEN[:, :2])
    estimate = bucket_estimate(buckets, LABEL_AVERAGES["micro_f1"], 4)
    assert (estimate.low, estimate.high) == (None, None)
    assert bucket_estimate(buckets * 0, LABEL_AVERAGES["micro_f1"], 0).value is None
    buckets[9] = buckets[3]
    assert bucket_estimate(buckets, LABEL_AVERAGES["micro_f1"], 4).low is None, "all alike is not certain"


def test_the_gain_over_one_answer_counts_answers_and_takes_the_row_as_the_unit():
    cells = np.stack([cells_of(TRUE[[i]], GIVEN[[i]]) for i in range(4)])
    gain = gain_over_majority(cells, np.array([False, False, False]))
    assert gain.value == pytest.approx((9 - 6) / 12)
    each = np.array([1, 0, 1, 1]) / 3
    assert gain.standard_error == pytest.approx(each.std(ddof=1) / 2)
    assert gain_over_majority(cells, np.array([True, True, True])).value == pytest.approx((9 - 6) / 12)
    never = np.stack([cells_of(TRUE[[i]], TRUE[[i]] * 0) for i in range(4)])
    assert gain_over_majority(never, np.array([False, False, False])).upper(0.05) == 0


def test_the_wider_of_two_intervals_has_the_further_of_each_bound():
    first = MeanOfProportions((10, 8), (10, 10))
    second = Smooth(0.9, 0.05, "logit", 20, "bucket jackknife")
    both = WiderOf(first, second)
    assert both.value == first.value
    assert both.low == min(first.low, second.low)
    assert both.upper(0.05) == max(first.upper(0.05), second.upper(0.05))
    without = Smooth(0.9, None, "logit", 20, "bucket jackknife")
    assert WiderOf(first, without).interval(0.025) == first.interval(0.025)
    assert (both.method, both.decision_method) == (
        "MOVER-Wilson with bucket jackknife",
        "MOVER-Clopper-Pearson with bucket jackknife",
    )
