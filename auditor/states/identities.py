"""Which ids rows have, where they stand, and what they hold."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.hashing import combined
from auditor.states.state import IDENTITY, State, Task

Hashes = NDArray[np.uint64]
NOTHING = np.zeros(0, np.uint64)


class Identities(State["IdentityTable"]):
    """The hash of every row's id, its number in the file and, where there are features, their hash: 24 bytes a row."""

    reads: ClassVar[frozenset[str]] = frozenset({IDENTITY})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._parts: list[tuple[Hashes, Hashes, Hashes]] = []
        self._content, self._rows = True, 0

    def update(self, batch: Batch) -> None:
        """Keep the ids of a batch; a file that lacks a column of ids has none."""
        self._rows += len(batch)
        if batch.identity is None:
            return
        self._content &= batch.features is not None
        known = batch.identity > 0
        content = np.zeros(len(batch), np.uint64) if batch.features is None else batch.row_hashes
        self._parts.append((batch.identity[known], batch.row_key[known], content[known]))

    def merge(self, other: Self) -> None:
        """Take in the other's ids."""
        self.refuse_other_task(other)
        self._content &= other._content
        self._rows += other._rows
        self._parts += other._parts

    def result(self) -> "IdentityTable":
        """All ids, sorted."""
        arrays = zip(*self._parts, strict=True) if self._parts else ([NOTHING],) * 3
        identity, row_key, content = (np.concatenate(parts) for parts in arrays)
        order = np.lexsort((row_key, identity))
        self._parts = [(identity[order], row_key[order], content[order])]
        return IdentityTable(*self._parts[0], self._content, self._rows - len(order))


@dataclass(frozen=True)
class SharedIdentities:
    """Of n rows with an id, those whose id another file has, too.

    same_place: that stand there in the same place of the file; same_content: with the same features, None where there are none to
    compare.
    """

    n: int
    shared: int
    same_place: int
    same_content: int | None


@dataclass(frozen=True, eq=False)
class IdentityTable:
    """Rows with an id: (n,) hashes of the ids in ascending order, numbers of the rows in the file, hashes of their features.

    has_content: whether there are features at all. without: rows that state no id.
    """

    identity: Hashes
    row_key: Hashes
    content: Hashes
    has_content: bool
    without: int

    @property
    def n(self) -> int:
        """Rows with an id."""
        return len(self.identity)

    @property
    def distinct(self) -> int:
        """Different ids."""
        return len(np.unique(self.identity))

    def shared_with(self, other: "IdentityTable") -> SharedIdentities:
        """The rows whose id the other has."""
        known = np.isin(self.identity, other.identity)
        same_place = _pairs_in(self.identity[known], self.row_key[known], other.identity, other.row_key)
        same = _pairs_in(self.identity[known], self.content[known], other.identity, other.content)
        compared = self.has_content and other.has_content
        return SharedIdentities(self.n, int(known.sum()), same_place, same if compared else None)


def _pairs_in(first: Hashes, second: Hashes, of_first: Hashes, of_second: Hashes) -> int:
    """How many of the pairs stand among others."""
    return int(np.isin(combined([first, second]), combined([of_first, of_second])).sum())
