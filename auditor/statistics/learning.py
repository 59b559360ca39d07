"""What the level of a training loss says: whether anything was learnt, and whether the loss was fed the right numbers."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.curves import FEWEST_EPOCHS, double_softmax_floor, examine

CLOSE = 0.01


class LevelFault(StrEnum):
    """What is wrong with the level that a training loss settled at."""

    DOUBLE_SOFTMAX = "double softmax"
    DOUBLE_SIGMOID = "double sigmoid"
    WORSE = "worse than a constant"
    STUCK = "nothing learnt"
    STUCK_HIGH = "stuck high"


@dataclass(frozen=True)
class Level:
    """Where a loss settled (median of the last fifth), the share it removed of a reference loss, and what is wrong.

    reference: the loss of the best constant answer, or ln K where that is what the loss stands at. floor: what the loss
    cannot go below under the fault found, None for other faults.
    """

    settled: float
    learned: float
    reference: float
    fault: LevelFault | None
    floor: float | None = None


def double_sigmoid_floor(positive_share: float) -> float:
    """Lowest mean binary cross-entropy where a sigmoid is applied to probabilities.

    ln(1 + 1/e) for each positive and ln 2 for each negative row: the second sigmoid gives from .5 to e / (1 + e).
    """
    return positive_share * math.log1p(1 / math.e) + (1 - positive_share) * math.log(2)


def starts_badly(first: float, n_classes: int, *, times: float = 2.0) -> bool:
    """Whether the loss of the first epoch exceeds `times` ln K: a bad start or inputs of the wrong scale."""
    return first > times * math.log(n_classes)


def level(
    losses: NDArray[np.floating],
    constant: float,
    n_classes: int,
    positive_share: float | None = None,
    *,
    chance: float = 0.05,
    stuck_high: float = 0.30,
) -> Level | None:
    """The level of a loss, (epochs,) in order; None below 8 epochs and where a loss is not a finite number >= 0.

    constant: cross-entropy of the best constant answer, above 0. positive_share: with two classes, the share of the
    positive one. A loss within `chance` of it, or of ln K as where classes are weighted, has learnt nothing; a plateau
    with less than `stuck_high` removed is stuck high.
    """
    curve, log_k = examine(losses), math.log(n_classes)
    learned = curve.learned(constant)
    if len(losses) < FEWEST_EPOCHS or curve.last is None or learned is None:
        return None
    last, of_equal = curve.last, 1 - curve.last / log_k
    twice = _applied_twice(last, n_classes, positive_share) if curve.is_plateau else None
    if twice is not None:
        return Level(last, learned, constant, *twice)
    if learned < -chance and abs(of_equal) < chance:
        return Level(last, of_equal, log_k, LevelFault.STUCK)
    faults = {
        LevelFault.STUCK: abs(learned) < chance,
        LevelFault.WORSE: learned < 0 < -of_equal,
        LevelFault.STUCK_HIGH: curve.is_plateau and 0 <= learned < stuck_high,
    }
    return Level(last, learned, constant, next((fault for fault, found in faults.items() if found), None))


def _applied_twice(last: float, n_classes: int, positive_share: float | None) -> tuple[LevelFault, float] | None:
    """Whether a loss stands within 1% above what a softmax, or with two classes a sigmoid, applied twice allows."""
    softmax = double_softmax_floor(n_classes)
    if softmax <= last <= (1 + CLOSE) * softmax:
        return LevelFault.DOUBLE_SOFTMAX, softmax
    sigmoid = None if positive_share is None else double_sigmoid_floor(positive_share)
    if sigmoid is not None and sigmoid <= last <= min((1 + CLOSE) * sigmoid, (1 - CLOSE) * math.log(2)):
        return LevelFault.DOUBLE_SIGMOID, sigmoid
    return None
