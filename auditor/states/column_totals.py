"""How many cells of each column are filled, their sum, the sum of their squares, and their extremes: of all rows, exactly."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array, Batch
from auditor.states.feature_sample import COLUMNS
from auditor.states.fixed_point import FixedPointColumns
from auditor.states.state import State, Task

# Of n values with mean 0 and deviation 1 none is larger than the root of n: this is beyond a million rows of one column.
CAP = 1024.0
BITS, SQUARE_BITS = 40, 30  # so that means up to 1000 leave a variance right to 2e-9
VALUES_AT_ONCE = 2**14  # whose temporary arrays need no memory of their own from the system each time


class ColumnTotals(State["ColumnMoments"]):
    """Fixed-point sums of the values of each column and of their squares; values beyond +-1024 are counted and not summed."""

    reads: ClassVar[frozenset[str]] = frozenset({"features", COLUMNS})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._n = 0
        self._known: _Totals | None = None

    def update(self, batch: Batch) -> None:
        """Add the columns of a batch."""
        features = batch.features
        assert features is not None
        self._n += len(batch)
        self._known = self._known or _Totals(features.shape[1])
        step = max(1, VALUES_AT_ONCE // max(1, features.shape[1]))
        for start in range(0, len(features), step):
            self._known.add(features[start : start + step])

    def merge(self, other: Self) -> None:
        """Add the other's totals."""
        self.refuse_other_task(other)
        self._n += other._n
        if other._known is not None:
            self._known = self._known or _Totals(other._known.columns)
            self._known.merge(other._known)

    def result(self) -> "ColumnMoments":
        """The totals as floats."""
        known = self._known or _Totals(0)
        filled, far = known.filled.copy(), known.far.copy()
        return ColumnMoments(
            self._n, filled, far, known.sums.values, known.squares.values, known.low.copy(), known.high.copy()
        )


class _Totals:
    """The running totals of so many columns."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.filled, self.far = np.zeros(columns, np.int64), np.zeros(columns, np.int64)
        self.sums = FixedPointColumns(columns, CAP, BITS)
        self.squares = FixedPointColumns(columns, CAP**2, SQUARE_BITS)
        self.low, self.high = np.full(columns, np.inf), np.full(columns, -np.inf)

    def add(self, features: Array) -> None:
        values = features.astype(np.float64, order="C")
        # Adding 0 makes one zero of the two, whichever comes first.
        low, high = (find(values, axis=0) + 0.0 for find in (np.fmin.reduce, np.fmax.reduce))
        self.low, self.high = np.fmin(self.low, low), np.fmax(self.high, high)
        self.filled += len(values)
        if np.isnan(values).any() or (low < -CAP).any() or (high > CAP).any():
            blank, far = np.isnan(values), np.abs(values) > CAP
            self.filled -= np.count_nonzero(blank, axis=0)
            self.far += np.count_nonzero(far, axis=0)
            values = np.where(blank | far, 0.0, values)
        self.sums.add(values)
        self.squares.add(values * values)

    def merge(self, other: Self) -> None:
        self.filled += other.filled
        self.far += other.far
        self.sums.merge(other.sums)
        self.squares.merge(other.squares)
        self.low, self.high = np.fmin(self.low, other.low), np.fmax(self.high, other.high)


@dataclass(frozen=True, eq=False)
class ColumnMoments:
    """Totals over n rows, each (columns,): cells that are `filled`, of these `far` beyond +-1024, sums of the others, extremes.

    The extremes of a column without a filled cell are +inf and -inf.
    """

    n: int
    filled: NDArray[np.int64]
    far: NDArray[np.int64]
    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __add__(self, other: "ColumnMoments") -> "ColumnMoments":
        """The moments of both together."""
        sums = (
            self.filled + other.filled,
            self.far + other.far,
            self.total + other.total,
            self.squares + other.squares,
        )
        low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        return ColumnMoments(self.n + other.n, *sums, low, high)

    @property
    def mean(self) -> NDArray[np.float64]:
        """(columns,) mean of the filled cells, NaN where there are none, or some of them were not summed."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(self.far == 0, self.total / self.filled, np.nan))

    @property
    def deviation(self) -> NDArray[np.float64]:
        """(columns,) standard deviation, by n and not n - 1; NaN as the mean."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sqrt(np.maximum(0.0, self.squares / self.filled - self.mean**2))
