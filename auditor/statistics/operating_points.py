"""What each threshold of a score gives: operating points, ROC and precision-recall curves."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from auditor.statistics.bins import Counts, Floats
from auditor.statistics.estimates import FScore, Proportion

CURVE_POINTS = 500


@dataclass(frozen=True)
class Outcome:
    """Counts of one yes-or-no decision rule."""

    tp: int
    fp: int
    fn: int
    tn: int

    def __add__(self, other: "Outcome") -> "Outcome":
        """Counts of both."""
        return Outcome(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    @property
    def recall(self) -> Proportion:
        """Share of the positives that are found."""
        return Proportion(self.tp, self.tp + self.fn)

    @property
    def precision(self) -> Proportion:
        """Share right of the rows that are called positive."""
        return Proportion(self.tp, self.tp + self.fp)

    def f_score(self, beta: float = 1.0) -> FScore:
        """F-beta of the positive class."""
        return FScore(self.tp, self.fp, self.fn, beta)


@dataclass(frozen=True, eq=False)
class OperatingPoints:
    """Counts of calling positive every row at or above a score.

    tp, fp: (points,) int64, one for each distinct score (or bin) ascending, and a last one that calls nothing.
    """

    tp: Counts
    fp: Counts

    def outcome(self, index: int) -> Outcome:
        """Counts at one operating point."""
        return Outcome(int(self.tp[index]), int(self.fp[index]), int(self.fn[index]), int(self.tn[index]))

    @property
    def positives(self) -> int:
        """All positives."""
        return int(self.tp[0])

    @property
    def negatives(self) -> int:
        """All negatives."""
        return int(self.fp[0])

    @cached_property
    def fn(self) -> Counts:
        """Positives that are missed."""
        return self.positives - self.tp

    @cached_property
    def tn(self) -> Counts:
        """Negatives left alone."""
        return self.negatives - self.fp

    @cached_property
    def recall(self) -> Floats:
        """Share of the positives found, NaN without positives."""
        return _share(self.tp, np.full_like(self.tp, self.positives))

    @cached_property
    def false_positive_rate(self) -> Floats:
        """Share of the negatives called positive, NaN without negatives."""
        return _share(self.fp, np.full_like(self.fp, self.negatives))

    @cached_property
    def precision(self) -> Floats:
        """Share of the called rows that are positive, NaN where nothing is called."""
        return _share(self.tp, self.tp + self.fp)

    def f_score(self, beta: float = 1.0) -> Floats:
        """F-beta, NaN without positives where nothing is called."""
        square = float(beta) ** 2
        weighted = (1 + square) * self.tp.astype(np.float64)
        return _share(weighted, weighted + square * self.fn + self.fp)


def operating_points(positives: Counts, negatives: Counts) -> OperatingPoints:
    """Operating points from counts per distinct score or bin, ascending."""
    return OperatingPoints(_at_or_above(positives), _at_or_above(negatives))


def roc_curve(points: OperatingPoints, limit: int = CURVE_POINTS) -> tuple[Floats, Floats, Counts]:
    """False positive rate, recall and index of the operating point, from (0, 0) to (1, 1), at most `limit` points."""
    x, y = points.false_positive_rate[::-1], points.recall[::-1]
    kept = thinned(x, y, limit)
    return x[kept], y[kept], len(x) - 1 - kept


def precision_recall_curve(points: OperatingPoints, limit: int = CURVE_POINTS) -> tuple[Floats, Floats, Counts]:
    """Recall, precision and index of the operating point by rising recall, at most `limit` points.

    Only real operating points: where nothing is called there is no precision, and the point is left out.
    """
    called = np.flatnonzero(points.tp + points.fp)[::-1]
    x, y = points.recall[called], points.precision[called]
    kept = thinned(x, y, limit)
    return x[kept], y[kept], called[kept]


def thinned(x: Floats, y: Floats, limit: int = CURVE_POINTS) -> Counts:
    """Indices of at most `limit` points, both ends among them, spread evenly along the length |dx| + |dy| of the curve.

    Between neighbours that are kept, neither coordinate moves by more than the length divided by limit - 1, save in one
    step of the curve itself.
    """
    if len(x) <= limit:
        return np.arange(len(x))
    length = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    kept = np.searchsorted(length, np.linspace(0, length[-1], limit - 1))
    return np.unique(np.concatenate([[0], kept, [len(x) - 1]]))


def _at_or_above(counts: Counts) -> Counts:
    return np.concatenate([np.cumsum(np.asarray(counts, np.int64)[::-1])[::-1], [0]])


def _share(part: Floats | Counts, whole: Floats | Counts) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole != 0)
    return share
