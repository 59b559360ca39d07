"""Tables of texts: which column a model reads, or which two, and their rows as batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from auditor.batches import Array, Batch
from auditor.config import Config
from auditor.data.agreed import Agreed, Files
from auditor.data.arrays import ArrayFile
from auditor.data.categories import toml_text
from auditor.data.columns import Rows, recut
from auditor.data.features import all_but
from auditor.data.formats import shown
from auditor.data.groups import RowDesign, require_design, row_design
from auditor.data.label_names import require_targets, targets
from auditor.data.labels import Encoded, table_labels
from auditor.data.split import Shard
from auditor.data.tables import ColumnKind, Part, Table, listed, missing_column, quoted
from auditor.data.truth import Truth, truth_of
from auditor.errors import InputError, UsageError

MOST_TEXTS = 2  # that models read together, as a question and its answer
DTYPE = np.dtypes.StringDType()


@dataclass(frozen=True)
class TextShard:
    """A part of a table whose rows become texts, in the order of `names`, and labels."""

    table: Table
    part: Part
    names: tuple[str, ...]
    truth: Truth
    design: RowDesign

    @property
    def first_row(self) -> int:
        """The number of its first row in the split."""
        return self.part.first_row

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches with features (n, texts) of StringDType, labels, row keys, and what columns declare."""
        for cut in recut(self._runs(), size, DTYPE, self.first_row):
            yield cut.declared.on(Batch(cut.labels, cut.row_key, cut.matrix))

    def _runs(self) -> Iterator[Rows]:
        row = self.first_row
        types = self.design.types | dict.fromkeys((*self.names, *self.truth.columns), pa.string())
        for record in self.table.read(self.part, types):
            columns = tuple(_texts(record.column(name)) for name in self.names)
            labels = self.truth.labels(record, self.table.where, row)
            yield Rows(columns, labels, None, self.design.read(record, labels, self.table.where, row))
            row += record.num_rows


def text_files(opened: Mapping[str, Table | ArrayFile], config: Config) -> Files:
    """The opened files of a run whose model reads texts. InputError where they are no tables, else as `text_columns`."""
    tables = {name: file for name, file in opened.items() if not isinstance(file, ArrayFile)}
    arrays = next((file for file in opened.values() if isinstance(file, ArrayFile)), None)
    if arrays:
        remedy = "expected a table with a column of text (CSV, JSON lines, Parquet, Arrow)"
        raise InputError(f"{shown(arrays.path)} holds arrays, and the model reads texts; {remedy}")
    names = text_columns(list(tables.values()), config)

    def labels(split: str) -> Iterator[Encoded]:
        return table_labels(tables[split], config.target)

    def shards(split: str, agreed: Agreed) -> tuple[Shard, ...]:
        table, truth = tables[split], truth_of(config, agreed.names)
        return tuple(TextShard(table, part, names, truth, row_design(table, config)) for part in table.parts())

    return Files(tables, names, (len(names),), labels, shards)


def text_columns(tables: Sequence[Table], config: Config) -> tuple[str, ...]:
    """The columns that a model of texts reads: `config.features`, else the only column of text beside target and ids.

    Raises InputError where a table lacks them, and where several columns, or none, could be meant: the line to add.
    """
    for table in tables:
        require_targets(table, config)
    require_design(tables, config)
    names = config.features or _only_text(tables[0], config)
    if set(names) & set(targets(config)):
        raise UsageError(f"features in auditor.toml names the label column {listed(names)}: name the column of text")
    if len(names) > MOST_TEXTS:
        raise UsageError(f"features in auditor.toml names {len(names)} columns: a model of texts reads one, or two")
    for table in tables:
        for name in names:
            _require_text(table, name)
    return names


def _only_text(table: Table, config: Config) -> tuple[str, ...]:
    """The one column of text, or the one column there is: a text can be a number."""
    names = all_but(table, config)
    found = [name for name in names if table.kinds[name] is ColumnKind.TEXT] or list(names)
    if len(found) == 1:
        return (found[0],)
    kind = "columns of text" if table.kinds[found[0]] is ColumnKind.TEXT else "columns and none of text"
    line = f"features = [{toml_text(found[0])}]"
    raise InputError(
        f"{shown(table.path)} has {len(found)} {kind}, {listed(found)}: say in auditor.toml which one the model reads, "
        f"or which two together, for example {line}"
    )


def _require_text(table: Table, name: str) -> None:
    if name not in table.kinds:
        raise missing_column(table, name, "column of text", "name it as features in auditor.toml")
    if table.kinds[name] is ColumnKind.OTHER:
        raise InputError(f"{shown(table.path)}: column {quoted(name)} holds no text; name another in features")


def _texts(column: Any) -> Array:  # noqa: ANN401  (pyarrow is untyped)
    """(n,) of StringDType; an empty cell is an empty text."""
    return np.array(column.cast(pa.string()).fill_null("").to_pylist(), DTYPE)
