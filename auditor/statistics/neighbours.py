"""Rows that nearly equal a row of a reference, found among its nearest in a sketch of a few dimensions.

Columns are brought to one scale, so that a distance is Euclidean and in standard deviations. A sketch is a Gaussian projection,
which keeps every distance up to a factor that depends neither on the rows nor on the number of columns (Johnson &
Lindenstrauss 1984); in its few dimensions a tree of cuts finds neighbours within a small radius at once. What it finds is
measured on the columns themselves.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Floats
from auditor.statistics.duplicates import alone
from auditor.statistics.estimates import Difference, Proportion
from auditor.statistics.resampling import generator

Features = NDArray[Any]
Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

SEED = "audit-v1 neighbours"
MISSING, FARTHEST, TINY = -4.0, 1e6, 1e-30
SKETCH_DIMENSIONS = 12
# A squared length in the sketch is the true one times chi-square(12) / 12, which is beyond 1.6**2 in 0.2% of sketches.
SKETCH_SLACK = 1.6
# The row itself and the one beside it may be among them.
CANDIDATES = 4
TYPICAL_ROWS, BLOCK_ROWS = 256, 4096
BLOCK_VALUES = 2**22
MOST_ASKED, MOST_PAIRS = 20_000, 4096


@dataclass(frozen=True, eq=False)
class Columns:
    """The mean and the standard deviation of each of the columns, (columns,) float64, of its finite values."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, features: Features) -> "Columns":
        """Those of (n, columns) features."""
        known = np.where(np.isfinite(features), features, np.nan).astype(np.float64)
        known[:, np.isnan(known).all(axis=0)] = 0.0
        return cls(np.nanmean(known, axis=0), np.nanstd(known, axis=0))

    def standardised(self, features: Features) -> Floats:
        """(n, columns) distances from the mean in standard deviations; an empty cell is `MISSING`.

        What differs at all from a column that is constant in the reference lies `FARTHEST` away.
        """
        values = (features - self.mean) / np.maximum(self.deviation, TINY)
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
    """Which of the rows that were asked, (n,), have another row within a radius, and which one is the nearest.

    rows, nearest, column: (pairs,) int64 places of the row, of the row of the reference, and of the column in which they
    differ most; distance, largest: (pairs,) float64 standard deviations, over all columns and in that column.
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

    def only(self, kept: NDArray[np.bool_]) -> "Near":
        """Only the pairs that are kept; kept: (pairs,) bool."""
        rows, nearest, column = (part[kept] for part in (self.rows, self.nearest, self.column))
        return Near(self.asked, rows, nearest, column, self.distance[kept], self.largest[kept])

    def thinned(self, most: int) -> "Near":
        """As if fewer rows had been asked, drawn at random, so that about `most` pairs are left."""
        if len(self.rows) <= most:
            return self
        asked = self.asked[chosen(len(self.asked), len(self.asked) * most // len(self.rows))]
        return replace(self.only(np.isin(self.rows, asked)), asked=asked)


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
        row, other, distance, column, largest = (np.concatenate(each) for each in zip(*parts, strict=True))
        return Near(asked, places[row], self.places[other], column, distance, largest)

    def _nearest(self, rows: Rows, some: Places, radius: float) -> tuple[Places, Places, Floats, Places, Floats]:
        """Of some of the rows those with one of these near, which one, how far, and where and by how much they differ most."""
        row, other = self._candidates(rows.values[some], radius)
        row = some[row]
        differ = self.rows.hashes[other] != rows.hashes[row]
        row, other = row[differ], other[differ]
        apart = np.abs(rows.values[row] - self.rows.values[other])
        distance = np.sqrt(np.sum(apart**2, axis=1))
        kept = _least_of_each(row, distance)
        kept = kept[distance[kept] <= radius]
        row, other, apart = row[kept], other[kept], apart[kept]
        return row, other, distance[kept], apart.argmax(axis=1), apart.max(axis=1)

    def gaps(self, rows: Rows, but: Hashes, radius: float) -> Floats:
        """(n,) distance from each row to the nearest of these that equals neither it nor `but`, (n,); infinite beyond the radius."""
        gaps = np.full(len(rows), np.inf)
        for some in _blocks(len(rows)):
            row, other = self._candidates(rows.values[some], radius)
            row, hashes = some[row], self.rows.hashes[other]
            differ = (hashes != rows.hashes[row]) & (hashes != but[row])
            row, other = row[differ], other[differ]
            distance = np.sqrt(np.sum((rows.values[row] - self.rows.values[other]) ** 2, axis=1))
            np.minimum.at(gaps, row, distance)
        return gaps

    def _candidates(self, values: Floats, radius: float) -> tuple[Places, Places]:
        """(pairs,) rows and which of these are near in the sketch, itself among them."""
        slack = SKETCH_SLACK if values.shape[1] > SKETCH_DIMENSIONS else 1.0
        _, found = self.tree.query(values @ self.projection, k=CANDIDATES, distance_upper_bound=slack * radius)
        row, rank = np.nonzero(found < len(self.rows))
        return row, found[row, rank].astype(np.int64)


@dataclass(frozen=True, eq=False)
class NearCopies:
    """Rows of test that nearly equal a training row, and rows of train that so equal another one.

    near: rows of test with a training row near, other training rows too or not; radius: what counts as near.
    """

    test: Near
    train: Near
    near: Near
    radius: float

    @property
    def excess(self) -> Difference:
        """How many more of test than of train nearly equal a row of train (Newcombe 1998, method 10).

        Rows of train are near each other in twos, so that they bound their share as half as many independent ones would.
        """
        return Difference(self.test.share, self.train.share.effective(2))

    def within(self, tolerance: float) -> "NearCopies":
        """Only the pairs that agree in every column to within so many standard deviations."""
        test, train, near = (part.only(part.largest <= tolerance) for part in (self.test, self.train, self.near))
        return NearCopies(test, train, near, self.radius)


def near_copies(
    test: tuple[Features, Hashes], train: tuple[Features, Hashes], closeness: float, most: int = MOST_ASKED
) -> NearCopies:
    """Look for a training row that nearly equals a test row, and for another one that nearly equals a training row.

    test, train: (n, columns) features and their (n,) hashes; two rows of train have to differ. A row is near when it is closer
    than `closeness` times the median distance from a training row to its nearest other one. It nearly equals that row when it
    is also closer than `closeness` times the distance from there to the next training row, so that a region where rows are
    dense is not taken for copies, however many rows of test lie in it. Up to `most` rows of each are asked. A row that equals
    a row of train (one of train: another one) counts among the rows and is never near.
    """
    columns = Columns.of(train[0])
    known = Rows(columns.standardised(train[0]), train[1])
    reference = Reference.of(known)
    usual = reference.typical_distance
    asked, own = chosen(len(test[1]), most), chosen(len(known), most)
    new, single = asked[~np.isin(test[1][asked], known.hashes)], own[alone(known.hashes)[own]]
    fresh = Rows(columns.standardised(test[0][new]), test[1][new])
    of_test = reference.near(fresh, new, asked, closeness * usual).thinned(MOST_PAIRS)
    of_train = reference.near(known.take(single), single, own, closeness * usual).thinned(MOST_PAIRS)
    found, others = (
        near.only(near.distance <= closeness * reference.gaps(known.take(near.nearest), hashes[near.rows], usual))
        for near, hashes in ((of_test, test[1]), (of_train, known.hashes))
    )
    return NearCopies(found, others, of_test, closeness * usual)


def chosen(n: int, most: int) -> Places:
    """(min(n, most),) ascending places of n, drawn at random and always the same."""
    return np.arange(n) if n <= most else np.sort(generator(SEED).choice(n, most, replace=False))


def _blocks(n: int) -> list[Places]:
    """The numbers up to n, some at a time; one empty block where there are none."""
    return [np.arange(start, min(start + BLOCK_ROWS, n)) for start in range(0, max(n, 1), BLOCK_ROWS)]


def _least_of_each(group: Places, value: Floats) -> Places:
    """The places of the least value of each group."""
    order = np.lexsort((value, group))
    return order[np.unique(group[order], return_index=True)[1]]
