"""What each column of a table alone says of the classes: ROC-AUC, what its blanks say, and values that only one class has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Counts, Floats
from auditor.statistics.column_bins import (
    MISSING,
    OWN_BIN,
    Areas,
    Codes,
    areas_by_score,
    bin_columns,
    bins_for,
    class_shares_by_bin,
    tally_bins,
)
from auditor.statistics.column_ranks import at_least_by_rank, rising_columns
from auditor.statistics.estimates import AreaUnderCurve, Difference
from auditor.statistics.intervals import bounded_mean_low
from auditor.statistics.pure_cells import CellCounts, PureCells, most_frequent, tally_cells

VALUES_AT_ONCE = 2**21
MOST_SHARE, LEAST_COVER = 0.5, 0.5

# The shares of the classes in each bin of the rows learnt from, and the rows of each class in each bin of those scored.
Fold = tuple[Floats, Counts]


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Rows with their class: features (rows, columns) real, NaN for missing; classes (rows,) int64 from 0; half (rows,) bool."""

    features: NDArray[Any]
    classes: NDArray[np.int64]
    half: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.classes)

    def columns(self, part: slice) -> "LabelledRows":
        """The same rows with some of the columns."""
        return replace(self, features=self.features[:, part])

    def rows(self, part: NDArray[np.bool_]) -> "LabelledRows":
        """Some of the rows."""
        return LabelledRows(self.features[part], self.classes[part], self.half[part])


@dataclass(frozen=True)
class OwnedValue:
    """A value, or range of values, of a column that only one class has, in both parts: in so many rows, of so many of the class."""

    column: int
    owner: int
    low: float
    high: float
    rows: int
    of: int


@dataclass(frozen=True, eq=False)
class SingleColumns:
    """What each column says alone, on rows that it did not learn from.

    by_class: the area of each of `classes` against the rest, from the shares of the classes in the bins of a column, or from
    its values where they rank higher as they stand, in the direction learnt;
    in_train: the same within the rows learnt from, each half scored by the other, None where there is no other split;
    blanks: the area of what is missing and what is not; balanced_accuracy: (columns,) of naming the class with the largest
    share, NaN where not all classes were told apart; blank: cells that are blank or filled; common: filled cells that have the
    most frequent value or another; owned: values that only one class has.
    """

    classes: tuple[int, ...]
    by_class: tuple[Areas, ...]
    in_train: tuple[Areas | None, ...]
    blanks: tuple[Areas, ...]
    balanced_accuracy: Floats
    blank: CellCounts
    common: CellCounts
    owned: tuple[OwnedValue, ...]

    @property
    def mean_area(self) -> Floats:
        """(columns,) mean area over the classes, which for two of them is the area itself."""
        return np.asarray(np.mean([areas.area for areas in self.by_class], axis=0))

    @cached_property
    def highest(self) -> Floats:
        """(columns,) area of the class that a column tells best from the rest."""
        return np.asarray(np.max([areas.area for areas in self.by_class], axis=0))

    def best_class(self, column: int) -> int:
        """The place of that class among `classes`."""
        return int(np.argmax([areas.area[column] for areas in self.by_class]))

    def highest_area(self, column: int) -> AreaUnderCurve:
        """Its area with its bounds."""
        return self.by_class[self.best_class(column)].of(column)

    def mean_lower(self, column: int, alpha: float) -> float:
        """The lower bound of a column's mean area.

        Of two classes that on test, or within train where more rows make it higher. Of more that of test and train together
        (Hoeffding 1963): each row counts once and in both its parts, as one of its class and as one of the rest of the others.
        """
        splits = [[areas for areas in split if areas is not None] for split in (self.by_class, self.in_train)]
        if len(self.classes) == 1:
            return max(of.of(column).lower(alpha / 2) or 0.0 for split in splits for of in split)
        known = [split for split in splits if split]
        means, rows = [float(np.mean([of.area[column] for of in split])) for split in known], [*map(_pairs, known)]
        return bounded_mean_low(float(np.average(means, weights=rows)), sum(rows), alpha)

    def apart(self, gap: float, alpha: float) -> dict[int, tuple[float, float]]:
        """Columns whose area of some class differs within train and on test by more than `gap`, with both areas."""
        far: dict[int, tuple[float, float]] = {}
        for inside, outside in zip(self.in_train, self.by_class, strict=True):
            apart = np.zeros(0) if inside is None else inside.area - outside.area
            for column in map(int, np.flatnonzero(np.abs(apart) > gap)):
                assert inside is not None
                difference = Difference(inside.of(column), outside.of(column))
                low, high = difference.lower(alpha), difference.upper(alpha)
                if low is not None and high is not None and (low > gap or high < -gap):
                    far.setdefault(column, (float(inside.area[column]), float(outside.area[column])))
        return far

    def pure_cells(self, alpha: float, fewest: int) -> Iterator[PureCells]:
        """The blank, or else the filled, cells of a column that all have one class, far more surely than other rows have it.

        Of the other columns those that have the most frequent value, or else another, where these are much of the class.
        """
        told = {pure.column: pure for pure in self.blank.pure(alpha, fewest)}
        yield from told.values()
        for pure in self.common.pure(alpha, fewest):
            if pure.column not in told and self.common.much(pure, self.blank.rows[:, pure.column].sum(axis=1)):
                yield pure


