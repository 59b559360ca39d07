"""A log for explicit training loops, watched while it is written."""

from auditor.training.log import TrainingLog
from auditor.training.watch import Watch, watch

__all__ = ["TrainingLog", "Watch", "watch"]
