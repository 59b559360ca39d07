"""How well one column by itself tells classes apart: the shares of the classes in each bin, learnt on some rows, scored on others.

Arrays are (columns, ...): every function works on all columns at once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Counts, Floats
from auditor.statistics.estimates import AreaUnderCurve

MOST_BINS, FEWEST_BINS, ROWS_A_BIN, OWN_BIN = 256, 2, 20, 32
MISSING = 0

Codes = NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas under the ROC curve (columns,) of one class against the rest, with DeLong variances; NaN where a class is absent."""

    area: Floats
    variance: Floats
    positives: int
    negatives: int

    def of(self, column: int) -> AreaUnderCurve:
        """The area of one column with its bounds."""
        area, variance = float(self.area[column]), float(self.variance[column])
        known = None if np.isnan(variance) else variance
        return AreaUnderCurve(None if np.isnan(area) else area, self.positives, self.negatives, known)


def bins_for(rows: int) -> int:
    """How many quantile bins so many rows can fill: one for each 20 rows, 2 to 256."""
    return int(np.clip(rows // ROWS_A_BIN, FEWEST_BINS, MOST_BINS))


def bin_columns(known: NDArray[Any], *tables: NDArray[Any], bins: int) -> tuple[Codes, ...]:
    """(columns, rows) bins of each table, whose borders are quantiles of the columns of `known` (rows, columns).

    Bin 0 holds what is missing (NaN). A value that fills several quantiles has a bin of its own, and each value has where
    there are no more than `bins` or 32 of them. Bins beyond `2 + max(bins, 32)` are never used.
    """
    codes = tuple(np.zeros(table.shape[::-1], np.uint16) for table in tables)
    for column in range(known.shape[1]):
        borders = _borders(known[:, column], bins)
        for table, into in zip(tables, codes, strict=True):
            values = table[:, column]
            into[column] = np.where(np.isnan(values), MISSING, 1 + np.searchsorted(borders, values, side="right"))
    return codes


def _borders(values: NDArray[Any], bins: int) -> NDArray[Any]:
    ascending = np.sort(values[~np.isnan(values)])
    own = ascending[np.flatnonzero(np.concatenate([[True] * bool(len(ascending)), ascending[1:] != ascending[:-1]]))]
    if len(own) <= max(bins, OWN_BIN):
        return own
    quantiles = ascending[np.arange(1, bins) * len(ascending) // bins]
    filled = quantiles[1:][quantiles[1:] == quantiles[:-1]]
    return np.unique(np.concatenate([quantiles, np.nextafter(filled, np.inf, dtype=filled.dtype)]))


def tally_bins(codes: Codes, classes: NDArray[np.int64], n_bins: int, n_classes: int) -> Counts:
    """(columns, bins, classes) rows of each class in each bin; codes (columns, rows), classes (rows,)."""
    columns = len(codes)
    places = (np.arange(columns)[:, None] * n_bins + codes) * n_classes + classes
    return np.bincount(places.ravel(), minlength=columns * n_bins * n_classes).reshape(columns, n_bins, n_classes)


def class_shares_by_bin(counts: Counts) -> Floats:
    """(columns, bins, classes) shares of the classes in each bin, as if each held one more row a class, at their shares overall.

    counts: (columns, bins, classes). After Laplace, weighted by the classes (Cestnik 1990), so that an empty bin says what is
    true of all rows.
    """
    overall = counts.sum(axis=1, keepdims=True) / np.maximum(counts.sum(axis=(1, 2), keepdims=True), 1)
    n_classes = counts.shape[2]
    return np.asarray((counts + n_classes * overall) / (counts.sum(axis=2, keepdims=True) + n_classes))


def areas_by_score(scores: Floats, positives: Counts, negatives: Counts) -> Areas:
    """Areas under the ROC curve of bins ranked by their scores, equal scores as ties; all (columns, bins).

    Placements as of DeLong, DeLong & Clarke-Pearson (1988).
    """
    order = np.argsort(scores, axis=1)
    p, n = (np.take_along_axis(a, order, axis=1) for a in (positives, negatives))
    first, last = _ties(np.take_along_axis(scores, order, axis=1))
    n_below, p_below = (np.take_along_axis(np.cumsum(a, axis=1) - a, first, axis=1) for a in (n, p))
    n_through, p_through = (np.take_along_axis(np.cumsum(a, axis=1), last, axis=1) for a in (n, p))
    all_p, all_n = int(positives[0].sum()), int(negatives[0].sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        of_positive = (n_below + n_through) / (2 * np.float64(all_n))
        of_negative = 1 - (p_below + p_through) / (2 * np.float64(all_p))
        area = (p * of_positive).sum(axis=1) / np.float64(all_p)
        spread = (p * (of_positive - area[:, None]) ** 2).sum(axis=1) / np.float64(all_p * (all_p - 1))
        spread += (n * (of_negative - area[:, None]) ** 2).sum(axis=1) / np.float64(all_n * (all_n - 1))
    return Areas(area, spread, all_p, all_n)


def _ties(ascending: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the last place of the run of equal values that each place is in, along the rows."""
    places = np.broadcast_to(np.arange(ascending.shape[1]), ascending.shape)
    starts = np.diff(ascending, axis=1, prepend=-np.inf) != 0
    ends = np.diff(ascending, axis=1, append=np.inf) != 0
    first = np.maximum.accumulate(np.where(starts, places, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, places, ascending.shape[1] - 1)[:, ::-1], axis=1)[:, ::-1]
    return first, last
