"""Decides whether a saved classifier may be released, and proves the decision on paper.

Public names are imported on first use, so that `auditor --help` needs neither torch nor numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor import statistics
    from auditor.asked_columns import ColumnQuestion, column_questions
    from auditor.batches import Batch
    from auditor.checking import check
    from auditor.figure_data import Bars, Curve, Heatmap, Line
    from auditor.findings import Confidence, Direction, Finding, Gate, Interval, NotApplicable, Severity, Status
    from auditor.gating import conditions_met
    from auditor.histories import History
    from auditor.measurements import Measurements
    from auditor.pipeline import audit
    from auditor.policy import Policy
    from auditor.roles import is_called_like_group
    from auditor.states.state import State
    from auditor.training import TrainingLog

__version__ = "0.1.0"

_HOMES = {
    "Bars": "auditor.figure_data",
    "Batch": "auditor.batches",
    "ColumnQuestion": "auditor.asked_columns",
    "Confidence": "auditor.findings",
    "Curve": "auditor.figure_data",
    "Direction": "auditor.findings",
    "Finding": "auditor.findings",
    "Gate": "auditor.findings",
    "Heatmap": "auditor.figure_data",
    "History": "auditor.histories",
    "Interval": "auditor.findings",
    "Line": "auditor.figure_data",
    "Measurements": "auditor.measurements",
    "NotApplicable": "auditor.findings",
    "Policy": "auditor.policy",
    "Severity": "auditor.findings",
    "State": "auditor.states.state",
    "Status": "auditor.findings",
    "TrainingLog": "auditor.training",
    "audit": "auditor.pipeline",
    "check": "auditor.checking",
    "column_questions": "auditor.asked_columns",
    "conditions_met": "auditor.gating",
    "is_called_like_group": "auditor.roles",
}

__all__ = [
    "Bars",
    "Batch",
    "ColumnQuestion",
    "Confidence",
    "Curve",
    "Direction",
    "Finding",
    "Gate",
    "Heatmap",
    "History",
    "Interval",
    "Line",
    "Measurements",
    "NotApplicable",
    "Policy",
    "Severity",
    "State",
    "Status",
    "TrainingLog",
    "audit",
    "check",
    "column_questions",
    "conditions_met",
    "is_called_like_group",
    "statistics",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name == "statistics":
        return import_module("auditor.statistics")
    if name not in _HOMES:
        raise AttributeError(f"module 'auditor' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
