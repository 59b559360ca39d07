"""Which class was called what in each of two halves of the rows, so that one can choose and the other judge."""

from dataclasses import dataclass
from typing import ClassVar, Self

from auditor.batches import Batch
from auditor.states.confusion import Confusion, ConfusionMatrix
from auditor.states.score_bins import second_half
from auditor.states.state import State, Task


class ConfusionHalves(State["HalvedConfusion"]):
    """Counts of (true, predicted) pairs, apart for the two halves that the row keys make."""

    reads: ClassVar[frozenset[str]] = frozenset({"predicted"})

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._halves = (Confusion(task), Confusion(task))

    def update(self, batch: Batch) -> None:
        """Count the pairs of a batch."""
        assert batch.scores is not None
        half = second_half(batch.row_key)
        for place, counts in enumerate(self._halves):
            counts.count(batch.labels[half == place], batch.scores.predicted[half == place])

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self.refuse_other_task(other)
        for mine, theirs in zip(self._halves, other._halves, strict=True):
            mine.merge(theirs)

    def result(self) -> "HalvedConfusion":
        """Both matrices."""
        first, second = self._halves
        return HalvedConfusion(first.result(), second.result())


@dataclass(frozen=True, eq=False)
class HalvedConfusion:
    """The confusion matrices of two halves that share no row."""

    first: ConfusionMatrix
    second: ConfusionMatrix