def single_columns(
    known: LabelledRows | None, scored: LabelledRows, classes: Sequence[int], n_classes: int, fewest: int
) -> SingleColumns:
    """Learn from each column of `known` what it says of the classes, and score that on `scored`.

    Without `known` each half of `scored` is scored by what the other says. `classes` are told from the rest; a value is
    owned where at least `fewest` rows of either part have it and it holds half of a class that no more than half of the rows are of.
    """
    columns = scored.features.shape[1]
    step = max(1, VALUES_AT_ONCE // max(1, len(scored) + (0 if known is None else len(known))))
    found = [
        _examined(None if known is None else known.columns(part), scored.columns(part), classes, n_classes, fewest)
        for part in (slice(start, start + step) for start in range(0, columns, step))
    ]
    owned = (replace(one, column=one.column + i * step) for i, block in enumerate(found) for one in block.owned)
    return SingleColumns(
        tuple(classes),
        tuple(_joined([block.by_class[i] for block in found]) for i in range(len(classes))),
        tuple(_joined([block.in_train[i] for block in found]) for i in range(len(classes))),
        tuple(_joined([block.blanks[i] for block in found]) for i in range(len(classes))),
        np.concatenate([block.balanced_accuracy for block in found]),
        _together([block.blank for block in found]),
        _together([block.common for block in found]),
        tuple(owned),
    )


def _examined(
    known: LabelledRows | None, scored: LabelledRows, classes: Sequence[int], n_classes: int, fewest: int
) -> SingleColumns:
    """The same of columns that fit into memory together."""
    learnt = scored if known is None else known
    bins = bins_for(len(scored) // 2 if known is None else len(known))
    n_bins = 2 + max(bins, OWN_BIN)
    codes, of_scored = bin_columns(learnt.features, learnt.features, scored.features, bins=bins)
    one, other = (
        tally_bins(codes[:, part], learnt.classes[part], n_bins, n_classes) for part in (learnt.half, ~learnt.half)
    )
    halves, parts = _folds((one, other), (other, one)), (one, other)
    folds = halves
    if known is not None:
        parts = (one + other, tally_bins(of_scored, scored.classes, n_bins, n_classes))
        folds = _folds(parts)
    blanks = [_by_blank(part) for part in parts]
    of_blanks = _folds((blanks[0], blanks[1]), (blanks[1], blanks[0]))[: len(folds)]
    rising = rising_columns(learnt.features, learnt.classes, classes)
    values = most_frequent(learnt.features, fewest)
    rows = (known, scored) if known is not None else (learnt.rows(learnt.half), learnt.rows(~learnt.half))
    common = [tally_cells(part.features, part.classes, values, n[:, 1]) for part, n in zip(rows, blanks, strict=True)]

    def areas(of: Sequence[Fold], rows: LabelledRows) -> tuple[Areas, ...]:
        return at_least_by_rank([_areas(of, k) for k in classes], rows.features, rows.classes, classes, rising)

    return SingleColumns(
        tuple(classes),
        areas(folds, scored),
        (None,) * len(classes) if known is None else areas(halves, known),
        tuple(_areas(of_blanks, k) for k in classes),
        _balanced_accuracy(folds),
        CellCounts(np.full(len(values), np.nan), np.stack(blanks)),
        CellCounts(values, np.stack(common)),
        tuple(_owned(*parts, of_scored, scored.features, fewest)),
    )


def _folds(*pairs: tuple[Counts, Counts]) -> list[Fold]:
    return [(class_shares_by_bin(learnt), scored) for learnt, scored in pairs]


def _areas(folds: Sequence[Fold], k: int) -> Areas:
    """The area of one class against the rest: of two halves the mean, as of independent rows."""
    each = [areas_by_score(shares[..., k], n[..., k], n.sum(axis=2) - n[..., k]) for shares, n in folds]
    area = np.mean([areas.area for areas in each], axis=0)
    variance = np.sum([areas.variance for areas in each], axis=0) / len(each) ** 2
    return Areas(area, variance, sum(areas.positives for areas in each), sum(areas.negatives for areas in each))


def _by_blank(counts: Counts) -> Counts:
    """(columns, 2, classes) rows that are blank, and that are filled."""
    return np.stack([counts[:, MISSING], counts[:, MISSING + 1 :].sum(axis=1)], axis=1)


def _balanced_accuracy(folds: Sequence[Fold]) -> Floats:
    """(columns,) mean recall of naming the class that has the largest share of a bin."""
    called = [shares.argmax(axis=2)[..., None] == np.arange(n.shape[2]) for shares, n in folds]
    right = np.sum([(n * named).sum(axis=1) for named, (_, n) in zip(called, folds, strict=True)], axis=0)
    support = np.sum([n.sum(axis=1) for _, n in folds], axis=0)
    return np.asarray(np.sum(right / np.maximum(support, 1), axis=1) / np.maximum(np.count_nonzero(support, axis=1), 1))


def _owned(one: Counts, other: Counts, codes: Codes, features: NDArray[Any], fewest: int) -> Iterator[OwnedValue]:
    """Bins with rows of one class alone in either part, that hold much of a class that few rows are of."""
    owner = one.argmax(axis=2)
    found = np.ones(owner.shape, bool)
    for counts in (one, other):
        held = np.take_along_axis(counts, owner[..., None], axis=2)[..., 0]
        of_class = np.take_along_axis(counts.sum(axis=1), owner, axis=1)
        found &= (held == counts.sum(axis=2)) & (held >= fewest)
        found &= (held >= LEAST_COVER * of_class) & (of_class <= MOST_SHARE * counts.sum(axis=(1, 2))[:, None])
    found[:, MISSING] = False
    for column, place in np.argwhere(found):
        values, k = features[codes[column] == place, column], int(owner[column, place])
        support = int(other[column, :, k].sum())
        yield OwnedValue(int(column), k, float(values.min()), float(values.max()), len(values), support)


def _joined(parts: Sequence[Any]) -> Any:  # noqa: ANN401  (areas, or None in each)
    """The areas of columns examined one block after another."""
    if parts[0] is None:
        return None
    area, variance = (np.concatenate([getattr(part, name) for part in parts]) for name in ("area", "variance"))
    return replace(parts[0], area=area, variance=variance)


def _together(parts: Sequence[CellCounts]) -> CellCounts:
    """The cells of columns examined one block after another."""
    return CellCounts(
        np.concatenate([part.values for part in parts]), np.concatenate([part.rows for part in parts], axis=1)
    )


def _pairs(by_class: Sequence[Areas]) -> float:
    """How many pairs of rows without one in common the mean of the areas is at least worth.

    It is a mean over pairs of rows of two classes, and n pairs without a common row are worth n where no row has more than
    1/n of the weight of all.
    """
    of_positive, of_negative = (
        1 / np.array([getattr(of, name) for of in by_class]) for name in ("positives", "negatives")
    )
    return float(len(by_class) / np.max(of_positive + of_negative.sum() - of_negative))
