"""Means, deviations and correlations of columns over the rows of several tables together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Floats

ROWS_AT_ONCE = 2**14


@dataclass(frozen=True, eq=False)
class JointMoments:
    """Over n rows: mean and deviation (columns,), by n and not n - 1, and correlation (columns, columns), NaN where nothing varies."""

    n: int
    mean: Floats
    deviation: Floats
    correlation: Floats

    def of(self, columns: NDArray[np.bool_]) -> "JointMoments":
        """The same of some of the columns."""
        return JointMoments(
            self.n, self.mean[columns], self.deviation[columns], self.correlation[np.ix_(columns, columns)]
        )

    @property
    def between(self) -> Floats:
        """(pairs,) absolute correlations of each column with each other."""
        return np.abs(self.correlation[np.triu_indices(len(self.mean), 1)])


def joint_moments(*tables: NDArray[Any]) -> JointMoments:
    """Moments of real tables, each (rows, columns) of the same columns, in double precision and by two passes."""
    n, columns = sum(map(len, tables)), tables[0].shape[1]
    blocks = [table[start : start + ROWS_AT_ONCE] for table in tables for start in range(0, len(table), ROWS_AT_ONCE)]
    products = np.zeros((columns, columns))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sum((block.sum(axis=0, dtype=np.float64) for block in blocks), np.zeros(columns)) / n
        for block in blocks:
            off = block - mean
            products += off.T @ off
        deviation = np.sqrt(np.diag(products) / n)
        return JointMoments(n, mean, deviation, products / n / np.outer(deviation, deviation))
