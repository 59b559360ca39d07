"""The test rows whose hash stands in train: which they are, and which training rows may equal one of them."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from auditor.batches import Array, Batch
from auditor.hashing import glimpses, is_text
from auditor.states.row_hashes import Hashes

SIEVE_BITS = 20


@dataclass
class Hits:
    """The numbers of those test rows, and which glimpses of a row occur among them, by the first 20 bits.

    Thus the second reading hashes only the few training rows that the glimpses let through, and no other test row.
    """

    _numbers: list[Hashes] = field(default_factory=list)
    _sieve: Array | None = None

    def add(self, batch: Batch) -> None:
        """Take in rows of test whose hash stands in train."""
        self._numbers.append(batch.row_key)
        assert batch.features is not None
        if not is_text(batch.features):
            self._let_through(np.unique(_places(batch.features)))

    def merge(self, other: Self) -> None:
        """Take in the other's rows."""
        self._numbers += other._numbers
        if other._sieve is not None:
            self._let_through(np.flatnonzero(other._sieve))

    def among(self, numbers: Hashes) -> Array:
        """(n,) bool: which rows of test they are."""
        known = np.sort(np.concatenate(self._numbers))
        place = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
        return np.asarray(known[place] == numbers)

    def may_equal(self, features: Array) -> Array:
        """(n,) bool: rows that may equal one of them; texts always may."""
        return np.ones(len(features), bool) if self._sieve is None else self._sieve[_places(features)]

    def _let_through(self, places: Array) -> None:
        if self._sieve is None:
            self._sieve = np.zeros(2**SIEVE_BITS, bool)
        self._sieve[places] = True


def _places(features: Array) -> Hashes:
    return glimpses(features) >> np.uint64(64 - SIEVE_BITS)
