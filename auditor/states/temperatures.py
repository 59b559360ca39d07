"""Log loss at a grid of temperatures, for outputs of more than two classes, on a sample drawn by row key."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array, Batch, OutputKind, Scores
from auditor.hashing import splitmix64
from auditor.states.keyed_sample import KeyedSample
from auditor.states.losses import LOSS_CAP, ZERO_PROBABILITY_LOSS
from auditor.states.state import State, Task
from auditor.statistics.temperature import TEMPERATURES

MOST_ROWS = 20_000
MOST_SCORES = 2**21
CACHED_SCORES = 2**15
SCALE = 2.0**32


class Temperatures(State["TemperatureLosses"]):
    """Log losses with all logits divided by each of 31 temperatures, of the 20,000 rows with the smallest mixed keys.

    Fewer rows where rows times classes would pass 2**21. A fixed share of the rows cannot be drawn before their number is
    known; the smallest keys are the same rows whatever the order. Two classes and separate sigmoids are left out: the
    former follow from the bins of the margin, the latter have no common temperature.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})

    def __init__(self, task: Task) -> None:
        """Start empty."""
        super().__init__(task)
        self._n, self._sample = 0, KeyedSample(max(1, min(MOST_ROWS, MOST_SCORES // task.n_classes)))

    def update(self, batch: Batch) -> None:
        """Take in the rows of a batch that may belong to the sample."""
        assert batch.scores is not None
        self._n += len(batch)
        if self.task.positive is not None or _separate_sigmoids(batch.scores):
            return
        keys = _drawing_keys(batch.row_key)
        chosen = self._sample.wanted(keys)
        if len(chosen):
            half = (keys[chosen] & np.uint64(1)).astype(np.int64)
            self._sample.add(keys[chosen], (_losses(batch.scores, batch.labels, chosen), half))

    def merge(self, other: Self) -> None:
        """Take in the other's sample."""
        self.refuse_other_task(other)
        self._n += other._n
        self._sample.merge(other._sample)

    def result(self) -> "TemperatureLosses":
        """The sums over the sample, by half."""
        sums, rows = np.zeros((2, len(TEMPERATURES)), np.int64), np.zeros(2, np.int64)
        if parts := self._sample.values():
            losses, half = parts
            np.add.at(sums, half, losses)
            rows += np.bincount(half, minlength=2)
        return TemperatureLosses(self._n, sums / SCALE, rows)


@dataclass(frozen=True, eq=False)
class TemperatureLosses:
    """(2 halves, temperatures) float64 sums of log loss over `rows` (2,) sampled rows of n."""

    n: int
    losses: NDArray[np.float64]
    rows: NDArray[np.int64]


def _drawing_keys(row_key: Array) -> NDArray[np.uint64]:
    """Mixed keys with the bit of the half moved to the end, so that the smallest ones come from both halves."""
    mixed = splitmix64(row_key)
    return np.asarray((mixed << np.uint64(1)) | (mixed >> np.uint64(63)))


def _separate_sigmoids(scores: Scores) -> bool:
    return scores.kind is OutputKind.SIGMOID and scores.outputs.shape[1] > 1


def _losses(scores: Scores, labels: Array, chosen: Array) -> NDArray[np.int64]:
    """(chosen, temperatures) log losses in units of 2**-32, a block of rows at a time that stays in the cache."""
    zero = ZERO_PROBABILITY_LOSS if scores.kind is OutputKind.PROBABILITIES else LOSS_CAP
    step = max(1, CACHED_SCORES // scores.n_classes)
    blocks = [chosen[start : start + step] for start in range(0, len(chosen), step)]
    parts = [_scaled_losses(scores.log_probabilities[block], labels[block]) for block in blocks]
    losses = np.concatenate(parts)
    bounded = np.where(np.isfinite(losses), np.minimum(losses, LOSS_CAP), zero)
    return np.rint(bounded * SCALE).astype(np.int64)


def _scaled_losses(log_p: Array, labels: Array) -> Array:
    """(n, temperatures) natural log loss of log-probabilities (n, classes) divided by each temperature and normalised."""
    with np.errstate(invalid="ignore", divide="ignore"):
        below = log_p - log_p.max(axis=1, keepdims=True)
        lost = -np.take_along_axis(below, labels[:, None], axis=1)[:, 0]
        return np.stack([lost / t + np.log(np.exp(below / t).sum(axis=1)) for t in TEMPERATURES], axis=1)
