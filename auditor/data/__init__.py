"""Data files as streams of batches: tables, arrays, prediction tables and training histories."""

from auditor.data.history import History, read_history
from auditor.data.opening import open_splits
from auditor.data.split import Shard, Split, Splits

__all__ = ["History", "Shard", "Split", "Splits", "open_splits", "read_history"]
