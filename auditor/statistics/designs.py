"""Estimates from rows that depend on each other within groups, or that weigh differently.

Whole groups share one of 64 hash buckets, and the jackknife over buckets gives variances that hold whatever the
dependence inside a bucket (Chamandy et al. 2012). A share keeps the interval of independent rows on fewer, effective rows:
n over the design effect, with Student's t for the buckets (Korn & Graubard 1998). Weights alone leave the effective
rows of Kish (1965), the squared sum of the weights over the sum of their squares.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from auditor.statistics.bins import Floats
from auditor.statistics.bounds import UNDEFINED, Estimate, Limits, Scale, Smooth
from auditor.statistics.confusion import ClassCounts, ratio
from auditor.statistics.estimates import Proportion
from auditor.statistics.intervals import t_quantile
from auditor.statistics.resampling import jackknife_error

BUCKETS = 64
FEWEST_GROUPS = 10
METHOD = "bucket jackknife"

Numbers = NDArray[np.number]
Part = Callable[[ClassCounts], Numbers]


class Thinned(Protocol):
    """An estimate that can be had from fewer rows."""

    @property
    def value(self) -> float | None:
        """The estimate, None where undefined."""
        ...

    @property
    def n(self) -> float:
        """The count behind it."""
        ...

    @property
    def method(self) -> str:
        """Name of the shown method."""
        ...

    @property
    def decision_method(self) -> str:
        """Name of the deciding method."""
        ...

    def effective(self, deff: float) -> Estimate:
        """The same value from n / deff rows."""
        ...


@dataclass(frozen=True)
class UnderDesign(Estimate):
    """An estimate on its effective rows: `plain` is what it would be if each row counted once and by itself.

    design_effect: its variance relative to that of `plain`, None where too few groups show it: no interval then.
    degrees_of_freedom: of the variance, None where it is known from the weights. weighted: `plain` rests on weighted
    sums, scaled to the number of rows.
    """

    plain: Thinned
    design_effect: float | None
    degrees_of_freedom: float | None = None
    weighted: bool = False

    @property
    def value(self) -> float | None:
        """The value of `plain`."""
        return self.plain.value

    @property
    def n(self) -> float:
        """The rows behind it."""
        return self.plain.n

    @property
    def complement(self) -> "UnderDesign":
        """One minus a share; raises TypeError for what is none."""
        if not isinstance(self.plain, Proportion):
            raise TypeError(f"{type(self.plain).__name__} is no share")
        return replace(self, plain=Proportion(self.plain.n - self.plain.k, self.plain.n))

    @property
    def effective_n(self) -> float | None:
        """Independent rows that would tell as much, at most n."""
        return None if self.design_effect is None else self.n / max(self.design_effect, 1.0)

    @property
    def method(self) -> str:
        """Name of the shown method."""
        return f"{self.plain.method} on effective rows"

    @property
    def decision_method(self) -> str:
        """Name of the deciding method."""
        return f"{self.plain.decision_method} on effective rows"

    def _shown(self, alpha: float) -> Limits:
        thinned = self.thinned(alpha)
        return UNDEFINED if thinned is None else thinned.interval(alpha)

    def _deciding(self, alpha: float) -> Limits:
        thinned = self.thinned(alpha)
        return UNDEFINED if thinned is None else thinned.decision_interval(alpha)

    def thinned(self, alpha: float) -> Estimate | None:
        """Effective rows for one level: so many fewer as Student's t is longer for the buckets than for n rows."""
        if self.design_effect is None or self.value is None:
            return None
        longer = 1.0
        if self.degrees_of_freedom is not None and self.n > self.degrees_of_freedom + 1:
            longer = t_quantile(1 - alpha, self.degrees_of_freedom) / t_quantile(1 - alpha, self.n - 1)
        return self.plain.effective(self.design_effect * longer**2)


@dataclass(frozen=True, eq=False)
class BucketCounts:
    """What a split holds in each bucket, as sums of weights; without weights these are counts of rows.

    classes: (buckets, classes) support, predicted and correct. squares: (classes,) the same of squared weights, over all
    buckets. rows: (classes,) the same of rows. groups: how many, None where rows are independent. alike: the design
    effect if all rows of a group were alike, the sum of squared group sizes over their sum.
    """

    classes: ClassCounts
    squares: ClassCounts
    rows: ClassCounts
    groups: int | None = None
    alike: float = 1.0
    weighted: bool = False

    @cached_property
    def total(self) -> ClassCounts:
        """(classes,) sums over the buckets."""
        return ClassCounts(*(part.sum(axis=0) for part in _parts(self.classes)))

    @cached_property
    def without_each(self) -> ClassCounts:
        """(buckets that hold rows, classes) sums without each bucket."""
        kept = self.classes.n > 0
        return ClassCounts(*(without_each(part[kept]) for part in _parts(self.classes)))

    @property
    def can_tell(self) -> bool:
        """Whether the groups are enough for a variance."""
        return self.groups is None or self.groups >= FEWEST_GROUPS


