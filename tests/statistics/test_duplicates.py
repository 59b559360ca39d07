"""Equal rows: how often their labels differ, and how many a random split shares."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from auditor.statistics.duplicates import AgainstNoise, Repeats, against_noise, expected_across, repeats_of, several

BITS = 3  # two for the label, one for the outcome

Row = tuple[int, int, bool]
some_rows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.booleans()), max_size=40)


def words(rows: list[Row]) -> np.ndarray:
    """Rows of (features, label, right) as sorted words."""
    return np.sort(np.array([(x << BITS) | (label << 1) | right for x, label, right in rows], np.uint64))


def groups(rows: list[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return {x: equal for x, equal in found.items() if len(equal) > 1}


@given(some_rows)
def test_every_count_is_that_of_the_pairs_and_groups_themselves(rows: list[Row]) -> None:
    repeated = list(groups(rows).values())
    pairs = [pair for equal in repeated for pair in combinations(equal, 2)]
    assert repeats_of(words(rows), BITS) == Repeats(
        rows=sum(map(len, repeated)),
        squares=sum(len(equal) ** 2 for equal in repeated),
        conflicting=sum(len(equal) for equal in repeated if len({label for _, label, _ in equal}) > 1),
        pairs=len(pairs),
        disagreeing=sum(one[1] != other[1] for one, other in pairs),
        floor=sum(len(equal) - max(Counter(label for _, label, _ in equal).values()) for equal in repeated),
        wrong=sum(not right for equal in repeated for _, _, right in equal),
    )


def test_the_disagreement_of_groups_of_3_and_1_of_2_and_of_1_and_1_is_one_half() -> None:
    found = repeats_of(
        words([(1, 0, True)] * 3 + [(1, 1, True)] + [(2, 0, True)] * 2 + [(3, 0, True), (3, 1, True)]), BITS
    )
    assert found.disagreement == 0.5
    assert found.ceiling == 1 - 0.25
    assert found.conflicting == 6


def test_without_a_repeated_row_nothing_is_defined() -> None:
    for rows in ([], [(1, 0, True), (2, 0, True)]):
        found = repeats_of(words(rows), BITS)
        assert found == Repeats()
        assert found.disagreement is None
        assert found.ceiling is None


def test_a_thousand_pairs_split_four_to_one_share_three_hundred_and_twenty_rows() -> None:
    assert expected_across({2: 1000}, 2000, 8000) == pytest.approx(320.032, abs=1e-3)


@given(st.lists(st.integers(2, 9), max_size=6), st.integers(1, 30), st.integers(1, 30))
def test_the_expectation_is_that_of_drawing_without_replacement(sizes: list[int], n_test: int, n_train: int) -> None:
    n = n_test + n_train
    sizes = [m for m in sizes if m <= n]

    def shared(m: int) -> float:
        drawn = hypergeom(n, m, n_test)
        return float(sum(k * drawn.pmf(k) for k in range(m)))  # where all m fall to test none has an equal in train

    assert expected_across(Counter(sizes), n_test, n_train) == pytest.approx(sum(map(shared, sizes)), abs=1e-9)


def test_what_occurs_more_than_once_is_told_once() -> None:
    assert several(np.array([1, 2, 2, 3, 3, 3, 7, 7, 9], np.uint64)).tolist() == [2, 3, 7]
    assert several(np.zeros(0, np.uint64)).tolist() == []


@given(some_rows, some_rows)
def test_errors_are_held_against_what_the_labels_of_train_allow(test: list[Row], train: list[Row]) -> None:
    sums = []
    for x, equal in sorted(groups(train).items()):
        pairs = list(combinations(equal, 2))
        met = [right for other, _, right in test if other == x]
        if met:
            differing = sum(one[1] != other[1] for one, other in pairs) / len(pairs)
            sums.append((len(met), len(met) * differing / 2 - met.count(False)))
    found = against_noise(words(test), words(train), BITS)
    assert found.groups == len(sums)
    assert found.t == sum(t for t, _ in sums)
    assert found.u == pytest.approx(sum(u for _, u in sums))
    if len(sums) > 1:
        assert found.estimate.value == pytest.approx(found.u / found.t)
        residuals = [u - found.u / found.t * t for t, u in sums]
        expected = (len(sums) / (len(sums) - 1) * sum(r * r for r in residuals)) ** 0.5 / found.t
        assert found.estimate.standard_error == pytest.approx(expected, abs=1e-7)


def test_one_group_has_no_interval() -> None:
    assert AgainstNoise().estimate.value is None
    assert AgainstNoise(1, 2, 1, 4, 2, 1).estimate.lower(0.05) is None


@given(some_rows)
def test_rows_stand_there_once_each_where_none_equals_another_in_features_and_label(rows: list[Row]) -> None:
    alike = [(x, label) for x, label, _ in rows]
    assert repeats_of(words(rows), BITS).once_each is (len(set(alike)) == len(alike))
