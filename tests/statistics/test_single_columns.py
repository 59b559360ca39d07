"""One column as a classifier: what scikit-learn would say of its bins, what blanks say, values that one class has alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from auditor.statistics import LabelledRows, SingleColumns, rank_metrics, single_columns
from auditor.statistics.column_bins import areas_by_score, bin_columns, bins_for, class_shares_by_bin, tally_bins
from auditor.statistics.pure_cells import most_frequent

BLANK = np.nan


def labelled(features, classes, seed=0):
    half = np.random.default_rng(seed).random(len(classes)) < 0.5
    return LabelledRows(np.asarray(features, np.float32), np.asarray(classes, np.int64), half)


def drawn(n, columns, classes=2, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, columns)), random.integers(0, classes, n), random


def examined(known, scored, classes=(1,), n_classes=2, fewest=30) -> SingleColumns:
    return single_columns(known, scored, classes, n_classes, fewest)


def test_bins_are_quantiles_and_each_of_few_values_has_its_own():
    random = np.random.default_rng(1)
    table = np.stack([random.normal(size=5120), random.integers(0, 40, 5120), np.zeros(5120)], axis=1)
    assert bins_for(len(table)) == 256
    many, few, one = bin_columns(table.astype(np.float32), table.astype(np.float32), bins=256)[0]
    assert np.unique(many, return_counts=True)[1].tolist() == [20] * 256
    np.testing.assert_array_equal(few, 2 + table[:, 1])
    assert np.unique(one).size == 1


def test_a_value_that_fills_several_quantiles_has_a_bin_of_its_own():
    values = np.concatenate([np.zeros(3000), np.arange(1, 3001)]).astype(np.float32)[:, None]
    (codes,) = bin_columns(values, values, bins=256)[0]
    assert (codes[:3000] == codes[0]).all()
    assert (codes[3000:] != codes[0]).all()


def test_blanks_have_bin_0_and_values_that_were_never_seen_the_next_lower_one():
    known = np.array([[1.0], [2.0], [BLANK]], np.float32)
    (codes,) = bin_columns(known, np.array([[BLANK], [0.5], [1.0], [1.5], [np.inf], [-np.inf]], np.float32), bins=2)[0]
    assert codes.tolist() == [0, 1, 2, 2, 3, 1]


def test_an_empty_bin_says_what_is_true_of_all_rows():
    shares = class_shares_by_bin(np.array([[[30, 10], [0, 0], [0, 20]]]))
    np.testing.assert_allclose(shares[0], [[(30 + 1) / 42, 11 / 42], [0.5, 0.5], [1 / 22, 21 / 22]])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=9))
def test_areas_and_their_variances_are_those_of_the_rows(bins):
    scores, positives, negatives = (np.array([column]) for column in zip(*bins, strict=True))
    found = areas_by_score(scores.astype(float), positives, negatives)
    keys = [np.sort(np.repeat(scores[0], counts[0])).astype(np.uint32) for counts in (positives, negatives)]
    expected = rank_metrics(*keys)
    if expected.auc is None:
        assert np.isnan(found.area[0])
    else:
        assert found.area[0] == pytest.approx(expected.auc, abs=1e-12)
    if expected.delong_variance is not None:
        assert found.variance[0] == pytest.approx(expected.delong_variance, abs=1e-12)


def test_every_column_is_scored_by_what_train_says_of_its_bins():
    features, classes, random = drawn(4000, 5)
    features[:, 0] += classes
    features[:, 1] *= 1 + 2 * classes  # wider, not higher
    features[random.random(4000) < 0.3, 2] = BLANK
    known, scored = labelled(features[:2500], classes[:2500]), labelled(features[2500:], classes[2500:])
    found = examined(known, scored)
    codes, of_scored = bin_columns(known.features, known.features, scored.features, bins=bins_for(2500))
    shares = class_shares_by_bin(tally_bins(codes, known.classes, 127, 2))
    for column in range(5):
        share = shares[column][of_scored[column]]
        expected = roc_auc_score(scored.classes, share[:, 1])
        ranked = [np.nan_to_num(rows.features[:, column], nan=-99) for rows in (known, scored)]
        sign = 1 if roc_auc_score(known.classes, ranked[0]) >= 0.5 else -1
        own = roc_auc_score(scored.classes, sign * ranked[1])
        expected = max(expected, own) if own >= 0.6 else expected
        assert found.by_class[0].area[column] == pytest.approx(expected, abs=1e-12)
        named = balanced_accuracy_score(scored.classes, share.argmax(axis=1))
        assert found.balanced_accuracy[column] == pytest.approx(named, abs=1e-12)
    assert found.by_class[0].area[1] > 0.7
    assert np.abs(found.by_class[0].area[2:] - 0.5).max() < 0.06
    assert np.abs(found.in_train[0].area[2:] - 0.5).max() < 0.06


def test_columns_are_the_same_whether_examined_together_or_alone():
    features, classes, _ = drawn(600, 7, classes=3)
    features[::5, 3] = BLANK
    known, scored = labelled(features[:400], classes[:400]), labelled(features[400:], classes[400:])
    whole = examined(known, scored, (0, 1, 2), 3)
    for column in range(7):
        alone = examined(
            known.columns(slice(column, column + 1)), scored.columns(slice(column, column + 1)), (0, 1, 2), 3
        )
        np.testing.assert_array_equal(alone.mean_area[0], whole.mean_area[column])
        np.testing.assert_array_equal(alone.blank.rows[:, 0], whole.blank.rows[:, column])


def test_without_train_a_column_of_noise_says_nothing_and_a_copy_of_the_label_all():
    features, classes, _ = drawn(3000, 2)
    features[:, 1] = classes
    found = examined(None, labelled(features, classes))
    assert abs(found.by_class[0].area[0] - 0.5) < 0.05
    assert found.by_class[0].area[1] == 1
    assert found.by_class[0].of(1).n == 3000
    assert found.in_train == (None,)


def test_columns_that_are_blank_constant_or_infinite_say_nothing():
    features, classes, random = drawn(900, 4)
    features[:, 0], features[:, 1] = BLANK, 3.0
    features[:, 2] = np.where(random.random(900) < 0.5, np.inf, -np.inf)
    found = examined(labelled(features[:600], classes[:600]), labelled(features[600:], classes[600:]))
    assert found.by_class[0].area[:2].tolist() == [0.5, 0.5]
    assert abs(found.by_class[0].area[2] - 0.5) < 0.07


def test_a_class_that_is_absent_has_no_area():
    features, classes, _ = drawn(200, 1)
    found = examined(labelled(features, classes), labelled(features, classes * 0))
    assert np.isnan(found.by_class[0].area[0])
    assert found.by_class[0].of(0).value is None


def test_a_value_that_one_class_alone_has_is_found_with_its_rows():
    features, classes, random = drawn(2000, 2)
    classes = (random.random(2000) < 0.2).astype(int)
    features[(classes == 1) & (random.random(2000) < 0.7), 1] = 9.0
    found = examined(labelled(features[:1000], classes[:1000]), labelled(features[1000:], classes[1000:]))
    (owned,) = found.owned
    assert (owned.column, owned.owner, owned.low, owned.high) == (1, 1, 9.0, 9.0)
    assert (owned.rows, owned.of) == (int((features[1000:, 1] == 9).sum()), int(classes[1000:].sum()))


def test_cells_that_are_filled_for_one_class_alone_are_pure():
    features, classes, _ = drawn(2000, 2)
    features[classes == 0, 1] = BLANK
    features[400:, 1] = BLANK
    features[1000:1400, 1] = np.where(classes[1000:1400] == 1, 5.0, BLANK)
    found = examined(labelled(features[:1000], classes[:1000]), labelled(features[1000:], classes[1000:]))
    (pure,) = found.pure_cells(0.05, 30)
    assert (pure.column, pure.owner, np.isnan(pure.value), pure.is_other) == (1, 1, True, True)
    assert pure.rows == int(np.isfinite(features[1000:, 1]).sum())
    assert not list(found.pure_cells(0.05, 500))


def test_few_pure_cells_of_a_class_that_nearly_all_rows_have_are_no_evidence():
    features, classes, random = drawn(4000, 1)
    classes = (random.random(4000) < 0.03).astype(int)
    features[:, 0] = np.where((random.random(4000) < 0.03) & (classes == 0), 1.0, BLANK)
    found = examined(labelled(features[:2000], classes[:2000]), labelled(features[2000:], classes[2000:]))
    assert not list(found.pure_cells(0.05, 30))


def test_a_column_that_means_another_thing_on_test_is_apart():
    features, classes, random = drawn(4000, 3)
    features[:, 2] += 2 * classes
    features[2000:, 2] = random.normal(size=2000)
    found = examined(labelled(features[:2000], classes[:2000]), labelled(features[2000:], classes[2000:]))
    assert list(found.apart(0.10, 0.05)) == [2]
    inside, outside = found.apart(0.10, 0.05)[2]
    assert inside > 0.85
    assert abs(outside - 0.5) < 0.05


@pytest.mark.parametrize("train", [True, False])
def test_cells_with_another_than_the_most_frequent_value_may_be_pure_and_their_rows_are_counted(train):
    features, classes, random = drawn(4000, 2)
    classes = (random.random(4000) < 0.2).astype(int)
    features[:, 0] = np.where((classes == 1) & (random.random(4000) < 0.5), 1 + random.random(4000), 7)
    features[::9, 0] = BLANK
    parts = [labelled(features[rows], classes[rows], 3) for rows in (slice(2500), slice(2500, None))]
    found = examined(*parts) if train else examined(None, parts[1])
    (pure,) = found.pure_cells(0.05, 30)
    assert (pure.column, pure.owner, pure.value, pure.is_other) == (0, 1, 7, True)
    known, scored = parts if train else (parts[1].rows(parts[1].half), parts[1].rows(~parts[1].half))
    assert (pure.learnt, pure.rows) == tuple(int((part.features[:, 0] < 7).sum()) for part in (known, scored))


def test_a_class_of_two_thirds_of_the_rows_has_to_hold_half_of_its_own_in_pure_cells():
    for share, enough in ((0.4, False), (0.6, True)):
        features, classes, random = drawn(6000, 1)
        classes = (random.random(6000) < 0.2).astype(int)
        features[:, 0] = np.where((classes == 0) & (random.random(6000) < share), 1 + random.random(6000), 0)
        found = examined(labelled(features[:3000], classes[:3000]), labelled(features[3000:], classes[3000:]))
        assert bool(list(found.pure_cells(0.05, 30))) is enough


def test_where_blanks_tell_the_class_values_are_not_told_again():
    features, classes, random = drawn(2000, 1)
    features[:, 0] = np.where(classes == 1, np.where(random.random(2000) < 0.5, 5, 1 + random.random(2000)), BLANK)
    found = examined(labelled(features[:1000], classes[:1000]), labelled(features[1000:], classes[1000:]))
    assert {np.isnan(pure.value) for pure in found.pure_cells(0.05, 30)} == {True}


def test_the_most_frequent_value_is_the_lowest_of_equally_frequent_ones_and_none_where_few_rows_have_it():
    table = np.array([[1, BLANK, 3, 1], [1, BLANK, 2, 2], [2, BLANK, 2, 3], [2, 5, 3, 4]], np.float32)
    np.testing.assert_array_equal(most_frequent(table, 2), [1, BLANK, 2, BLANK])
    np.testing.assert_array_equal(most_frequent(table[:0], 2), [BLANK] * 4)


def of_classes(classes, n, seed, wrong=0.0):
    """Rows of a column that is the class, but for a share of rows that look like another class."""
    random = np.random.default_rng(seed)
    truth = np.arange(n) % classes
    shown = np.where(random.random(n) < wrong, (truth + random.integers(1, classes, n)) % classes, truth)
    half = np.arange(n) // classes % 2 == 1
    return LabelledRows(shown[:, None].astype(np.float32), truth, half)


@pytest.mark.parametrize("classes", [3, 5, 10])
def test_of_many_classes_the_bound_of_the_mean_area_is_that_of_half_as_many_pairs_as_there_are_rows(classes):
    found = examined(of_classes(classes, 600, 1), of_classes(classes, 300, 2), range(classes), classes)
    assert found.mean_lower(0, 0.01) == pytest.approx(0.01 ** (1 / 450))


def test_the_bound_of_the_mean_area_holds_where_rows_look_like_those_of_other_classes():
    classes, alpha = 4, 0.05
    known, many = of_classes(classes, 400, 1, 0.05), of_classes(classes, 200_000, 2, 0.05)
    true = examined(known, many, range(classes), classes).mean_area[0]
    above = [
        examined(None, of_classes(classes, 800, seed, 0.05), range(classes), classes).mean_lower(0, alpha) > true
        for seed in range(200)
    ]
    assert sum(above) <= 16
