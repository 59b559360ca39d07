"""Tables of predictions of rows that may have several labels: a column of truth a label, and scores or decisions beside it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from auditor.batches import Array, Batch, OutputKind
from auditor.config import Config
from auditor.data.formats import shown
from auditor.data.groups import row_design
from auditor.data.label_names import PREFIX
from auditor.data.predictions import KIND_ROWS, ScoreColumns, ScoreTable, numeric
from auditor.data.scores import ScoreKind, refuse_unlike
from auditor.data.tables import Part, Table, listed
from auditor.data.truth import LabelColumns
from auditor.errors import InputError, UsageError
from auditor.label_scores import LabelScores

DECISION_PREFIX = "predicted_"


@dataclass(frozen=True)
class LabelPredictionShard:
    """A part of a table of predictions: batches with labels (n, labels) and what was said of each."""

    scored: ScoreTable
    part: Part
    kind: ScoreKind
    thresholds: tuple[float | None, ...]

    @property
    def first_row(self) -> int:
        """The number of its first row in the split."""
        return self.part.first_row

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches with scores (n, labels) float64, or (n, 0) of kind `PREDICTED` where there are decisions alone."""
        for cut in self.scored.cuts(self.part, size):
            outputs = refuse_unlike(cut.matrix, self.kind, self.scored.table.where, cut.first_row)
            said = LabelScores(outputs, self.kind.kind, self.thresholds, cut.decided)
            yield cut.declared.on(Batch(cut.labels, cut.row_key, label_scores=said))


def label_shards(table: Table, config: Config) -> tuple[LabelPredictionShard, ...]:
    """The parts of a table; its first rows decide what its scores are.

    Each label has a column `p_LABEL` of scores, or `predicted_LABEL` of decisions, which outranks it. Raises InputError
    where some labels have one and others none.
    """
    scores, decided = (_all_or_none(table, config.labels, prefix) for prefix in (PREFIX, DECISION_PREFIX))
    if not scores and not decided:
        expected = f"expected p_LABEL or {DECISION_PREFIX}LABEL for each of {listed(config.labels)}"
        raise InputError(f"{shown(table.path)} has neither scores nor decisions; {expected}")
    columns = numeric(table, ScoreColumns(scores, 1, None))
    decisions = LabelColumns(decided) if decided else None
    truth = LabelColumns(config.labels, config.ignore_index)
    scored = ScoreTable(table, truth, decisions, columns, row_design(table, config))
    kind = _first_kind(scored, config)
    return tuple(LabelPredictionShard(scored, part, kind, thresholds_of(config)) for part in table.parts())


def thresholds_of(config: Config) -> tuple[float | None, ...]:
    """The probability from which each label is given: its own, else that of all, None for one half."""
    return tuple(config.thresholds.get(name, config.threshold) for name in config.labels)


def label_kind(scores: Array, stated: str | None) -> ScoreKind:
    """The kind of scores (n, labels): the one stated, else sigmoids where all finite ones lie within 0..1, else logits.

    Raises UsageError for log-probabilities, which no sigmoid gives.
    """
    if stated == OutputKind.LOG_PROBABILITIES:
        raise UsageError("--output-kind log-probabilities: with labels expected logits or sigmoid")
    if stated is not None:
        return ScoreKind(OutputKind.LOGITS if stated == OutputKind.LOGITS else OutputKind.SIGMOID, stated=True)
    finite = scores[np.isfinite(scores)]
    within = ((finite >= 0) & (finite <= 1)).all()
    return ScoreKind(OutputKind.SIGMOID if within else OutputKind.LOGITS, stated=False)


def _all_or_none(table: Table, labels: tuple[str, ...], prefix: str) -> tuple[str, ...]:
    found = tuple(f"{prefix}{name}" for name in labels if f"{prefix}{name}" in table.kinds)
    if found and len(found) < len(labels):
        lacking = [f"{prefix}{name}" for name in labels if f"{prefix}{name}" not in found]
        remedy = "give each label one, or leave the label out of labels"
        raise InputError(f"{shown(table.path)} has {listed(found)} and no {listed(lacking)}; {remedy}")
    return found


def _first_kind(scored: ScoreTable, config: Config) -> ScoreKind:
    if not scored.columns.scores:
        return ScoreKind(OutputKind.PREDICTED, stated=True)
    return label_kind(next(scored.cuts(scored.table.parts()[0], KIND_ROWS)).matrix, config.output_kind)
