"""Cells of a column that are all of one class: those that have a value, or else those that have another."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Counts, Floats
from auditor.statistics.proportions import Proportion

PURER = 5
MOST_SHARE, LEAST_OF_MOST, LEAST_OF_OTHERS = 2 / 3, 0.5, 0.2


@dataclass(frozen=True)
class PureCells:
    """The cells of a column that have a value, NaN for blank ones, or else the other ones, all of one class.

    rows: how many were scored; learnt: how many were learnt from.
    """

    column: int
    owner: int
    value: float
    is_other: bool
    rows: int
    learnt: int


@dataclass(frozen=True, eq=False)
class CellCounts:
    """Rows by whether a cell has the value of its column.

    values: (columns,) NaN for what is blank; rows: (2, columns, 2, classes) learnt from and scored, that have the value (0) or
    another (1).
    """

    values: Floats
    rows: Counts

    def pure(self, alpha: float, fewest: int) -> Iterator[PureCells]:
        """Cells of one class in either part, `fewest` or more, with fewer exceptions than a fifth of what others have.

        The exceptions that there may yet be are bounded from above, at `alpha` (Clopper & Pearson 1934).
        """
        owner, rows = self.rows[1].argmax(axis=2), self.rows.sum(axis=3)
        held = np.take_along_axis(self.rows, owner[None, ..., None], axis=3)[..., 0]
        for column, state in np.argwhere(((held == rows) & (rows >= fewest)).all(axis=0)):
            learnt, scored = (int(part[column, state]) for part in rows)
            k = int(owner[column, state])
            others = 1 - self.rows[1, column, :, k].sum() / self.rows[1, column].sum()
            exceptions = Proportion(0, learnt + scored).upper(alpha)
            if exceptions is not None and PURER * exceptions < others:
                yield PureCells(int(column), k, float(self.values[column]), bool(state), scored, learnt)

    def much(self, pure: PureCells, support: Counts) -> bool:
        """Whether pure cells hold much of their class in either part; support: (2, classes) rows.

        That is a fifth of it, or half of a class that two thirds of the rows are of: by nature there are words and events that
        only one class has, and rows in which a rare class never occurs.
        """
        of_class = support[:, pure.owner]
        least = np.where(of_class > MOST_SHARE * support.sum(axis=1), LEAST_OF_MOST, LEAST_OF_OTHERS)
        return bool(([pure.learnt, pure.rows] >= least * of_class).all())


def most_frequent(features: NDArray[Any], fewest: int) -> Floats:
    """(columns,) most frequent value of each column of (rows, columns), the lowest of equals; NaN where fewer rows have it."""
    return np.array([_most_frequent(column[~np.isnan(column)], fewest) for column in features.T], np.float64)


def _most_frequent(values: NDArray[Any], fewest: int) -> float:
    ascending = np.sort(values)
    starts = np.flatnonzero(np.concatenate([[True] * bool(len(values)), ascending[1:] != ascending[:-1]]))
    times = np.diff(starts, append=len(values))
    return float(ascending[starts[times.argmax()]]) if times.max(initial=0) >= fewest else np.nan


def tally_cells(
    features: NDArray[Any], classes: NDArray[np.int64], values: Floats, filled: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(columns, 2, classes) rows that have the value of their column, and that have another; none where that is NaN.

    features: (rows, columns); filled: (columns, classes) rows that are not blank.
    """
    same = features == values.astype(features.dtype)
    having = np.stack([np.count_nonzero(same[classes == k], axis=0) for k in range(filled.shape[1])], axis=1)
    other = np.where(np.isnan(values)[:, None], 0, filled - having)
    return np.stack([having, other], axis=1)
