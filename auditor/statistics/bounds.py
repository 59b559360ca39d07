"""Estimates: a number, the count behind it, and bounds that may be asked at any level.

`low` and `high` are the two-sided 95% interval that is shown; `lower(alpha)` and `upper(alpha)` are the one-sided
bounds that decide. The two differ on purpose: Wilson's interval is recommended for display (Brown, Cai & DasGupta 2001)
but its one-sided bounds are biased (Cai 2005), so that proportions are decided on Clopper-Pearson bounds.
Undefined is None.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from auditor.statistics import intervals
from auditor.statistics.intervals import SHOWN_ALPHA

Limits = tuple[float | None, float | None]
Scale = Literal["identity", "logit", "fisher", "log"]

UNDEFINED: Limits = (None, None)


class Estimate(ABC):
    """A measured value with its uncertainty; immutable, hashable, equal when made from the same counts.

    value: None where undefined. n: the count behind it, the denominator or the rows. method and decision_method: names
    of the shown interval and of the bounds that decide.
    """

    if TYPE_CHECKING:  # real properties would shadow the fields of the dataclasses below

        @property
        def value(self) -> float | None:
            """The estimate, None where undefined."""

        @property
        def n(self) -> float:
            """The count behind it."""

        @property
        def method(self) -> str:
            """Name of the method behind `low` and `high`."""

    @abstractmethod
    def _shown(self, alpha: float) -> Limits: ...

    def _deciding(self, alpha: float) -> Limits:
        return self._shown(alpha)

    def interval(self, alpha: float) -> Limits:
        """Limits by the shown method with error probability alpha in each tail."""
        return self._shown(alpha)

    def decision_interval(self, alpha: float) -> Limits:
        """Limits by the deciding method with error probability alpha in each tail."""
        return self._deciding(alpha)

    @property
    def decision_method(self) -> str:
        """Name of the method behind `lower` and `upper`."""
        return self.method

    @property
    def low(self) -> float | None:
        """Lower end of the shown two-sided 95% interval."""
        return self.interval(SHOWN_ALPHA)[0]

    @property
    def high(self) -> float | None:
        """Upper end of the shown two-sided 95% interval."""
        return self.interval(SHOWN_ALPHA)[1]

    def lower(self, alpha: float) -> float | None:
        """One-sided lower bound with confidence 1 - alpha."""
        return self.decision_interval(alpha)[0]

    def upper(self, alpha: float) -> float | None:
        """One-sided upper bound with confidence 1 - alpha."""
        return self.decision_interval(alpha)[1]


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
class Smooth(Estimate):
    """An estimate with a standard error, its interval symmetric on `scale`.

    standard_error: on the value's own scale (None: no interval). n: the count behind it.
    degrees_of_freedom: Student's t in place of the normal quantile. On the scales with an end (logit: 0 and
    1, fisher: -1 and 1) a value at the end has the bound of `binding` trials without a miss, alpha ** (1 / binding);
    binding: the count that binds there, the smallest class as a rule, n if not given. leaning: by how much the value tends
    to lie above the truth, at least 0 and on the scale; the lower limit reaches down by as much more.
    """

    value: float | None
    standard_error: float | None
    scale: Scale
    n: float
    method: str
    degrees_of_freedom: float | None = None
    binding: float | None = None
    leaning: float = 0.0

    def _shown(self, alpha: float) -> Limits:
        if self.value is None or self.standard_error is None:
            return UNDEFINED
        if not intervals.inside_scale(self.value, self.scale):
            return self._limits_at_end(alpha)
        half = self._quantile(1 - alpha) * self.standard_error * intervals.scale_slope(self.value, self.scale)
        centre = intervals.to_scale(self.value, self.scale)
        low, high = centre - half - self.leaning, centre + half
        return intervals.from_scale(low, self.scale), intervals.from_scale(high, self.scale)

    def _quantile(self, probability: float) -> float:
        if self.degrees_of_freedom is None:
            return intervals.normal_quantile(probability)
        return intervals.t_quantile(probability, self.degrees_of_freedom)

    def _limits_at_end(self, alpha: float) -> Limits:
        trials = self.n if self.binding is None else self.binding
        if self.scale == "log" or not trials:
            return UNDEFINED
        floor = -1.0 if self.scale == "fisher" else 0.0
        bound = floor + (1 - floor) * alpha ** (1 / trials)
        return (bound, 1.0) if self.value is not None and self.value >= 1 else (floor, floor + 1 - bound)
