"""Which rows repeat, with which labels: sorted fingerprints of the features, label and outcome in their lowest bits."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.hashing import row_hashes
from auditor.states.state import State, Task
from auditor.statistics.bounds import Smooth
from auditor.statistics.duplicates import AgainstNoise, Repeats, against_noise, expected_across, repeats_of, several

Hashes = NDArray[np.uint64]

BITS_OF_LABELS = 16
PIECE = 2**20
COMMON_SHARE, COMMON_ROWS, MOST_COMMON = 0.02, 30, 10
FEWEST_BITS, SPARSE_BITS, MOST_BITS = 20, 2, 24


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
        words: Hashes = batch.row_hashes & ~_mask(spare_bits(self.task))
        words |= _labels(batch) << np.uint64(1)
        words |= batch.right
        self._parts.append(words)

    def merge(self, other: Self) -> None:
        """Take in the other's hashes."""
        self.refuse_other_task(other)
        self._parts += other._parts

    def result(self) -> "HashSet":
        """All hashes, sorted."""
        words = np.empty(sum(map(len, self._parts)), np.uint64)
        end = len(words)
        while self._parts:  # each part is let go as soon as it is copied
            part = self._parts.pop()
            words[end - len(part) : end] = part
            end -= len(part)
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


def _mask(bits: int) -> np.uint64:
    return np.uint64(2**bits - 1)


def _first(places: int) -> np.uint64:
    """How far a hash is shifted to be one of so many places, a power of two."""
    return np.uint64(65 - places.bit_length())


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
        return sum((repeats_of(piece, self.bits) for piece in self.cut(self.ends)), Repeats())

    @property
    def repeated(self) -> int:
        """Rows that equal at least one other row."""
        return self.repeats.rows

    @property
    def right(self) -> int:
        """Rows of which the model says what their label is."""
        return int(np.count_nonzero(self.hashes & np.uint64(1)))

    @property
    def alike(self) -> float:
        """The design effect if equal rows were copies of one: the sum of their squared numbers over their sum, 1 at the least."""
        return (self.n + self.repeats.squares - self.repeats.rows) / self.n if self.n else 1.0

    @cached_property
    def distinct(self) -> "HashSet":
        """The hashes of the features alone, each once."""
        kept = self.hashes & ~_mask(self.bits)
        return HashSet(kept[np.r_[True, kept[1:] != kept[:-1]]] if len(kept) else kept, self.bits)

    @cached_property
    def common(self) -> "HashSet":
        """The rows of up to ten contents that a fiftieth of all rows, and 30 at the least, have each, as empty records do.

        Nothing where more contents are so common: the columns are coarse then; nor where they make up most of the rows of
        a label: that is a class of few contents.
        """
        least = max(COMMON_ROWS, math.ceil(COMMON_SHARE * self.n))
        met = np.unique(self.hashes[least - 1 :: least] & ~_mask(self.bits))  # as many equal ones fill one such place
        found = self.only(met[self.rows_of(met) >= least])
        if not 0 < found.distinct.n <= MOST_COMMON:
            return self.only(met[:0])
        of_found, of_all = (np.bincount(part.labels) for part in (found, self))
        return self.only(met[:0]) if (2 * of_found > of_all[: len(of_found)]).any() else found

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,) the bits of each hash that hold the label."""
        return ((self.hashes & _mask(self.bits)) >> np.uint64(min(1, self.bits))).astype(np.int64)

    def only(self, features: Hashes, *, without: bool = False) -> "HashSet":
        """The rows of these few sorted hashes of features, or all others."""
        if not len(features):
            return self if without else HashSet(self.hashes[:0], self.bits)
        first = np.searchsorted(self.hashes, features)
        chosen = np.zeros(self.n, bool)
        for start, n in zip(first, self.rows_of(features), strict=True):
            chosen[start : start + n] = True
        return HashSet(self.hashes[chosen ^ without], self.bits)

    def standing_in(self, other: "HashSet") -> int:
        """How many rows have the features of a row of another set of the same task."""
        return int(self.rows_of(other.distinct.hashes).sum())

    def place(self, wanted: Hashes) -> NDArray[np.int64]:
        """(n,) where in the set the first of each of these hashes of features stands, if it does."""
        return np.searchsorted(self.hashes, wanted & ~_mask(self.bits))

    def contains(self, wanted: Hashes) -> NDArray[np.bool_]:
        """(n,) bool: which of the hashes of features are in the set."""
        found = np.zeros(len(wanted), bool)
        if not self.n:
            return found
        sieve = self._sieve
        likely = np.arange(len(wanted)) if sieve is None else np.flatnonzero(sieve[wanted >> _first(len(sieve))])
        likely = likely[np.argsort(wanted[likely])]
        sought = wanted[likely] & ~_mask(self.bits)
        place = np.minimum(np.searchsorted(self.hashes, sought), self.n - 1)
        found[likely] = self.hashes[place] & ~_mask(self.bits) == sought
        return found

    @cached_property
    def _sieve(self) -> NDArray[np.bool_] | None:
        """Which first bits occur, as the quickest no to most hashes; None where memory for it would be large."""
        bits = max(FEWEST_BITS, self.n.bit_length() + SPARSE_BITS)
        if bits > MOST_BITS:
            return None
        sieve = np.zeros(2**bits, bool)
        sieve[self.hashes >> _first(len(sieve))] = True
        return sieve

    def expected_across(self, train: "HashSet", shared: "HashSet") -> float:
        """How many of these rows a random split of them and of `train` into as many each would show to stand in train.

        Given the groups of equal rows in both together, of which `shared` has those that stand in both: see
        `auditor.statistics.expected_across`.
        """
        alike = np.unique(np.concatenate([shared.distinct.hashes, self.of_several_rows, train.of_several_rows]))
        sizes = Counter((self.rows_of(alike) + train.rows_of(alike)).tolist())
        return expected_across(sizes, self.n, train.n)

    @property
    def of_several_rows(self) -> Hashes:
        """The hashes of features that more than one row has, each once."""
        pieces = [several(piece >> np.uint64(self.bits)) for piece in self.cut(self.ends)]
        return np.concatenate(pieces) << np.uint64(self.bits)

    def rows_of(self, features: Hashes) -> NDArray[np.int64]:
        """(n,) how many rows have each of these hashes of features."""
        first = np.searchsorted(self.hashes, features)
        return np.searchsorted(self.hashes, features | _mask(self.bits), "right") - first

    def less_than_noise(self, train: "HashSet") -> Smooth:
        """By how much the model errs less often than the labels of train let any function of the features err.

        Of the rows whose features train repeats: half the share of pairs of such training rows that differ in label (Cover &
        Hart 1967), minus the share of the rows that the model has wrong.
        """
        ends = (self if self.n >= train.n else train).ends
        pieces = zip(self.cut(ends), train.cut(ends), strict=True)
        return sum((against_noise(*both, self.bits) for both in pieces), AgainstNoise()).estimate

    @property
    def ends(self) -> Hashes:
        """Hashes that cut the set into pieces of about a million rows and part no equal ones."""
        return np.unique(self.hashes[PIECE::PIECE] & ~_mask(self.bits))

    def cut(self, ends: Hashes) -> Iterator[Hashes]:
        """The hashes below the first end, then those from each end on to the next."""
        yield from np.split(self.hashes, np.searchsorted(self.hashes, ends))
