"""Mergeable measurements, one file each."""

from auditor.states.confusion import Confusion, ConfusionMatrix
from auditor.states.losses import Losses, LossSums
from auditor.states.output_form import OutputCounts, OutputForm
from auditor.states.ranking import Ranking, Rankings
from auditor.states.row_hashes import HashSet, RowHashes
from auditor.states.score_histogram import ScoreCounts, ScoreHistogram
from auditor.states.state import State, Task

__all__ = [
    "Confusion",
    "ConfusionMatrix",
    "HashSet",
    "LossSums",
    "Losses",
    "OutputCounts",
    "OutputForm",
    "Ranking",
    "Rankings",
    "RowHashes",
    "ScoreCounts",
    "ScoreHistogram",
    "State",
    "Task",
]
