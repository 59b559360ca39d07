"""Whether the loss of a row tells that the model was trained on it, from losses counted in bins (Yeom et al. 2018)."""

from dataclasses import dataclass

import numpy as np

from auditor.statistics.bins import Counts
from auditor.statistics.bounds import UNDEFINED, Estimate, Limits
from auditor.statistics.estimates import AreaUnderCurve
from auditor.statistics.ranking import auc_error_bound, rank_counts

METHOD = "DeLong within classes"


@dataclass(frozen=True)
class BinnedArea(Estimate):
    """An area from bins with its bounds, moved apart by `bound`: how far ties within bins may lie from the truth."""

    area: AreaUnderCurve
    bound: float

    @property
    def value(self) -> float | None:
        """The area that counts rows of one bin as tied; None where no class has rows enough."""
        return self.area.value

    @property
    def n(self) -> float:
        """The rows that count as independent behind it."""
        return self.area.n

    @property
    def method(self) -> str:
        """Name of the method."""
        return METHOD

    def _shown(self, alpha: float) -> Limits:
        low, high = self.area.interval(alpha)
        if low is None or high is None:
            return UNDEFINED
        return max(low - self.bound, 0.0), min(high + self.bound, 1.0)


def stratified_area(higher: Counts, lower: Counts) -> BinnedArea:
    """P(a row of `higher` lies above a row of `lower`) + half of the ties, over pairs of rows of one class.

    higher, lower: (classes, bins) counts in ascending order; rows of the first bin are tied in truth. A class weighs as
    its smaller side, and is left out below two rows on either. Its variance is that of DeLong, DeLong & Clarke-Pearson (1988);
    the rows behind the mean are those that would give it as much noise from each side, at equal weight.
    """
    n_higher, n_lower = higher.sum(axis=1), lower.sum(axis=1)
    weights = np.minimum(n_higher, n_lower).astype(np.float64)
    kept = np.flatnonzero(weights > 1)
    if not len(kept):
        return BinnedArea(AreaUnderCurve(None, 0, 0, None), 0.0)
    w = weights[kept] / weights[kept].sum()
    found = [binned_area(higher[k], lower[k]) for k in kept]
    values = np.array([one.value for one in found], np.float64)
    variances = np.array([one.area.variance for one in found], np.float64)
    bounds = np.array([one.bound for one in found])
    behind = [float(1 / np.sum(w**2 / n[kept])) for n in (n_higher, n_lower)]
    return BinnedArea(
        AreaUnderCurve(float(w @ values), behind[0], behind[1], float(w**2 @ variances)), float(w @ bounds)
    )


def binned_area(higher: Counts, lower: Counts) -> BinnedArea:
    """The same of one class, from (bins,) counts; its bound is half the share of pairs in one bin but the first."""
    pairs = int(higher.sum()) * int(lower.sum())
    tied = int(higher[0]) * int(lower[0])
    bound = (auc_error_bound(higher, lower) or 0.0) - (tied / (2 * pairs) if pairs else 0.0)
    return BinnedArea(rank_counts(higher, lower).area, bound)
