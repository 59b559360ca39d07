"""Effective rows: the intervals of shares whose rows stand in groups or carry weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from auditor.statistics import ClassCounts, Proportion
from auditor.statistics.averages import SUMMARIES
from auditor.statistics.design_estimates import (
    f_estimate,
    gain_estimate,
    mean_recall_estimate,
    rate_estimate,
    summary_estimate,
)
from auditor.statistics.designs import (
    ACCURACY,
    BucketCounts,
    UnderDesign,
    kish_effect,
    largest_by_chance,
    rates_of_class,
    without_each,
)


def summed(labels, called, weight, bucket, *, buckets=64):
    """(buckets, classes) sums of weights."""
    parts = []
    for of, held in ((labels, labels >= 0), (called, labels >= 0), (labels, labels == called)):
        total = np.zeros((buckets, 2))
        np.add.at(total, (bucket[held], of[held]), weight[held])
        parts.append(total)
    return ClassCounts(*parts, parts[0].sum(axis=1))


def counts_of(labels, called, groups=None, weight=None):
    """Bucket counts of rows, group g in bucket g modulo 64."""
    labels, called = np.asarray(labels), np.asarray(called)
    n = len(labels)
    weights = np.ones(n) if weight is None else np.asarray(weight, float)
    bucket = (np.arange(n) if groups is None else np.asarray(groups)) % 64
    one = np.zeros(n, np.int64)
    whole = [summed(labels, called, w, one, buckets=1) for w in (weights**2, np.ones(n))]
    squares, rows = (ClassCounts(w.support[0], w.predicted[0], w.correct[0], w.n[0]) for w in whole)
    sizes = None if groups is None else np.unique(groups, return_counts=True)[1]
    return BucketCounts(
        summed(labels, called, weights, bucket),
        squares,
        rows,
        None if sizes is None else len(sizes),
        1.0 if sizes is None else float((sizes**2).sum() / sizes.sum()),
        weight is not None,
        1 if sizes is None else int(sizes.max()),
        np.array([weights[labels == k].max(initial=0) for k in (0, 1)]),
    )


def clustered(random, groups=100, size=10, spread=1.5):
    """Labels, answers and groups of rows that are right or wrong together."""
    group = np.repeat(np.arange(groups), size)
    right = random.random(len(group)) < 1 / (1 + np.exp(-1.5 - spread * random.normal(size=groups)[group]))
    labels = random.integers(0, 2, len(group))
    return labels, np.where(right, labels, 1 - labels), group


def test_a_design_effect_of_three_leaves_a_third_of_the_rows():
    independent, effective = Proportion(900, 1000), Proportion(900, 1000).effective(3)
    assert effective.n == pytest.approx(333.33, abs=0.01)
    bounds = [effective.lower(0.05), effective.upper(0.05), independent.lower(0.05), independent.upper(0.05)]
    assert bounds == pytest.approx([0.8688, 0.9258, 0.8830, 0.9152], abs=5e-5)


def test_the_shown_interval_is_that_of_the_effective_rows_and_students_t():
    found = UnderDesign(Proportion(900, 1000), 3.0, 63.0)
    longer = (stats.t.ppf(0.975, 63) / stats.t.ppf(0.975, 999)) ** 2
    assert (found.value, found.n, found.effective_n) == (0.9, 1000, pytest.approx(333.33, abs=0.01))
    assert (found.low, found.high) == pytest.approx(Proportion(900, 1000).effective(3 * longer).interval(0.025))
    assert found.method == "Wilson on effective rows"
    assert found.decision_method == "Clopper-Pearson on effective rows"


def test_without_a_design_effect_there_is_no_interval():
    found = UnderDesign(Proportion(45, 60), None)
    assert (found.value, found.low, found.lower(0.05), found.effective_n) == (0.75, None, None, None)


def test_one_minus_a_share_has_the_same_design():
    found = UnderDesign(Proportion(45, 60), 2.0, 30.0)
    assert (found.complement.low, found.complement.high) == pytest.approx((1 - found.high, 1 - found.low))
    with pytest.raises(TypeError, match="UnderDesign is no share"):
        _ = UnderDesign(found, 1.0).complement


def test_rows_that_are_right_together_tell_less():
    labels, called, group = clustered(np.random.default_rng(0))
    found = rate_estimate(counts_of(labels, called, group), ACCURACY)
    plain = Proportion(int((labels == called).sum()), 1000)
    assert found.value == plain.value
    assert found.design_effect > 1.5
    assert found.high - found.low > 1.2 * (plain.high - plain.low)


def test_independent_rows_have_a_design_effect_near_one():
    random, effects = np.random.default_rng(1), []
    for _ in range(60):
        labels, right = random.integers(0, 2, 2000), random.random(2000) < 0.8
        found = rate_estimate(counts_of(labels, np.where(right, labels, 1 - labels), np.arange(2000)), ACCURACY)
        effects.append(found.design_effect)
    assert np.mean(effects) == pytest.approx(1, abs=0.06)
    assert np.mean(np.array(effects) > largest_by_chance(63)) < 0.15


def test_a_copy_of_every_row_within_its_group_shortens_no_interval():
    labels, called, group = clustered(np.random.default_rng(2))
    once, twice = counts_of(labels, called, group), counts_of(*(np.tile(part, 2) for part in (labels, called, group)))
    for estimate in (
        lambda counts: rate_estimate(counts, ACCURACY),
        lambda counts: rate_estimate(counts, rates_of_class(1)["precision"]),
        lambda counts: f_estimate(counts, 0),
        lambda counts: f_estimate(counts, 1, 2.0),
        mean_recall_estimate,
        lambda counts: gain_estimate(counts, 0),
        lambda counts: summary_estimate(counts, *SUMMARIES["mcc"]),
        lambda counts: summary_estimate(counts, *SUMMARIES["macro_f1"]),
    ):
        one, two = estimate(once), estimate(twice)
        assert two.value == pytest.approx(one.value)
        assert two.high - two.low >= (one.high - one.low) * (1 - 1e-3)


def test_a_share_without_a_miss_is_taken_as_if_rows_of_a_group_were_all_alike():
    labels = np.zeros(1000, np.int64)
    found = rate_estimate(counts_of(labels, labels, np.repeat(np.arange(100), 10)), ACCURACY)
    assert (found.value, found.design_effect, found.effective_n) == (1.0, 10.0, 100.0)


def test_fewer_than_ten_groups_show_no_interval():
    labels, called, group = clustered(np.random.default_rng(3), groups=9, size=100)
    nine, ten = counts_of(labels, called, group), counts_of(*clustered(np.random.default_rng(3), groups=10, size=100))
    for estimate in (lambda c: rate_estimate(c, ACCURACY), mean_recall_estimate, lambda c: f_estimate(c, 0)):
        assert estimate(nine).low is None
        assert estimate(ten).low is not None
    assert summary_estimate(nine, *SUMMARIES["kappa"]).low is None


def test_weights_alone_give_the_linearised_variance_and_at_most_the_rows_of_kish():
    random = np.random.default_rng(4)
    labels, called, weight = random.integers(0, 2, 400), random.integers(0, 2, 400), random.exponential(size=400)
    counts = counts_of(labels, called, weight=weight)
    found = rate_estimate(counts, rates_of_class(1)["recall"])
    own = weight[labels == 1]
    assert found.value == pytest.approx(own[called[labels == 1] == 1].sum() / own.sum())
    right = called[labels == 1] == 1
    linearised = (own**2 * (right - found.value) ** 2).sum() / own.sum() ** 2
    kish = own.sum() ** 2 / (own**2).sum()
    assert found.effective_n == pytest.approx(min(found.value * (1 - found.value) / linearised, kish))
    assert found.degrees_of_freedom is None
    assert kish_effect(counts_of(labels, called, weight=np.full(400, 2.5)), ACCURACY) == pytest.approx(1)


def test_a_class_without_rows_is_undefined_and_not_zero():
    labels = np.zeros(200, np.int64)
    counts = counts_of(labels, labels, np.arange(200) // 2)
    for name in ("recall", "precision"):
        assert rate_estimate(counts, rates_of_class(1)[name]).value is None
    assert f_estimate(counts, 1).value is None
    assert mean_recall_estimate(counts).value == 1


def test_a_class_whose_rows_all_lie_in_one_group_has_no_interval():
    labels = np.zeros(400, np.int64)
    labels[:10] = 1
    called = labels.copy()
    called[::7] = 1 - called[::7]
    found = rate_estimate(counts_of(labels, called, np.arange(400) // 10), rates_of_class(1)["recall"])
    assert found.value == 0.8
    assert found.low is None


@given(st.lists(st.floats(0, 1e4), min_size=2, max_size=12))
def test_sums_over_the_others_are_exactly_zero_where_all_others_are(values):
    buckets = np.array(values)
    buckets[1:] = 0
    assert without_each(buckets)[0] == 0


def test_heavy_rows_that_could_err_bind_a_precision_without_a_false_alarm():
    labels = np.repeat([1, 0], [500, 1000])
    counts = counts_of(labels, labels, weight=np.where(labels, 1.0, 100.0))
    found = rate_estimate(counts, rates_of_class(1)["precision"])
    assert (found.value, found.effective_n) == (1.0, 5.0)
    assert rate_estimate(counts, rates_of_class(1)["recall"]).effective_n == 500


def test_an_accuracy_that_rests_on_few_heavy_misses_is_wide():
    labels = np.repeat([0, 1, 1, 0], [10000, 10000, 4, 4])
    called = np.repeat([0, 1, 0, 1], [10000, 10000, 4, 4])
    found = rate_estimate(counts_of(labels, called, weight=np.where(labels == called, 1.0, 100.0)), ACCURACY)
    error = np.sqrt((8e4 * found.value**2 + 2e4 * (1 - found.value) ** 2) / 20800**2)
    assert np.sqrt(found.value * (1 - found.value) / found.effective_n) == pytest.approx(error)
    assert found.low < 0.94


@pytest.mark.parametrize("patients", [5, 10, 20])
def test_only_the_groups_behind_a_share_count_for_it(patients):
    labels = np.repeat([1, 0], [40 * patients, 3000])
    group = np.concatenate([np.repeat(np.arange(patients), 40), patients + np.arange(3000)])
    found = rate_estimate(counts_of(labels, labels, group), rates_of_class(1)["recall"])
    assert found.value == 1
    assert found.low is None if patients < 10 else found.effective_n == pytest.approx(patients)


def test_a_mean_keeps_a_class_that_lies_in_one_group():
    labels = np.zeros(400, np.int64)
    labels[:10] = 1
    called = labels.copy()
    called[::7] = 1 - called[::7]
    counts = counts_of(labels, called, np.arange(400) // 10)
    assert mean_recall_estimate(counts).low is None
    assert summary_estimate(counts, *SUMMARIES["macro_f1"]).low is None


def test_a_class_whose_rows_weigh_nothing_is_absent():
    labels, called = np.repeat([0, 1], [80, 20]), np.zeros(100, np.int64)
    counts = counts_of(labels, called, weight=np.where(labels == 0, 1.0, 0.0))
    assert mean_recall_estimate(counts).value == 1
    nothing = counts_of(labels, called, weight=np.zeros(100))
    for estimate in (mean_recall_estimate, lambda c: rate_estimate(c, ACCURACY), lambda c: gain_estimate(c, 0)):
        assert estimate(nothing).value is None
    assert summary_estimate(nothing, *SUMMARIES["mcc"]).value is None


@pytest.mark.parametrize("seed", range(8))
def test_a_copy_of_the_table_with_its_groups_shortens_no_interval(seed):
    random = np.random.default_rng(seed)
    labels, group = random.integers(0, 2, 400), random.integers(0, 200, 400)
    called = np.where(random.random(400) < 0.85, labels, 1 - labels)
    once, copied = counts_of(labels, called, group), counts_of(*(np.tile(part, 4) for part in (labels, called, group)))
    for estimate in (lambda c: rate_estimate(c, ACCURACY), mean_recall_estimate, lambda c: f_estimate(c, 1)):
        one, four = estimate(once), estimate(copied)
        assert four.high - four.low >= (one.high - one.low) * 0.98


def test_a_summary_without_a_miss_names_the_bound_it_has():
    labels = np.repeat([0, 1], 200)
    found = summary_estimate(counts_of(labels, labels, np.arange(400) // 4), *SUMMARIES["macro_f1"])
    assert (found.value, found.method) == (1.0, "independent units without a miss")
    assert found.low == pytest.approx(0.025 ** (1 / 50))
