"""How many groups of rows there are, and how large they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array

PARTS_AT_ONCE = 64

Part = tuple[NDArray[np.uint64], NDArray[np.int64]]


@dataclass(frozen=True)
class Groups:
    """The number of groups, None where none were declared, and the rows without one, which each count as a group.

    alike: the design effect if all rows of a group were alike, the sum of squared group sizes over their sum.
    largest: rows of the largest group.
    """

    n: int | None = None
    ungrouped: int = 0
    alike: float = 1.0
    largest: int = 1


class GroupSizes:
    """The rows of each group, by its hash; 16 bytes a group."""

    def __init__(self) -> None:
        """Start empty."""
        self._parts: list[Part] = []
        self._declared = False

    def take(self, cluster: Array | None) -> None:
        """Count rows of these groups (n,) uint64; None where none were declared."""
        if cluster is not None:
            self._declared = True
            self._add([np.unique(cluster, return_counts=True)])

    def merge(self, other: Self) -> None:
        """Add the other's rows."""
        self._declared |= other._declared
        self._add(other._parts)

    def found(self) -> Groups:
        """What there is."""
        hashes, sizes = _by_group(self._parts)
        return Groups(
            len(sizes) if self._declared else None,
            int((hashes & np.uint64(1)).sum()),
            float(np.sum(sizes.astype(np.float64) ** 2) / sizes.sum()) if len(sizes) else 1.0,
            int(sizes.max(initial=1)),
        )

    def _add(self, parts: Sequence[Part]) -> None:
        self._parts += parts
        if len(self._parts) > PARTS_AT_ONCE:
            self._parts = [_by_group(self._parts)]


def _by_group(parts: Sequence[Part]) -> Part:
    """Each group once, in ascending order, with its rows."""
    hashes = np.concatenate([np.zeros(0, np.uint64), *(part[0] for part in parts)])
    sizes = np.concatenate([np.zeros(0, np.int64), *(part[1] for part in parts)])
    groups, place = np.unique(hashes, return_inverse=True)
    total = np.zeros(len(groups), np.int64)
    np.add.at(total, place, sizes)
    return groups, total
