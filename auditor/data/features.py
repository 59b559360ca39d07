"""Tables of features: which columns a model takes, and their rows as batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from auditor.batches import Array, Batch
from auditor.config import Config
from auditor.data.categories import codes, refuse_text, toml_text
from auditor.data.columns import Rows, numbers, recut
from auditor.data.formats import shown
from auditor.data.groups import RowDesign, declared_columns, require_design
from auditor.data.label_names import require_targets, targets
from auditor.data.tables import ColumnKind, Part, Table, listed, missing_column, quoted
from auditor.data.truth import Truth
from auditor.errors import InputError, UsageError

PANDAS_INDEX = "__index_level_"
ARROW_TYPES = {ColumnKind.NUMBER: pa.float32(), ColumnKind.BOOLEAN: pa.bool_(), ColumnKind.TEXT: pa.string()}


@dataclass(frozen=True)
class FeatureShard:
    """A part of a table whose rows become float32 features, in the order of `names`, and labels."""

    table: Table
    part: Part
    names: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    truth: Truth
    design: RowDesign

    @property
    def first_row(self) -> int:
        """The number of its first row in the split."""
        return self.part.first_row

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches with features (n, columns) float32, labels, row keys, and what columns declare."""
        for cut in recut(self._runs(), size, np.float32, self.first_row):
            yield cut.declared.on(Batch(cut.labels, cut.row_key, cut.matrix))

    def _runs(self) -> Iterator[Rows]:
        row = self.first_row
        for record in self.table.read(self.part, self._types()):
            columns = tuple(self._numbers(record.column(name), name, row) for name in self.names)
            labels = self.truth.labels(record, self.table.where, row)
            yield Rows(columns, labels, None, self.design.read(record, labels, self.table.where, row))
            row += record.num_rows

    def _types(self) -> dict[str, Any]:
        kinds = {name: ColumnKind.TEXT if name in self.categories else self.table.kinds[name] for name in self.names}
        read = {name: ARROW_TYPES[kind] for name, kind in kinds.items()} | dict.fromkeys(
            self.truth.columns, pa.string()
        )
        # a feature may be declared too: it is read as one, but for times, which single precision would round
        return read | {name: t for name, t in self.design.types.items() if name not in read or name == self.design.time}

    def _numbers(self, column: Any, name: str, first_row: int) -> Array:  # noqa: ANN401  (pyarrow is untyped)
        if name not in self.categories:
            return numbers(column)
        return codes(column, name, self.categories[name], self.table.where, first_row)


def feature_columns(tables: Sequence[Table], config: Config) -> tuple[str, ...]:
    """The names of the model's inputs: `config.features`, else all columns but the target and the ids.

    Stated features are matched by name; else all tables must have their columns in one order, since which of two orders
    the model was trained on no file tells. Raises InputError where they differ in order, where tables lack a column or
    hold what is no number, and UsageError where the label is an input.
    """
    for name in set(config.features) & set(targets(config)):
        remedy = "a model that reads the answer cannot be judged; take it out"
        raise UsageError(f"features in auditor.toml names the label column {quoted(name)}: {remedy}")
    for table in tables:
        require_targets(table, config)
    require_design(tables, config)
    names = config.features or all_but(tables[0], config)
    for table in tables:
        _require_features(table, names, config, tables[0])
    _require_numbers(tables, names, config)
    return names


def all_but(table: Table, config: Config) -> tuple[str, ...]:
    """The columns but the target and those declared otherwise; raises InputError where none is left or one has no name."""
    left_out = {*targets(config), *declared_columns(config)}
    names = tuple(n for n in table.kinds if n not in left_out and not n.startswith(PANDAS_INDEX))
    if "" in names:
        place = f"{shown(table.path)}: column {list(table.kinds).index('') + 1} has no name"
        raise InputError(f'{place}; if it numbers the rows, leave it out with ids = [""] in auditor.toml, else name it')
    if not names:
        remedy = "expected feature columns beside it; for a table of predictions use --predictions"
        raise InputError(f"{shown(table.path)} holds only the label column {listed(targets(config))}; {remedy}")
    return names


def _require_features(table: Table, names: tuple[str, ...], config: Config, first: Table) -> None:
    for name in names:
        if name not in table.kinds:
            remedy = "correct features in auditor.toml" if table is first else f"{shown(first.path)} has it"
            raise missing_column(table, name, "feature column", remedy)
    for name in config.categories:
        if name not in table.kinds:
            raise missing_column(table, name, "column", "correct [categories] in auditor.toml")
    extra = [] if config.features else [name for name in all_but(table, config) if name not in names]
    if extra:
        remedy = "list what the model does not take in ids, or name its inputs in features (auditor.toml)"
        raise InputError(f"{shown(table.path)} has columns that {shown(first.path)} lacks: {listed(extra)}; {remedy}")
    if not config.features:
        _require_order(table, all_but(table, config), first, names)


def _require_order(table: Table, found: tuple[str, ...], first: Table, expected: tuple[str, ...]) -> None:
    differ = next((pair for pair in zip(found, expected, strict=True) if pair[0] != pair[1]), None)
    if differ is None:
        return
    orders = (
        f"feature columns in another order than {shown(first.path)}, first {quoted(differ[0])} for {quoted(differ[1])}"
    )
    lines = f"features = [{', '.join(map(toml_text, found))}]"
    remedy = f"state the order that the model takes in auditor.toml; that of {shown(table.path)} is {lines}"
    raise InputError(f"{shown(table.path)} has its {orders}; {remedy}")


def _require_numbers(tables: Sequence[Table], names: tuple[str, ...], config: Config) -> None:
    undeclared = [name for name in names if name not in config.categories]
    for table in tables:
        for name in undeclared:
            if table.kinds[name] is ColumnKind.OTHER:
                remedy = "leave it out with ids, write it as numbers, or name it under [image] where it holds images"
                raise InputError(f"{shown(table.path)}: column {quoted(name)} holds neither numbers nor text; {remedy}")
    text = [name for name in undeclared if any(table.kinds[name] is ColumnKind.TEXT for table in tables)]
    if text:
        refuse_text(tables, text)
