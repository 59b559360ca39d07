"""What is true of each row of a table: one column that names its class, or a column of 0 and 1 for each of its labels."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from auditor.batches import Array
from auditor.config import Config
from auditor.data.labels import UNKNOWN, UNLABELLED, ClassIndex, Encoded, encode_arrow, found_text, label_values
from auditor.data.tables import Table, listed, quoted
from auditor.errors import InputError

FLAGS = {"0": 0, "false": 0, "1": 1, "true": 1}


class Truth(Protocol):
    """Columns of labels, or of decisions, which are read alike."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        ...

    @property
    def expected(self) -> str:
        """What a cell may hold, as messages say it."""
        ...

    def labels(self, record: Any, where: Callable[[int], str], first_row: int) -> Array:  # noqa: ANN401  (pyarrow)
        """The labels of a record batch, -1 for an empty cell; raises InputError at the first cell that holds none."""
        ...


@dataclass(frozen=True)
class ClassColumn:
    """One column that names the class of each row: labels are (n,) int64."""

    column: str
    classes: ClassIndex
    role: str = "label"

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    @property
    def expected(self) -> str:
        """The classes."""
        return f"one of the classes {listed(self.classes.names)}"

    def labels(self, record: Any, where: Callable[[int], str], first_row: int) -> Array:  # noqa: ANN401
        """(n,) int64 class indices."""
        found = label_values(record.column(self.column), self.column, where, first_row)
        return self.classes.labels(found, where, first_row, self.role)


@dataclass(frozen=True)
class LabelColumns:
    """A column of 0 and 1 (or true and false) for each label that a row may have: labels are (n, labels) int8.

    `ignore` is the integer that marks cells to leave out, as empty ones are.
    """

    columns: tuple[str, ...]
    ignore: int | None = None

    @property
    def expected(self) -> str:
        """0 or 1."""
        return "0 or 1"

    def labels(self, record: Any, where: Callable[[int], str], first_row: int) -> Array:  # noqa: ANN401
        """(n, labels) int8 of 1 and 0."""
        columns = (self._flags(encode_arrow(record.column(name)), name, where, first_row) for name in self.columns)
        return np.stack(list(columns), axis=1)

    def any_in(self, table: Table) -> bool:
        """Whether some cell of a table is filled; stops reading at the first."""
        return any((labels >= 0).any() for labels in self._all(table))

    def _all(self, table: Table) -> Iterator[Array]:
        for part in table.parts():
            row = part.first_row
            for record in table.read(part, dict.fromkeys(self.columns, pa.string())):
                yield self.labels(record, table.where, row)
                row += record.num_rows

    def _flags(self, encoded: Encoded, name: str, where: Callable[[int], str], first_row: int) -> Array:
        flags = np.array([*(self._of(value) for value in encoded.values), UNLABELLED], np.int8)[encoded.codes]
        odd = flags == UNKNOWN
        if odd.any():
            row = int(odd.argmax())
            value = quoted(str(encoded.values[encoded.codes[row]]))
            remedy = "write 1 for a row with the label, 0 for one without, and nothing where it is not known"
            raise InputError(
                f"{where(first_row + row)}: expected 0 or 1 in column {quoted(name)}, found {value}; {remedy}"
            )
        return np.asarray(flags)

    def _of(self, value: object) -> int:
        text = found_text(value, self.ignore)
        return UNLABELLED if text is None else FLAGS.get(text.casefold(), UNKNOWN)


def truth_of(config: Config, names: tuple[str, ...]) -> Truth:
    """The columns of truth of every table of a run whose classes, or labels, have these names."""
    if config.labels:
        return LabelColumns(config.labels, config.ignore_index)
    return ClassColumn(config.target, ClassIndex(names, config.ignore_index))
