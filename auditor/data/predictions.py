"""Tables of predictions: labels beside scores or decisions that a model gave elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from auditor.batches import Array, Batch, OutputKind, Scores
from auditor.config import Config
from auditor.data.columns import Cut, Rows, numbers, recut
from auditor.data.decisions import predicted_column, refuse_unlike_labels
from auditor.data.formats import shown
from auditor.data.groups import RowDesign, declared_columns, require_design, row_design
from auditor.data.label_names import PREFIX, require_targets
from auditor.data.labels import (
    UNLABELLED,
    ClassIndex,
    Encoded,
    LabelCount,
    canonical,
    count_labels,
    found_text,
    table_labels,
)
from auditor.data.scores import ScoreKind, first_kind, refuse_unlike, turned
from auditor.data.tables import ColumnKind, Part, Table, listed, quoted
from auditor.data.truth import ClassColumn, Truth
from auditor.errors import InputError

SCORE = "score"
KIND_ROWS = 4096


@dataclass(frozen=True)
class ScoreColumns:
    """The columns of scores, one a class in their order or one alone that scores class `scored`; and of decisions.

    `threshold` is for the other one of two classes where `turned`, since the table scores one and `--positive` states
    the other.
    """

    scores: tuple[str, ...]
    scored: int
    predicted: str | None
    turned: bool = False


@dataclass(frozen=True)
class ScoreTable:
    """A table with the meaning of its columns."""

    table: Table
    truth: Truth
    decisions: Truth | None
    columns: ScoreColumns
    design: RowDesign

    def cuts(self, part: Part, size: int) -> Iterator[Cut]:
        """The rows of a part in cuts of `size`: float64 scores, labels, and decisions where the table has them."""
        return recut(self._runs(part), size, np.float64, part.first_row)

    def _runs(self, part: Part) -> Iterator[Rows]:
        row, texts = part.first_row, (*self.truth.columns, *(self.decisions.columns if self.decisions else ()))
        types = {name: pa.float64() for name in self.columns.scores} | dict.fromkeys(texts, pa.string())
        for record in self.table.read(part, types | self.design.types):
            scores = tuple(numbers(record.column(name)) for name in self.columns.scores)
            labels = self.truth.labels(record, self.table.where, row)
            decided = self._decided(self.decisions, record, labels, row) if self.decisions else None
            yield Rows(scores, labels, decided, self.design.read(record, labels, self.table.where, row))
            row += record.num_rows

    def _decided(self, decisions: Truth, record: Any, labels: Array, first_row: int) -> Array:  # noqa: ANN401  (pyarrow)
        """Decisions in the shape of the labels, none empty but where there is no label, on which nothing is measured."""
        decided = decisions.labels(record, self.table.where, first_row)
        empty = (decided == UNLABELLED) & (labels != UNLABELLED)
        if empty.any():
            place = self.table.where(first_row + int(np.argwhere(empty)[0, 0]))
            raise InputError(f"{place}: the decision is empty; expected {decisions.expected}")
        return decided


@dataclass(frozen=True)
class PredictionShard:
    """A part of a table of predictions: batches with labels and scores, and no features."""

    scored: ScoreTable
    part: Part
    kind: ScoreKind
    threshold: float | None

    @property
    def first_row(self) -> int:
        """The number of its first row in the split."""
        return self.part.first_row

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches with scores (n, columns) float64; (n, 0) of kind `PREDICTED` where there are decisions alone."""
        where = self.scored.table.where
        for cut in self.scored.cuts(self.part, size):
            outputs = refuse_unlike(cut.matrix, self.kind, where, cut.first_row)
            scores = Scores(outputs, self.kind.kind, self.scored.columns.scored, self.threshold, cut.decided)
            scores = turned(scores) if self.scored.columns.turned else scores
            yield cut.declared.on(Batch(cut.labels, cut.row_key, scores=scores))


