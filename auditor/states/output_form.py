"""What the raw outputs look like, whatever they are said to be."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from auditor.batches import Array, Batch, OutputKind
from auditor.states.state import State, Task

SUM_TOLERANCE = 1e-3


class OutputForm(State["OutputCounts"]):
    """How many rows have outputs in 0..1, summing to 1, or normalised as log-probabilities."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._counts = np.zeros(4, np.int64)
        self._largest = -np.inf
        self._columns = 0

    def update(self, batch: Batch) -> None:
        """Look at the outputs of a batch."""
        outputs = batch.said.outputs
        self._columns = max(self._columns, outputs.shape[1])
        self._counts += np.array([len(batch), *(int(rows.sum()) for rows in _forms(outputs))], np.int64)
        self._largest = max(self._largest, float(outputs.max(initial=-np.inf)) + 0.0)  # no -0.0

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self.refuse_other_task(other)
        self._counts += other._counts
        self._largest = max(self._largest, other._largest)
        self._columns = max(self._columns, other._columns)

    def result(self) -> "OutputCounts":
        """The counts."""
        n, unit, normalised, logarithmic = (int(c) for c in self._counts)
        return OutputCounts(n, self._columns, unit, normalised, logarithmic, None if n == 0 else self._largest)


@dataclass(frozen=True)
class OutputCounts:
    """Of n rows of `columns` outputs: all within 0..1, also summing to 1, all <= 0 and log-normalised; and the largest output."""

    n: int
    columns: int
    unit: int
    normalised: int
    logarithmic: int
    largest: float | None

    @property
    def kind(self) -> OutputKind:
        """What the outputs are by their form: the strictest reading that every row allows."""
        if self.n and self.columns > 1 and self.normalised == self.n:
            return OutputKind.PROBABILITIES
        if self.n and self.columns > 1 and self.logarithmic == self.n:
            return OutputKind.LOG_PROBABILITIES
        if self.n and self.unit == self.n:
            return OutputKind.SIGMOID
        return OutputKind.LOGITS


def _forms(outputs: Array) -> tuple[Array, Array, Array]:
    values = outputs.astype(np.float64, order="C")
    unit = np.asarray(((values >= 0) & (values <= 1)).all(axis=1))
    normalised = unit & (np.abs(values.sum(axis=1) - 1) < SUM_TOLERANCE)
    with np.errstate(over="ignore"):
        total = np.exp(values).sum(axis=1)
    logarithmic = (values <= 0).all(axis=1) & (np.abs(np.log(np.maximum(total, 1e-300))) < SUM_TOLERANCE)
    return unit, normalised, logarithmic
