"""What the raw outputs look like, whatever they are said to be."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from auditor.batches import Array, Batch, OutputKind, Scores
from auditor.states.state import State, Task

SUM_TOLERANCE = 1e-3
HALF = 0.5


class OutputForm(State["OutputCounts"]):
    """How many rows have outputs in 0..1, summing to 1, or normalised as log-probabilities; and how logits were decided on."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})
    whole_rows: ClassVar[bool] = True

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._counts = np.zeros(4, np.int64)
        self._decided = np.zeros(3, np.int64)
        self._largest, self._smallest = -np.inf, np.inf
        self._columns = 0

    def update(self, batch: Batch) -> None:
        """Look at the outputs of a batch."""
        outputs = batch.said.outputs
        self._columns = max(self._columns, outputs.shape[1])
        self._counts += np.array([len(batch), *(int(rows.sum()) for rows in _forms(outputs))], np.int64)
        self._decided += _decided(batch.scores)
        self._largest = max(self._largest, float(outputs.max(initial=-np.inf)) + 0.0)  # no -0.0
        self._smallest = min(self._smallest, float(outputs.min(initial=np.inf)) + 0.0)

    def merge(self, other: Self) -> None:
        """Add the other's counts."""
        self.refuse_other_task(other)
        self._counts += other._counts
        self._decided += other._decided
        self._largest = max(self._largest, other._largest)
        self._smallest = min(self._smallest, other._smallest)
        self._columns = max(self._columns, other._columns)

    def result(self) -> "OutputCounts":
        """The counts."""
        n, unit, normalised, logarithmic = (int(c) for c in self._counts)
        ends = (self._largest, self._smallest) if n else (None, None)
        return OutputCounts(n, self._columns, unit, normalised, logarithmic, *ends, *map(int, self._decided))


@dataclass(frozen=True)
class OutputCounts:
    """Of n rows of `columns` outputs: all within 0..1, also summing to 1, all <= 0 and log-normalised; and the extreme outputs.

    Where decisions stand beside logits of two classes: the rows with a logit above 0 and up to 1/2 (`between`), those of
    them that are decided against (`declined`), and all other rows that a threshold of 1/2 would decide otherwise.
    """

    n: int
    columns: int
    unit: int
    normalised: int
    logarithmic: int
    largest: float | None
    smallest: float | None = None
    between: int = 0
    declined: int = 0
    otherwise: int = 0

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


def _decided(scores: Scores | None) -> Array:
    """(3,) rows between 0 and 1/2, those of them decided against, and others decided unlike a threshold of 1/2."""
    if scores is None or scores.decided is None or scores.kind is not OutputKind.LOGITS or scores.n_classes != 2:
        return np.zeros(3, np.int64)
    logit, named = scores.margin(scores.scored), scores.decided == scores.scored
    between = (logit > 0) & (logit <= HALF)
    return np.array([between.sum(), (between & ~named).sum(), (~between & (named != (logit > HALF))).sum()], np.int64)


def _forms(outputs: Array) -> tuple[Array, Array, Array]:
    values = outputs.astype(np.float64, order="C")
    unit = np.asarray(((values >= 0) & (values <= 1)).all(axis=1))
    normalised = unit & (np.abs(values.sum(axis=1) - 1) < SUM_TOLERANCE)
    with np.errstate(over="ignore"):
        total = np.exp(values).sum(axis=1)
    logarithmic = (values <= 0).all(axis=1) & (np.abs(np.log(np.maximum(total, 1e-300))) < SUM_TOLERANCE)
    return unit, normalised, logarithmic
