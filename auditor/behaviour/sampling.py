"""A few rows of a split, drawn by their keys, for the model to be tried on."""

import math

import numpy as np

from auditor.batches import Array, Batch
from auditor.data.split import Split
from auditor.hashing import splitmix64

MOST_ROWS = 4096
MOST_VALUES = 2**24
READ_AHEAD = 4


def sampled(split: Split, size: int) -> Batch | None:
    """Of the first rows of a split a quarter, those with the smallest mixed keys and in their order; None without rows.

    At most 4,096 rows and 2^24 values are kept, so that no more than 16,384 rows are read, `size` at a time. All are kept where
    there are so few.
    """
    most = max(1, min(MOST_ROWS, MOST_VALUES // max(1, math.prod(split.feature_shape or ()))))
    kept: Batch | None = None
    read = 0
    for shard in split.shards():
        for batch in shard.batches(min(size, most)):
            first = batch.rows(np.arange(min(len(batch), READ_AHEAD * most - read)))
            read += len(first)
            kept = _smallest(kept, first, most)
            if read >= READ_AHEAD * most:
                return kept
    return kept


def _smallest(kept: Batch | None, more: Batch, most: int) -> Batch:
    """The rows of both with the smallest mixed keys, in their order."""
    together = more if kept is None else _joined(kept, more)
    return together.rows(np.argsort(splitmix64(together.row_key))[:most])


def _joined(first: Batch, second: Batch) -> Batch:
    features: Array | None = None
    if first.features is not None and second.features is not None:
        features = np.concatenate([first.features, second.features])
    return Batch(
        np.concatenate([first.labels, second.labels]), np.concatenate([first.row_key, second.row_key]), features
    )
