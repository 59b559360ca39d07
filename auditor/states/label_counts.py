"""Which labels were given to which rows: counts for each label, and how whole rows fare."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array, Batch
from auditor.states.buckets import bucket_of
from auditor.states.fixed_point import FixedPointSum
from auditor.states.group_sizes import Groups, GroupSizes
from auditor.states.state import State, Task
from auditor.statistics.bins import Floats
from auditor.statistics.confusion import ClassCounts
from auditor.statistics.design_estimates import rate_estimate
from auditor.statistics.designs import ACCURACY, BUCKETS, BucketCounts, UnderDesign

Counts = NDArray[np.int64]


class LabelCounts(State["LabelTotals"]):
    """Counts of (true, given) for each label, exact matches, errors and overlaps of rows, in 64 buckets of rows.

    Whole groups share a bucket where groups were declared. An empty cell is left out of its label's counts. Rows with
    such a cell are left out of what is said of whole rows.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"predicted"})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._cells = np.zeros(BUCKETS * task.n_classes * 4, np.int64)
        self._rows = np.zeros((6, BUCKETS), np.int64)
        self._overlaps = {name: FixedPointSum(BUCKETS, 1.0) for name in ("f1", "jaccard")}
        self._groups = GroupSizes()

    def update(self, batch: Batch) -> None:
        """Count a batch."""
        assert batch.label_scores is not None
        truth, given, bucket = batch.labels, batch.label_scores.given, bucket_of(batch)
        self._groups.take(batch.cluster)
        known = truth >= 0
        place = (bucket[:, None] * self.task.n_classes + np.arange(self.task.n_classes)) * 4 + 2 * truth + given
        self._cells += np.bincount(place[known], minlength=len(self._cells))
        whole = known.all(axis=1)
        self._rows[0] += np.bincount(bucket, minlength=BUCKETS)
        self._count_rows(truth[whole] > 0, given[whole], bucket[whole])

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self.refuse_other_task(other)
        self._cells += other._cells
        self._rows += other._rows
        self._groups.merge(other._groups)
        for name, total in self._overlaps.items():
            total.merge(other._overlaps[name])

    def result(self) -> "LabelTotals":
        """The counts by bucket."""
        cells = self._cells.reshape(BUCKETS, self.task.n_classes, 4).copy()
        f1, jaccard = (np.array(total.values, np.float64) for total in self._overlaps.values())
        rows, whole, exact, errors, blank, without = self._rows.copy()
        counts = (rows, whole, exact, errors, blank, without)
        return LabelTotals(self.task, cells, *counts, f1, jaccard, self._groups.found())

    def _count_rows(self, truth: Array, given: Array, bucket: Counts) -> None:
        wrong, both = (truth != given).sum(axis=1), (truth & given).sum(axis=1)
        either = (truth | given).sum(axis=1)
        marks = (np.ones(len(bucket)), wrong == 0, wrong, either == 0, ~truth.any(axis=1))
        counted = [np.bincount(bucket, weights=values, minlength=BUCKETS) for values in marks]
        self._rows[1:] += np.array(counted).astype(np.int64)
        self._overlaps["f1"].add(_share(2 * both, both + either), bucket)
        self._overlaps["jaccard"].add(_share(both, either), bucket)


@dataclass(frozen=True, eq=False)
class LabelTotals:
    """Counts in 64 buckets of rows: `cells` (64, labels, 4) int64 by 2 * true + given, and (64,) of rows.

    `rows` are all judged rows, `whole` those of which every label is known; of these `exact` have every label right,
    `errors` counts wrong labels, `blank` rows have no label and are given none, `without` have no label, and
    `f1`, `jaccard` are sums over rows of the overlap of true and given labels (0 for blank ones, as in scikit-learn).
    """

    task: Task
    cells: Counts
    rows: Counts
    whole: Counts
    exact: Counts
    errors: Counts
    blank: Counts
    without: Counts
    f1: Floats
    jaccard: Floats
    grouping: Groups

    @property
    def n(self) -> int:
        """All judged rows."""
        return int(self.rows.sum())

    @property
    def groups(self) -> int | None:
        """How many groups of rows there are, None where none were declared."""
        return self.grouping.n

    @property
    def ungrouped(self) -> int:
        """Rows without a group, which each count as one."""
        return self.grouping.ungrouped

    @property
    def weighted(self) -> bool:
        """Rows of several labels carry no weights."""
        return False

    @cached_property
    def design(self) -> BucketCounts:
        """Whole rows by bucket as of one class, in which a row with every label right is right."""
        whole, exact = self.whole[:, None], self.exact[:, None]
        total = ClassCounts(whole.sum(axis=0), whole.sum(axis=0), exact.sum(axis=0), self.whole.sum())
        each = ClassCounts(whole, whole, exact, self.whole)
        return BucketCounts(
            each, total, total, self.grouping.n, self.grouping.alike, largest_group=self.grouping.largest
        )

    @property
    def accuracy(self) -> UnderDesign:
        """The share of whole rows that have every label right, where rows stand in groups."""
        return rate_estimate(self.design, ACCURACY)

    @property
    def n_whole(self) -> int:
        """Rows of which every label is known."""
        return int(self.whole.sum())

    @cached_property
    def totals(self) -> Counts:
        """(labels, 4) counts by 2 * true + given."""
        return np.asarray(self.cells.sum(axis=0))

    @property
    def known(self) -> Counts:
        """(labels,) rows of which the label is known."""
        return np.asarray(self.totals.sum(axis=1))

    @property
    def support(self) -> Counts:
        """(labels,) rows that have each label."""
        return np.asarray(self.totals[:, 2] + self.totals[:, 3])

    @property
    def predicted(self) -> Counts:
        """(labels,) rows that are given each label."""
        return np.asarray(self.totals[:, 1] + self.totals[:, 3])

    @property
    def correct(self) -> Counts:
        """(labels,) rows that have each label and are given it."""
        return np.asarray(self.totals[:, 3])

    @property
    def imbalance_ratio(self) -> float | None:
        """Of the label that divides the rows least evenly, the larger part over the smaller; None where one is empty."""
        smaller = np.minimum(self.support, self.known - self.support)
        return float((self.known / smaller).max() - 1) if smaller.all() else None

    def prevalence(self, label: int) -> float | None:
        """The share of rows that have a label, of those of which it is known; None without any."""
        known = int(self.known[label])
        return int(self.support[label]) / known if known else None

    def call_rate(self, label: int) -> float | None:
        """The share of rows that are given a label, of those of which it is known; None without any."""
        known = int(self.known[label])
        return int(self.predicted[label]) / known if known else None


def _share(part: Counts, whole: Counts) -> Floats:
    """The quotient, 0 where there is nothing to share."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
