"""What a model said of rows that may have several labels each."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from auditor.batches import Array, OutputKind, Scores


@dataclass(frozen=True)
class LabelScores:
    """What a model said of n rows of which each may have several labels: a column a label, each read by itself.

    `outputs` is (n, labels) of logits or of probabilities (`SIGMOID`), (n, 0) of kind `PREDICTED` where there are decisions
    alone. `thresholds` holds for each label the probability from which it is given, None for one half; `decided` (n, labels)
    of 0 and 1 outranks the scores.
    """

    outputs: Array
    kind: OutputKind
    thresholds: tuple[float | None, ...]
    decided: Array | None = None

    @cached_property
    def finite(self) -> Array:
        """(n,) bool: rows whose outputs are all finite."""
        return np.asarray(np.isfinite(self.outputs).all(axis=1))

    @cached_property
    def given(self) -> Array:
        """(n, labels) bool: the labels that the model gives to each row."""
        return np.stack([self.label(i).predicted == 1 for i in range(len(self.thresholds))], axis=1)

    def label(self, i: int) -> Scores:
        """What was said of one label: class 1 is with it."""
        column = self.outputs if self.kind is OutputKind.PREDICTED else self.outputs[:, [i]]
        decided = None if self.decided is None else self.decided[:, i].astype(np.int64)
        return Scores(column, self.kind, 1, self.thresholds[i], decided)

    def rows(self, chosen: Array) -> "LabelScores":
        """The scores of the chosen rows; `chosen` is a boolean mask or indices."""
        decided = None if self.decided is None else self.decided[chosen]
        return replace(self, outputs=self.outputs[chosen], decided=decided)
