"""Estimates from rows that depend on each other within groups, or that weigh differently.

Whole groups share one of 64 hash buckets, and the jackknife over buckets gives variances that hold whatever the
dependence inside a bucket (Chamandy et al. 2012). A share keeps the interval of independent rows on fewer, effective rows:
n over the design effect, with Student's t for the buckets (Korn & Graubard 1998). The jackknife's variance is taken as
it is, down to the least that chance gives independent rows: Student's t covers its noise, and a copy gains nothing. Weights
alone give the linearised variance of a ratio (Cochran 1977, section 6.4), at most the effective rows of Kish (1965).
Where a share is 0 or 1 neither varies, and what binds is the independent units behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from auditor.statistics.bins import Floats
from auditor.statistics.bounds import UNDEFINED, Estimate, Limits, Scale, Smooth, Thinned
from auditor.statistics.confusion import ClassCounts, ratio
from auditor.statistics.estimates import Proportion
from auditor.statistics.intervals import inside_scale, t_quantile
from auditor.statistics.resampling import jackknife_error

BUCKETS = 64
FEWEST_GROUPS = 10
METHOD = "bucket jackknife"
AT_AN_END = "independent units without a miss"
# A share nearer to 0 or 1 is what rounding leaves of it.
ROUNDING = 1e-12

Numbers = NDArray[np.number]
Part = Callable[[ClassCounts], Numbers]


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
    effect if all rows of a group were alike, the sum of squared group sizes over their sum. largest_group: rows of the
    largest. heaviest: (classes,) largest weight of the rows of each true class, or one number for all.
    """

    classes: ClassCounts
    squares: ClassCounts
    rows: ClassCounts
    groups: int | None = None
    alike: float = 1.0
    weighted: bool = False
    largest_group: int = 1
    heaviest: Numbers = field(default_factory=lambda: np.ones(1))

    @cached_property
    def total(self) -> ClassCounts:
        """(classes,) sums over the buckets."""
        return ClassCounts(*(part.sum(axis=0) for part in _parts(self.classes)))

    @cached_property
    def without_each(self) -> ClassCounts:
        """(buckets that hold rows, classes) sums without each bucket."""
        kept = self.classes.n > 0
        return ClassCounts(*(without_each(part[kept]) for part in _parts(self.classes)))

    def can_tell(self, weights: Numbers) -> bool:
        """Whether the groups of the rows of these (buckets,) weights are enough for a variance.

        Buckets that hold such rows are at most their groups; where all buckets do, all groups count as behind them.
        """
        if self.groups is None:
            return True
        held, of_table = weights > 0, self.classes.n > 0
        return (self.groups if (held == of_table).all() else int(held.sum())) >= FEWEST_GROUPS

    def units(self, weights: Numbers, heaviest: float | Numbers) -> Floats:
        """Independent units that are sure to be behind sums of weights, (buckets,) or (buckets, classes).

        Without groups the sum over the heaviest weight that could err; else as many of them as groups of the largest size
        or, if more, the buckets of equal weight (Kish 1965): whole groups share a bucket, so that groups are no fewer.
        """
        total, squares = np.sum(weights, axis=0, dtype=np.float64), np.sum(np.square(weights), axis=0, dtype=np.float64)
        alone = total / np.maximum(heaviest, 1e-300)
        if self.groups is None:
            return np.asarray(alone)
        buckets = total**2 / np.maximum(squares, 1e-300)
        return np.asarray(np.maximum(np.minimum(buckets, alone), alone / self.largest_group))

    def units_of_smallest_class(self) -> float:
        """The units of the class that has fewest, among those with rows; at least 1."""
        units = self.units(self.classes.support, self.heaviest)
        return float(max(units[self.total.support > 0].min(initial=max(float(self.rows.n), 1.0)), 1.0))


@dataclass(frozen=True)
class Rate:
    """A share of rows as two sums, each linear in the counts of the classes; `erring` takes the weights that could err."""

    part: Part
    whole: Part
    erring: Callable[[Numbers], Numbers] = lambda heaviest: heaviest


