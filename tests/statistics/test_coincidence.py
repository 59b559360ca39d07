"""Copies and coincidences are told apart by what part of the columns makes rows equal."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from auditor.statistics import equal_pairs, shared_pairs

Table = NDArray[np.float32]


def with_copies(table: Table, share: float = 0.05) -> Table:
    """The table with a share of its rows in pairs of equal ones."""
    order, copies = np.random.default_rng(0).permutation(len(table)), int(len(table) * share / 2)
    changed = table.copy()
    changed[order[:copies]] = table[order[copies : 2 * copies]]
    return changed


def continuous(n: int = 5000) -> Table:
    return np.random.default_rng(1).normal(size=(n, 20)).astype(np.float32)


def categories(n: int = 5000) -> Table:
    return np.random.default_rng(2).integers(0, 6, (n, 5)).astype(np.float32)


def one_hot(table: Table) -> Table:
    """The categories and their one-hot columns beside them, which say the same once more."""
    return np.concatenate([table, *(np.eye(6, dtype=np.float32)[column.astype(int)] for column in table.T)], axis=1)


def rounded() -> Table:
    """Eight whole numbers that depend on two quantities."""
    random = np.random.default_rng(3)
    return np.round(random.normal(size=(5000, 2)) @ random.normal(size=(2, 8))).astype(np.float32)


@pytest.mark.parametrize("table", [categories(), one_hot(categories()), rounded(), categories()[:, :1]])
def test_rows_of_coarse_columns_are_equal_by_chance(table: Table) -> None:
    assert equal_pairs(table).coincide


@pytest.mark.parametrize(
    "table",
    [
        continuous(),
        continuous(300),
        load_digits().data.astype(np.float32),
        np.concatenate([categories(), continuous()[:, :1]], axis=1),
        continuous()[:, :1],
    ],
    ids=["continuous", "few rows", "pixels", "one continuous column", "one column alone"],
)
def test_copies_are_equal_by_no_chance(table: Table) -> None:
    assert not equal_pairs(with_copies(table)).coincide


def test_the_pairs_are_those_of_the_rows() -> None:
    table = np.array([[0, 1], [-0.0, 1], [0, 1], [np.nan, 2], [np.float32("-nan"), 2], [3, 2]], np.float32)
    found = equal_pairs(table)
    assert (found.n, found.pairs, found.finest, found.unique) == (3, 4, 4, 3)


def test_without_equal_rows_nothing_speaks_for_copies() -> None:
    assert equal_pairs(continuous()).coincide


def sparse() -> Table:
    """Eight columns of which nineteen values in twenty are 0."""
    random = np.random.default_rng(4)
    return np.where(random.random((5000, 8)) < 0.95, 0, random.normal(size=(5000, 8))).astype(np.float32)


@pytest.mark.parametrize("table", [categories(), one_hot(categories()), rounded(), sparse()])
def test_rows_that_two_coarse_tables_share_are_equal_by_chance(table: Table) -> None:
    test, train = table[:1000], np.unique(table[1000:], axis=0)
    shared = int((test[:, None] == train[None]).all(axis=2).any(axis=1).sum())
    assert shared
    assert shared_pairs(test, train).explain(shared, len(test) * len(train))


@pytest.mark.parametrize("copies", [1, 40])
@pytest.mark.parametrize(
    "table", [continuous(), load_digits().data.astype(np.float32), np.concatenate([categories(), continuous()], axis=1)]
)
def test_a_single_copy_among_many_columns_is_no_chance(table: Table, copies: int) -> None:
    test, train = table[:500].copy(), table[500:]
    test[:copies] = train[:copies]
    assert not shared_pairs(test, train).explain(copies, len(test) * len(train))


def integers(n: int, seed: int) -> Table:
    """Thirteen columns of few whole numbers and one with a decimal, of which many pairs of rows agree in half."""
    random = np.random.default_rng(seed)
    few = [random.integers(0, levels, n) for levels in (2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10)]
    return np.stack([*few, np.round(random.normal(size=n), 1)], axis=1).astype(np.float32)


@pytest.mark.parametrize("copies", [10, 200, 1000])
def test_agreeing_in_half_of_many_coarse_columns_makes_no_chance_of_agreeing_in_all(copies: int) -> None:
    test, train = integers(1000, 5), integers(4000, 6)
    test[:copies] = train[:copies]
    assert not shared_pairs(test, train).explain(copies, len(test) * len(train))


def test_columns_of_a_full_one_hot_code_are_as_coarse_as_their_codes() -> None:
    codes = np.random.default_rng(7).integers(0, 4, (4000, 6))
    flags = np.concatenate([np.eye(4, dtype=np.float32)[column] for column in codes.T], axis=1)
    for rows in (codes.astype(np.float32), flags):
        assert equal_pairs(rows).coincide
        shared = int(np.isin(codes[:800] @ 4 ** np.arange(6), codes[800:] @ 4 ** np.arange(6)).sum())
        assert shared_pairs(rows[:800], rows[800:]).explain(shared, 800 * 3200)


def test_a_single_column_of_many_values_is_coarse_where_most_of_them_repeat() -> None:
    assert equal_pairs(np.random.default_rng(9).integers(0, 500, (4000, 1)).astype(np.float32)).coincide


def test_rows_multiplied_do_not_make_a_continuous_column_coarse() -> None:
    """Half of the rows stand there ten times: their amounts are unique among different rows."""
    random = np.random.default_rng(8)
    table = np.concatenate([np.round(random.normal(100, 50, (1000, 1)), 2), random.integers(0, 4, (1000, 5))], axis=1)
    table = np.concatenate([table, np.repeat(table[:100], 9, axis=0)]).astype(np.float32)
    random.shuffle(table)
    assert not shared_pairs(table[:400], table[400:]).explain(190, 400 * 1500)


def test_rows_that_nearly_agree_are_those_that_differ_in_one_column_and_what_it_determines() -> None:
    """The last column is twice the first, so that they differ together; the second differs alone."""
    test = np.array([[0, 1, 0], [5, 5, 10]], np.float32)
    train = np.array([[0, 1, 0], [3, 1, 6], [0, 2, 0], [0, 2, 0], [3, 2, 6]], np.float32)
    found = shared_pairs(test, train)
    assert (found.pairs, found.nearly) == (1, 1 + 2 + 1)  # first and last together are left out twice


def test_a_sample_stands_for_all_rows() -> None:
    """The copies of a large file may all lie outside its sample: coarse columns still tell themselves."""
    for table, coarse in ((continuous(), False), (categories(), True)):
        assert shared_pairs(table[:500], table[500:]).explain(1000, 10**12) is coarse


def test_the_shared_pairs_are_those_of_the_rows() -> None:
    test = np.array([[0, 1], [-0.0, 1], [5, 5]], np.float32)
    train = np.array([[0, 1], [0, 2], [np.nan, 1], [0, 1]], np.float32)
    found = shared_pairs(test, train)
    assert (found.n, found.possible, found.pairs, found.finest, found.unique) == (4, 12, 4, 6, 2)
