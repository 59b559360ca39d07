"""Columns that say how rows count: which group each belongs to, and how much it weighs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from auditor.batches import Array
from auditor.config import Config
from auditor.data.columns import numbers
from auditor.data.formats import shown
from auditor.data.label_names import targets
from auditor.data.labels import Encoded, encode_arrow, found_text
from auditor.data.tables import ColumnKind, Table, missing_column, quoted
from auditor.errors import InputError, UsageError
from auditor.hashing import group_hashes

# Sums of weights, and of their squares, are kept in units of 2**-52: beyond these weights rounding would show.
SMALLEST_WEIGHT, LARGEST_WEIGHT = 2.0**-16, 2.0**16


@dataclass(frozen=True)
class RowDesign:
    """The columns of groups and of weights, None where none is declared."""

    group: str | None = None
    weight: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """The columns there are."""
        return frozenset(name for name in (self.group, self.weight) if name is not None)

    @property
    def types(self) -> dict[str, Any]:
        """How their cells are parsed from text."""
        typed = ((self.group, pa.string()), (self.weight, pa.float64()))
        return {name: kind for name, kind in typed if name is not None}

    def columns(self, record: Any, first_row: int) -> tuple[Array | None, Array | None]:  # noqa: ANN401
        """Clusters (n,) uint64 and weights (n,) float64, not yet judged, of an Arrow record batch."""
        groups = None if self.group is None else clusters(encode_arrow(record.column(self.group)), first_row)
        return groups, None if self.weight is None else numbers(record.column(self.weight)).astype(np.float64)


def row_design(config: Config) -> RowDesign:
    """What the configuration declares; UsageError where it names one column twice, or the labels."""
    declared = [name for name in (*targets(config), config.group, config.weight) if name is not None]
    for name in declared:
        if declared.count(name) > 1:
            raise UsageError(
                f"{quoted(name)} is named twice among target, group and weight; each is a column of its own"
            )
    return RowDesign(config.group, config.weight)


def require_design(table: Table, config: Config) -> None:
    """Raise InputError where a table lacks a declared column, or holds no numbers as weights."""
    design = row_design(config)
    for name, setting in ((design.group, "group"), (design.weight, "weight")):
        if name is not None and name not in table.kinds:
            remedy = f"every file of the run needs it: add it, or correct --{setting}"
            raise missing_column(table, name, f"{setting} column", remedy)
    if design.weight is not None and table.kinds[design.weight] is not ColumnKind.NUMBER and table.format != "CSV":
        raise InputError(f"{shown(table.path)}: the weight column {quoted(design.weight)} holds no numbers")


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
