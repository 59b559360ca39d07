"""Data files as streams of batches: tables, arrays, prediction tables and training histories."""

from auditor.data.opening import open_splits
from auditor.data.split import Shard, Split, Splits

__all__ = ["Shard", "Split", "Splits", "open_splits"]
