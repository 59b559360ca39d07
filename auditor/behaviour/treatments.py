"""What may be done to rows before a model sees them: a little noise, or a preparation that someone may have forgotten."""

from collections.abc import Callable

import numpy as np

from auditor.batches import Array
from auditor.behaviour.features import channel_axis
from auditor.behaviour.records import FeatureComparison, Floats

NOISE = 0.01
GREY_LEVELS = 255
MANY_COLUMNS = 64  # tables that are so wide may be flattened images
RAW = 2.0
IMAGENET = (np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]))  # red, green, blue of images in 0 to 1


def disturbed(features: Array, draw: np.random.Generator) -> Array | None:
    """The features (n, ...) with 1% of a standard deviation of noise; None where they are whole numbers, which may be codes.

    Images get one of 255 grey levels, and stay whole numbers of 8 bits if they were.
    """
    if features.dtype == np.uint8 and features.ndim > 2:
        moved = features.astype(np.int16) + draw.integers(-1, 2, features.shape, dtype=np.int16)
        return np.asarray(np.clip(moved, 0, GREY_LEVELS).astype(np.uint8))
    if not np.issubdtype(features.dtype, np.floating):
        return None
    scale = _grey_level(features) if features.ndim > 2 else _hundredths(features)
    noisy: Array = features + draw.standard_normal(features.shape, np.float32) * scale
    return noisy.astype(features.dtype) if np.any(scale) else None


def treatments(features: Array, known: FeatureComparison | None) -> dict[str, Callable[[Array], Array]]:
    """What may have been forgotten with features such as these, by what was done."""
    found: dict[str, Callable[[Array], Array]] = {}
    if not np.issubdtype(features.dtype, np.floating) and features.dtype != np.uint8:
        return found
    low, high = np.nanmin(features, initial=np.inf), np.nanmax(features, initial=-np.inf)
    if (features.ndim > 2 or features.shape[1] >= MANY_COLUMNS) and low >= 0:
        if RAW < high <= GREY_LEVELS:
            found["divided by 255"] = lambda rows: rows.astype(np.float32) / np.float32(GREY_LEVELS)
        elif high <= 1:
            found["multiplied by 255"] = lambda rows: (rows * GREY_LEVELS).astype(rows.dtype)
    axis = channel_axis(features)
    if axis is not None and features.shape[axis] == 3:
        found["with its channels in reverse order"] = lambda rows: np.flip(rows, axis).copy()
        if low >= 0 and high <= 1:
            found["with the mean and std of ImageNet"] = lambda rows: _standardised(rows, *IMAGENET, axis)
    if known is not None and (features.ndim == 2 or axis is not None):
        train = known.train
        along = 1 if axis is None else axis
        found["standardised by the means and deviations of train"] = lambda rows: _standardised(
            rows, train.mean, train.deviation, along
        )
    return found


def _standardised(rows: Array, mean: Floats, deviation: Floats, axis: int) -> Array:
    """The rows less the mean of each column or channel along an axis, over its deviation where it has one."""
    shape = [len(mean) if place == axis else 1 for place in range(rows.ndim)]
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = (rows - mean.reshape(shape)) / np.where(deviation > 0, deviation, 1.0).reshape(shape)
    return np.asarray(scaled.astype(rows.dtype if np.issubdtype(rows.dtype, np.floating) else np.float32))


def _grey_level(features: Array) -> Array:
    values = features[np.isfinite(features)]
    return np.float32(np.ptp(values) / GREY_LEVELS if len(values) else 0.0)  # type: ignore[return-value]


def _hundredths(features: Array) -> Array:
    """(columns,) float32: 1% of the standard deviation of each column that is not made of whole numbers, else 0."""
    finite = np.isfinite(features)
    known = np.where(finite, features, 0).astype(np.float64)
    fractional = (known != np.round(known)).any(axis=0)
    count = np.maximum(finite.sum(axis=0), 1)
    mean = known.sum(axis=0) / count
    deviation = np.sqrt(np.where(finite, (known - mean) ** 2, 0.0).sum(axis=0) / count)
    return np.asarray(np.where(fractional, NOISE * deviation, 0.0).astype(np.float32))
