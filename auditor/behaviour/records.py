"""What a model does with a few rows under several treatments: plain records, which checks judge."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from auditor.statistics.estimates import Proportion

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """The same n rows run twice, differently: `flips` rows got another class.

    `largest` is the largest change of an output in standard deviations of the outputs; infinite where one was a number
    once and not the other time.
    """

    n: int
    flips: int
    largest: float

    @property
    def flipped(self) -> Proportion:
        """Share of the rows that got another class."""
        return Proportion(self.flips, self.n)


@dataclass(frozen=True)
class Treatment:
    """The n labelled rows run again with their features changed: how many are right as given, after it, and in one alone.

    `balanced_gain` is what balanced accuracy gains over that of the rows as given, or of one answer to all where that is more.
    """

    n: int
    right: int
    right_treated: int
    only_given: int
    only_treated: int
    balanced_gain: float


@dataclass(frozen=True, eq=False)
class FeatureSummary:
    """Each feature (a channel, of images) in a sample of n rows: mean, standard deviation, extremes, and the finite values.

    All (features,); NaN where a feature has no finite value.
    """

    n: int
    mean: Floats
    deviation: Floats
    low: Floats
    high: Floats
    finite: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FeatureComparison:
    """The features of test beside those of train, and how many finite values of test lie outside the extremes of train.

    `is_table`: they are columns; else channels, with many values a row.
    """

    is_table: bool
    names: tuple[str, ...]
    test: FeatureSummary
    train: FeatureSummary
    outside: NDArray[np.int64]


@dataclass(frozen=True)
class Behaviour:
    """What a model did with n rows of test, `distinct` of which differ.

    They were run again as they were (`repeated`), in another order (`shuffled`), the first few alone (`alone`), with a little
    `noise` (`disturbed`), with each feature shuffled over the rows
    in turn (`without`), and treated as a forgotten preparation would (`treated`); where `precision` is half, in single
    precision too (`in_single`). `spread` is the standard deviation of the
    outputs over their largest size. `training_parts` act as in training, `changed_buffers` no longer hold what they held. `cut` is
    the share of sampled texts that have more tokens than the model takes.
    """

    n: int
    distinct: int
    precision: str
    spread: float
    repeated: Comparison
    shuffled: Comparison
    alone: Comparison
    training_parts: tuple[str, ...] = ()
    changed_buffers: tuple[str, ...] = ()
    noise: str = ""
    disturbed: Comparison | None = None
    without: Mapping[str, Comparison] = field(default_factory=dict)
    treated: Mapping[str, Treatment] = field(default_factory=dict)
    features: FeatureComparison | None = None
    in_single: Comparison | None = None
    cut: Proportion | None = None
