"""The first row of each kind: its number and its label, found again by hash and by values."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array
from auditor.states.row_hashes import Hashes


@dataclass(frozen=True)
class Rows:
    """Rows by the place of their hash, (n,) whole numbers: numbers (n,), labels (n, ...) and values (n, width)."""

    place: NDArray[np.int64]
    number: Hashes
    label: Array
    values: Array

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.place)

    def part(self, chosen: Array) -> Self:
        """The chosen rows."""
        return type(self)(self.place[chosen], self.number[chosen], self.label[chosen], self.values[chosen])


class FirstRows:
    """The lowest number, with its label, of rows that have equal values, for each of `places` hashes."""

    def __init__(self, places: int) -> None:
        """Nothing is known of any."""
        self._places = places
        self._kinds: list[_Kind] = []

    def learn(self, rows: Rows) -> None:
        """Take in rows; those that differ in values though not in hash are kept apart."""
        depth = 0
        while len(rows):
            if depth == len(self._kinds):
                self._kinds.append(_Kind.of(self._places, rows))
            rows, depth = rows.part(~self._kinds[depth].take(rows)), depth + 1

    def find(self, rows: Rows) -> tuple[NDArray[np.bool_], Hashes, Array]:
        """Which rows (n,) have the values of a known one, and its number and label; 0 and -1 where not."""
        found, number, label = np.zeros(len(rows), bool), np.zeros(len(rows), np.uint64), np.full_like(rows.label, -1)
        for kind in self._kinds:
            same = kind.holds(rows)
            found |= same
            number[same], label[same] = kind.number[rows.place[same]], kind.label[rows.place[same]]
        return found, number, label


@dataclass(frozen=True)
class _Kind:
    """One row for each place, where `known`."""

    known: NDArray[np.bool_]
    number: Hashes
    label: Array
    values: Array

    @classmethod
    def of(cls, places: int, rows: Rows) -> Self:
        """Room for rows of this form."""
        number = np.full(places, np.iinfo(np.uint64).max)
        label, values = (np.empty((places, *part.shape[1:]), part.dtype) for part in (rows.label, rows.values))
        return cls(np.zeros(places, bool), number, label, values)

    def take(self, rows: Rows) -> NDArray[np.bool_]:
        """Take in rows; (n,) bool: those of equal values with the one that is held for their place."""
        unknown = np.flatnonzero(~self.known[rows.place])
        places, first = np.unique(rows.place[unknown], return_index=True)
        self.known[places], self.values[places] = True, rows.values[unknown[first]]
        same = self.holds(rows)
        np.minimum.at(self.number, rows.place[same], rows.number[same])
        lowest = same & (rows.number == self.number[rows.place])
        self.label[rows.place[lowest]] = rows.label[lowest]
        return same

    def holds(self, rows: Rows) -> NDArray[np.bool_]:
        """(n,) bool: rows with the values that are held for their place, every NaN as good as another."""
        held = self.values[rows.place]
        equal = (held == rows.values) | ((held != held) & (rows.values != rows.values))  # noqa: PLR0124  (NaN)
        return np.asarray(self.known[rows.place] & equal.all(axis=1))
