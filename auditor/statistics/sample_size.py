"""How many labels would decide a gate, and what the labels at hand can show at best."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special

from auditor.statistics.bins import Counts, Floats
from auditor.statistics.estimates import Estimate, PairedDifference
from auditor.statistics.intervals import normal_quantile

ALPHA = 0.05
POWER = 0.80
# The chance of a decision is a saw-tooth in n; it has to hold for a run of sizes.
RUN = 15
MOST_LABELS = 1_000_000
SMALLEST_GAP = 0.01
BLOCK = 512


@dataclass(frozen=True)
class LabelsNeeded:
    """Labels with which a gate on a proportion would be decided with probability .80, if the planned rate is true.

    passes: whether the decision would be a pass (else a fail). total: None where more labels cannot decide in practice.
    more: total less those at hand, at least 0. fewest, most: total if the rate is one standard error off either way,
    most None where that would leave it undecidable.
    """

    rate: float
    passes: bool
    total: int | None
    more: int | None
    fewest: int | None
    most: int | None

    @property
    def text(self) -> str:
        """The numbers as part of a sentence."""
        if self.total is None:
            return "the rate is practically at the limit: more labels cannot decide it"
        most = f"{self.most:,}" if self.most is not None else "more than can be labelled"
        aim = "show that it passes" if self.passes else "show that it fails"
        return f"about {self.more:,} more, {self.total:,} in all, would {aim} (between {self.fewest:,} and {most})"


def best_lower_bound(n: float, alpha: float = ALPHA) -> float | None:
    """One-sided lower bound that n rows without a single miss would show, alpha ** (1 / n); None without rows."""
    return alpha ** (1 / n) if n > 0 else None


def minimum_without_miss(limit: float, alpha: float = ALPHA) -> int | None:
    """Fewest rows that can show a rate of at least `limit` in (0, 1), all of them right; None for a limit of 1."""
    if limit >= 1:
        return None
    return max(1, math.ceil(math.log(alpha) / math.log(limit) - 1e-9)) if limit > 0 else 1


def labels_needed(k: float, n: float, limit: float, alpha: float = ALPHA, power: float = POWER) -> LabelsNeeded:
    """Labels needed to decide whether a rate of which k of n were seen is at least `limit` (0 < limit < 1).

    The planned rate is k / n, or (k + 1/2) / (n + 1) where that is 0 or 1. Decisions are by Clopper-Pearson bounds.
    """
    rate = k / n if 0 < k < n else (k + 0.5) / (n + 1)
    passes = rate > limit
    error = math.sqrt(rate * (1 - rate) / max(n, 1))
    total = size_to_decide(rate, limit, alpha, power)
    if total is None:
        return LabelsNeeded(rate, passes, None, None, None, None)
    away, towards = (rate + error, rate - error) if passes else (rate - error, rate + error)
    fewest = size_to_decide(min(max(away, 1e-9), 1 - 1e-9), limit, alpha, power)
    most = size_to_decide(towards, limit, alpha, power) if (towards > limit) == passes else None
    return LabelsNeeded(rate, passes, total, max(0, math.ceil(total - n)), fewest, most)


def size_to_decide(rate: float, limit: float, alpha: float = ALPHA, power: float = POWER) -> int | None:
    """Smallest n from which, for 15 sizes in a row, the bound clears the limit with probability `power`.

    A rate above the limit is to be shown by its lower bound, one below by its upper bound. None where the two are less
    than .01 apart or more than a million labels are needed.
    """
    if abs(rate - limit) < SMALLEST_GAP:
        return None
    if rate < limit:
        rate, limit = 1 - rate, 1 - limit
    run = 0
    for sizes in _blocks(_first_size(rate, limit, alpha, power)):
        for n, enough in zip(sizes, _chance_to_pass(sizes, rate, limit, alpha) >= power, strict=True):
            run = run + 1 if enough else 0
            if run == RUN:
                return int(n) - RUN + 1
    return None


def _first_size(rate: float, limit: float, alpha: float, power: float) -> int:
    """Where to start the search: well below the normal approximation, at 1 when that is small."""
    z = normal_quantile(1 - alpha) * math.sqrt(limit * (1 - limit)) + normal_quantile(power) * math.sqrt(
        rate * (1 - rate)
    )
    return max(1, int(0.9 * (z / (rate - limit)) ** 2) - 4 * BLOCK)


def _blocks(start: int) -> Iterator[Counts]:
    return (np.arange(first, first + BLOCK) for first in range(start, MOST_LABELS, BLOCK))


def _chance_to_pass(sizes: Counts, rate: float, limit: float, alpha: float) -> Floats:
    """Probability at each size that the Clopper-Pearson lower bound reaches the limit."""
    fewest = _fewest_successes(sizes, limit, alpha)
    chance = special.betainc(np.minimum(fewest, sizes), np.maximum(sizes - fewest + 1, 1), rate)
    return np.where(fewest <= sizes, chance, 0.0)


def _fewest_successes(sizes: Counts, limit: float, alpha: float) -> Counts:
    """Smallest k whose lower bound reaches the limit, P(X >= k | limit) <= alpha; n + 1 where there is none."""
    low, high = np.zeros_like(sizes), sizes + 1
    while (high - low > 1).any():
        middle = np.maximum((low + high) // 2, 1)
        reaches = special.betainc(middle, np.maximum(sizes - middle + 1, 1), limit) <= alpha
        high, low = np.where(reaches, middle, high), np.where(reaches, low, middle)
    return high


def rows_needed(estimate: Estimate, limit: float, alpha: float = ALPHA, power: float = POWER) -> int | None:
    """Rows with which any other estimate would be decided, its error shrinking as 1 / sqrt(n).

    The standard error is read off the bound that faces the limit. None where the value or the bound is undefined, where
    they are at the limit, or where more than a million rows are needed.
    """
    value = estimate.value
    if value is None or value == limit:
        return None
    bound = estimate.lower(alpha) if value > limit else estimate.upper(alpha)
    if bound is None:
        return None
    growth = 1 + normal_quantile(power) / normal_quantile(1 - alpha)
    needed = estimate.n * (growth * (value - bound) / (value - limit)) ** 2
    return max(1, math.ceil(needed)) if needed <= MOST_LABELS else None


def pairs_needed(difference: PairedDifference, margin: float, alpha: float = ALPHA, power: float = POWER) -> int | None:
    """Paired rows to show that a difference is above -margin; None where it is not above it, or without rows."""
    delta = difference.value
    if delta is None or delta + margin <= 0:
        return None
    z = normal_quantile(1 - alpha) + normal_quantile(power)
    discordant = (difference.n10 + difference.n01) / difference.n
    return max(1, math.ceil(z * z * (discordant - delta * delta) / (delta + margin) ** 2))
