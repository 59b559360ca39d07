"""Columns of whole numbers that stand for rows, or for what several rows share, and measure nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_REPEATED, ROWS_A_REPEAT = 2, 100


@dataclass(frozen=True)
class Numbering:
    """A column whose whole numbers, none twice, number the rows of all files together, or of each `anew`.

    low, high: the range of each file, or of all; collisions: how many pairs of independent values would be equal, in the file
    where fewest would.
    """

    column: int
    anew: bool
    low: tuple[float, ...]
    high: tuple[float, ...]
    collisions: float


def numbering_columns(files: Sequence[NDArray[Any]], collisions: float, fewest: int) -> list[Numbering]:
    """Columns of whole numbers, none blank and none twice, that lie too close together to be so by chance.

    files: each (rows, columns), of the same columns. n independent values of a range of r have n (n - 1) / 2r equal pairs
    to be expected, more where they are not uniform, and none with probability below exp of minus that many. These must be
    `collisions` or more, and more by the logarithm of how many columns there are (Bonferroni), among at least `fewest`
    values: of all files together, or where files have numbers in common of each.
    """
    columns = files[0].shape[1]
    least = collisions + float(np.log(max(1, columns)))
    found = (_numbering(j, [file[:, j] for file in files], least, fewest) for j in range(columns))
    return [one for one in found if one is not None]


def repeating_columns(features: NDArray[Any]) -> NDArray[np.bool_]:
    """(columns,) bool: whole numbers, none blank, each in 2 rows or more and in a hundredth of them at most, by the mean."""
    return np.array([_is_repeating(column) for column in features.T], bool)


def _numbering(column: int, files: Sequence[NDArray[Any]], least: float, fewest: int) -> Numbering | None:
    if not all(_are_whole(values) for values in files):
        return None
    for anew, parts in ((False, [np.concatenate(files)]), (True, files)):
        ascending = [np.sort(values).astype(np.float64) for values in parts]
        collisions = min(_expected_collisions(values) if len(values) >= fewest else 0.0 for values in ascending)
        if collisions >= least and all((np.diff(values) > 0).all() for values in ascending):
            low, high = (tuple(float(values[end]) for values in ascending) for end in (0, -1))
            return Numbering(column, anew, low, high, collisions)
    return None


def _expected_collisions(ascending: NDArray[np.float64]) -> float:
    """How many pairs of so many independent values, uniform over the same range, would be equal."""
    n = len(ascending)
    return float(n * (n - 1) / 2 / (ascending[-1] - ascending[0] + 1)) if n else 0.0


def _are_whole(values: NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all() and (values == np.floor(values)).all())


def _is_repeating(values: NDArray[Any]) -> bool:
    different = len(np.unique(values)) if _are_whole(values) else 0
    return different >= ROWS_A_REPEAT and len(values) >= LEAST_REPEATED * different
