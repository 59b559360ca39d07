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
from auditor.statistics.spacing import FARTHEST_RANK, FEW_COLUMNS, Spacing, spacing

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
TYPICAL_ROWS, BLOCK_ROWS, SPACE_ROWS = 256, 4096, 256
BLOCK_VALUES = 2**20
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
    differ most; distance, largest: (pairs,) float64 standard deviations, over all columns and in that column; differing:
    (pairs,) int64, in how many columns they differ.
    """

    asked: Places
    rows: Places
    nearest: Places
    column: Places
    distance: Floats
    largest: Floats
    differing: Places

    @property
    def share(self) -> Proportion:
        """Share of the asked rows that have one near."""
        return Proportion(len(self.rows), len(self.asked))

    def only(self, kept: NDArray[np.bool_]) -> "Near":
        """Only the pairs that are kept; kept: (pairs,) bool."""
        rows, nearest, column, differing = (
            part[kept] for part in (self.rows, self.nearest, self.column, self.differing)
        )
        return Near(self.asked, rows, nearest, column, self.distance[kept], self.largest[kept], differing)

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
    def spacing(self) -> Spacing:
        """How far apart the rows lie, by 256 of them; there have to be two at least."""
        places, values = chosen(len(self.rows), TYPICAL_ROWS), self.rows.values
        ranks = min(FARTHEST_RANK, len(values) - 1)
        distances, nearest = _distances(values, places, ranks)
        fine = np.mean(values[places] != values[nearest], axis=0) > 0.5
        of_fine = distances if fine.all() else _distances(values[:, fine], places, ranks)[0]
        return spacing(distances, of_fine, int(fine.sum()))

    def near(self, rows: Rows, places: Places, asked: Places, radius: float) -> Near:
        """Which of the rows have one of these within the radius that differs from them; places: where the rows stand."""
        parts = [self._nearest(rows, part, radius) for part in _blocks(len(rows))]
        row, other, distance, column, largest, differing = (np.concatenate(each) for each in zip(*parts, strict=True))
        return Near(asked, places[row], self.places[other], column, distance, largest, differing)

    def _nearest(
        self, rows: Rows, some: Places, radius: float
    ) -> tuple[Places, Places, Floats, Places, Floats, Places]:
        """Of some of the rows those with one of these near, which one, how far, and where, by how much, and how widely they differ."""
        row, other = self._candidates(rows.values[some], radius)
        row = some[row]
        differ = self.rows.hashes[other] != rows.hashes[row]
        row, other = row[differ], other[differ]
        apart = np.abs(rows.values[row] - self.rows.values[other])
        distance = np.sqrt(np.sum(apart**2, axis=1))
        kept = _of_each(row, distance, 1)
        kept = kept[distance[kept] <= radius]
        row, other, apart = row[kept], other[kept], apart[kept]
        return row, other, distance[kept], apart.argmax(axis=1), apart.max(axis=1), np.count_nonzero(apart, axis=1)

    def spaces(self, rows: Rows, but: Hashes, rank: int, within: Floats) -> Floats:
        """(n,) distance from each row to the `rank`-th nearest of these that equals neither it nor `but`, (n,).

        Infinite where that is farther than `within`, (n,). A sketch may take a farther one for it.
        """
        spaces, order = np.full(len(rows), np.inf), np.argsort(within, kind="stable")
        for block in _blocks(len(rows), SPACE_ROWS):
            some = order[block]
            row, other = self._candidates(rows.values[some], float(within[some].max(initial=0)), rank + 2)
            row, hashes = some[row], self.rows.hashes[other]
            differ = (hashes != rows.hashes[row]) & (hashes != but[row])
            row, other = row[differ], other[differ]
            distance = np.sqrt(np.sum((rows.values[row] - self.rows.values[other]) ** 2, axis=1))
            kept = _of_each(row, distance, rank)
            spaces[row[kept]] = distance[kept]
        return spaces

    def _candidates(self, values: Floats, radius: float, most: int = CANDIDATES) -> tuple[Places, Places]:
        """(pairs,) rows and which of these are near in the sketch, itself among them, up to `most` of each."""
        slack = SKETCH_SLACK if values.shape[1] > SKETCH_DIMENSIONS else 1.0
        bound = np.nextafter(slack * radius, np.inf)
        _, found = self.tree.query(values @ self.projection, k=max(CANDIDATES, most), distance_upper_bound=bound)
        row, rank = np.nonzero(found < len(self.rows))
        return row, found[row, rank].astype(np.int64)


@dataclass(frozen=True, eq=False)
class NearCopies:
    """Rows of test that nearly equal a training row, and rows of train that so equal another one.

    radius: what is near at most; narrow: whether rows differ from their nearest in one or two columns, by which copies that
    train holds several of cannot be told from rows that are near by nature.
    """

    test: Near
    train: Near
    radius: float
    narrow: bool = False

    @property
    def multiplied(self) -> Near:
        """The rows of test that differ from their training row in more than two columns: in coarse tables few do by nature."""
        return self.test.only(self.test.differing > FEW_COLUMNS)

    @property
    def excess(self) -> Difference:
        """How many more of test than of train nearly equal a row of train (Newcombe 1998, method 10).

        Rows of train are near each other in twos, so that they bound their share as half as many independent ones would.
        """
        return Difference(self.test.share, self.train.share.effective(2))

    def within(self, tolerance: float) -> "NearCopies":
        """Only the pairs that agree in every column to within so many standard deviations."""
        test, train = (part.only(part.largest <= tolerance) for part in (self.test, self.train))
        return NearCopies(test, train, self.radius, self.narrow)


def near_copies(
    test: tuple[Features, Hashes], train: tuple[Features, Hashes], closeness: float, most: int = MOST_ASKED
) -> NearCopies:
    """Look for a training row that nearly equals a test row, and for another one that nearly equals a training row.

    test, train: (n, columns) features and their (n,) hashes; two rows of train have to differ. A row nearly equals a training
    row that is closer than a part, `closeness` or more (see Spacing), of the usual distance from a training row to its nearest
    other one, and closer than that part of what is usual about this very row, so that a region where rows are dense is not
    taken for copies, however many rows of test lie in it. Up to `most` rows of each are asked. A row that equals a row of
    train (one of train: another one) counts among the rows and is never near.
    """
    columns = Columns.of(train[0])
    known = Rows(columns.standardised(train[0]), train[1])
    reference = Reference.of(known)
    space = reference.spacing
    part = space.part(closeness)
    asked, own = chosen(len(test[1]), most), chosen(len(known), most)
    new, single = asked[~np.isin(test[1][asked], known.hashes)], own[alone(known.hashes)[own]]
    fresh = Rows(columns.standardised(test[0][new]), test[1][new])
    of_test = reference.near(fresh, new, asked, part * space.usual).thinned(MOST_PAIRS)
    of_train = reference.near(known.take(single), single, own, part * space.usual).thinned(MOST_PAIRS)
    found, others = (
        near.only(_sparse(reference, known.take(near.nearest), hashes[near.rows], near.distance / part))
        for near, hashes in ((of_test, test[1]), (of_train, known.hashes))
    )
    return NearCopies(found, others, part * space.usual, space.rank == 1)


def _sparse(reference: Reference, rows: Rows, but: Hashes, distance: Floats) -> NDArray[np.bool_]:
    """(n,) whether what is usual about each row of the reference, `but` left out, is at least that distance."""
    space = reference.spacing
    return np.asarray(distance <= space.factor * reference.spaces(rows, but, space.rank, distance / space.factor))


def chosen(n: int, most: int) -> Places:
    """(min(n, most),) ascending places of n, drawn at random and always the same."""
    return np.arange(n) if n <= most else np.sort(generator(SEED).choice(n, most, replace=False))


def _blocks(n: int, size: int = BLOCK_ROWS) -> list[Places]:
    """The numbers up to n, some at a time; one empty block where there are none."""
    return [np.arange(start, min(start + size, n)) for start in range(0, max(n, 1), size)]


def _of_each(group: Places, value: Floats, rank: int) -> Places:
    """The places of the `rank`-th least value of each group that has so many."""
    order = np.lexsort((value, group))
    starts, sizes = np.unique(group[order], return_index=True, return_counts=True)[1:]
    return order[starts[sizes >= rank] + rank - 1]


def _distances(values: Floats, places: Places, ranks: int) -> tuple[Floats, Places]:
    """(rows, ranks) ascending distances from some of the rows to the others, and (rows,) the places of the nearest."""
    asked = values[places]
    squares, nearest = np.full((len(asked), ranks), np.inf), np.zeros(len(asked), np.int64)
    step = max(1, BLOCK_VALUES // len(asked))
    for start in range(0, len(values), step):
        block = values[start : start + step]
        found = np.sum(asked**2, axis=1)[:, None] + np.sum(block**2, axis=1) - 2 * asked @ block.T
        found[places[:, None] == np.arange(start, start + len(block))] = np.inf
        nearest = np.where(found.min(axis=1) < squares[:, 0], start + found.argmin(axis=1), nearest)
        squares = _least(squares, found)
    return np.sqrt(np.maximum(squares, 0)), nearest


def _least(known: Floats, found: Floats) -> Floats:
    """Of each row the least values, as many as are known, ascending; known: (rows, ranks) ascending; found: (rows, more)."""
    row, place = np.nonzero(found < known[:, -1:])
    counts = np.bincount(row, minlength=len(known))
    better = np.full((len(known), counts.max()), np.inf)
    better[row, np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)] = found[row, place]
    both, ranks = np.concatenate([known, better], axis=1), known.shape[1]
    return np.sort(np.partition(both, ranks - 1, axis=1)[:, :ranks], axis=1)
