"""Which threshold to use: by cost, by F-beta, or the furthest one that still certifies a floor.

Thresholds are indices of operating points, ascending in the score. Choose on validation data and report on test data,
or cross-fit: the best threshold of one data set looks better there than it is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from auditor.statistics.bins import Counts, Floats
from auditor.statistics.estimates import Difference, Estimate, Proportion, Smooth
from auditor.statistics.hypothesis_tests import binomial_tail
from auditor.statistics.operating_points import OperatingPoints, Outcome
from auditor.statistics.sample_size import minimum_without_miss

STEPS = 400
FEWEST_CALLS = 30
STARTS = (1, 4, 16, 64)


def cost_threshold(cost_of_false_alarm: float, cost_of_miss: float) -> float:
    """Probability above which calling positive is cheaper, if probabilities are calibrated (Elkan 2001)."""
    return cost_of_false_alarm / (cost_of_false_alarm + cost_of_miss)


def costs(points: OperatingPoints, cost_of_false_alarm: float, cost_of_miss: float) -> Floats:
    """(points,) total cost at each operating point."""
    return np.asarray(cost_of_false_alarm * points.fp + cost_of_miss * points.fn, np.float64)


def cost(outcome: Outcome, cost_of_false_alarm: float, cost_of_miss: float) -> Smooth:
    """Total cost of one outcome, its false alarms and misses being Poisson counts."""
    variance = cost_of_false_alarm**2 * outcome.fp + cost_of_miss**2 * outcome.fn
    value, rows = cost_of_false_alarm * outcome.fp + cost_of_miss * outcome.fn, sum(vars(outcome).values())
    return Smooth(value, math.sqrt(variance), "identity", rows, "Poisson counts")


def is_dearer(one: Smooth, other: Smooth, times: float, alpha: float = 0.05) -> bool:
    """Whether a cost is more than `times` another with confidence 1 - alpha; as if independent, which widens the bound."""
    value, error = (None if part is None else times * part for part in (other.value, other.standard_error))
    low = Difference(one, replace(other, value=value, standard_error=error)).lower(alpha)
    return low is not None and low > 0


def cheapest(points: OperatingPoints, cost_of_false_alarm: float, cost_of_miss: float) -> int:
    """Highest threshold of lowest cost."""
    return highest_best(-costs(points, cost_of_false_alarm, cost_of_miss))


def best_f_score(points: OperatingPoints, beta: float = 1.0) -> int:
    """Highest threshold of highest F-beta."""
    return highest_best(np.nan_to_num(points.f_score(beta)))


def best_youden(points: OperatingPoints) -> int:
    """Highest threshold of highest recall - false positive rate (Youden 1950)."""
    return highest_best(np.nan_to_num(points.recall) - np.nan_to_num(points.false_positive_rate))


def highest_best(values: Floats) -> int:
    """Last index of the maximum."""
    return len(values) - 1 - int(np.argmax(values[::-1]))


def near_best(values: Floats, tolerance: float = 0.01) -> tuple[int, int]:
    """First and last index of the run around the best value (at least 0) where values are within 1% of it."""
    best = highest_best(values)
    worse = np.flatnonzero(values < values[best] * (1 - tolerance))
    below, above = worse[worse < best], worse[worse > best]
    return int(below[-1]) + 1 if len(below) else 0, int(above[0]) - 1 if len(above) else len(values) - 1


def changes(points: OperatingPoints, low: int, high: int) -> dict[str, Proportion | Difference]:
    """How much higher recall is, and how much higher or lower precision, at the lower of two thresholds.

    Precision differs by the share of the calls that lie between the two, times how far the precision there is from that
    above.
    """
    above, both = points.outcome(high), points.outcome(low)
    between = Outcome(both.tp - above.tp, both.fp - above.fp, 0, 0)
    calls, more = both.tp + both.fp, between.tp + between.fp
    precision = Difference(between.precision, above.precision, more / calls if calls else 0.0)
    return {"recall": Proportion(between.tp, points.positives), "precision": precision}


def least_size(change: Estimate, alpha: float) -> float:
    """The smallest size of a change, of either sign, that its bounds at `alpha` allow; 0 where they allow none."""
    low, high = change.lower(alpha), change.upper(alpha)
    return 0.0 if low is None or high is None else max(low, -high, 0.0)


def certified_precision(points: OperatingPoints, floor: float, alpha: float = 0.05) -> int | None:
    """Lowest threshold reached that certifies precision >= floor with confidence 1 - alpha, None if there is none.

    Fixed-sequence testing (Angelopoulos et al. 2021): from the highest threshold with enough calls downwards, while the
    exact binomial test rejects a lower precision. One false alarm among the first few calls would end the sequence, so that
    it starts anew at 4, 16 and 64 times as many calls; the starts share the level alpha.
    """
    called = points.tp + points.fp
    usable = np.flatnonzero(called >= (minimum_without_miss(floor, alpha) or FEWEST_CALLS))[::-1]
    candidates = _spaced(usable, called)
    starts = _starts(called[candidates], floor, alpha)
    walks = [_walk(candidates[start:], points.tp, called, floor, alpha / len(starts)) for start in starts]
    return min((reached for reached in walks if reached is not None), default=None)


def _starts(called: Counts, floor: float, alpha: float) -> list[int]:
    """Places in ascending numbers of calls at which to start: as many as there are calls for, each able to succeed."""
    for many in range(len(STARTS), 0, -1):
        fewest = max(FEWEST_CALLS, minimum_without_miss(floor, alpha / many) or FEWEST_CALLS)
        starts = np.unique(np.searchsorted(called, fewest * np.array(STARTS[:many])))
        if len(starts) and starts[-1] < len(called):
            return [int(start) for start in starts]
    return []


def certified_recall(points: OperatingPoints, floor: float, alpha: float = 0.05) -> int | None:
    """Highest threshold reached that certifies recall >= floor with confidence 1 - alpha, None if there is none.

    Fixed-sequence testing from the lowest threshold upwards.
    """
    candidates = _spaced(np.arange(len(points.tp)), points.tp + points.fp)
    return _walk(candidates, points.tp, np.full_like(points.tp, points.positives), floor, alpha)


def _spaced(indices: Counts, called: Counts) -> Counts:
    """At most 400 of the indices, evenly spaced in the number of calls, which does not look at labels."""
    if len(indices) <= STEPS:
        return indices
    moved = np.abs(called[indices] - called[indices[0]])
    return indices[np.unique(np.searchsorted(moved, np.linspace(0, moved[-1], STEPS)))]


def _walk(candidates: Counts, right: Counts, trials: Counts, floor: float, alpha: float) -> int | None:
    """Last candidate before the first at which P(Bin(trials, floor) >= right) > alpha."""
    reached = None
    for index in candidates.tolist():
        if binomial_tail(int(right[index]), int(trials[index]), floor) > alpha:
            break
        reached = index
    return reached


@dataclass(frozen=True)
class Tuned:
    """A threshold's index, what it gives on rows that did not choose it (`fair`), and on those that did (`own`)."""

    index: int
    fair: Outcome
    own: Outcome
    on_validation: bool


Choose = Callable[[OperatingPoints], int]


def tune(
    choose: Choose,
    test: OperatingPoints,
    halves: tuple[OperatingPoints, OperatingPoints],
    validation: OperatingPoints | None = None,
) -> Tuned:
    """A threshold chosen on validation and counted on test; without it chosen on test and counted cross-fitted.

    All operating points stand at the same thresholds; the halves are those of test.
    """
    if validation is not None:
        index = choose(validation)
        return Tuned(index, test.outcome(index), validation.outcome(index), on_validation=True)
    index = choose(test)
    return Tuned(index, cross_fitted(*halves, choose), test.outcome(index), on_validation=False)


def cross_fitted(first: OperatingPoints, second: OperatingPoints, choose: Choose) -> Outcome:
    """Counts of both halves, each decided at the threshold chosen on the other; the halves share their bins."""
    return first.outcome(choose(second)) + second.outcome(choose(first))
