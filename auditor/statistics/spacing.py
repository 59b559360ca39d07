"""How far apart the rows of a table lie, as it would be if none were copies of each other.

The nearest other row may be a copy, and a table multiplied with a little noise holds a few of each row. The tenth and the
thirty-second nearest lie beyond them. Where rows are locally spread evenly over d dimensions, the volume within the k-th
nearest is gamma(k) distributed, and so d (Levina & Bickel 2004) and the distance to the nearest follow from far ones alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from auditor.statistics.bins import Floats

RANKS = (10, 32)
FARTHEST_RANK = 2 * RANKS[-1]
FEW_COLUMNS = 2
GROUPED, TINY = 0.5, 1e-300


@dataclass(frozen=True)
class Spacing:
    """How far apart rows lie.

    nearest: the median distance from a row to the nearest other one; usual: the same without copies; rank, factor: `factor`
    times the distance from a row to its `rank`-th nearest is to that row what `usual` is to all.
    """

    nearest: float
    usual: float
    rank: int = 1
    factor: float = 1.0

    def part(self, closeness: float) -> float:
        """The part of the usual distance within which a row is near: `closeness`, or more where half of the rows may be copies.

        That is where half of them have another nearer than half the usual distance, as rows in groups do. What is near
        then lies between the distances within groups and between them, at their geometric mean.
        """
        if self.nearest >= GROUPED * self.usual:
            return closeness
        return max(closeness, float(np.sqrt(self.nearest / self.usual)))


def spacing(distances: Floats, fine: Floats, columns: int) -> Spacing:
    """How far apart rows lie, from some of them.

    distances, fine: (rows, ranks) ascending, to the nearest other rows, by all columns and by the fine ones alone, in which
    rows mostly differ from their nearest; columns: how many those are. In cells of coarse columns rows are near by nature,
    and only a distance by the fine ones says how near. Up to two tell nothing: the usual distance then is the one to the
    nearest. It never is less.
    """
    nearest = float(np.median(distances[:, 0]))
    ranks = [rank for rank in RANKS if 2 * rank <= distances.shape[1]]
    if not ranks or columns <= FEW_COLUMNS:
        return Spacing(nearest, nearest)
    usual = max(nearest, *(_without_copies(fine, rank) for rank in ranks))
    return Spacing(nearest, usual, ranks[-1], usual / max(TINY, float(np.median(distances[:, ranks[-1] - 1]))))


def _without_copies(distances: Floats, rank: int) -> float:
    """The median distance to the nearest that fits those to the `rank`-th nearest and to the one at twice that rank."""
    far, farther = (np.maximum(TINY, distances[:, place - 1]) for place in (rank, 2 * rank))
    volumes = np.log(gammaincinv([1, rank, 2 * rank], 0.5))
    steps = (volumes[1] - volumes[0]) / (volumes[2] - volumes[1])
    return float(np.median(far) * np.exp(-steps * np.median(np.log(farther / far))))
