"""Near rows: found among their nearest as brute force finds them, equal rows and dense regions apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from auditor.hashing import row_hashes
from auditor.statistics import NearCopies, near_copies, neighbours
from auditor.statistics.neighbours import MISSING, Columns, Reference, Rows, chosen
from auditor.statistics.spacing import FARTHEST_RANK, spacing


def found(test, train, closeness=0.13, **settings) -> NearCopies:
    test, train = np.asarray(test, np.float32), np.asarray(train, np.float32)
    return near_copies((test, row_hashes(test)), (train, row_hashes(train)), closeness, **settings)


def drawn(n, columns, seed):
    return np.random.default_rng(seed).normal(size=(n, columns)).astype(np.float32)


def by_brute_force(asked, train, closeness):
    """(n,) bool: which rows nearly equal a row of train by the definition, and are not in train."""
    columns = Columns.of(train)
    asked, train = columns.standardised(asked), columns.standardised(train)
    among = cdist(train, train)
    np.fill_diagonal(among, np.inf)
    ranks = np.sort(among, axis=1)
    fine = np.mean(train != train[among.argmin(axis=1)], axis=0) > 0.5
    by_fine = np.sort(cdist(train[:, fine], train[:, fine]), axis=1)[:, 1 : FARTHEST_RANK + 1]
    space = spacing(ranks[:, :FARTHEST_RANK], by_fine, fine.sum())
    apart, part = cdist(asked, train), space.part(closeness)
    nearest, distance = apart.argmin(axis=1), apart.min(axis=1)
    of_it = space.factor * ranks[nearest, space.rank - 1]
    return (distance <= part * space.usual) & (distance <= part * of_it)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(0, 2**32 - 1), st.sampled_from([0.13, 0.4]), st.sampled_from([1, 2, 4]))
def test_it_finds_what_brute_force_finds(columns, seed, closeness, times):
    # With at most 256 rows the usual distance is that of all of them.
    train, test = drawn(256, columns, seed), drawn(100, columns, seed + 1)
    train += train[np.arange(256) // times * times] - train + np.float32(0.02) * train
    test[:30] = train[:30] + np.float32(0.02) * drawn(30, columns, seed + 2)
    result = found(test, train, closeness)
    expected = np.flatnonzero(by_brute_force(test, train, closeness))
    if columns <= 12:
        np.testing.assert_array_equal(result.test.rows, expected)
    else:  # a sketch may miss one that is as far as can be
        assert set(result.test.rows) <= set(expected)
        assert len(result.test.rows) >= 0.9 * len(expected)


@pytest.mark.parametrize("columns", [3, 12, 13, 200])
def test_a_changed_copy_is_found_with_its_row_its_column_and_by_how_much(columns):
    train, test = drawn(2000, columns, 1), drawn(300, columns, 2)
    test[7] = train[1234]
    test[7, 2] += np.float32(0.01)
    pairs = found(test, train).test
    (i,) = np.flatnonzero(pairs.rows == 7)
    assert (pairs.nearest[i], pairs.column[i]) == (1234, 2)
    assert pairs.distance[i] == pytest.approx(0.01 / train[:, 2].std(), rel=1e-3)
    assert pairs.largest[i] == pytest.approx(pairs.distance[i])


def test_nearly_all_copies_in_many_columns_are_found():
    train, test = drawn(4000, 64, 3), drawn(2000, 64, 4)
    test[:1000] = train[:1000] + np.float32(0.05) * drawn(1000, 64, 5)
    result = found(test, train)
    np.testing.assert_array_equal(result.test.rows, np.arange(1000))
    np.testing.assert_array_equal(result.test.nearest, np.arange(1000))
    assert not len(result.train.rows)


def test_equal_rows_are_near_in_neither_table():
    train, test = drawn(500, 4, 6), drawn(100, 4, 7)
    test[:50] = train[:50]
    train[100:150] = train[150:200]
    result = found(test, train)
    assert not len(result.test.rows)
    assert not len(result.train.rows)
    assert (result.test.share.n, result.train.share.n) == (100, 500)


def test_minus_zero_and_other_nans_are_equal_not_near():
    train, test = drawn(100, 3, 8), drawn(20, 3, 9)
    train[5, 0], test[3], train[6, 1] = 0.0, train[5], np.nan
    test[3, 0], test[4] = -0.0, train[6]
    test[3, 1:] = train[5, 1:]
    assert not set(found(test, train).test.rows) & {3, 4}


def test_changed_copies_within_train_are_seen_in_both_rows():
    train, test = drawn(1000, 6, 10), drawn(100, 6, 11)
    train[:20] = train[20:40] + np.float32(0.001)
    pairs = found(test, train).train
    np.testing.assert_array_equal(pairs.rows, np.arange(40))
    np.testing.assert_array_equal(pairs.nearest, np.r_[np.arange(20, 40), np.arange(20)])


def test_a_dense_region_is_near_but_holds_no_copies():
    train, test = drawn(3000, 5, 12), drawn(1000, 5, 13)
    train[:300] *= np.float32(0.01)
    test[:500] *= np.float32(0.01)
    result = found(test, train)
    assert (cdist(test[:500], train).min(axis=1) <= result.radius).sum() >= 490
    assert len(result.test.rows) <= 5


@pytest.mark.parametrize("change", [1e-6, 1e6])
def test_the_scale_and_place_of_a_column_do_not_matter(change):
    train, test = drawn(1000, 3, 14), drawn(200, 3, 15)
    test[:10] = train[:10] + np.float32(0.001)
    scaled = [np.c_[rows[:, 0] * np.float32(change), rows[:, 1:]] for rows in (test, train)]
    np.testing.assert_array_equal(found(test, train).test.rows, found(*scaled).test.rows)


def test_empty_cells_agree_with_each_other_and_differ_from_numbers():
    train, test = drawn(1000, 4, 16), drawn(100, 4, 17)
    train[:50, 0] = np.nan
    test[:25], test[25:50] = train[:25], train[25:50]
    test[:50, 1] += np.float32(1e-4)
    test[25:50, 0] = 0.5
    np.testing.assert_array_equal(found(test, train).test.rows, np.arange(25))


def test_columns_that_are_constant_empty_or_infinite_do_no_harm():
    odd = np.array([[1.0, np.nan, np.inf], [1.0, np.nan, 2.0], [1.0, np.nan, 4.0]], np.float32)
    values = Columns.of(odd).standardised(odd)
    np.testing.assert_allclose(values, [[0, MISSING, 1e6], [0, MISSING, -1], [0, MISSING, 1]])
    train, test = drawn(300, 2, 18), drawn(100, 2, 19)
    test[:10] = train[:10] + np.float32(1e-4)
    train, test = (np.c_[rows, np.ones(len(rows)), np.full(len(rows), np.nan)] for rows in (train, test))
    test[5:10, 2] = 1.001
    assert set(found(test, train).test.rows) & set(range(10)) == set(range(5))


def test_of_many_rows_some_are_asked_and_of_many_pairs_some_are_kept():
    train, test = drawn(1000, 3, 20), drawn(800, 3, 21)
    test[:400] = train[:400] + np.float32(1e-4)
    some = found(test, train, most=200).test
    assert (len(some.asked), len(np.unique(some.asked))) == (200, 200)
    np.testing.assert_array_equal(some.rows, some.asked[some.asked < 400])
    whole = found(test, train).test
    thinned = whole.thinned(50)
    assert 25 <= len(thinned.rows) <= 75
    assert thinned.share.value == pytest.approx(whole.share.value, abs=0.15)
    assert set(thinned.rows) <= set(thinned.asked)
    assert whole.thinned(len(whole.rows)) is whole


def test_what_is_within_a_tolerance_agrees_in_every_column():
    train, test = drawn(1000, 5, 22), drawn(100, 5, 23)
    test[:10], test[10:20] = train[:10] + np.float32(1e-4), train[10:20] + np.float32(0.01)
    result = found(test, train)
    np.testing.assert_array_equal(result.test.rows, np.arange(20))
    np.testing.assert_array_equal(result.within(0.001).test.rows, np.arange(10))


def test_the_excess_bounds_the_share_of_train_as_of_half_as_many_rows():
    train, test = drawn(1000, 6, 24), drawn(500, 6, 25)
    train[:20], test[:50] = train[20:40] + np.float32(0.001), train[500:550] + np.float32(0.001)
    excess = found(test, train).excess
    assert excess.value == pytest.approx(50 / 500 - 40 / 1000)
    assert (excess.second.k, excess.second.n) == (20, 500)


def test_distances_to_other_rows_are_those_of_brute_force(monkeypatch):
    values = drawn(200, 7, 26).astype(np.float64)
    among = cdist(values, values)
    np.fill_diagonal(among, np.inf)
    for block_values in (2**20, 2**12):
        monkeypatch.setattr(neighbours, "BLOCK_VALUES", block_values)
        distances, nearest = neighbours._distances(values, np.arange(200), 64)
        np.testing.assert_allclose(distances, np.sort(among, axis=1)[:, :64], rtol=1e-6)
        np.testing.assert_array_equal(nearest, among.argmin(axis=1))


def test_the_spaces_about_rows_are_those_of_brute_force():
    values = drawn(600, 5, 27).astype(np.float64)
    rows = Rows(values, row_hashes(values.astype(np.float32)))
    among = np.sort(cdist(values, values), axis=1)
    within = np.where(np.arange(600) % 2, np.inf, among[:, 12])
    nobody = np.zeros(600, np.uint64)
    spaces = Reference.of(rows).spaces(rows, nobody, 10, within)
    np.testing.assert_allclose(spaces, among[:, 10])
    too_far = Reference.of(rows).spaces(rows, nobody, 10, np.full(600, among[:, 10].min() * 0.9))
    assert np.isinf(too_far).all()
    without = Reference.of(rows).spaces(rows, rows.hashes[cdist(values, values).argsort(axis=1)[:, 1]], 10, within)
    np.testing.assert_allclose(without, among[:, 11])


@pytest.mark.parametrize(("times", "noise"), [(2, 0.02), (5, 0.02), (5, 0.1), (20, 0.05)])
@pytest.mark.parametrize("columns", [4, 10, 30])
def test_rows_multiplied_before_a_random_split_are_found_in_both_files(times, noise, columns):
    noise = noise / 10 if columns == 4 else noise
    rows = np.repeat(drawn(2500 // times, columns, 28), times, axis=0)
    rows = np.random.default_rng(30).permutation(rows + np.float32(noise) * drawn(len(rows), columns, 29))
    result = found(rows[:750], rows[750:])
    expected = 1 - 0.3 ** (times - 1)
    assert result.test.share.value == pytest.approx(expected, abs=0.06)
    assert result.train.share.value == pytest.approx(expected, abs=0.06)


def test_rows_multiplied_in_their_continuous_columns_alone_are_found():
    draw = np.random.default_rng(35)
    coarse, fine = draw.integers(0, 3, (500, 6)), drawn(500, 5, 36)
    rows = np.repeat(np.c_[coarse, fine], 5, axis=0)
    rows[:, 6:] += 0.02 * drawn(2500, 5, 37)
    rows = draw.permutation(rows).astype(np.float32)
    result = found(rows[:750], rows[750:])
    assert result.multiplied.share.value > 0.9
    assert not result.narrow


@pytest.mark.parametrize("continuous", [1, 2, 3, 4])
def test_rows_in_cells_of_coarse_columns_are_seldom_near(continuous):
    draw = np.random.default_rng(38)
    rows = np.c_[draw.random((2000, 8)) < 0.2, np.exp(drawn(2000, continuous, 39))].astype(np.float32)
    result = found(rows[:500], rows[500:])
    assert result.multiplied.share.value < 0.01
    assert result.narrow is (continuous <= 2)


def test_multiplied_rows_differ_in_more_than_two_columns():
    train, test = drawn(1000, 6, 40), drawn(100, 6, 41)
    test[:20] = train[:20] + np.float32(0.001)
    test[10:20, 2:] = train[10:20, 2:]
    result = found(test, train)
    np.testing.assert_array_equal(result.test.rows, np.arange(20))
    np.testing.assert_array_equal(result.test.differing, np.repeat([6, 2], 10))
    np.testing.assert_array_equal(result.multiplied.rows, np.arange(10))


def test_copies_of_rows_that_train_holds_several_times_are_found():
    rows = drawn(1000, 8, 31)
    train = np.repeat(rows, 3, axis=0) + np.float32(0.01) * drawn(3000, 8, 32)
    test = drawn(500, 8, 33)
    test[:50] = rows[:50] + np.float32(0.01) * drawn(50, 8, 34)
    np.testing.assert_array_equal(found(test, train).test.rows, np.arange(50))


@given(st.integers(0, 50), st.integers(1, 50))
def test_chosen_places_are_distinct_ascending_and_always_the_same(n, most):
    places = chosen(n, most)
    assert len(places) == min(n, most)
    assert (np.diff(places) > 0).all()
    np.testing.assert_array_equal(places, chosen(n, most))


def test_a_table_of_one_repeated_row_but_for_one_is_compared():
    train = np.zeros((50, 2), np.float32)
    train[0] = 1
    result = found([[0.001, 0.0], [0, 0]], train)
    np.testing.assert_array_equal(result.test.rows, [0])
