"""How well the values of a column, ranked as they stand, tell a class from the rest, beside what its bins say."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Counts, Floats
from auditor.statistics.column_bins import Areas, areas_by_score

CHANCE, TELLING = 0.5, 0.6

Mask = NDArray[np.bool_]


def rising_columns(features: NDArray[Any], classes: NDArray[np.int64], asked: Sequence[int]) -> Mask:
    """(asked, columns) bool: whether rows of a class have the higher values; features (rows, columns), NaN below all others."""
    return np.stack([_areas(*_ranked(column), classes, asked) >= CHANCE for column in features.T], axis=1)


def at_least_by_rank(
    binned: Sequence[Areas], features: NDArray[Any], classes: NDArray[np.int64], asked: Sequence[int], rising: Mask
) -> tuple[Areas, ...]:
    """The areas of the bins of each column, for each class asked, or of its values where these rank higher and tell something (0.6).

    binned: areas of the same rows, one for each class asked; rising: (asked, columns), whether high values speak for the class.
    Variances as of DeLong, DeLong & Clarke-Pearson (1988).
    """
    area, variance = ([getattr(areas, name).copy() for areas in binned] for name in ("area", "variance"))
    for column, values in enumerate(features.T):
        places, rows = _ranked(values)
        up = _areas(places, rows, classes, asked)
        own = np.where(rising[:, column], up, 1 - up)
        for i in map(int, np.flatnonzero((own >= TELLING) & (own > [a[column] for a in area]))):
            of_class = np.bincount(places[classes == asked[i]], minlength=len(rows))
            ranks = np.arange(len(rows), dtype=np.float64)
            area[i][column] = own[i]
            variance[i][column] = areas_by_score(ranks[None], of_class[None], (rows - of_class)[None]).variance[0]
    return tuple(replace(a, area=area[i], variance=variance[i]) for i, a in enumerate(binned))


def _ranked(values: NDArray[Any]) -> tuple[Counts, Counts]:
    """The place of each row's value among the different ones, ascending, and how many rows have each."""
    known = np.where(np.isnan(values), -np.inf, values)
    _, places, rows = np.unique(known, return_inverse=True, return_counts=True)
    return places, rows


def _areas(places: Counts, rows: Counts, classes: NDArray[np.int64], asked: Sequence[int]) -> Floats:
    """(asked,) areas of each class against the rest, ties as half; NaN where a class or the rest is absent (Mann & Whitney 1947)."""
    below = (np.cumsum(rows) - rows / 2)[places]
    n_classes = max(int(classes.max(initial=0)), *asked) + 1
    n = np.bincount(classes, minlength=n_classes)[list(asked)].astype(np.float64)
    ranks = np.bincount(classes, below, n_classes)[list(asked)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((ranks - n**2 / 2) / (n * (len(classes) - n)))
