"""Ranking metrics of rows that depend on each other or weigh differently, from rows sorted by score."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.bins import Counts, Floats, equal_mass_groups
from auditor.statistics.bounds import Smooth
from auditor.statistics.confusion import defined
from auditor.statistics.designs import (
    BUCKETS,
    METHOD,
    BucketCounts,
    UnderDesign,
    effect_of,
    jackknifed,
    without_each,
)
from auditor.statistics.estimates import AreaUnderCurve
from auditor.statistics.ranking import areas, average_precisions
from auditor.statistics.resampling import RANKING_BINS, jackknife_error


@dataclass(frozen=True, eq=False)
class RankedRows:
    """Rows in ascending order of one class's score: keys, whether positive, bucket and weight, each (n,)."""

    keys: NDArray[np.uint32]
    positive: NDArray[np.bool_]
    bucket: Counts
    weight: Floats

    @cached_property
    def by_score(self) -> tuple[Floats, Floats]:
        """Weights of positives and of negatives at each distinct score."""
        return self._summed(np.flatnonzero(np.diff(self.keys, prepend=self.keys[:1] ^ np.uint32(1))))

    @property
    def auc(self) -> float | None:
        """Weighted area under the ROC curve, None where a class is absent."""
        return defined(areas(*self.by_score))

    @property
    def average_precision(self) -> float | None:
        """Weighted average precision, None without positives."""
        return defined(average_precisions(*self.by_score)) if len(self.keys) else None

    @cached_property
    def without_each(self) -> tuple[Floats, Floats]:
        """(buckets, at most 512 groups of neighbouring scores) weights of positives and of negatives without each bucket."""
        positives, negatives = self.by_score
        mass = positives / max(positives.sum(), 1e-300) + negatives / max(negatives.sum(), 1e-300)
        starts = equal_mass_groups(mass, RANKING_BINS) if mass.sum() else np.zeros(1, np.int64)
        scores = np.cumsum(np.diff(self.keys, prepend=self.keys[:1]) != 0)
        cell = np.searchsorted(starts, scores, side="right") - 1 + len(starts) * self.bucket
        sides = (self.positive, ~self.positive)
        tallies = [np.bincount(cell[s], self.weight[s], BUCKETS * len(starts)).reshape(BUCKETS, -1) for s in sides]
        held = (tallies[0] + tallies[1]).sum(axis=1) > 0
        return without_each(tallies[0][held]), without_each(tallies[1][held])

    @property
    def weight_by_bucket(self) -> tuple[Floats, Floats]:
        """(buckets,) weights of positives and of negatives."""
        sides = (self.positive, ~self.positive)
        found = [np.bincount(self.bucket[s], self.weight[s], BUCKETS).astype(np.float64) for s in sides]
        return found[0], found[1]

    def units(self, counts: BucketCounts) -> float:
        """The independent units of the smaller side, at least 1."""
        heaviest = float(self.weight.max(initial=0)) if counts.weighted else 1.0
        return max(min(float(counts.units(side, heaviest)) for side in self.weight_by_bucket), 1.0)

    def _summed(self, first: Counts) -> tuple[Floats, Floats]:
        if not len(first):
            return np.zeros(0), np.zeros(0)
        positives, negatives = np.where(self.positive, self.weight, 0.0), np.where(self.positive, 0.0, self.weight)
        return np.add.reduceat(positives, first), np.add.reduceat(negatives, first)


def area_estimate(counts: BucketCounts, plain: AreaUnderCurve, ranked: RankedRows | None) -> UnderDesign:
    """The area under the ROC curve with its design effect; without `ranked` rows it has no interval."""
    if ranked is None:
        return UnderDesign(plain, None)
    left = areas(*ranked.without_each)
    plain = replace(plain, value=ranked.auc if counts.weighted else plain.value)
    sides = ranked.weight_by_bucket
    error = jackknife_error(left) if all(counts.can_tell(side) for side in sides) else None
    found = effect_of(error, plain.variance or 0.0, counts.classes.n, plain.n / ranked.units(counts))
    return UnderDesign(plain, *found, counts.weighted)


def average_precision_under_design(counts: BucketCounts, plain: Smooth, ranked: RankedRows | None) -> Smooth:
    """Average precision with the jackknife's standard error; it leans up as `plain` does, by the design effect more."""
    if ranked is None:
        return replace(plain, standard_error=None, method=METHOD)
    value = ranked.average_precision if counts.weighted else plain.value
    found = jackknifed(counts, value, average_precisions(*ranked.without_each), "logit", plain.n)
    found = replace(found, binding=ranked.units(counts))
    if found.standard_error is None or not plain.standard_error:
        return found
    return replace(found, leaning=plain.leaning * max((found.standard_error / plain.standard_error) ** 2, 1.0))


def mean_over_classes(counts: BucketCounts, values: list[float | None], left: list[Floats], n: int) -> Smooth:
    """Mean over the classes where it is defined, from the values without each bucket of each."""
    known = [value for value in values if value is not None]
    if not known:
        return Smooth(None, None, "logit", n, METHOD)
    kept = [part for value, part in zip(values, left, strict=True) if value is not None]
    same = len({len(part) for part in kept}) == 1
    without = np.mean(kept, axis=0) if same else np.full(2, np.nan)
    return jackknifed(counts, sum(known) / len(known), np.asarray(without), "logit", n)
