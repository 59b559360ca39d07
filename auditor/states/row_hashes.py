"""Which rows repeat: sorted fingerprints of the features, the label apart."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.states.state import State, Task

Hashes = NDArray[np.uint64]


class RowHashes(State["HashSet"]):
    """The 64-bit hash of every row's features, 8 bytes a row."""

    reads: ClassVar[frozenset[str]] = frozenset({"features"})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._parts: list[Hashes] = []

    def update(self, batch: Batch) -> None:
        """Hash the rows of a batch."""
        self._parts.append(batch.row_hashes)

    def merge(self, other: Self) -> None:
        """Take in the other's hashes."""
        self.refuse_other_task(other)
        self._parts += other._parts

    def result(self) -> "HashSet":
        """All hashes, sorted."""
        hashes = np.concatenate([np.zeros(0, np.uint64), *self._parts])
        hashes.sort()
        self._parts = [hashes]
        return HashSet(hashes)


@dataclass(frozen=True, eq=False)
class HashSet:
    """The sorted hashes of all rows, repeats included."""

    hashes: Hashes

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.hashes)

    @cached_property
    def repeated(self) -> int:
        """Rows that equal at least one other row."""
        equal = self.hashes[1:] == self.hashes[:-1]
        return int(np.count_nonzero(np.r_[equal, False] | np.r_[False, equal]))

    @cached_property
    def alike(self) -> float:
        """The design effect if equal rows were copies of one: the sum of their squared numbers over their sum, 1 at the least."""
        first = np.flatnonzero(np.r_[True, self.hashes[1:] != self.hashes[:-1]]) if self.n else np.zeros(0, np.int64)
        times = np.diff(first, append=self.n).astype(np.float64)
        return float(np.sum(times**2) / self.n) if self.n else 1.0

    def contains(self, wanted: Hashes) -> NDArray[np.bool_]:
        """(n,) bool: which of the hashes are in the set."""
        if not self.n:
            return np.zeros(len(wanted), bool)
        order = np.argsort(wanted)
        place = np.searchsorted(self.hashes, wanted[order])
        found = np.empty(len(wanted), bool)
        found[order] = self.hashes[np.minimum(place, self.n - 1)] == wanted[order]
        return found
