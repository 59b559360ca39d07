"""How far the probabilities are from the truth: log loss and Brier score."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from auditor.batches import Array, Batch, OutputKind, Scores
from auditor.states.fixed_point import LARGEST, FixedPointSum
from auditor.states.state import State, Task
from auditor.statistics.estimates import Smooth

# A stated probability of 0 for what happened has an infinite loss. Stated probabilities are counted as at least the
# float64 epsilon, as scikit-learn does, and the report says for how many rows; logits are taken at their word.
ZERO_PROBABILITY_LOSS = float(-np.log(np.finfo(np.float64).eps))
LOSS_CAP = 1024.0
# Below this share of the squared mean a variance is what rounding leaves of none.
EQUAL_LOSSES = 1e-12


class Losses(State["LossSums"]):
    """Sums of log loss and Brier score, and of their squares, as fixed-point integers."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._n = 0
        self._zero = 0
        brier_cap = float(max(2, task.n_classes))
        caps = {"log_loss": LOSS_CAP, "brier_score": brier_cap}
        self._sums = {name: FixedPointSum(1, cap) for name, cap in caps.items()}
        self._sums |= {f"{name}_squared": FixedPointSum(1, min(cap**2, LARGEST)) for name, cap in caps.items()}

    def update(self, batch: Batch) -> None:
        """Add the losses of a batch."""
        assert batch.scores is not None
        log_loss, zero = log_losses(batch.scores, batch.labels)
        brier = brier_scores(batch.scores, batch.labels, self.task)
        self._n += len(batch)
        self._zero += zero
        for name, values in {"log_loss": log_loss, "brier_score": brier}.items():
            self._sums[name].add(values)
            self._sums[f"{name}_squared"].add(values**2)

    def merge(self, other: Self) -> None:
        """Add the other's sums."""
        self.refuse_other_task(other)
        self._n += other._n
        self._zero += other._zero
        for name, total in self._sums.items():
            total.merge(other._sums[name])

    def result(self) -> "LossSums":
        """The sums as floats."""
        return LossSums(self._n, self._zero, **{name: total.values[0] for name, total in self._sums.items()})


@dataclass(frozen=True)
class LossSums:
    """Sums over n rows; `zero` of them gave what happened less than the float64 epsilon (for logits: e**-1024) and were counted as that."""

    n: int
    zero: int
    log_loss: float
    log_loss_squared: float
    brier_score: float
    brier_score_squared: float

    def mean(self, name: str) -> Smooth:
        """Mean of `log_loss` or `brier_score` with Student's t interval; none where all losses are equal."""
        if not self.n:
            return Smooth(None, None, "identity", 0, "Student t")
        total, squares = getattr(self, name), getattr(self, f"{name}_squared")
        mean = total / self.n
        if self.n == 1:
            return Smooth(mean, None, "identity", 1, "Student t")
        spread = squares / self.n - mean**2
        if spread <= EQUAL_LOSSES * mean**2:
            return Smooth(mean, None, "identity", self.n, "Student t")
        variance = spread / (self.n - 1)
        return Smooth(mean, float(np.sqrt(variance)), "identity", self.n, "Student t", degrees_of_freedom=self.n - 1)


def log_losses(scores: Scores, labels: Array) -> tuple[Array, int]:
    """(n,) natural log loss of each row, and how many rows were cut to the largest that is counted."""
    loss = -np.take_along_axis(scores.log_probabilities, labels[:, None], axis=1)[:, 0]
    stated = scores.kind in (OutputKind.PROBABILITIES, OutputKind.SIGMOID)
    cap = ZERO_PROBABILITY_LOSS if stated else LOSS_CAP
    return np.clip(loss, 0.0, cap), int(np.count_nonzero(loss > cap))


def brier_scores(scores: Scores, labels: Array, task: Task) -> Array:
    """(n,) squared distances: of the positive class with two classes (0..1), summed over classes with more (0..2)."""
    p = scores.probabilities
    of_truth = np.take_along_axis(p, labels[:, None], axis=1)[:, 0]
    if task.n_classes == 2:
        return np.asarray((1 - of_truth) ** 2)
    return np.asarray((p**2).sum(axis=1) - of_truth**2 + (1 - of_truth) ** 2)
