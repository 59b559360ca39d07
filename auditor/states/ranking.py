"""How well the scores rank each class above the rest: exact while it fits a budget, binned beyond it."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Batch
from auditor.findings import NotApplicable
from auditor.states.state import State, Task
from auditor.statistics.estimates import Smooth
from auditor.statistics.ranking import Ranking as RankMetrics
from auditor.statistics.ranking import rank_counts, rank_metrics, tally
from auditor.statistics.resampling import REPLICATES, average_precision_estimate

BUDGET_WORDS = 2**26
BINNED_BYTES = 2**27
RANKED_CLASSES = 256
TALLIED_ROWS = 2**18
GROUPS = 4096
MANY_RANKED = 10

Keys = NDArray[np.uint32]


class Ranking(State["Rankings"]):
    """The sort keys of each ranked class, positives and negatives apart, 4 bytes a row and class.

    Two classes rank the positive one, more rank each against the rest. Beyond 2**26 keys they are counted by their
    leading bits, and the error that this can make is computed. Each of several labels has its part of the budget.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})

    def __init__(self, task: Task, budget: int = BUDGET_WORDS) -> None:
        """Start empty; `budget` is in keys."""
        super().__init__(task)
        self._ranked = ranked_classes(task)
        self._budget = budget // task.family
        self._shift = _shift_for(len(self._ranked) * task.family)
        self._keys: list[tuple[list[Keys], list[Keys]]] = [([], []) for _ in self._ranked]
        self._binned: NDArray[np.int64] | None = None
        self._n = 0

    def update(self, batch: Batch) -> None:
        """Take in the scores of a batch."""
        assert batch.scores is not None
        self._n += len(batch)
        for place, class_index in enumerate(self._ranked):
            keys, positive = batch.scores.sort_keys(class_index), batch.labels == class_index
            self._put(place, keys[positive], keys[~positive])
        self._keep_budget()

    def merge(self, other: Self) -> None:
        """Take in the other's keys or counts."""
        self.refuse_other_task(other)
        self._n += other._n
        if other._binned is not None:
            self._bin()
            assert self._binned is not None
            self._binned += other._binned
        for place, (positives, negatives) in enumerate(other._keys):
            for part in positives:
                self._put(place, part, part[:0])
            for part in negatives:
                self._put(place, part[:0], part)
        self._keep_budget()

    def result(self) -> "Rankings":
        """The keys of each class in ascending order, or their counts."""
        if self._binned is None:
            self._keys = [([_sorted(positives)], [_sorted(negatives)]) for positives, negatives in self._keys]
            kept = tuple((positives[0], negatives[0]) for positives, negatives in self._keys)
            return Rankings(self.task, self._ranked, kept, None)
        return Rankings(self.task, self._ranked, (), self._binned.copy())

    def _put(self, place: int, positives: Keys, negatives: Keys) -> None:
        if self._binned is None:
            self._keys[place][0].append(positives)
            self._keys[place][1].append(negatives)
            return
        for side, keys in enumerate((positives, negatives)):
            self._binned[place, side] += np.bincount(keys >> self._shift, minlength=self._binned.shape[2])

    def _keep_budget(self) -> None:
        if self._binned is None and self._n * len(self._ranked) > self._budget:
            self._bin()

    def _bin(self) -> None:
        if self._binned is not None:
            return
        self._binned = np.zeros((len(self._ranked), 2, 2 ** (32 - int(self._shift))), np.int64)
        kept, self._keys = self._keys, [([], []) for _ in self._ranked]
        for place, (positives, negatives) in enumerate(kept):
            self._put(
                place,
                np.concatenate([np.zeros(0, np.uint32), *positives]),
                np.concatenate([np.zeros(0, np.uint32), *negatives]),
            )


@dataclass(frozen=True, eq=False)
class Rankings:
    """Sorted keys (positives, negatives) of each ranked class, or int64 counts (ranked, 2, bins) in ascending score."""

    task: Task
    ranked: tuple[int, ...]
    keys: tuple[tuple[Keys, Keys], ...]
    binned: NDArray[np.int64] | None
    _found: dict[int, RankMetrics] = field(default_factory=dict, repr=False)

    def metrics(self, class_index: int) -> RankMetrics:
        """AUC, average precision and DeLong variance of one class against the rest."""
        place = self._place(class_index)
        if place not in self._found:
            self._found[place] = (
                rank_counts(*self.tally(class_index)) if self.binned is not None else rank_metrics(*self.keys[place])
            )
        return self._found[place]

    def average_precision(self, class_index: int) -> Smooth:
        """Average precision of one class, exact, with its bootstrapped standard error."""
        many = max(len(self.ranked), self.task.family) > MANY_RANKED
        replicates = REPLICATES // 4 if many else REPLICATES
        name = f"audit-v1 average precision {class_index}"
        estimate = average_precision_estimate(*self.tally(class_index), name, replicates)
        return replace(estimate, value=self.metrics(class_index).average_precision)

    def tally(self, class_index: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positives and negatives at ascending scores of one class.

        One entry a distinct score up to 2**18 rows times ranked classes; beyond, about 4,096 groups of neighbouring
        scores, whose borders are thresholds that the scores have.
        """
        place = self._place(class_index)
        if self.binned is not None:
            used = np.flatnonzero(self.binned[place].sum(axis=0))
            return self.binned[place, 0, used], self.binned[place, 1, used]
        positives, negatives = self.keys[place]
        if len(positives) + len(negatives) <= TALLIED_ROWS // len(self.ranked):
            return tally(positives, negatives)[1:]
        borders = np.unique(np.concatenate([_spread(positives), _spread(negatives)]))
        return _between(positives, borders), _between(negatives, borders)

    def _place(self, class_index: int) -> int:
        if class_index not in self.ranked:
            raise NotApplicable(f"class {self.task.class_names[class_index]} was not ranked")
        return self.ranked.index(class_index)


@lru_cache(maxsize=8)
def ranked_classes(task: Task) -> tuple[int, ...]:
    """The classes that are ranked: the positive of two, else each of at most 256."""
    if task.positive is not None and task.n_classes == 2:
        return (task.positive,)
    return tuple(range(task.n_classes)) if task.n_classes <= RANKED_CLASSES else ()


def _shift_for(n_ranked: int) -> np.uint32:
    """Bits to drop so that the counts of all ranked classes stay within 128 MB, with at most 2**20 bins a class."""
    bits = min(20, int(np.log2(BINNED_BYTES / (16 * max(n_ranked, 1)))))
    return np.uint32(32 - bits)


def _spread(ascending: Keys) -> Keys:
    """The smallest key and others at even ranks, at most half of the groups."""
    if not len(ascending):
        return ascending
    return ascending[np.linspace(0, len(ascending) - 1, GROUPS // 2).astype(np.int64)]


def _between(ascending: Keys, borders: Keys) -> NDArray[np.int64]:
    """How many keys lie from each border up to the next."""
    return np.diff(np.searchsorted(ascending, borders, side="left"), append=len(ascending)).astype(np.int64)


def _sorted(parts: list[Keys]) -> Keys:
    keys = np.concatenate([np.zeros(0, np.uint32), *parts])
    keys.sort()
    return keys
