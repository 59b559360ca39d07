from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.batches import Batch, OutputKind, Scores
from auditor.states import HashSet, RowHashes, Task
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
