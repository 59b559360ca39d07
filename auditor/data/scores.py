"""What the numbers of score columns are: decided once a split on its first rows, and held on all others."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from auditor.batches import Array, OutputKind, Scores
from auditor.errors import InputError

ROUNDING = 1e-6
SUM_TOLERANCE = 1e-3
PROBABILITY_KINDS = (OutputKind.PROBABILITIES, OutputKind.SIGMOID)


@dataclass(frozen=True)
class ScoreKind:
    """The kind of the scores of a split, and whether it was stated rather than read from the first rows."""

    kind: OutputKind
    stated: bool


def first_kind(scores: Array, stated: str | None, where: Callable[[int], str]) -> ScoreKind:
    """The kind of scores (n, columns): the one stated, else by the range of the finite rows.

    All within 0..1: a sigmoid for one column, probabilities where each row sums to 1 within 0.001. None above 0 and
    their exponentials summing to 1: log-probabilities. Anything else: logits. Raises InputError for rows within 0..1
    that do not sum to 1, since softmax would distort them.
    """
    single = scores.shape[1] == 1
    if stated is not None:
        kind = OutputKind(stated)
        return ScoreKind(OutputKind.SIGMOID if single and kind is OutputKind.PROBABILITIES else kind, stated=True)
    finite = _usable(scores)
    rows = scores[finite]
    if single:
        return ScoreKind(OutputKind.SIGMOID if _within(rows).all() else OutputKind.LOGITS, stated=False)
    if _within(rows).all():
        _refuse_sums(scores, where)
        return ScoreKind(OutputKind.PROBABILITIES, stated=False)
    logarithms = (rows <= ROUNDING).all() and _sums_to_one(np.exp(rows)).all()
    return ScoreKind(OutputKind.LOG_PROBABILITIES if logarithms else OutputKind.LOGITS, stated=False)


def refuse_unlike(scores: Array, kind: ScoreKind, where: Callable[[int], str], first_row: int) -> Array:
    """The scores, clipped to their range against rounding; raises InputError at the first row of another kind."""

    def place(row: int) -> str:
        return where(first_row + row)

    if kind.kind in PROBABILITY_KINDS:
        _refuse(~_within(scores), scores, kind, "probabilities from 0 to 1", place)
        if kind.kind is OutputKind.PROBABILITIES and not kind.stated:
            _refuse_sums(scores, place)
        return _clipped(scores, 0, 1)
    if kind.kind is OutputKind.LOG_PROBABILITIES:
        above = (scores > ROUNDING) & np.isfinite(scores)
        _refuse(np.asarray(above.any(axis=1)), scores, kind, "log-probabilities, at most 0", place)
        return _clipped(scores, -np.inf, 0)
    return scores


def turned(scores: Scores) -> Scores:
    """The same scores, whose threshold then is for the class that the single column does not score.

    Logits change their sign. Probabilities become a column a class: of 1 - p alone, log p could not be told again.
    """
    other = 1 - scores.scored
    if scores.kind is OutputKind.LOGITS:
        return replace(scores, outputs=-scores.outputs, scored=other)
    if scores.kind is OutputKind.LOG_PROBABILITIES:
        pair, kind = scores.log_probabilities, OutputKind.LOG_PROBABILITIES
    else:
        pair, kind = scores.probabilities, OutputKind.PROBABILITIES
    outputs = np.where(scores.finite[:, None], pair, scores.outputs)
    return Scores(outputs, kind, other, scores.threshold, scores.decided)


def _clipped(scores: Array, low: float, high: float) -> Array:
    """Rounding undone; what is not finite stays so, since a check counts it."""
    return np.where(np.isfinite(scores), np.clip(scores, low, high), scores)


def _usable(scores: Array) -> Array:
    return np.asarray(~np.isnan(scores).any(axis=1) & ~(scores == np.inf).any(axis=1))


def _within(scores: Array) -> Array:
    """(n,) bool: rows within 0..1; what is not finite is judged elsewhere."""
    outside = (scores < -ROUNDING) | (scores > 1 + ROUNDING)
    return np.asarray(~(outside & np.isfinite(scores)).any(axis=1))


def _sums_to_one(scores: Array) -> Array:
    return np.asarray(np.abs(scores.sum(axis=1) - 1) <= SUM_TOLERANCE)


def _refuse(wrong: Array, scores: Array, kind: ScoreKind, expected: str, where: Callable[[int], str]) -> None:
    if not wrong.any():
        return
    row = int(wrong.argmax())
    far = scores[row][np.isfinite(scores[row])]
    worst = far[np.abs(far - 0.5).argmax()]
    why = "as output_kind says" if kind.stated else "as the first rows of the file"
    remedy = "correct the score, or state output_kind in auditor.toml"
    raise InputError(f"{where(row)}: expected {expected} {why}, found {worst:g}; {remedy}")


def _refuse_sums(scores: Array, where: Callable[[int], str]) -> None:
    wrong = np.isfinite(scores).all(axis=1) & ~_sums_to_one(scores)
    if wrong.any():
        row = int(wrong.argmax())
        found = f"the scores lie from 0 to 1 and sum to {scores[row].sum():.4g}; expected probabilities that sum to 1"
        remedy = "correct them, name every class in classes, or state output_kind in auditor.toml"
        raise InputError(f"{where(row)}: {found}; {remedy}")
