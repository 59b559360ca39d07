"""Which rows repeat, with which labels: sorted fingerprints of the features, label and outcome in their lowest bits."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.hashing import row_hashes
from auditor.states.state import State, Task
from auditor.statistics.duplicates import Repeats, repeats_of

Hashes = NDArray[np.uint64]

BITS_OF_LABELS = 16
PIECE = 2**20


class RowHashes(State["HashSet"]):
    """The hash of every row's features with its label and whether it is right, 8 bytes a row.

    The lowest bit says whether the row is right, those above it hold the label: as many as the classes need, and of several
    labels the lowest 16 of their own hash. The rest are the highest bits of the features' hash, so that one sort of
    whole numbers puts equal rows together, and of these those with equal labels.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"features", "predicted"})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._parts: list[Hashes] = []

    def update(self, batch: Batch) -> None:
        """Hash the rows of a batch."""
        bits = spare_bits(self.task)
        low = (_labels(batch) << np.uint64(1)) | _right(batch)
        self._parts.append((batch.row_hashes & ~_mask(bits)) | low)

    def merge(self, other: Self) -> None:
        """Take in the other's hashes."""
        self.refuse_other_task(other)
        self._parts += other._parts

    def result(self) -> "HashSet":
        """All hashes, sorted."""
        words = np.concatenate([np.zeros(0, np.uint64), *self._parts])
        words.sort()
        self._parts = [words]
        return HashSet(words, spare_bits(self.task))


def spare_bits(task: Task) -> int:
    """How many of 64 bits do not tell features apart: one for the outcome, the others for the label."""
    return 1 + (BITS_OF_LABELS if task.multilabel else max(1, (task.n_classes - 1).bit_length()))


def _labels(batch: Batch) -> Hashes:
    if batch.labels.ndim == 1:
        return batch.labels.astype(np.uint64)
    return row_hashes(batch.labels) & _mask(BITS_OF_LABELS)


def _right(batch: Batch) -> Hashes:
    if batch.label_scores is not None:
        return ((batch.labels == 1) == batch.label_scores.given).all(axis=1).astype(np.uint64)
    assert batch.scores is not None
    return (batch.scores.predicted == batch.labels).astype(np.uint64)


def _mask(bits: int) -> np.uint64:
    return np.uint64(2**bits - 1)


@dataclass(frozen=True, eq=False)
class HashSet:
    """The sorted hashes of all rows, repeats included; the lowest `bits` of each are its label and outcome."""

    hashes: Hashes
    bits: int = 0

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.hashes)

    @cached_property
    def repeats(self) -> Repeats:
        """What the rows that equal another row of the set tell."""
        return sum((repeats_of(piece, self.bits) for piece in self._pieces()), Repeats())

    @property
    def repeated(self) -> int:
        """Rows that equal at least one other row."""
        return self.repeats.rows

    @property
    def alike(self) -> float:
        """The design effect if equal rows were copies of one: the sum of their squared numbers over their sum, 1 at the least."""
        return (self.n + self.repeats.squares - self.repeats.rows) / self.n if self.n else 1.0

    @cached_property
    def features(self) -> Hashes:
        """The distinct hashes of features, sorted, their lowest bits 0."""
        kept = self.hashes & ~_mask(self.bits)
        return kept[np.r_[True, kept[1:] != kept[:-1]]] if len(kept) else kept

    def contains(self, wanted: Hashes) -> NDArray[np.bool_]:
        """(n,) bool: which of the hashes of features are in the set."""
        if not self.n:
            return np.zeros(len(wanted), bool)
        order = np.argsort(wanted)
        sought = wanted[order] & ~_mask(self.bits)
        place = np.minimum(np.searchsorted(self.hashes, sought), self.n - 1)
        found = np.empty(len(wanted), bool)
        found[order] = self.hashes[place] & ~_mask(self.bits) == sought
        return found

    def _pieces(self) -> Iterator[Hashes]:
        """Runs of about a million hashes that part no equal rows."""
        ends = self.hashes[PIECE::PIECE] & ~_mask(self.bits)
        yield from np.split(self.hashes, np.unique(np.searchsorted(self.hashes, ends)))
