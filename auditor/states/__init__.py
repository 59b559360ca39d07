"""Mergeable measurements, one file each."""

from auditor.states.bucket_ranking import BucketRanking, RankedBuckets
from auditor.states.buckets import BucketLosses, BucketLossSums, Buckets, BucketSums
from auditor.states.column_totals import ColumnMoments, ColumnTotals
from auditor.states.confusion import Confusion, ConfusionMatrix
from auditor.states.confusion_halves import ConfusionHalves, HalvedConfusion
from auditor.states.feature_sample import FeatureSample, SampledRows
from auditor.states.folded_texts import FoldedRows, FoldedTexts
from auditor.states.group_cells import GroupCells, GroupTable
from auditor.states.identities import Identities, IdentityTable, SharedIdentities
from auditor.states.label_counts import LabelCounts, LabelTotals
from auditor.states.loss_histogram import LossCounts, LossHistogram
from auditor.states.losses import Losses, LossSums
from auditor.states.output_form import OutputCounts, OutputForm
from auditor.states.ranking import Ranking, Rankings
from auditor.states.row_hashes import HashSet, RowHashes
from auditor.states.row_times import GroupMoments, GroupTimes, RowTimes, TimedRows
from auditor.states.score_bins import Reliability, ScoreBins, thresholds
from auditor.states.score_histogram import ScoreCounts, ScoreHistogram
from auditor.states.state import State, Task
from auditor.states.temperatures import TemperatureLosses, Temperatures
from auditor.states.top_ranks import RankCounts, TopRanks

__all__ = [
    "BucketLossSums",
    "BucketLosses",
    "BucketRanking",
    "BucketSums",
    "Buckets",
    "ColumnMoments",
    "ColumnTotals",
    "Confusion",
    "ConfusionHalves",
    "ConfusionMatrix",
    "FeatureSample",
    "FoldedRows",
    "FoldedTexts",
    "GroupCells",
    "GroupMoments",
    "GroupTable",
    "GroupTimes",
    "HalvedConfusion",
    "HashSet",
    "Identities",
    "IdentityTable",
    "LabelCounts",
    "LabelTotals",
    "LossCounts",
    "LossHistogram",
    "LossSums",
    "Losses",
    "OutputCounts",
    "OutputForm",
    "RankCounts",
    "RankedBuckets",
    "Ranking",
    "Rankings",
    "Reliability",
    "RowHashes",
    "RowTimes",
    "SampledRows",
    "ScoreBins",
    "ScoreCounts",
    "ScoreHistogram",
    "SharedIdentities",
    "State",
    "Task",
    "TemperatureLosses",
    "Temperatures",
    "TimedRows",
    "TopRanks",
    "thresholds",
]
