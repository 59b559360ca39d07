"""Score bins that need no range known beforehand, and an order-preserving integer key of a float32 score.

The bins follow the bits of the margin z (a logit): 1024 of equal width on [0, 1), then 1024 an octave up to |z| = 1024,
mirrored below 0. Only exact operations are used, so that every device and every cut of the data give the same counts.
The coarse variant has 128 where the fine one has 1024. z = 0 is an edge.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

FINE_BINS = 22_528
COARSE_BINS = 2_816

_ONE_AS_BITS = 0x3F800000
_SIGN_BIT = np.uint32(0x80000000)


def bin_count(*, fine: bool = True) -> int:
    """Number of bins of the variant."""
    return FINE_BINS if fine else COARSE_BINS


def bin_index(margins: NDArray[np.float32], *, fine: bool = True) -> NDArray[np.int32]:
    """Bin of each margin, 0 for the lowest; infinite margins fall in the end bins. Raises ValueError for NaN."""
    _refuse_nan(margins)
    per_octave, half = (1024, FINE_BINS // 2) if fine else (128, COARSE_BINS // 2)
    shift = 13 if fine else 16
    size = np.minimum(np.abs(margins.astype(np.float32, copy=False)), np.float32(1024))
    inner = (np.minimum(size, np.float32(1)) * np.float32(per_octave)).astype(np.int32)
    outer = per_octave + ((size.view(np.int32) - np.int32(_ONE_AS_BITS)) >> np.int32(shift))
    k = np.minimum(np.where(size < 1, inner, outer), half - 1).astype(np.int32)
    return np.where(margins >= 0, half + k, half - 1 - k).astype(np.int32)


def bin_edge(index: NDArray[np.integer], *, fine: bool = True) -> Floats:
    """Lower edge of each bin; bin_count gives the upper edge of the last. The end bins also hold what lies beyond."""
    half = bin_count(fine=fine) // 2
    k = np.asarray(index, np.int64) - half
    return np.where(k >= 0, _size_at(np.abs(k), fine=fine), -_size_at(np.abs(k), fine=fine)) + 0.0


def bin_centre(index: NDArray[np.integer], *, fine: bool = True) -> Floats:
    """Middle of each bin on the margin scale; its sigmoid is within 1.3e-4 of that of any margin in a fine bin."""
    index = np.asarray(index, np.int64)
    return (bin_edge(index, fine=fine) + bin_edge(index + 1, fine=fine)) / 2


def _size_at(k: Counts, *, fine: bool) -> Floats:
    per_octave, shift = (1024, 13) if fine else (128, 16)
    bits = (np.maximum(k - per_octave, 0) << shift) + _ONE_AS_BITS
    outer = bits.astype(np.uint32).view(np.float32).astype(np.float64)
    return np.where(k < per_octave, k / per_octave, outer)


def sortable_key(scores: NDArray[np.float32]) -> NDArray[np.uint32]:
    """uint32 keys in the order of the float32 scores, equal where the scores are (-0.0 is 0.0). ValueError for NaN."""
    _refuse_nan(scores)
    bits = (scores.astype(np.float32, copy=False) + np.float32(0)).view(np.uint32)
    return np.where(bits & _SIGN_BIT, ~bits, bits | _SIGN_BIT)


def score_of_key(keys: NDArray[np.uint32]) -> NDArray[np.float32]:
    """The float32 scores whose keys these are."""
    keys = np.asarray(keys, np.uint32)
    return np.where(keys & _SIGN_BIT, keys & ~_SIGN_BIT, ~keys).view(np.float32)


def equal_mass_groups(mass: NDArray[np.number], groups: int) -> Counts:
    """Start index of each of at most `groups` runs of neighbours that hold about equal shares of the mass.

    mass: at least 0, positive in sum. Every run holds some mass; a bin is never divided.
    """
    held, through = np.flatnonzero(mass), np.cumsum(mass, dtype=np.float64)
    middle = (through - np.asarray(mass, np.float64) / 2) / through[-1]
    group = np.zeros(len(through), np.int64)
    group[held] = np.minimum(middle[held] * groups, groups - 1).astype(np.int64)
    group[: held[0]] = group[held[0]]
    return np.flatnonzero(np.diff(np.maximum.accumulate(group), prepend=-1))


def _refuse_nan(values: NDArray[np.float32]) -> None:
    if np.isnan(values).any():
        raise ValueError(f"{int(np.isnan(values).sum())} of {values.size} scores are NaN: count and drop them first")
