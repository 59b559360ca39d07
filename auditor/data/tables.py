"""What files of tables share: named columns, each of a kind, read in parts as Arrow record batches."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from auditor import wording
from auditor.data.formats import shown
from auditor.errors import InputError

MOST_LISTED = 12
MOST_COLUMNS = 100_000
CELLS_AT_ONCE = 1 << 20
MOST_ROWS_AT_ONCE = 65_536
FEWEST_ROWS_AT_ONCE = 256
ROWS_OF_BYTES_AT_ONCE = 32


class ColumnKind(StrEnum):
    """What the cells of a column are; `OTHER` is nothing a model takes (dates in Parquet, lists, bytes)."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    OTHER = "other"


@dataclass(frozen=True)
class Part:
    """A part of a table that is read on its own, and the number of its first row."""

    index: int
    first_row: int


class Table(Protocol):
    """A file of named columns; `kinds` is in file order, `n_rows` None where only reading would tell."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def format(self) -> str:
        """The kind of file, in a word."""
        ...

    @property
    def n_rows(self) -> int | None:
        """Rows by the file's own account; 0 where it is known to have none."""
        ...

    @property
    def kinds(self) -> Mapping[str, ColumnKind]:
        """The columns and what they hold."""
        ...

    @property
    def class_names(self) -> Mapping[str, tuple[str, ...]]:
        """The classes that the file itself states for a column, in their order; {} for most."""
        ...

    @property
    def image_columns(self) -> tuple[str, ...]:
        """The columns that the file itself describes as images."""
        ...

    def parts(self) -> tuple[Part, ...]:
        """The parts in file order."""
        ...

    def read(self, part: Part, types: Mapping[str, Any]) -> Iterator[Any]:
        """Record batches of the named columns, in that order; the Arrow types are how text cells are to be parsed."""
        ...

    def where(self, row: int) -> str:
        """The place of a row (from 0 in the file) as messages print it."""
        ...


def quoted(name: str) -> str:
    """A name from a file in quotes, for messages."""
    return f'"{wording.name(name)}"'


def listed(names: Iterable[str]) -> str:
    """Names in quotes, at most twelve of them."""
    names = list(names)
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return (", ".join(quoted(name) for name in names[:MOST_LISTED]) + more) or "none"


def missing_column(table: Table, name: str, role: str, remedy: str) -> InputError:
    """The error for a column that a table lacks: what looks like it, and what there is."""
    guess = wording.meant(name, table.kinds)
    found = f"its columns are {listed(table.kinds)}"
    return InputError(f"{shown(table.path)} has no {role} {quoted(name)}{guess}; {found}; {remedy}")


def require_names(path: Path, names: Collection[str]) -> None:
    """Raise InputError where a table names no columns or names one twice."""
    if not names:
        raise InputError(f"{shown(path)} has no columns; expected a header of column names and rows below it")
    require_few_columns(path, len(names))
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"{shown(path)} has two columns named {quoted(name)}: give each column a name of its own")
        seen.add(name)


def require_few_columns(path: Path, n_columns: int) -> None:
    """Raise InputError where a table has more columns than any table of features."""
    if n_columns > MOST_COLUMNS:
        remedy = "write the features as one array (npz with x and y)"
        raise InputError(f"{shown(path)} has more than {MOST_COLUMNS:,} columns; {remedy}")


def require_rows(table: Table) -> None:
    """Raise InputError where a table is known to have no rows."""
    if table.n_rows == 0:
        raise InputError(f"{shown(table.path)} has columns and no rows below them; expected at least one row")


def rows_at_once(types: Mapping[str, Any]) -> int:
    """How many rows of these columns are decoded together; few where some hold bytes, since those are large."""
    if any(pa.types.is_binary(arrow) for arrow in types.values()):
        return ROWS_OF_BYTES_AT_ONCE
    return min(max(CELLS_AT_ONCE // max(1, len(types)), FEWEST_ROWS_AT_ONCE), MOST_ROWS_AT_ONCE)


def kind_of(arrow: Any) -> ColumnKind:  # noqa: ANN401  (pyarrow is untyped)
    """What cells of an Arrow type are."""
    types = pa.types
    if types.is_dictionary(arrow):
        return kind_of(arrow.value_type)
    if types.is_boolean(arrow):
        return ColumnKind.BOOLEAN
    if types.is_string(arrow) or types.is_large_string(arrow) or types.is_string_view(arrow):
        return ColumnKind.TEXT
    numeric = types.is_integer(arrow) or types.is_floating(arrow) or types.is_decimal(arrow) or types.is_null(arrow)
    return ColumnKind.NUMBER if numeric else ColumnKind.OTHER


def bad_number(where: str, column: str, found: str) -> InputError:
    """The error for text in a column of numbers."""
    remedy = "correct it, or leave the cell empty where there is no value"
    return InputError(f"{where}, column {quoted(column)}: expected a number, found {quoted(found)}; {remedy}")
