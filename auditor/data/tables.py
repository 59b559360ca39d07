"""What CSV and Parquet files share: named columns, each of a kind, read in parts as Arrow record batches."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from auditor import wording
from auditor.data.formats import shown
from auditor.errors import InputError

MOST_LISTED = 12


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
        """CSV or Parquet."""
        ...

    @property
    def n_rows(self) -> int | None:
        """Rows by the file's own account."""
        ...

    @property
    def kinds(self) -> Mapping[str, ColumnKind]:
        """The columns and what they hold."""
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
    close = difflib.get_close_matches(name, table.kinds, n=1)
    guess = f" (did you mean {quoted(close[0])}?)" if close else ""
    found = f"its columns are {listed(table.kinds)}"
    return InputError(f"{shown(table.path)} has no {role} {quoted(name)}{guess}; {found}; {remedy}")


def require_names(path: Path, names: Collection[str]) -> None:
    """Raise InputError where a table names no columns or names one twice."""
    if not names:
        raise InputError(f"{shown(path)} has no columns; expected a header of column names and rows below it")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"{shown(path)} has two columns named {quoted(name)}: give each column a name of its own")
        seen.add(name)


def bad_number(where: str, column: str, found: str) -> InputError:
    """The error for text in a column of numbers."""
    remedy = "correct it, or leave the cell empty where there is no value"
    return InputError(f"{where}, column {quoted(column)}: expected a number, found {quoted(found)}; {remedy}")
