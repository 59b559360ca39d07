"""A batch of rows, and the scores a model gave them."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from auditor.findings import NotApplicable
from auditor.hashing import row_hashes
from auditor.statistics.bins import sortable_key

if TYPE_CHECKING:
    from auditor.label_scores import LabelScores

Array = NDArray[Any]


class OutputKind(StrEnum):
    """What the numbers of a model's output are; `PREDICTED` is a table that holds decisions and no scores."""

    LOGITS = "logits"
    LOG_PROBABILITIES = "log-probabilities"
    PROBABILITIES = "probabilities"
    SIGMOID = "sigmoid"
    PREDICTED = "predicted"


# Where the other classes have less than this beside the highest one, their sum is taken by itself and not as a difference.
ALMOST_CERTAIN = 1e-7


@dataclass(frozen=True)
class Softmax:
    """Parts of a softmax of n rows: outputs less their highest, their exponentials (n, classes), and the sums of these (n,)."""

    shifted: Array
    powers: Array
    total: Array


@dataclass(frozen=True)
class Scores:
    """What a model said of n rows, read as `kind` says.

    `outputs` is (n, k) with one column a class, or (n, 1) that scores class `scored` of two. `decided` (n,) int64 outranks
    the scores for the decision; `threshold` is the probability from which class `scored` is named.
    """

    outputs: Array
    kind: OutputKind
    scored: int = 1
    threshold: float | None = None
    decided: Array | None = None

    @property
    def n_classes(self) -> int:
        """Classes scored: two for a single column."""
        return max(2, int(self.outputs.shape[1]))

    @cached_property
    def finite(self) -> Array:
        """(n,) bool: rows whose outputs are all finite; minus infinity is a value of log-probabilities."""
        if self.kind is OutputKind.LOG_PROBABILITIES:
            return np.asarray((self.outputs < np.inf).all(axis=1))
        return np.asarray(np.isfinite(self.outputs).all(axis=1))

    @cached_property
    def log_probabilities(self) -> Array:
        """(n, classes) float64 natural logarithms of the probabilities."""
        if self._is_softmax and self.outputs.shape[1] > 2 and self.kind is OutputKind.LOGITS:
            return np.asarray(self._softmax.shifted - np.log(self._softmax.total)[:, None])
        if self.kind is OutputKind.LOGITS:
            odds, power = self._odds
            rest = np.log1p(power)
            return self._pair(np.minimum(-odds, 0) - rest, np.minimum(odds, 0) - rest)
        outputs = self._outputs()
        with np.errstate(divide="ignore"):
            if self.kind is OutputKind.LOG_PROBABILITIES:
                return self._pair(_log1mexp(outputs), outputs) if self._single else outputs
            return self._pair(np.log1p(-outputs), np.log(outputs)) if self._single else np.log(outputs)

    @cached_property
    def probabilities(self) -> Array:
        """(n, classes) float64 probabilities."""
        if self.kind in (OutputKind.PROBABILITIES, OutputKind.SIGMOID):
            outputs = self._outputs()
            return self._pair(1 - outputs, outputs) if self._single else outputs
        if self._is_softmax and self.outputs.shape[1] > 2 and self.kind is OutputKind.LOGITS:
            return np.asarray(self._softmax.powers / self._softmax.total[:, None])
        if self.kind is OutputKind.LOGITS:
            odds, power = self._odds
            likelier = 1 / (1 + power)
            rarer = power * likelier
            return self._pair(np.where(odds < 0, likelier, rarer), np.where(odds < 0, rarer, likelier))
        return np.exp(self.log_probabilities)

    @cached_property
    def predicted(self) -> Array:
        """(n,) int64 decisions: those given, else by the threshold, else the class of the highest score."""
        if self.decided is not None:
            return self.decided
        if self.threshold is not None:
            named = self.probabilities[:, self.scored] >= self.threshold
            return np.where(named, self.scored, 1 - self.scored).astype(np.int64)
        if self._single:
            cut = {OutputKind.LOGITS: 0.0, OutputKind.LOG_PROBABILITIES: np.log(0.5)}.get(self.kind, 0.5)
            score = self.outputs[:, 0]
            named = (
                score >= cut if self.scored == 0 else score > cut
            )  # a tie names the first class, as with two columns
            return np.where(named, self.scored, 1 - self.scored).astype(np.int64)
        return np.asarray(self.outputs.argmax(axis=1), np.int64)

    def margin(self, class_index: int) -> Array:
        """(n,) float32 log-odds of one class against all others."""
        with np.errstate(divide="ignore", over="ignore"):
            if self._is_softmax:
                outputs = self.outputs
                if outputs.shape[1] == 2:
                    columns = outputs.astype(np.float64)
                    return np.asarray((columns[:, class_index] - columns[:, 1 - class_index]).astype(np.float32))
                return np.asarray(self._margins[:, class_index])
            if self.kind is OutputKind.LOGITS:
                only = self._outputs()[:, 0]
                return (only if class_index == self.scored else -only).astype(np.float32)
            log_p = self.log_probabilities[:, class_index]
            return (log_p - _log1mexp(log_p)).astype(np.float32)

    def sort_keys(self, class_index: int) -> Array:
        """(n,) uint32 keys in the order of a class's score, equal where the scores are equal in single precision.

        Probabilities are keyed by their distance to the nearer end, so float32 scores never tie that were not tied.
        """
        if self.kind not in (OutputKind.PROBABILITIES, OutputKind.SIGMOID):
            return sortable_key(self.margin(class_index))
        if not self._single:
            return _end_keys(self.probabilities[:, class_index])
        keys = _end_keys(self._outputs()[:, 0])  # 1 - p would round small p away
        return keys if class_index == self.scored else np.uint32(2**31 - 1) - keys

    def rows(self, chosen: Array) -> "Scores":
        """The scores of the chosen rows; `chosen` is a boolean mask or indices."""
        decided = None if self.decided is None else self.decided[chosen]
        return Scores(self.outputs[chosen], self.kind, self.scored, self.threshold, decided)

    @property
    def _is_softmax(self) -> bool:
        """Whether one column a class stands for log-odds: logits, or log-probabilities, whose softmax is themselves."""
        return not self._single and self.kind in (OutputKind.LOGITS, OutputKind.LOG_PROBABILITIES)

    @cached_property
    def _odds(self) -> tuple[Array, Array]:
        """(n, 1) log-odds of class `scored` against the other of two, and the exponential of minus their size."""
        outputs = self._outputs()
        odds = outputs if self._single else outputs[:, [self.scored]] - outputs[:, [1 - self.scored]]
        return odds, np.exp(-np.abs(odds))

    @cached_property
    def _softmax(self) -> "Softmax":
        outputs = self._outputs()
        shifted = outputs - outputs.max(axis=1, keepdims=True)
        powers = np.exp(shifted)
        return Softmax(shifted, powers, powers.sum(axis=1))

    @cached_property
    def _margins(self) -> Array:
        """(n, classes) float32 log-odds, a class's in one piece of memory."""
        parts = self._softmax
        others = parts.total[:, None] - parts.powers
        close = np.flatnonzero(parts.total - 1 < ALMOST_CERTAIN)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            margins = np.asfortranarray((parts.shifted - np.log(others)).astype(np.float32))
            top = parts.shifted[close].argmax(axis=1)
            margins[close, top] = -_log_sum_without(parts.shifted[close], top)
        return margins

    @property
    def _single(self) -> bool:
        return bool(self.outputs.shape[1] == 1)

    def _outputs(self) -> Array:
        """(n, columns) float64, never outside the range of their kind: a check of its own counts the rows that are."""
        if self.kind is OutputKind.PREDICTED:
            raise NotApplicable("the table holds decisions and no scores")
        # In C order whatever the layout: sums over a row then add in one order, and every cut gives the same bits.
        outputs = self.outputs.astype(np.float64, order="C")
        if self.kind in (OutputKind.PROBABILITIES, OutputKind.SIGMOID):
            return np.asarray(np.clip(outputs, 0, 1) + 0.0)
        return np.minimum(outputs, 0) if self.kind is OutputKind.LOG_PROBABILITIES else outputs

    def _pair(self, other: Array, scored: Array) -> Array:
        columns = [other, scored] if self.scored == 1 else [scored, other]
        return np.concatenate(columns, axis=1)


