"""Where the scores lie and what came true: counts in fine bins of the margin, two halves of the rows apart."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from auditor.batches import Array, Batch, OutputKind, Scores
from auditor.hashing import splitmix64
from auditor.states.state import State, Task
from auditor.statistics.bins import FINE_BINS, bin_centre, bin_index
from auditor.statistics.calibration import (
    RecalibrationFit,
    ReliabilityBins,
    RootMeanSquare,
    SeenToStated,
    observed_to_expected,
    recalibration_fit,
    reliability_bins,
    spiegelhalter_z,
    squared_calibration_error,
)
from auditor.statistics.operating_points import OperatingPoints, operating_points
from auditor.statistics.temperature import losses_by_temperature

Counts = NDArray[np.int64]

MARGINS = bin_centre(np.arange(FINE_BINS))
PROBABILITIES = expit(MARGINS)


class Reliability(State["ScoreBins"]):
    """Rows by score: the positive class's by true class, or with more classes the confidence by right and wrong."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._counts = np.zeros(4 * FINE_BINS, np.int64)
        self._rules: set[float | None] = set()

    def update(self, batch: Batch) -> None:
        """Count a batch."""
        if not len(batch):
            return
        assert batch.scores is not None
        margins, true = _margins(batch.scores, batch.labels, self.task)
        place = second_half(batch.row_key) * 2 + true
        np.add.at(self._counts, place * FINE_BINS + bin_index(margins), 1)
        self._rules.add(_rule(batch.scores, margins, self.task))

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self.refuse_other_task(other)
        self._counts += other._counts
        self._rules |= other._rules

    def result(self) -> "ScoreBins":
        """The counts so far."""
        threshold = next(iter(self._rules)) if len(self._rules) == 1 else None
        return ScoreBins(self.task, self._counts.reshape(2, 2, FINE_BINS).copy(), threshold)


@dataclass(frozen=True, eq=False)
class ScoreBins:
    """(2 halves of the rows, 2 sides, 22,528 bins) int64 counts: side 0 other classes or wrong, 1 the positive class or right.

    `threshold` is the probability of the positive class from which it is named, None where another rule decides.
    """

    task: Task
    counts: Counts
    threshold: float | None

    @cached_property
    def positives(self) -> Counts:
        """(bins,) rows of the positive class, or right ones."""
        return np.asarray(self.counts[:, 1].sum(axis=0))

    @cached_property
    def negatives(self) -> Counts:
        """(bins,) rows of other classes, or wrong ones."""
        return np.asarray(self.counts[:, 0].sum(axis=0))

    @property
    def n(self) -> int:
        """All rows."""
        return int(self.counts.sum())

    @property
    def stated(self) -> float:
        """How many rows would be of the positive class, or right, if the probabilities held."""
        return float(np.sum(PROBABILITIES * (self.positives + self.negatives)))

    @cached_property
    def groups(self) -> ReliabilityBins | None:
        """At most 15 groups of about equal rows, by ascending probability; None without rows."""
        return reliability_bins(PROBABILITIES, self.positives, self.negatives)

    @cached_property
    def error(self) -> RootMeanSquare | None:
        """Root mean square distance of stated and observed shares over the groups, debiased; None without rows."""
        return None if self.groups is None else squared_calibration_error(self.groups, "audit-v1 reliability")

    @cached_property
    def fit(self) -> RecalibrationFit | None:
        """Intercept and slope of the outcome on the stated logit, None where there is no fit."""
        return recalibration_fit(MARGINS, self.positives, self.negatives)

    @cached_property
    def observed_to_expected(self) -> SeenToStated:
        """Rows seen over rows stated."""
        return observed_to_expected(PROBABILITIES, self.positives, self.negatives)

    @cached_property
    def spiegelhalter_z(self) -> float | None:
        """Spiegelhalter's z, None where every probability is 0, 1/2 or 1."""
        return spiegelhalter_z(PROBABILITIES, self.positives, self.negatives)

    @cached_property
    def losses_by_temperature(self) -> tuple[NDArray[np.float64], Counts]:
        """(2, temperatures) sums of the log loss of two classes and (2,) rows, by half."""
        sums = [losses_by_temperature(MARGINS, half[1], half[0]) for half in self.counts]
        return np.stack(sums), np.asarray(self.counts.sum(axis=(1, 2)))

    def points(self, half: int | None = None) -> OperatingPoints:
        """What naming the positive class from each of `thresholds()` on gives, on all rows or on one half.

        Rows of the bin in which a threshold lies count as at or above it: a bin is a 1,024th of a logit wide around 1/2.
        """
        chosen = self.counts.sum(axis=0) if half is None else self.counts[half]
        every, place = operating_points(chosen[1], chosen[0]), _places(thresholds())
        return OperatingPoints(every.tp[place], every.fp[place])


def thresholds() -> NDArray[np.float64]:
    """Ascending probabilities that are easily said: 0, .000001, ..., .001, .002, ..., .999, ..., .999999, and beyond 1 infinity."""
    tails = np.concatenate([np.arange(1, 10) * 10.0**-power for power in (6, 5, 4)])
    whole = np.arange(1, 1000) / 1000
    return np.concatenate([[0.0], tails, whole, 1 - tails[::-1], [np.inf]]).round(6)


def second_half(row_key: Array) -> Counts:
    """(n,) 0 or 1: which half of the rows each belongs to, by its key alone."""
    return (splitmix64(row_key) >> np.uint64(63)).astype(np.int64)


def _places(probabilities: NDArray[np.float64]) -> Counts:
    """Index of the first bin that counts as at or above each probability."""
    inner = bin_index(logit(np.clip(probabilities, 0, 1)).astype(np.float32)).astype(np.int64)
    return np.where(probabilities > 1, FINE_BINS, np.where(probabilities <= 0, 0, inner))


def _margins(scores: Scores, labels: Array, task: Task) -> tuple[Array, Counts]:
    """(n,) float32 margins of the positive class, or of the highest scored one, and whether it came true."""
    if task.positive is not None:
        return scores.margin(task.positive), (labels == task.positive).astype(np.int64)
    top = replace(scores, threshold=None, decided=None).predicted
    log_p = np.take_along_axis(scores.log_probabilities, top[:, None], axis=1)[:, 0]
    with np.errstate(divide="ignore"):
        margins = log_p - np.log(-np.expm1(np.minimum(log_p, 0)))
    return margins.astype(np.float32), (labels == top).astype(np.int64)


def _rule(scores: Scores, margins: Array, task: Task) -> float | None:
    """The threshold in use; without a stated one a tie names the first class, which is no threshold where there are ties."""
    threshold = _threshold(scores, task)
    ties = threshold is not None and scores.threshold is None and task.positive != 0 and bool((margins == 0).any())
    return None if ties else threshold


def _threshold(scores: Scores, task: Task) -> float | None:
    """The probability of the positive class from which it is named, None where it is named by another rule."""
    if task.positive is None or not task.is_binary or scores.decided is not None:
        return None
    if scores.threshold is not None:
        return scores.threshold if scores.scored == task.positive else 1 - scores.threshold
    two_sigmoids = scores.kind is OutputKind.SIGMOID and scores.outputs.shape[1] > 1
    return None if two_sigmoids else 0.5
