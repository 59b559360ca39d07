"""What each of 64 buckets of rows holds; whole groups share a bucket, so that buckets do not depend on each other."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array, Batch
from auditor.hashing import splitmix64
from auditor.states.fixed_point import LARGEST, FixedPointSum
from auditor.states.group_sizes import GroupSizes
from auditor.states.losses import LOSS_CAP, brier_scores, log_losses
from auditor.states.state import State, Task
from auditor.statistics.averages import Statistic
from auditor.statistics.bounds import Scale, Smooth
from auditor.statistics.confusion import ClassCounts
from auditor.statistics.design_estimates import rate_estimate, summary_estimate
from auditor.statistics.designs import (
    ACCURACY,
    BUCKETS,
    BucketCounts,
    UnderDesign,
    jackknifed,
    without_each,
)

DESIGN = "design"
LARGEST_WEIGHT = 2.0**16
# Below this share of the mean an error is what rounding leaves of none.
EQUAL = 1e-9

Counts = NDArray[np.int64]


class Buckets(State["BucketSums"]):
    """Support, predicted and correct of each class in each bucket, weighted where rows are; the heaviest; group sizes.

    Sums of weights are fixed-point integers; 16 bytes a group. Read only where groups or weights were declared.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"predicted", DESIGN})

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._sums = [FixedPointSum(BUCKETS * task.n_classes, LARGEST_WEIGHT) for _ in range(3)]
        self._squares = [FixedPointSum(task.n_classes, LARGEST) for _ in range(3)]
        self._rows = np.zeros((3, task.n_classes), np.int64)
        self._groups = GroupSizes()
        self._weighted = False
        self._heaviest = np.zeros(task.n_classes)

    def update(self, batch: Batch) -> None:
        """Count a batch."""
        assert batch.scores is not None
        self._weighted |= batch.weight is not None
        bucket, weight, called = bucket_of(batch), weight_of(batch), batch.scores.predicted
        np.maximum.at(self._heaviest, batch.labels, weight)
        right = called == batch.labels
        chosen = (slice(None), slice(None), right)
        for place, (part, classes) in enumerate(zip(chosen, (batch.labels, called, called), strict=True)):
            of = classes[part]
            self._sums[place].add(weight[part], bucket[part] * self.task.n_classes + of)
            self._squares[place].add(weight[part] ** 2, of)
            self._rows[place] += np.bincount(of, minlength=self.task.n_classes)
        self._groups.take(batch.cluster)

    def merge(self, other: Self) -> None:
        """Add the other's sums."""
        self.refuse_other_task(other)
        self._weighted |= other._weighted
        for mine, theirs in zip(self._sums + self._squares, other._sums + other._squares, strict=True):
            mine.merge(theirs)
        self._rows += other._rows
        self._groups.merge(other._groups)
        self._heaviest = np.maximum(self._heaviest, other._heaviest)

    def result(self) -> "BucketSums":
        """The sums as floats."""
        k = self.task.n_classes
        support, predicted, correct = (np.array(total.values).reshape(BUCKETS, k) for total in self._sums)
        of_squares = [np.array(total.values) for total in self._squares]
        squares = ClassCounts(of_squares[0], of_squares[1], of_squares[2], np.asarray(of_squares[0].sum()))
        of_rows = self._rows.copy()
        groups = self._groups.found()
        counts = BucketCounts(
            ClassCounts(support, predicted, correct, support.sum(axis=1)),
            squares,
            ClassCounts(of_rows[0], of_rows[1], of_rows[2], np.asarray(of_rows[0].sum())),
            groups.n,
            groups.alike,
            self._weighted,
            groups.largest,
            self._heaviest.copy(),
        )
        return BucketSums(self.task, counts, groups.ungrouped)


@dataclass(frozen=True, eq=False)
class BucketSums:
    """The counts of every bucket; `ungrouped` rows have no group stated and each count as one of their own."""

    task: Task
    counts: BucketCounts
    ungrouped: int

    @property
    def n(self) -> int:
        """All rows."""
        return int(self.counts.rows.n)

    @property
    def groups(self) -> int | None:
        """How many groups there are, None where none were declared."""
        return self.counts.groups

    @property
    def weighted(self) -> bool:
        """Whether rows carry weights."""
        return self.counts.weighted

    @cached_property
    def accuracy(self) -> UnderDesign:
        """The share of rows that are right."""
        return rate_estimate(self.counts, ACCURACY)

    def summary(self, statistic: Statistic, scale: Scale) -> Smooth:
        """A summary of the whole confusion matrix."""
        return summary_estimate(self.counts, statistic, scale)

    @property
    def weighted_support(self) -> NDArray[np.float64]:
        """(classes,) sums of weights of the rows of each class."""
        return np.asarray(self.counts.total.support, np.float64)


class BucketLosses(State["BucketLossSums"]):
    """Sums of weights, and of weighted log loss and Brier score, in each bucket, as fixed-point integers."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores", DESIGN})

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        caps = {"weight": 1.0, "log_loss": LOSS_CAP, "brier_score": float(max(2, task.n_classes))}
        self._n = 0
        self._sums = {name: FixedPointSum(BUCKETS, min(cap * LARGEST_WEIGHT, LARGEST)) for name, cap in caps.items()}

    def update(self, batch: Batch) -> None:
        """Add the losses of a batch."""
        assert batch.scores is not None
        bucket, weight = bucket_of(batch), weight_of(batch)
        self._n += len(batch)
        losses = {
            "weight": np.ones(len(batch)),
            "log_loss": log_losses(batch.scores, batch.labels)[0],
            "brier_score": brier_scores(batch.scores, batch.labels, self.task),
        }
        for name, values in losses.items():
            self._sums[name].add(values * weight, bucket)

    def merge(self, other: Self) -> None:
        """Add the other's sums."""
        self.refuse_other_task(other)
        self._n += other._n
        for name, total in self._sums.items():
            total.merge(other._sums[name])

    def result(self) -> "BucketLossSums":
        """The sums as floats."""
        return BucketLossSums(self._n, **{name: np.array(total.values) for name, total in self._sums.items()})


@dataclass(frozen=True, eq=False)
class BucketLossSums:
    """(buckets,) float64 sums over n rows."""

    n: int
    weight: NDArray[np.float64]
    log_loss: NDArray[np.float64]
    brier_score: NDArray[np.float64]

    def mean(self, name: str, counts: BucketCounts) -> Smooth:
        """Weighted mean of `log_loss` or `brier_score` with the jackknife's standard error; none where it is 0."""
        held = self.weight > 0
        weight, losses = self.weight[held], getattr(self, name)[held]
        value = float(losses.sum() / weight.sum()) if held.any() else None
        found = jackknifed(counts, value, without_each(losses) / without_each(weight), "identity", self.n)
        equal = value is None or not found.standard_error or found.standard_error <= EQUAL * abs(value)
        return Smooth(value, None, "identity", self.n, found.method) if equal else found


def bucket_of(batch: Batch) -> Counts:
    """(n,) bucket of each row, 0 to 63: by its group, or by its key where no groups were declared."""
    cluster = batch.row_key if batch.cluster is None else batch.cluster
    return (splitmix64(cluster) >> np.uint64(58)).astype(np.int64)


def weight_of(batch: Batch) -> Array:
    """(n,) float64 weights, 1 where none were declared."""
    return np.ones(len(batch)) if batch.weight is None else batch.weight