@dataclass(frozen=True)
class Batch:
    """Rows that travel together: labels (n,) int64 with -1 for none, row_key (n,) uint64, features (n, ...) as the model takes them.

    Where a row may have several labels, `labels` is (n, labels) int8 of 1, 0 and -1 for none, and `label_scores` takes the
    place of `scores`.
    What declared columns say, each None where none was declared: cluster (n,) uint64, a hash of the group of each row, odd
    where it is not stated (see `auditor.hashing`); weight (n,) float64, at least 0; time (n,), float64 as it stands or
    datetime64[us] in UTC, NaN or NaT where it is not stated; identity (n,) uint64, a hash of the id of each row, 0 for none.
    """

    labels: Array
    row_key: Array
    features: Array | None = None
    scores: Scores | None = None
    cluster: Array | None = None
    weight: Array | None = None
    label_scores: "LabelScores | None" = None
    time: Array | None = None
    identity: Array | None = None

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.labels)

    @cached_property
    def row_hashes(self) -> Array:
        """(n,) uint64 hashes of the features; raise ValueError where the batch carries none."""
        if self.features is None:
            raise ValueError("a batch without features has no row hashes")
        return row_hashes(self.features)

    def rows(self, chosen: Array) -> "Batch":
        """The chosen rows; `chosen` is a boolean mask or indices."""
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        features = None if self.features is None else self.features.take(chosen, axis=0)  # quicker than by a mask
        scores = None if self.scores is None else self.scores.rows(chosen)
        label_scores = None if self.label_scores is None else self.label_scores.rows(chosen)
        cluster, weight, time, identity = (
            None if part is None else part[chosen] for part in (self.cluster, self.weight, self.time, self.identity)
        )
        part = Batch(
            self.labels[chosen], self.row_key[chosen], features, scores, cluster, weight, label_scores, time, identity
        )
        if "row_hashes" in vars(self):  # hashed once is enough
            vars(part)["row_hashes"] = self.row_hashes[chosen]
        return part

    @property
    def said(self) -> "Scores | LabelScores":
        """What the model said of the rows, whether they have one label or several."""
        said = self.scores if self.label_scores is None else self.label_scores
        assert said is not None
        return said

    @property
    def is_labelled(self) -> Array:
        """(n,) bool: rows with a label; where there may be several, with at least one that is known."""
        known = self.labels >= 0
        return known if known.ndim == 1 else np.asarray(known.any(axis=1))

    @cached_property
    def right(self) -> Array:
        """(n,) bool: rows of which the model says what their label is; where there may be several, all that are known."""
        if self.label_scores is not None:
            return np.asarray(((self.label_scores.given == self.labels) | (self.labels < 0)).all(axis=1))
        assert self.scores is not None
        return np.asarray(self.scores.predicted == self.labels)

    @cached_property
    def by_label(self) -> tuple["Batch", ...]:
        """For each of several labels the rows for which it is known, as rows of two classes: 0 without it, 1 with it."""
        return tuple(self._of_label(i) for i in range(self.labels.shape[1]))

    def _of_label(self, i: int) -> "Batch":
        labels, said = self.labels[:, i].astype(np.int64), self.label_scores
        one = replace(self, labels=labels, scores=None if said is None else said.label(i), label_scores=None)
        return one if (labels >= 0).all() else one.rows(labels >= 0)


def _end_keys(p: Array) -> Array:
    upper = p > 0.5
    bits = np.where(upper, 1 - p, p).astype(np.float32).view(np.uint32)
    return np.where(upper, np.uint32(2**31 - 1) - bits, bits)


def _log_sum_without(shifted: Array, left_out: Array) -> Array:
    """(n,) logarithm of the sum of exponentials of a row without one of its entries; minus infinity where nothing is left."""
    rest = shifted.copy()
    rest[np.arange(len(rest)), left_out] = -np.inf
    highest = rest.max(axis=1, initial=-np.inf)
    base = np.where(np.isfinite(highest), highest, 0.0)
    return np.asarray(base + np.log(np.exp(rest - base[:, None]).sum(axis=1)))


def _log1mexp(log_p: Array) -> Array:
    """log(1 - exp(x)) for x <= 0, stable at both ends (Maechler 2012)."""
    x = np.minimum(log_p, 0)
    with np.errstate(divide="ignore"):
        return np.where(x > -np.log(2), np.log(-np.expm1(x)), np.log1p(-np.exp(x)))
