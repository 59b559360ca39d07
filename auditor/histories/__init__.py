"""Training histories as they were left behind: files and folders of every common kind -> losses by epoch."""

from auditor.histories.history import History
from auditor.histories.opening import Wanted, read_history

__all__ = ["History", "Wanted", "read_history"]
