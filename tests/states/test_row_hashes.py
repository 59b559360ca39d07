from collections import Counter
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.batches import Batch, OutputKind, Scores
from auditor.states import HashSet, RowHashes, Task
from auditor.states.row_hashes import spare_bits
from auditor.statistics import expected_across
from auditor.testing import rows as rows_of
from tests.states.generating import measured

TASK = Task(("a", "b"))
few_rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60)
some_rows = few_rows.filter(bool)


def batch(rows: list[tuple[int, int]]) -> Batch:
    features = np.array(rows, np.float32).reshape(-1, 2)
    decided = Scores(np.zeros((len(rows), 0)), OutputKind.PREDICTED, decided=np.zeros(len(rows), np.int64))
    return Batch(np.zeros(len(rows), np.int64), np.arange(len(rows), dtype=np.uint64), features, decided)


def hash_set(rows: list[tuple[int, int]]) -> HashSet:
    found: HashSet = measured(RowHashes(TASK), batch(rows))
    return found


@given(some_rows, some_rows)
def test_membership_is_that_of_the_rows(known: list[tuple[int, int]], wanted: list[tuple[int, int]]) -> None:
    found = hash_set(known).contains(batch(wanted).row_hashes)
    assert found.tolist() == [row in set(known) for row in wanted]


@given(few_rows)
def test_rows_that_equal_another_are_counted_each(rows: list[tuple[int, int]]) -> None:
    found = hash_set(rows)
    assert found.n == len(rows)
    assert found.repeated == sum(amount for amount in Counter(rows).values() if amount > 1)


@given(few_rows)
def test_copies_would_leave_the_rows_over_the_mean_of_their_numbers(rows: list[tuple[int, int]]) -> None:
    times = Counter(rows).values()
    assert hash_set(rows).alike == (pytest.approx(sum(t * t for t in times) / len(rows)) if rows else 1)


@given(few_rows)
def test_an_empty_set_contains_nothing(rows: list[tuple[int, int]]) -> None:
    assert not hash_set([]).contains(batch(rows).row_hashes).any()
    assert hash_set(rows).contains(np.zeros(0, np.uint64)).shape == (0,)


def test_the_ends_of_the_range_are_found() -> None:
    ends = np.array([0, 2**64 - 1], np.uint64)
    assert HashSet(ends).contains(ends[::-1]).tolist() == [True, True]
    assert HashSet(ends[:1]).contains(ends).tolist() == [True, False]


def test_a_batch_without_features_is_refused() -> None:
    with pytest.raises(ValueError, match="without features"):
        RowHashes(TASK).update(Batch(np.zeros(1, np.int64), np.zeros(1, np.uint64)))


@given(some_rows, some_rows, st.booleans())
def test_membership_is_the_same_with_and_without_the_sieve(
    known: list[tuple[int, int]], wanted: list[tuple[int, int]], sieved: bool
) -> None:
    with patch("auditor.states.row_hashes.MOST_BITS", 24 if sieved else 0):
        found = hash_set(known).contains(batch(wanted).row_hashes)
    assert found.tolist() == [row in set(known) for row in wanted]


def expected(test: list[tuple[int, int]], train: list[tuple[int, int]]) -> float:
    return hash_set(test).expected_across(hash_set(train), hash_set([row for row in test if row in train]))


@given(some_rows, some_rows)
def test_a_random_split_is_expected_to_share_what_the_sizes_of_all_groups_say(
    test: list[tuple[int, int]], train: list[tuple[int, int]]
) -> None:
    sizes = Counter(size for size in Counter(test + train).values() if size > 1)
    assert expected(test, train) == pytest.approx(expected_across(Counter(sizes), len(test), len(train)), abs=1e-12)


@given(few_rows, few_rows)
def test_how_the_set_is_cut_changes_no_count(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    def counts() -> tuple[object, ...]:
        test, train = hash_set(one), hash_set(other)
        return test.repeats, expected(one, other) if one else 0, test.less_than_noise(train)

    whole = counts()
    with patch("auditor.states.row_hashes.PIECE", 3):
        assert counts() == whole


def test_a_random_split_shares_as_many_rows_as_expected_on_average() -> None:
    random = np.random.default_rng(0)
    rows = [(i // 2, 0) for i in range(60)] + [(100 + i // 3, 0) for i in range(30)]
    shared, alike = [], 0.0
    for _ in range(400):
        order = random.permutation(len(rows))
        test, train = [rows[i] for i in order[:20]], [rows[i] for i in order[20:]]
        shared.append(sum(row in train for row in test))
        alike = expected(test, train)
    assert np.mean(shared) == pytest.approx(alike, abs=4 * float(np.std(shared)) / 20)


def test_labels_and_outcomes_part_equal_rows_and_not_their_features() -> None:
    features = np.array([[1, 1], [1, 1], [1, 1], [2, 2]], np.float32)
    given = rows_of([0, 1, 1, 0], predicted=[0, 0, 1, 1], features=features)
    found: HashSet = measured(RowHashes(TASK), given)
    assert (found.repeated, found.repeats.conflicting, found.repeats.disagreeing, found.repeats.wrong) == (3, 3, 2, 1)
    assert found.right == 2
    assert found.contains(given.row_hashes).all()


@pytest.mark.parametrize(("n_classes", "bits"), [(2, 2), (3, 3), (1000, 11), (10_000, 15)])
def test_as_few_bits_as_the_classes_need_are_taken_from_the_hash(n_classes: int, bits: int) -> None:
    assert spare_bits(Task(tuple(map(str, range(n_classes))))) == bits


@pytest.mark.parametrize(
    ("times", "common"),
    [([29] + [1] * 900, []), ([30] + [1] * 900, [30]), ([400, 300, 200] + [1] * 1000, [400, 300, 200])],
)
def test_a_few_contents_that_a_fiftieth_of_all_rows_have_are_common(times: list[int], common: list[int]) -> None:
    rows = [(i, 0) for i, n in enumerate(times) for _ in range(n)]
    found = hash_set(rows)
    assert found.common.n == sum(common)
    assert found.common.distinct.n == len(common)
    rest = found.only(found.common.distinct.hashes, without=True)
    assert rest.n == found.n - sum(common)
    assert rest.contains(batch(rows).row_hashes).tolist() == [times[i] not in common for i, _ in rows]


def test_where_more_contents_are_common_the_columns_are_coarse_and_none_counts_as_such() -> None:
    assert hash_set([(i % 10 if i % 2 else i, i % 2) for i in range(2000)]).common.distinct.n == 5
    assert hash_set([(i % 22 if i % 2 else i, i % 2) for i in range(2000)]).common.n == 0
    assert hash_set([]).common.n == 0


def test_contents_that_make_up_most_of_a_class_are_not_common() -> None:
    features = np.array([[0]] * 40 + [[i] for i in range(1, 961)], np.float32)
    labels = np.array([1] * 40 + [0] * 900 + [1] * 60)
    for of_class, common in ((60, 40), (30, 0)):
        kept = np.r_[0:940, 940 : 940 + of_class]
        given = rows_of(labels[kept], predicted=labels[kept], features=features[kept])
        found: HashSet = measured(RowHashes(TASK), given)
        assert found.common.n == common
