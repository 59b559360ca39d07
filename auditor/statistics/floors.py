"""Floors on what a threshold gives: by how much each operating point clears them, and which point to prefer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditor.statistics.bins import Floats
from auditor.statistics.estimates import Estimate, MeanOfProportions, Proportion
from auditor.statistics.operating_points import OperatingPoints, Outcome
from auditor.statistics.thresholds import highest_best

# A floor that is cleared by this many standard errors on one sample passes a one-sided 95% bound on a second one of the
# same size with a probability of about 95%: 1.645 + 1.645 times the square root of 2.
COMFORTABLE = 4.0

Pair = Callable[[Any], tuple[Any, Any]]

PARTS: Mapping[str, Pair] = {
    "recall": lambda c: (c.tp, c.tp + c.fn),
    "precision": lambda c: (c.tp, c.tp + c.fp),
    "specificity": lambda c: (c.tn, c.tn + c.fp),
    "negative_predictive_value": lambda c: (c.tn, c.tn + c.fn),
    "accuracy": lambda c: (c.tp + c.tn, c.tp + c.fp + c.fn + c.tn),
}

FOLLOWED = (*PARTS, "balanced_accuracy", "f1")

# What a metric of the other class is for the positive one.
OF_OTHER = {"recall": "specificity", "specificity": "recall", "precision": "negative_predictive_value"}


@dataclass(frozen=True)
class Floor:
    """A limit that a metric of two classes has to reach.

    metric: recall, precision, specificity, negative_predictive_value, accuracy, balanced_accuracy or f1, of the positive
    class. Raises ValueError for another.
    """

    metric: str
    limit: float

    def __post_init__(self) -> None:
        if self.metric not in FOLLOWED:
            raise ValueError(f"{self.metric!r} does not follow from the counts of one threshold")

    def estimate(self, outcome: Outcome) -> Estimate:
        """The metric of one outcome."""
        if self.metric == "f1":
            return outcome.f_score()
        if self.metric == "balanced_accuracy":
            found, left_alone = PARTS["recall"](outcome), PARTS["specificity"](outcome)
            return MeanOfProportions((found[0], left_alone[0]), (found[1], left_alone[1]))
        return Proportion(*PARTS[self.metric](outcome))

    def is_reached(self, outcome: Outcome) -> bool:
        """Whether the value itself is at the limit or above it."""
        value = self.estimate(outcome).value
        return value is not None and value >= self.limit

    def is_met(self, outcome: Outcome, alpha: float = 0.05) -> bool:
        """Whether the one-sided lower bound clears the limit."""
        low = self.estimate(outcome).lower(alpha)
        return low is not None and low >= self.limit

    def room(self, points: OperatingPoints) -> Floats:
        """(points,) standard errors, as they would be at the limit, by which it is cleared; minus infinity if undefined."""
        if self.metric == "f1":  # F1 = 2J / (1 + J) with Jaccard's J, a proportion
            jaccard = self.limit / (2 - self.limit)
            return _room(points.tp, points.tp + points.fp + points.fn, jaccard)
        if self.metric == "balanced_accuracy":
            return _mean_room(points, self.limit)
        return _room(*PARTS[self.metric](points), self.limit)


def floor_on(metric: str, limit: float, *, of_positive: bool = True) -> Floor | None:
    """The floor on a metric of the positive class or of the other one, None where it is not one that is followed."""
    known = metric if of_positive else OF_OTHER.get(metric, "")
    return Floor(known, limit) if known in FOLLOWED else None


def best_within(points: OperatingPoints, floors: Sequence[Floor]) -> int:
    """Operating point of highest F1 among those that clear every floor comfortably, else the one with most room."""
    room = np.min([floor.room(points) for floor in floors], axis=0)
    comfortable = room >= COMFORTABLE
    if not comfortable.any():
        return highest_best(room)
    return highest_best(np.where(comfortable, np.nan_to_num(points.f_score()), -1.0))


def _room(k: Any, n: Any, limit: float) -> Floats:  # noqa: ANN401  (arrays of either kind)
    k, n = np.asarray(k, np.float64), np.asarray(n, np.float64)
    excess, spread = k - n * limit, np.sqrt(np.maximum(n, 1) * limit * (1 - limit))
    # At a limit of 0 or 1 there is no spread: it is met or it is not.
    room = np.divide(excess, spread, out=np.where(excess >= 0, np.inf, -np.inf), where=spread > 0)
    return np.where(n > 0, room, -np.inf)


def _mean_room(points: OperatingPoints, limit: float) -> Floats:
    if not points.positives or not points.negatives:
        return np.full(len(points.tp), -np.inf)
    found, left_alone = points.recall, 1 - points.false_positive_rate
    variance = found * (1 - found) / points.positives + left_alone * (1 - left_alone) / points.negatives
    spread = np.sqrt(np.maximum(variance, 1 / points.positives / points.negatives)) / 2
    return np.asarray(((found + left_alone) / 2 - limit) / spread, np.float64)
