"""Groups, ids and times of two files beside each other."""

import numpy as np
import pytest

from auditor.batches import Batch
from auditor.states import Confusion, GroupCells, GroupTimes, Identities, RowTimes, Task
from auditor.states.keyed_sample import KeyedSample
from auditor.testing import rows
from tests.states.generating import measured

TASK = Task(("no", "yes"), 1)


def batch(**columns: object) -> Batch:
    return rows([0, 1, 1, 0, 1], predicted=[0, 1, 0, 0, 1], **columns)  # type: ignore[arg-type]


def test_a_part_of_the_groups_has_the_confusion_of_its_rows() -> None:
    test = measured(GroupCells(TASK), batch(groups=[1, 1, 2, 3, 4]))
    train = measured(GroupCells(TASK), batch(groups=[1, 4, 9, 9, 9]))
    seen, new = test.standing_in(train), test.new_to(train)
    assert (test.n, seen.n, new.n) == (5, 3, 2)
    assert (test.n_groups, seen.n_groups, new.n_groups) == (4, 2, 2)
    assert seen.confusion.dense.tolist() == [[1, 0], [0, 2]]
    assert new.confusion.dense.tolist() == [[1, 0], [1, 0]]
    whole = measured(Confusion(TASK), batch())
    assert (seen.confusion.dense + new.confusion.dense == whole.dense).all()


def test_sums_of_buckets_are_those_of_all_rows_and_rest_on_groups() -> None:
    found = measured(GroupCells(TASK), batch(groups=[1, 1, 2, 3, 4])).sums
    assert (found.n, found.groups, found.counts.largest_group) == (5, 4, 2)
    assert found.accuracy.value == pytest.approx(0.8)
    assert found.counts.alike == pytest.approx((4 + 1 + 1 + 1) / 5)


def test_times_have_ends_of_all_rows_and_come_in_order() -> None:
    found = measured(RowTimes(TASK), batch(times=[5, 3, np.nan, 4, 1]))
    assert (found.n, found.untimed, found.first, found.last) == (4, 1, 1, 5)
    assert found.time.tolist() == [1, 3, 4, 5]
    assert found.labels.tolist() == [1, 1, 0, 0]
    assert not found.dated
    dated = measured(RowTimes(TASK), batch(times=np.arange(5).astype("datetime64[D]")))
    assert dated.dated
    assert str(dated.first) == "1970-01-01T00:00:00.000000"


def test_the_ends_are_those_of_all_rows_where_a_sample_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.states.row_times.MOST_ROWS", 3)
    found = measured(RowTimes(TASK), batch(times=[5, 3, 2, 4, 1]))
    assert (len(found.time), found.n, found.first, found.last) == (3, 5, 1, 5)


def test_group_and_time_together_are_compared() -> None:
    test = measured(GroupTimes(TASK), batch(groups=[1, 1, 2, 3, 4], times=[1, 1, 1, 1, np.nan]))
    train = measured(GroupTimes(TASK), batch(groups=[1, 2, 3, 4, 4], times=[1, 2, 1, 1, 1]))
    assert (test.standing_in(train), test.stated.repeated, test.without) == (3, 2, 1)


def test_ids_are_compared_with_their_place_and_their_features() -> None:
    test = measured(Identities(TASK), batch(ids=[1, 2, 3, 4, 4], features=np.arange(5.0)[:, None]))
    train = measured(Identities(TASK), batch(ids=[1, 9, 2, 3, 9], features=[[0.0], [9.0], [9.0], [2.0], [9.0]]))
    shared = test.shared_with(train)
    assert (shared.n, shared.shared, shared.same_place, shared.same_content) == (5, 3, 1, 2)
    assert test.distinct == 4


def test_without_features_no_content_is_compared_and_a_file_without_ids_has_none() -> None:
    test = measured(Identities(TASK), batch(ids=[1, 2, 3, 4, 5]))
    assert test.shared_with(test).same_content is None
    nothing = measured(Identities(TASK), batch())
    assert (nothing.n, nothing.without) == (0, 5)


def test_a_sample_is_the_rows_with_the_smallest_keys() -> None:
    keys = np.arange(1000, dtype=np.uint64)
    once, twice = KeyedSample(50), KeyedSample(50)
    once.take(keys, (keys,))
    for part in np.array_split(np.random.default_rng(0).permutation(keys), 30):
        twice.take(part, (part,))
    assert once.values()[0].tolist() == twice.values()[0].tolist()
    assert len(once.values()[0]) == 50
    assert KeyedSample(5).values() == ()