@dataclass(frozen=True)
class PredictionTables:
    """The tables of predictions of a run, by split."""

    tables: Mapping[str, Table]
    config: Config

    def labels(self, split: str) -> Iterator[Encoded]:
        """The label column of a split."""
        return table_labels(self.tables[split], self.config.target)

    def classes(self, counted: Mapping[str, LabelCount]) -> tuple[str, ...]:
        """Classes that the predictions name beside those of the labels: predicted values, and score columns `p_CLASS`.

        Such columns count only where each label value has one, so that `p_value` beside decisions makes no class.
        Raises InputError where predicted values look like labels written in another way.
        """
        named: set[str] = set()
        values = {value for found in counted.values() for value in found.counts}
        for table in self.tables.values():
            prefixed = [c.removeprefix(PREFIX) for c in _candidates(table, self.config) if c.startswith(PREFIX)]
            scored = {text for text in map(canonical, prefixed) if text}
            named |= scored if values <= scored else set()
        for table in self.tables.values():
            if column := predicted_column(table, self.config):
                name = partial(found_text, ignore=self.config.ignore_index)
                decided = count_labels(table_labels(table, column), shown(table.path), name).counts
                refuse_unlike_labels(table, decided, values, named)
                named |= set(decided)
        return tuple(named)

    def shards(self, split: str, classes: ClassIndex, positive: int | None) -> tuple[PredictionShard, ...]:
        """The parts of a split; its first rows decide what kind of score its columns hold."""
        table, config = self.tables[split], self.config
        columns = score_columns(table, classes.names, config, positive)
        decisions = ClassColumn(columns.predicted, classes, "decision") if columns.predicted else None
        scored = ScoreTable(table, ClassColumn(config.target, classes), decisions, columns, row_design(table, config))
        kind = _first_kind(scored, config)
        threshold = config.threshold if len(classes.names) == 2 else None
        return tuple(PredictionShard(scored, part, kind, threshold) for part in table.parts())


def open_predictions(tables: Mapping[str, Table], config: Config) -> PredictionTables:
    """The tables with their columns of labels and decisions checked.

    Raises InputError where one is missing, and UsageError where the labels are named as the decisions.
    """
    for table in tables.values():
        require_targets(table, config)
        predicted_column(table, config)
    require_design(list(tables.values()), config)
    return PredictionTables(tables, config)


def score_columns(table: Table, names: Sequence[str], config: Config, positive: int | None) -> ScoreColumns:
    """The columns of scores, by name and never by place; `positive` is the positive class, stated or guessed.

    `p_CLASS` or `CLASS` for each class, else `p_CLASS` for one of two, else `score` for the positive class of two (the
    second, where none is stated). Raises InputError where some classes have a column and others none, or where there
    are neither scores nor decisions.
    """
    predicted = predicted_column(table, config)
    by_class = [_column_of(name, table, config) for name in names]
    found = tuple(column for column in by_class if column)
    stated = 1 if config.positive is None or positive is None else positive
    if len(found) == len(names):
        return numeric(table, ScoreColumns(found, 1 if positive is None else positive, predicted))
    if len(names) == 2 and len(found) == 1 and found[0].startswith(PREFIX):
        scored = by_class.index(found[0])
        return numeric(
            table, ScoreColumns(found, scored, predicted, turned=bool(config.threshold) and scored != stated)
        )
    if len(names) == 2 and SCORE in _candidates(table, config):
        return numeric(table, ScoreColumns((SCORE,), stated, predicted))
    if not predicted or any(column.startswith(PREFIX) for column in found):
        raise _no_scores(table, names, by_class)
    return ScoreColumns((), stated, predicted)


def _first_kind(scored: ScoreTable, config: Config) -> ScoreKind:
    if not scored.columns.scores:
        return ScoreKind(OutputKind.PREDICTED, stated=True)
    first = next(scored.cuts(scored.table.parts()[0], KIND_ROWS))
    return first_kind(first.matrix, config.output_kind, scored.table.where)


def _candidates(table: Table, config: Config) -> list[str]:
    taken = {config.target, *declared_columns(config), predicted_column(table, config)}
    return [name for name in table.kinds if name not in taken]


def _column_of(name: str, table: Table, config: Config) -> str:
    """The column that scores a class, `p_CLASS` before `CLASS`, or "" for none; `p_1.0` scores the class 1."""
    columns = _candidates(table, config)[::-1]
    by_text = {canonical(column): column for column in columns}
    by_prefix = {canonical(column.removeprefix(PREFIX)): column for column in columns if column.startswith(PREFIX)}
    text = canonical(name)
    return by_prefix.get(text) or by_text.get(text, "")


def numeric(table: Table, columns: ScoreColumns) -> ScoreColumns:
    """The columns of scores; raises InputError where one holds no numbers."""
    for name in columns.scores:
        # text in a CSV file is named with its row when it is read
        if table.kinds[name] is not ColumnKind.NUMBER and (table.format, table.kinds[name]) != ("CSV", ColumnKind.TEXT):
            raise InputError(f"{shown(table.path)}: the score column {quoted(name)} holds no numbers; expected scores")
    return columns


def _no_scores(table: Table, names: Sequence[str], by_class: Sequence[str]) -> InputError:
    lacking = [name for name, column in zip(names, by_class, strict=True) if not column]
    sought = f"no score column for {listed(lacking)}" if any(by_class) else "neither scores nor decisions"
    expected = f"expected p_CLASS for each of {listed(names)}, or score (two classes), or predicted"
    return InputError(f"{shown(table.path)} has {sought}; {expected}; its columns are {listed(table.kinds)}")
