"""How the features of a sample of rows are spread, column by column or channel by channel."""

import math

import numpy as np
from numpy.typing import NDArray

from auditor.batches import Array, Batch
from auditor.behaviour.records import FeatureComparison, FeatureSummary
from auditor.data import Split
from auditor.hashing import is_text

CHANNELS = (1, 3, 4)
MOST_VALUES = 2**22  # of a sample; what is seen of millions of pixels more would change nothing


def compared_features(split: Split, test: Batch, train: Batch | None) -> FeatureComparison | None:
    """The features of samples of test and train side by side; None without train, and for texts."""
    if train is None or test.features is None or train.features is None or is_text(test.features):
        return None
    most = max(1, MOST_VALUES // max(1, math.prod(test.features.shape[1:])))
    one, other = by_feature(test.features[:most]), by_feature(train.features[:most])
    known = _summary(min(most, len(train)), other)
    with np.errstate(invalid="ignore"):
        outside = ((one < known.low) | (one > known.high)) & np.isfinite(one)
    names = _names(split, test.features, one.shape[1])
    return FeatureComparison(
        test.features.ndim == 2, names, _summary(min(most, len(test)), one), known, outside.sum(axis=0)
    )


def channel_axis(features: Array) -> int | None:
    """The axis of (n, ...) features that holds the 1, 3 or 4 channels of an image; None where there is none."""
    if features.ndim != 4:
        return None
    return next((axis for axis in (1, 3) if features.shape[axis] in CHANNELS), None)


def by_feature(features: Array) -> NDArray[np.float64]:
    """(values, features) float64: the columns of a table, the channels of images, or all in one."""
    if features.ndim == 2:
        return features.astype(np.float64)
    axis = channel_axis(features)
    if axis is None:
        return features.reshape(-1, 1).astype(np.float64)
    return np.moveaxis(features, axis, -1).reshape(-1, features.shape[axis]).astype(np.float64)


def _summary(n: int, values: NDArray[np.float64]) -> FeatureSummary:
    finite = np.isfinite(values)
    count = finite.sum(axis=0)
    known = np.where(finite, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = known.sum(axis=0) / count
        deviation = np.sqrt(np.where(finite, (values - mean) ** 2, 0.0).sum(axis=0) / count)
    low = np.where(finite, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(finite, values, -np.inf).max(axis=0, initial=-np.inf)
    present = count > 0
    return FeatureSummary(
        n, mean, deviation, np.where(present, low, np.nan), np.where(present, high, np.nan), count.astype(np.int64)
    )


def _names(split: Split, features: Array, amount: int) -> tuple[str, ...]:
    if split.feature_names:
        return split.feature_names
    if features.ndim == 2:
        return tuple(f"feature {place + 1}" for place in range(amount))
    return tuple(f"channel {place + 1}" for place in range(amount)) if channel_axis(features) else ("all values",)