@dataclass(frozen=True)
class Rate:
    """A share of rows as two sums, each linear in the counts of the classes."""

    part: Part
    whole: Part


def rates_of_class(k: int) -> dict[str, Rate]:
    """The shares of one class against the rest, by name; `jaccard` is that behind its F scores."""
    return {
        "recall": Rate(lambda c: c.correct[..., k], lambda c: c.support[..., k]),
        "precision": Rate(lambda c: c.correct[..., k], lambda c: c.predicted[..., k]),
        "specificity": Rate(
            lambda c: c.n - c.support[..., k] - c.predicted[..., k] + c.correct[..., k],
            lambda c: c.n - c.support[..., k],
        ),
        "negative_predictive_value": Rate(
            lambda c: c.n - c.support[..., k] - c.predicted[..., k] + c.correct[..., k],
            lambda c: c.n - c.predicted[..., k],
        ),
        "jaccard": Rate(
            lambda c: c.correct[..., k], lambda c: c.support[..., k] + c.predicted[..., k] - c.correct[..., k]
        ),
    }


def share_of_class(k: int) -> Rate:
    """How frequent a class is."""
    return Rate(lambda c: c.support[..., k], lambda c: c.n)


ACCURACY = Rate(lambda c: c.correct.sum(axis=-1), lambda c: c.n)


def jackknifed(counts: BucketCounts, value: float | None, left_out: Floats, scale: Scale, n: float) -> Smooth:
    """An estimate from its values without each bucket."""
    error = jackknife_error(left_out) if counts.can_tell else None
    return Smooth(value, error, scale, n, METHOD, freedom(counts.classes.n), binding_rows(counts, n))


def binding_rows(counts: BucketCounts, smallest: float) -> float:
    """What binds at an end of a scale: the rows of the smallest class, as if those of a group were all alike."""
    return float(max(smallest / counts.alike / kish_effect(counts, ACCURACY), 1.0))


def without_each(buckets: Numbers) -> Floats:
    """Sums over the other buckets, (buckets, ...); what is 0 in all others is exactly 0."""
    others = np.ones((len(buckets), len(buckets))) - np.eye(len(buckets))
    return np.asarray(np.tensordot(others, buckets, axes=1), np.float64)


def rate_effect(counts: BucketCounts, rate: Rate) -> tuple[float | None, float | None]:
    """The design effect of a share and its degrees of freedom, both None where the groups do not show it."""
    if counts.groups is None:
        return kish_effect(counts, rate), None
    k, n = rate.part(counts.classes), rate.whole(counts.classes)
    k, n = k[n > 0], n[n > 0]
    if len(n) < 2 or not counts.can_tell:
        return None, None
    share, rows = float(k.sum() / n.sum()), float(rate.whole(counts.rows))
    error = jackknife_error(ratio(without_each(k), without_each(n)))
    return effect_of(counts, error, share * (1 - share) / rows, n)


def freedom(weights: Numbers) -> float:
    """Degrees of freedom of a jackknife over buckets of these (buckets,) weights, at least 1.

    One less than the buckets of equal weight that would vary as much (after Satterthwaite 1946): a few large groups
    show less than the number of buckets.
    """
    whole = np.asarray(weights, np.float64)
    return float(max(whole.sum() ** 2 / max(np.sum(whole**2), 1e-300) - 1, 1.0))


def kish_effect(counts: BucketCounts, rate: Rate) -> float:
    """Rows over the effective rows of their weights (Kish 1965), 1 without weights."""
    whole, squares, rows = (float(rate.whole(c)) for c in (counts.total, counts.squares, counts.rows))
    return max(rows * squares / whole**2, 1.0) if whole else 1.0


def largest_by_chance(degrees_of_freedom: float) -> float:
    """The design effect that independent rows exceed in 5% of cases, from the chi-square distribution."""
    return float(special.chdtri(degrees_of_freedom, 0.05) / degrees_of_freedom)


def effect_of(
    counts: BucketCounts, error: float | None, variance: float, weights: Numbers
) -> tuple[float | None, float | None]:
    """The jackknife's variance over that of independent rows; where neither varies, the largest there can be.

    weights: (buckets,) of the rows behind it, for the degrees of freedom that come with it.
    """
    if error is None:
        return None, None
    if variance <= 0 or error == 0:
        return counts.alike * kish_effect(counts, ACCURACY), freedom(weights)
    return error**2 / variance, freedom(weights)


def _parts(classes: ClassCounts) -> tuple[Numbers, ...]:
    return classes.support, classes.predicted, classes.correct, classes.n
