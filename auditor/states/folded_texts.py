"""Rows of texts by what they say whatever their case and spacing, beside how they are written."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.hashing import folded_hashes, row_hashes
from auditor.states.state import State, Task

Hashes = NDArray[np.uint64]
Part = tuple[Hashes, Hashes, Hashes, Hashes, NDArray[np.bool_]]

# What stands for texts among the reads of a state: features that are no numbers.
TEXTS = "texts"


class FoldedTexts(State["FoldedRows"]):
    """The hashes of every row's texts, folded and as they stand, with its number, label and outcome: 33 bytes a row."""

    reads: ClassVar[frozenset[str]] = frozenset({"features", "predicted", TEXTS})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._parts: list[Part] = []

    def update(self, batch: Batch) -> None:
        """Hash the rows of a batch."""
        assert batch.features is not None
        self._parts.append(
            (folded_hashes(batch.features), batch.row_hashes, batch.row_key, _labels(batch), batch.right)
        )

    def merge(self, other: Self) -> None:
        """Take in the other's rows."""
        self.refuse_other_task(other)
        self._parts += other._parts

    def result(self) -> "FoldedRows":
        """All rows, in the order of the file."""
        nothing = np.zeros(0, np.uint64)
        parts = [(nothing, nothing, nothing, nothing, nothing > 0), *self._parts]
        folded, exact, row_key, labels, right = (np.concatenate(each) for each in zip(*parts, strict=True))
        order = np.argsort(row_key)
        found = (folded[order], exact[order], row_key[order], labels[order], right[order])
        self._parts = [found]
        return FoldedRows(*found)


def _labels(batch: Batch) -> Hashes:
    """(n,) uint64: the label, or the hash of several."""
    return batch.labels.astype(np.uint64) if batch.labels.ndim == 1 else row_hashes(batch.labels)


@dataclass(frozen=True, eq=False)
class FoldedRows:
    """Rows of texts, in file order.

    folded, exact: (rows,) uint64 hashes, equal where the texts are whatever their case and spacing, and where they are written
    alike; row_key: (rows,) uint64 numbers of the rows in the file, from 0; labels: (rows,) uint64, equal where the
    labels are; right: (rows,) bool, whether the model's answer was right, in all labels.
    """

    folded: Hashes
    exact: Hashes
    row_key: Hashes
    labels: Hashes
    right: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.row_key)