def rates_of_class(k: int) -> dict[str, Rate]:
    """The shares of one class against the rest, by name; `jaccard` is that behind its F scores."""
    return {
        "recall": Rate(lambda c: c.correct[..., k], lambda c: c.support[..., k], lambda heaviest: heaviest[k : k + 1]),
        "precision": Rate(lambda c: c.correct[..., k], lambda c: c.predicted[..., k]),
        "specificity": Rate(
            lambda c: c.n - c.support[..., k] - c.predicted[..., k] + c.correct[..., k],
            lambda c: c.n - c.support[..., k],
            lambda heaviest: np.delete(heaviest, k),
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
    error = jackknife_error(left_out) if counts.can_tell(counts.classes.n) else None
    binding = counts.units_of_smallest_class()
    at_an_end = error is not None and value is not None and not inside_scale(value, scale)
    return Smooth(value, error, scale, n, AT_AN_END if at_an_end else METHOD, freedom(counts.classes.n), binding)


def without_each(buckets: Numbers) -> Floats:
    """Sums over the other buckets, (buckets, ...); what is 0 in all others is exactly 0."""
    others = np.ones((len(buckets), len(buckets))) - np.eye(len(buckets))
    return np.asarray(np.tensordot(others, buckets, axes=1), np.float64)


def rate_effect(counts: BucketCounts, rate: Rate) -> tuple[float | None, float | None]:
    """The design effect of a share and its degrees of freedom, both None where the groups do not show it."""
    rows = float(rate.whole(counts.rows))
    if counts.groups is None:
        return weighing_effect(counts, rate), None
    k, n = rate.part(counts.classes), rate.whole(counts.classes)
    held = n > 0
    if held.sum() < 2 or not counts.can_tell(n):
        return None, None
    share = float(k[held].sum() / n[held].sum())
    error = jackknife_error(ratio(without_each(k[held]), without_each(n[held])))
    variance = share * (1 - share) / rows if min(share, 1 - share) > ROUNDING else 0.0
    return effect_of(error, variance, n, rows / units_of(counts, rate))


def units_of(counts: BucketCounts, rate: Rate) -> float:
    """The independent units that bind a share of 0 or 1, at most the effective rows of Kish (1965)."""
    heaviest = float(rate.erring(counts.heaviest).max(initial=0)) if counts.weighted else 1.0
    units = float(counts.units(rate.whole(counts.classes), heaviest))
    return max(min(units, float(rate.whole(counts.rows)) / kish_effect(counts, rate)), 1e-9)


def weighing_effect(counts: BucketCounts, rate: Rate) -> float:
    """The design effect of a weighted share: the linearised variance of a ratio over that of equal weights.

    The variance is sum w^2 (x - p)^2 / (sum w)^2 over the rows behind it (Cochran 1977, section 6.4).
    """
    whole, rows = float(rate.whole(counts.total)), float(rate.whole(counts.rows))
    if not whole or not counts.weighted:
        return 1.0
    share = float(rate.part(counts.total)) / whole
    if min(share, 1 - share) <= ROUNDING:
        return rows / units_of(counts, rate)
    right, both = float(rate.part(counts.squares)), float(rate.whole(counts.squares))
    variance = ((1 - share) ** 2 * right + share**2 * max(both - right, 0.0)) / whole**2
    return max(rows * variance / (share * (1 - share)), kish_effect(counts, rate))


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


def least_by_chance(degrees_of_freedom: float) -> float:
    """The design effect that independent rows fall below in one case of 1,000."""
    return float(special.chdtri(degrees_of_freedom, 0.999) / degrees_of_freedom)


def effect_of(
    error: float | None, variance: float, weights: Numbers, largest: float
) -> tuple[float | None, float | None]:
    """The jackknife's variance over that of independent rows; where neither varies, the largest there can be.

    weights: (buckets,) of the rows behind it, for the degrees of freedom that come with it.
    """
    if error is None:
        return None, None
    if variance <= 0 or error == 0:
        return largest, freedom(weights)
    degrees = freedom(weights)
    return max(error**2 / variance, least_by_chance(degrees)), degrees


def _parts(classes: ClassCounts) -> tuple[Numbers, ...]:
    return classes.support, classes.predicted, classes.correct, classes.n
