"""When rows happened, with what was right about them."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array, Batch
from auditor.hashing import combined, splitmix64
from auditor.states.keyed_sample import KeyedSample
from auditor.states.row_hashes import HashSet
from auditor.states.state import GROUP, TIME, State, Task

MOST_ROWS = 2**20


class RowTimes(State["TimedRows"]):
    """The first and the last time, and of at most 1,048,576 rows drawn by key: time, label and whether it was right."""

    reads: ClassVar[frozenset[str]] = frozenset({"predicted", TIME})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._n, self._untimed = 0, 0
        self._ends: list[Array] = []
        self._sample = KeyedSample(MOST_ROWS)

    def update(self, batch: Batch) -> None:
        """Take in a batch."""
        assert batch.time is not None
        known = _known(batch.time)
        time = _plain(batch.time[known])
        self._untimed += len(batch) - len(time)
        if not len(time):
            return
        self._n += len(time)
        self._ends = _ends([*self._ends, time])
        labels = batch.labels if batch.labels.ndim == 1 else (batch.labels > 0).sum(axis=1)
        values = (time, labels[known].astype(np.int64), batch.right[known])
        self._sample.take(splitmix64(batch.row_key[known]), values)

    def merge(self, other: Self) -> None:
        """Take in the other's rows."""
        self.refuse_other_task(other)
        self._n += other._n
        self._untimed += other._untimed
        self._ends = _ends([*self._ends, *other._ends])
        self._sample.merge(other._sample)

    def result(self) -> "TimedRows":
        """The rows of the sample, by time."""
        values = self._sample.values() or (np.zeros(0), np.zeros(0, np.int64), np.zeros(0, bool))
        time, labels, right = values
        order = np.lexsort((right, labels, time))
        first, last = self._ends[0] if self._ends else (None, None)
        return TimedRows(self._n, self._untimed, first, last, time[order], labels[order], right[order])


@dataclass(frozen=True, eq=False)
class TimedRows:
    """n rows with a time and `untimed` without; `first` and `last` are those of all rows, None without any.

    Of a sample of rows, ascending in time: time (m,) float64 or datetime64[us]; labels (m,) int64, the number of labels where a
    row has several; right (m,) bool.
    """

    n: int
    untimed: int
    first: Any
    last: Any
    time: Array
    labels: NDArray[np.int64]
    right: NDArray[np.bool_]

    @property
    def dated(self) -> bool:
        """Whether times are dates and no plain numbers."""
        return self.time.dtype.kind == "M"


class GroupTimes(State["GroupMoments"]):
    """A hash of group and time of every row that states both, 8 bytes a row."""

    reads: ClassVar[frozenset[str]] = frozenset({GROUP, TIME})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._parts: list[NDArray[np.uint64]] = []
        self._rows = 0

    def update(self, batch: Batch) -> None:
        """Hash the rows of a batch."""
        assert batch.cluster is not None
        assert batch.time is not None
        self._rows += len(batch)
        known = ((batch.cluster & np.uint64(1)) == 0) & _known(batch.time)
        self._parts.append(combined([batch.cluster[known], _plain(batch.time[known]).view(np.uint64)]))

    def merge(self, other: Self) -> None:
        """Take in the other's hashes."""
        self.refuse_other_task(other)
        self._rows += other._rows
        self._parts += other._parts

    def result(self) -> "GroupMoments":
        """All hashes, sorted."""
        hashes = np.concatenate([np.zeros(0, np.uint64), *self._parts])
        hashes.sort()
        self._parts = [hashes]
        return GroupMoments(HashSet(hashes), self._rows - len(hashes))


@dataclass(frozen=True, eq=False)
class GroupMoments:
    """Hashes of group and time, and the rows that lack one of them."""

    stated: HashSet
    without: int

    def standing_in(self, other: "GroupMoments") -> int:
        """Rows whose group and time the other has, too."""
        return int(other.stated.contains(self.stated.hashes).sum())


def _known(time: Array) -> NDArray[np.bool_]:
    """(n,) bool: rows that state a time."""
    return np.asarray(~(np.isnat(time) if time.dtype.kind == "M" else np.isnan(time)))


def _plain(time: Array) -> Array:
    """The times with -0 as 0."""
    return time if time.dtype.kind == "M" else time + 0.0


def _ends(parts: list[Array]) -> list[Array]:
    """The first and the last of some times as one part, none without times."""
    return [np.array([min(part.min() for part in parts), max(part.max() for part in parts)])] if parts else []
