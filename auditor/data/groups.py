"""Columns that say what rows are: which group each belongs to, how much it weighs, its time and its id."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from auditor.batches import Array
from auditor.config import Config
from auditor.data.columns import numbers
from auditor.data.declared import Declared
from auditor.data.formats import shown
from auditor.data.identities import identities
from auditor.data.label_names import targets
from auditor.data.labels import Encoded, encode_arrow, found_text
from auditor.data.tables import ColumnKind, Table, missing_column, quoted
from auditor.data.times import require_one_clock, times
from auditor.errors import InputError, UsageError
from auditor.hashing import group_hashes

# Sums of weights, and of their squares, are kept in units of 2**-52: beyond these weights rounding would show.
SMALLEST_WEIGHT, LARGEST_WEIGHT = 2.0**-16, 2.0**16


@dataclass(frozen=True)
class RowDesign:
    """The columns of groups, weights, times and ids in one table, None where none is declared.

    ids: () where the table lacks one of them, since the others alone tell no row from another. dated: whether times are
    text to be read as dates.
    """

    group: str | None = None
    weight: str | None = None
    time: str | None = None
    ids: tuple[str, ...] = ()
    dated: bool = False

    @property
    def types(self) -> dict[str, Any]:
        """How their cells are parsed from text."""
        clock = pa.string() if self.dated else pa.float64()
        typed = {self.group: pa.string(), self.weight: pa.float64(), self.time: clock}
        return dict.fromkeys(self.ids, pa.string()) | {name: kind for name, kind in typed.items() if name is not None}

    def read(self, record: Any, labels: Array, where: Callable[[int], str], first_row: int) -> Declared:  # noqa: ANN401
        """What the columns of an Arrow record batch say of its rows, whose labels these are.

        Raises InputError at the first cell that is no weight or no time.
        """
        weight = None if self.weight is None else numbers(record.column(self.weight)).astype(np.float64)
        return Declared(
            None if self.group is None else clusters(encode_arrow(record.column(self.group)), first_row),
            judged_weights(weight, labels, self.weight, where, first_row),
            None if self.time is None else times(record.column(self.time), self.time, where, first_row),
            identities(record.column(name) for name in self.ids) if self.ids else None,
        )


NO_DESIGN = RowDesign()


def declared_columns(config: Config) -> frozenset[str]:
    """The columns that are declared and no features; UsageError where one is named twice, or is the label."""
    given = [name for name in (config.group, config.weight, config.time) if name is not None]
    named = [*targets(config), *given]
    for name in named:
        if named.count(name) > 1:
            raise UsageError(
                f"{quoted(name)} is named twice among target, group, weight and time; each is a column of its own"
            )
    return frozenset((*given, *config.ids))


def row_design(table: Table, config: Config) -> RowDesign:
    """The declared columns of a table that has them."""
    ids = config.ids if all(name in table.kinds for name in config.ids) else ()
    dated = config.time is not None and table.kinds[config.time] is ColumnKind.TEXT
    return RowDesign(config.group, config.weight, config.time, ids, dated)


def require_design(tables: Sequence[Table], config: Config) -> None:
    """Raise InputError where a table lacks a declared column, all lack an id, or one holds no numbers as weights."""
    declared_columns(config)
    for table in tables:
        for name, setting in ((config.group, "group"), (config.weight, "weight"), (config.time, "time")):
            if name is not None and name not in table.kinds:
                remedy = f"every file of the run needs it: add it, or correct --{setting}"
                raise missing_column(table, name, f"{setting} column", remedy)
        if config.weight is not None and table.kinds[config.weight] is not ColumnKind.NUMBER and table.format != "CSV":
            raise InputError(f"{shown(table.path)}: the weight column {quoted(config.weight)} holds no numbers")
    for name in config.ids:
        if not any(name in table.kinds for table in tables):
            raise missing_column(tables[0], name, "column", "correct --id, or ids in auditor.toml")
    if config.time is not None:
        require_one_clock(tables, config.time)


def clusters(groups: Encoded, first_row: int) -> Array:
    """(n,) uint64 hashes of the groups of a run of rows; a row without one is a cluster of its own, an odd number."""
    keys = np.arange(first_row, first_row + len(groups), dtype=np.uint64)
    return group_hashes([found_text(value) for value in groups.values], groups.codes, keys)


def judged_weights(
    weights: Array | None, labels: Array, name: str | None, where: Callable[[int], str], first_row: int
) -> Array | None:
    """The weights (n,) of rows, 0 where there is no label; InputError at the first that is none.

    A weight is 0 or lies between 2**-16 and 2**16.
    """
    if weights is None or name is None:
        return None
    allowed = (weights == 0) | ((weights >= SMALLEST_WEIGHT) & (weights <= LARGEST_WEIGHT))
    wrong = (labels >= 0) & ~allowed
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(f"{where(first_row + row)}: weight {quoted(name)} is {_fault(float(weights[row]))}")
    return np.where(allowed, weights, 0.0)


def _fault(weight: float) -> str:
    if np.isnan(weight):
        return "empty or no number; expected a number of at least 0"
    if weight < 0 or np.isinf(weight):
        return f"{weight:g}; expected a finite number of at least 0"
    return f"{weight:g}; expected 0, or between 0.00002 and 65,536: only their ratios matter, so multiply all by one number"
