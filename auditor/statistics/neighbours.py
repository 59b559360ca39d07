"""Rows that nearly equal a row of a reference, found among its nearest in a sketch of a few dimensions.

Columns are brought to one scale, so that a distance is Euclidean and in standard deviations. A sketch is a Gaussian projection,
which keeps every distance up to a factor that depends neither on the rows nor on the number of columns (Johnson &
Lindenstrauss 1984); in its few dimensions a tree of cuts finds neighbours within a small radius at once. What it finds is
measured on the columns themselves.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Floats
from auditor.statistics.estimates import Difference, Proportion
from auditor.statistics.resampling import generator

Features = NDArray[Any]
Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

SEED = "audit-v1 neighbours"
SCALE_ROWS, TAILS = 20_000, (0.01, 0.99)
MISSING, FARTHEST, TINY = -4.0, 1e6, 1e-30
SKETCH_DIMENSIONS = 12
# A squared length in the sketch is the true one times chi-square(12) / 12, which is beyond 1.6**2 in 0.2% of sketches.
SKETCH_SLACK = 1.6
# Besides the row itself, where the reference holds it.
CANDIDATES = 3
TYPICAL_ROWS, BLOCK_ROWS = 256, 4096
BLOCK_VALUES = 2**22
MOST_ASKED = 2**15


@dataclass(frozen=True, eq=False)
class Columns:
    """The middle and the spread of each of the columns, (columns,) float64."""

    middle: Floats
    spread: Floats

    @classmethod
    def of(cls, features: Features) -> "Columns":
        """Medians, and standard deviations of values cut at their 1% and 99% quantiles, of up to 20,000 rows.

        The cut keeps a few huge values from shrinking all others to nothing. A column that is then constant (a rare event)
        takes its plain standard deviation.
        """
        some = features[chosen(len(features), SCALE_ROWS)].astype(np.float64)
        kept = np.where(np.isfinite(some), some, np.nan)
        kept[:, np.isnan(kept).all(axis=0)] = 0.0
        low, high = np.nanquantile(kept, TAILS, axis=0)
        spread = np.nanstd(np.clip(kept, low, high), axis=0)
        return cls(np.nanmedian(kept, axis=0), np.where(spread > 0, spread, np.nanstd(kept, axis=0)))

    def standardised(self, features: Features) -> Floats:
        """(n, columns) distances from the middle in spreads; an empty cell is `MISSING`.

        What differs at all from a column that is constant in the reference lies `FARTHEST` away.
        """
        values = (features - self.middle) / np.maximum(self.spread, TINY)
        return np.where(np.isnan(values), MISSING, np.clip(values, -FARTHEST, FARTHEST))


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to compare: values (n, columns) float64, all on one scale; hashes (n,) uint64, equal where rows are."""

    values: Floats
    hashes: Hashes

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.hashes)

    def take(self, places: Places) -> "Rows":
        """Some of the rows."""
        return Rows(self.values[places], self.hashes[places])


@dataclass(frozen=True, eq=False)
class Near:
    """Which of the rows that were asked, (n,), have another row within the radius, and which one is the nearest.

    rows, nearest, column: (pairs,) int64 places of the row, of the row of the reference, and of the column in which they
    differ most; distance, largest: (pairs,) float64 in spreads, over all columns and in that column.
    """

    asked: Places
    rows: Places
    nearest: Places
    column: Places
    distance: Floats
    largest: Floats

    @property
    def share(self) -> Proportion:
        """Share of the asked rows that have one near."""
        return Proportion(len(self.rows), len(self.asked))

    def within(self, tolerance: float) -> "Near":
        """Only the pairs that agree in every column to within so many spreads."""
        kept = self.largest <= tolerance
        rows, nearest, column = (part[kept] for part in (self.rows, self.nearest, self.column))
        return Near(self.asked, rows, nearest, column, self.distance[kept], self.largest[kept])


@dataclass(frozen=True, eq=False)
class Reference:
    """Rows among which neighbours are looked for; of those that are equal one is kept. places: where they stand in the whole."""

    rows: Rows
    places: Places

    @classmethod
    def of(cls, rows: Rows) -> "Reference":
        """The distinct ones among rows."""
        places = np.unique(rows.hashes, return_index=True)[1]
        return cls(rows.take(places), places)

    @cached_property
    def projection(self) -> Floats:
        """(columns, dimensions): a Gaussian one that keeps lengths on average; of few columns the columns themselves."""
        columns = self.rows.values.shape[1]
        if columns <= SKETCH_DIMENSIONS:
            return np.eye(columns)
        drawn = generator(SEED).standard_normal((columns, SKETCH_DIMENSIONS))
        return np.asarray(drawn / np.sqrt(SKETCH_DIMENSIONS))

    @cached_property
    def tree(self) -> Any:  # noqa: ANN401  (scipy's, imported only where two tables are compared)
        """A k-d tree of the sketch (Bentley 1975)."""
        from scipy.spatial import KDTree

        return KDTree(self.rows.values @ self.projection)

    @cached_property
    def typical_distance(self) -> float:
        """Median distance from a row to the nearest other one, of 256 rows; there have to be two at least."""
        places = chosen(len(self.rows), TYPICAL_ROWS)
        asked, values = self.rows.values[places], self.rows.values
        squares = np.full(len(asked), np.inf)
        step = max(1, BLOCK_VALUES // len(asked))
        for start in range(0, len(values), step):
            block = values[start : start + step]
            found = np.sum(asked**2, axis=1)[:, None] + np.sum(block**2, axis=1) - 2 * asked @ block.T
            found[places[:, None] == np.arange(start, start + len(block))] = np.inf
            squares = np.minimum(squares, found.min(axis=1))
        return float(np.sqrt(np.median(np.maximum(squares, 0))))

    def near(self, rows: Rows, places: Places, asked: Places, radius: float) -> Near:
        """Which of the rows have one of these within the radius that differs from them; places: where the rows stand."""
        parts = [self._nearest(rows, part, radius) for part in _blocks(len(rows))]
        row, *others = (np.concatenate(each) for each in zip(*parts, strict=True))
        return Near(asked, places[row], *others)

    def _nearest(self, rows: Rows, some: Places, radius: float) -> tuple[Places, Places, Places, Floats, Floats]:
        """The fields of `Near` for some of the rows."""
        slack = SKETCH_SLACK if self.rows.values.shape[1] > SKETCH_DIMENSIONS else 1.0
        sketch = rows.values[some] @ self.projection
        _, found = self.tree.query(sketch, k=CANDIDATES + 1, distance_upper_bound=slack * radius)
        row, rank = np.nonzero(found < len(self.rows))
        row, other = some[row], found[row, rank].astype(np.int64)
        differ = self.rows.hashes[other] != rows.hashes[row]
        row, other = row[differ], other[differ]
        apart = np.abs(rows.values[row] - self.rows.values[other])
        distance = np.sqrt(np.sum(apart**2, axis=1))
        kept = _least_of_each(row, distance)
        kept = kept[distance[kept] <= radius]
        row, other, apart = row[kept], other[kept], apart[kept]
        return row, self.places[other], apart.argmax(axis=1), distance[kept], apart.max(axis=1)


@dataclass(frozen=True, eq=False)
class NearCopies:
    """Rows of test with a training row near, and training rows with another one near; `radius` is what counts as near."""

    test: Near
    train: Near
    radius: float

    @property
    def excess(self) -> Difference:
        """How many more of test have a training row near than of train have another one (Newcombe 1998, method 10)."""
        return Difference(self.test.share, self.train.share)

    def within(self, tolerance: float) -> "NearCopies":
        """Only the pairs that agree in every column to within so many spreads."""
        return NearCopies(self.test.within(tolerance), self.train.within(tolerance), self.radius)


def near_copies(
    test: tuple[Features, Hashes], train: tuple[Features, Hashes], closeness: float, most: int = MOST_ASKED
) -> NearCopies:
    """Look for a training row near each test row, and for another one near each training row.

    test, train: (n, columns) features and their (n,) hashes; two rows of train have to differ. Near is closer than `closeness`
    times the median distance from a training row to its nearest other one. Up to `most` rows of each are asked. A row that
    equals a row of train (one of train: another one) counts among the rows and never as near.
    """
    columns = Columns.of(train[0])
    known = Rows(columns.standardised(train[0]), train[1])
    reference = Reference.of(known)
    radius = closeness * reference.typical_distance
    asked, own = chosen(len(test[1]), most), chosen(len(known), most)
    new, alone = asked[~np.isin(test[1][asked], known.hashes)], own[_alone(known.hashes)[own]]
    fresh = Rows(columns.standardised(test[0][new]), test[1][new])
    return NearCopies(
        reference.near(fresh, new, asked, radius), reference.near(known.take(alone), alone, own, radius), radius
    )


def chosen(n: int, most: int) -> Places:
    """(min(n, most),) ascending places of n, drawn at random and always the same."""
    return np.arange(n) if n <= most else np.sort(generator(SEED).choice(n, most, replace=False))


def _alone(hashes: Hashes) -> NDArray[np.bool_]:
    """(n,) bool: rows that equal no other."""
    _, which, times = np.unique(hashes, return_inverse=True, return_counts=True)
    return np.asarray(times[which] == 1)


def _blocks(n: int) -> list[Places]:
    """The numbers up to n, some at a time; one empty block where there are none."""
    return [np.arange(start, min(start + BLOCK_ROWS, n)) for start in range(0, max(n, 1), BLOCK_ROWS)]


def _least_of_each(group: Places, value: Floats) -> Places:
    """The places of the least value of each group."""
    order = np.lexsort((value, group))
    return order[np.unique(group[order], return_index=True)[1]]
